"""The group that the exchange computes in: ristretto255 of libsodium, and nothing else of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import rbcl

SUITE = "ristretto255-sha512"
POINT = 32
"""Bytes of an encoded point."""

_DOMAIN = b"tieline/private-exchange/v1/" + SUITE.encode()
_IDENTITY = bytes(POINT)


def hashed(text: str, *context: str) -> bytes:
    """A text as a point whose discrete logarithm nobody knows; another context, another point.

    Every part is preceded by its length, so that no two (context, text) pairs hash the same bytes;
    the 64 bytes of SHA-512 go through the ristretto255 one-way map (RFC 9496, 4.3.4).
    """
    hasher = hashlib.sha512(_DOMAIN)
    for part in (*context, text):
        data = part.encode()
        hasher.update(len(data).to_bytes(8, "big") + data)
    return bytes(rbcl.crypto_core_ristretto255_from_hash(hasher.digest()))


def fresh_key() -> bytes:
    """A random scalar that is not zero; one for each run."""
    return bytes(rbcl.crypto_core_ristretto255_scalar_random())


def dummies(number: int) -> list[bytes]:
    """Random points, which nobody can tell from blinded keys and which never meet another."""
    return [bytes(rbcl.crypto_core_ristretto255_random()) for _ in range(number)]


def blinded(points: Iterable[bytes], key: bytes) -> list[bytes]:
    """Every point multiplied by the scalar, in the same order; the points must be sound."""
    return [bytes(rbcl.crypto_scalarmult_ristretto255(key, point)) for point in points]


def unsound(points: Sequence[bytes]) -> str:
    """What is wrong with points that a stranger sent ("" if nothing): no element of the group,
    the identity (which would show its multiple to be itself), or one that is there twice."""
    if len(set(points)) != len(points):
        return "a point is there twice"
    for point in points:
        if point == _IDENTITY:
            return "a point is the identity"
        if not rbcl.crypto_core_ristretto255_is_valid_point(point):
            return "a point is no element of the group"
    return ""
