"""Personal values in the state: kept as keyed hashes, known in clear only while they are needed."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from core.errors import StateError
from core.redact import MASK
from sync.model import Action, Question, Value

KEY_FILE = "privacy.key"
MARK = "hashed"
"""The one key of what stands for a hidden value: `{"hashed": "…"}`."""

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|“[^”]*”")
_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")
_DIGITS = re.compile(r"\+?\d[\d ().-]{5,}\d")


def hidden(value: Value) -> bool:
    """Whether this stands for a value that is kept as a hash."""
    return isinstance(value, dict) and value.keys() == {MARK}


@dataclass(frozen=True, slots=True)
class Vault:
    """Turns personal values into keyed hashes on their way into the state, and back where this
    process has seen the value itself. Without a key it changes nothing.

    `personal` holds fields as `kind.field`. `hiding` False: what comes in stays clear, and what
    an earlier configuration hid is still recognised.
    """

    key: bytes | None = None
    personal: frozenset[str] = frozenset()
    hiding: bool = False
    _known: dict[str, Value] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        """Whether the state may hold hashes."""
        return self.key is not None

    def is_personal(self, kind: str, name: str) -> bool:
        """Whether a field is hidden on its way into the state."""
        return self.hiding and f"{kind}.{name}" in self.personal

    # -- values ----------------------------------------------------------------------------

    def cover(self, kind: str, name: str, value: Value) -> Value:
        """The value as the state keeps it; blanks stay blank."""
        if not self.is_personal(kind, name) or value in (None, "", [], {}) or hidden(value):
            return value
        return {MARK: self._hash(kind, name, value)}

    def cover_all(self, kind: str, values: Mapping[str, Value]) -> dict[str, Value]:
        """Values by field, as the state keeps them."""
        return {name: self.cover(kind, name, value) for name, value in values.items()}

    def learn(self, kind: str, values: Mapping[str, Value]) -> None:
        """Remember values that a side has just shown, for as long as this process lasts."""
        for name, value in values.items():
            if f"{kind}.{name}" in self.personal and not hidden(value):
                self._hash(kind, name, value)

    def show(self, value: Value) -> Value:
        """The value itself where it is known, else what stands for it."""
        return self._known.get(value[MARK], value) if hidden(value) else value

    def show_all(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Values by field, in clear where they are known."""
        return {name: self.show(value) for name, value in values.items()}

    def _hash(self, kind: str, name: str, value: Value) -> str:
        # the name is part of it, so that equal texts in different fields cannot be told equal
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
        found = self._mac(f"{kind}.{name}={text}")
        self._known[found] = value
        return found

    def _mac(self, text: str) -> str:
        return hmac.new(self.key or b"", text.encode(), hashlib.sha256).hexdigest()

    def seal(self, digest: str) -> str:
        """A digest or match key that cannot be guessed without the key."""
        return self._mac(digest) if self.active and digest else digest

    # -- what carries values ---------------------------------------------------------------

    def action(self, action: Action) -> Action:
        """An action as the journal keeps it."""
        if not self.hiding:
            return action
        fields = tuple(
            replace(
                f,
                old=self.cover(action.kind, f.name, f.old),
                new=self.cover(action.kind, f.name, f.new),
            )
            for f in action.fields
        )
        return replace(action, fields=fields, options={})

    def question(self, question: Question) -> Question:
        """A question as the state keeps it."""
        if not self.hiding:
            return question
        cover = self.cover
        detail = {k: cover(question.kind, question.field, v) for k, v in question.detail.items()}
        if "shows" in detail:
            detail["shows"] = ""
        return replace(question, message=self.scrub(question.message), detail=detail)

    def scrub(self, text: str) -> str:
        """A message without what may be somebody's data: quoted values, addresses, numbers."""
        if not self.hiding:
            return text
        for pattern in (_QUOTED, _ADDRESS, _DIGITS):
            text = pattern.sub(MASK, text)
        return text

    def problems(self, kind: str, problems: Mapping[str, str]) -> dict[str, str]:
        """Why values cannot be carried over, without the values."""
        return {
            name: self.scrub(text) if self.is_personal(kind, name) else text
            for name, text in problems.items()
        }


NO_VAULT = Vault()


def open_vault(folder: Path, personal: Iterable[str], *, hiding: bool) -> Vault:
    """The vault of a state folder; its key is made on first use, readable by its owner only.

    Raises StateError where the key cannot be read or written.
    """
    path = folder / KEY_FILE
    if not hiding and not path.exists():
        return Vault()
    try:
        if not path.exists():
            _make_key(path, folder)
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise StateError(
            f"the key of personal values {path} cannot be used: {error}",
            remedy="Put the file back from a backup; without it a new state has to be begun.",
        ) from error
    return Vault(key, frozenset(personal), hiding)


def _make_key(path: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_text(secrets.token_hex(32), encoding="ascii")


def redacted(data: Any, vault: Vault) -> Any:
    """JSON with every text scrubbed: what a report says in words may name somebody."""
    if isinstance(data, dict):
        return {k: redacted(v, vault) for k, v in data.items()}
    if isinstance(data, list):
        return [redacted(v, vault) for v in data]
    return vault.scrub(data) if isinstance(data, str) else data
