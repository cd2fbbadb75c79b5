"""Domains of free mail that the configuration adds; nothing is imported for it."""

from __future__ import annotations

from collections.abc import Iterable

_known: set[str] = set()


def know(domains: Iterable[str]) -> None:
    """From now on these domains are free mail too, and none that was told before."""
    _known.clear()
    _known.update(domains)


def holds(domain: str) -> bool:
    """Whether the configuration says that a domain is free mail."""
    return domain in _known
