"""Keeps secrets and personal data out of messages, logs and reports."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "‹hidden›"

_PATTERNS = (
    re.compile(r"\bpat-[a-z0-9]{2,4}-[0-9a-f-]{8,}", re.IGNORECASE),
    re.compile(r"\b00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]{10,}"),
    re.compile(r"(?i)(?<=bearer )[A-Za-z0-9._~+/!=-]{8,}"),
    re.compile(
        r"(?i)((?:client_secret|access_token|refresh_token|password|assertion|sessionid|tokenkey)"
        r"[\"']?\s*[=:>]\s*[\"']?)[^\s\"'&<,}]+"
    ),
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")


class Redactor:
    """Replaces known secrets and everything that looks like one; optionally e-mail addresses."""

    def __init__(self, secrets: Iterable[str] = (), *, personal: bool = False) -> None:
        self._secrets = sorted({s for s in secrets if len(s) >= 4}, key=len, reverse=True)
        self._personal = personal

    def add(self, secret: str) -> None:
        """Register one more secret (a token just received); very short strings are ignored."""
        if len(secret) >= 4 and secret not in self._secrets:
            self._secrets = sorted([*self._secrets, secret], key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        for pattern in _PATTERNS:
            text = pattern.sub(lambda m: (m.group(1) if m.lastindex else "") + MASK, text)
        if self._personal:
            text = _EMAIL.sub(MASK, text)
        return text


redact = Redactor()
"""The process-wide redactor: every secret that is resolved is added to it."""
