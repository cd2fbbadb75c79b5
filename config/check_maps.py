"""Checks of account maps that no single value shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pycountry

from config.base import Condition
from config.model import Config
from config.problems import KeyPath, Problem, suggest

ABOUT_ACCOUNTS = frozenset({"completeness", "missing_roles", "single_thread", "partners"})
"""Keys of `write` that name fields of an account; the others name fields of a person."""


def map_problems(config: Config, folder: Path) -> Iterator[Problem]:
    """Everything wrong with `account_maps` that the file alone shows."""
    maps = config.account_maps
    for side in maps.roles:
        if side not in config.sides:
            what = f"there is no side `{side}`"
            yield Problem(("account_maps", "roles", side), what, suggest(side, config.sides))
    for side, roles in maps.roles.items():
        for role, words in roles.items():
            if not words:
                key: KeyPath = ("account_maps", "roles", side, role)
                yield Problem(key, "a role without a word", "Name the word that is written.")
    yield from _regions(maps.regions)
    for name, path in (("committee", maps.committee), ("whitespace", maps.whitespace)):
        if path and not (folder / path.expanduser()).is_file():
            remedy = "Give the path from the folder of this file."
            yield Problem(("account_maps", name), f"there is no file `{path}`", remedy)


def _regions(regions: Mapping[str, list[str]]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, countries in regions.items():
        for i, code in enumerate(countries):
            key: KeyPath = ("account_maps", "regions", name, i)
            if pycountry.countries.get(alpha_2=code.upper()) is None:
                yield Problem(key, f"`{code}` is no country", "Write its ISO code, such as DE.")
            elif code.upper() in seen:
                what = f"`{code}` is in {seen[code.upper()]} already"
                yield Problem(key, what, "Leave each country in one region.")
            seen.setdefault(code.upper(), name)


def map_conditions(config: Config) -> Iterator[tuple[KeyPath, str, Condition]]:
    """Every condition of account maps with its place and the kind it is about."""
    maps = config.account_maps
    for i, condition in enumerate(maps.strategic):
        yield ("account_maps", "strategic", i), "account", condition
    for name, product in maps.products.items():
        for i, condition in enumerate(product.sold_by):
            yield ("account_maps", "products", name, "sold_by", i), "opportunity", condition
        for i, condition in enumerate(product.fits):
            yield ("account_maps", "products", name, "fits", i), "account", condition


def map_fields(config: Config) -> Iterator[tuple[KeyPath, str, str]]:
    """Every canonical field that account maps name: its place, kind and name."""
    maps = config.account_maps
    for key, name in maps.fields.model_dump(exclude_none=True).items():
        yield ("account_maps", "fields", key), "person", name
    for key, name in maps.write.model_dump(exclude_none=True).items():
        kind = "account" if key in ABOUT_ACCOUNTS else "person"
        yield ("account_maps", "write", key), kind, name
