"""The quirks of one sandbox: which are on, and whether this request or record meets one."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from random import Random
from typing import Any, TypeVar

from sandbox.quirk_list import PROFILES, REGISTRY, Quirk, Value

__all__ = ["PROFILES", "REGISTRY", "Quirk", "Quirks", "Value", "profile"]

MAX_STRIKES = 2
"""How often in a row one and the same request can be spoiled: one more attempt succeeds."""
_REMEMBERED = 100_000
_SPAN = float(2**64)
_T = TypeVar("_T")


class Quirks:
    """The values in force in one sandbox; thread-safe.

    Every decision comes of the seed and a key that the caller gives (a record's id, a request's
    fingerprint), never of the order of threads. Unknown names raise KeyError.
    """

    def __init__(self, name: str = "strict", seed: int = 0) -> None:
        self.seed = seed
        self._lock = threading.Lock()
        self.use(name)

    def use(self, name: str, seed: int | None = None) -> None:
        """Take all values of a profile, keeping the seed unless given. Raises ValueError."""
        values = {quirk.name: quirk.value(name) for quirk in REGISTRY.values()}
        self.profile, self._values = name, values
        self.seed = self.seed if seed is None else seed
        self._seen: Counter[str] = Counter()
        self._struck: dict[str, int] = {}

    def change(self, given: Mapping[str, Value]) -> None:
        """Set single values. Raises ValueError for an unknown name or an unfit value."""
        unknown = sorted(set(given) - set(REGISTRY))
        if unknown:
            raise ValueError(f"unknown quirks {unknown}; known are {sorted(REGISTRY)}")
        fitted = {name: REGISTRY[name].fit(value) for name, value in given.items()}
        self._values = {**self._values, **fitted}

    def value(self, name: str) -> Value:
        return self._values[name]

    def on(self, name: str) -> bool:
        """Whether a switch is set, or a rate or a number of seconds is above zero."""
        return bool(self._values[name])

    def rate(self, name: str, key: str) -> bool:
        """Whether the record (or whatever the key names) meets a rate; always the same answer."""
        value = self._values[name]
        return value > 0 and self._chance(name, key) < value

    def seconds(self, name: str, key: str | None = None) -> float:
        """The seconds of a quirk; with a key, that record's own share of them."""
        whole = float(self._values[name])
        return whole if key is None or not whole else whole * self._chance(name, key)

    def strikes(self, name: str, key: str) -> bool:
        """Whether a quirk spoils this attempt of what the key names; counts the attempt."""
        return self.first((name,), f"{name} {key}") is not None

    def first(self, names: Iterable[str], key: str) -> str | None:
        """The first of the quirks that spoils this attempt of a request; counts the attempt.

        Together they strike a key at most `MAX_STRIKES` times in a row, so that a caller who
        tries the same again comes through.
        """
        active = [name for name in names if self._values[name]]
        if not active:
            return None
        with self._lock:
            self._seen[key] += 1
            attempt = f"{key} {self._seen[key]}"
            if self._struck.get(key, 0) < MAX_STRIKES:
                for name in active:
                    if self._chance(name, attempt) < self._values[name]:
                        self._struck[key] = self._struck.get(key, 0) + 1
                        return name
            self._struck.pop(key, None)
            if len(self._seen) > _REMEMBERED:
                self._seen.clear()
        return None

    def pick(self, name: str, key: str, count: int) -> int:
        """One of `count` ways in which a quirk shows, changing with each attempt."""
        return int(self._chance(f"{name} way", f"{key} {self._seen[key]}") * count)

    def shuffled(self, name: str, items: Sequence[_T], key: str) -> list[_T]:
        """The items in an order of their own if the switch is set, else as they are."""
        mixed = list(items)
        if self.on(name):
            Random(f"{self.seed} {name} {key}").shuffle(mixed)
        return mixed

    def configure(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Take "profile", "seed" and "quirks" out of an admin body; what is left of it.

        Raises ValueError for an unknown profile or quirk.
        """
        left = dict(given)
        name, seed = left.pop("profile", None), left.pop("seed", None)
        if name is not None or seed is not None:
            self.use(name or self.profile, None if seed is None else int(seed))
        self.change(left.pop("quirks", {}))
        return left

    def listing(self) -> dict[str, Any]:
        """What `GET /_sandbox/quirks` answers: profile, seed, and each quirk with its value."""
        rows = [
            {**vars(quirk), "open": quirk.value("open"), "value": self._values[name]}
            for name, quirk in sorted(REGISTRY.items())
        ]
        return {"profile": self.profile, "seed": self.seed, "quirks": rows}

    def _chance(self, name: str, key: str) -> float:
        digest = blake2b(f"{self.seed} {name} {key}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) / _SPAN


def profile(name: str = "strict", seed: int = 0) -> Quirks:
    """The quirks of a profile (open, strict or hostile). Raises ValueError for another name."""
    return Quirks(name, seed)
