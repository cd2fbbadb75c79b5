"""Checks of populations and partners that no single value shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from config.base import Condition
from config.model import Config
from config.partners import GrantSettings, Partner, PopulationSettings
from config.problems import KeyPath, Problem, suggest

STANDARD = ("customers", "open_opportunities", "prospects")
PRESETS = ("name", "status", "contact", "full")
NOT_OF_AN_ACCOUNT = (
    "status", "country", "open_opportunity",
    "registration", "emails", "other_names", "population", "since",
)  # fmt: skip
"""What partners may be told besides the fields of an account: what follows from the comparison,
and what lists in spreadsheets have."""


def partner_problems(config: Config, folder: Path) -> Iterator[Problem]:
    """Everything wrong with `populations`, `sharing` and `partners` that the file alone shows."""
    known = list(config.populations) or list(STANDARD)
    for name, population in config.populations.items():
        yield from _population(("populations", name), name, population, config)
    for name, partner in config.partners.items():
        yield from _partner(("partners", name), partner, config, known, folder)


def _population(
    key: KeyPath, name: str, population: PopulationSettings, config: Config
) -> Iterator[Problem]:
    for i, other in enumerate(population.not_in):
        if other not in config.populations:
            what = f"there is no population `{other}`"
            yield Problem((*key, "not_in", i), what, suggest(other, config.populations))
    if _leaves_itself_out(name, config):
        what = "a population cannot be left out of itself"
        yield Problem((*key, "not_in"), what, "Break the ring of `not_in`.")


def _leaves_itself_out(name: str, config: Config) -> bool:
    seen: set[str] = set()
    waiting = list(config.populations[name].not_in)
    while waiting:
        other = waiting.pop()
        if other == name:
            return True
        if other not in seen and other in config.populations:
            seen.add(other)
            waiting += config.populations[other].not_in
    return False


def _partner(
    key: KeyPath, partner: Partner, config: Config, known: Sequence[str], folder: Path
) -> Iterator[Problem]:
    for name, grant in partner.share.items():
        where = (*key, "share", name)
        if name not in known:
            yield Problem(where, f"there is no population `{name}`", suggest(name, known))
        if isinstance(grant, GrantSettings):
            yield from _grant(where, grant, config)
    if partner.decisions and not (folder / partner.decisions.expanduser()).is_file():
        what = f"there is no file `{partner.decisions}`"
        yield Problem((*key, "decisions"), what, "Give the path from the folder of this file.")


def _grant(key: KeyPath, grant: GrantSettings, config: Config) -> Iterator[Problem]:
    presets = [*PRESETS, *config.sharing.presets]
    if isinstance(grant.fields, str) and grant.fields not in presets:
        what = f"there is no preset `{grant.fields}`"
        yield Problem((*key, "fields"), what, suggest(grant.fields, presets))
    if grant.valid_from and grant.valid_until and grant.valid_until < grant.valid_from:
        what = "it ends before it begins"
        yield Problem((*key, "valid_until"), what, "Name a day after `valid_from`.")


def shared_fields(config: Config) -> Iterator[tuple[KeyPath, str]]:
    """Every field that partners are to be told, with its place."""
    for name, fields in config.sharing.presets.items():
        yield from ((("sharing", "presets", name, i), field) for i, field in enumerate(fields))
    for name, partner in config.partners.items():
        for population, grant in partner.share.items():
            if isinstance(grant, GrantSettings) and not isinstance(grant.fields, str):
                key: KeyPath = ("partners", name, "share", population, "fields")
                yield from (((*key, i), field) for i, field in enumerate(grant.fields))


Placed = tuple[KeyPath, str, Condition]


def partner_conditions(config: Config) -> Iterator[Placed]:
    """Every condition of populations and partners with its place and the kind it is about."""
    for name, population in config.populations.items():
        for i, one in enumerate(population.filters):
            key: KeyPath = ("populations", name, "filters", i)
            yield from _placed((*key, "accounts"), "account", one.accounts)
            yield from _placed((*key, "opportunities"), "opportunity", one.opportunities)
            yield from _placed((*key, "people"), "person", one.people)
            where = (*key, "without_opportunities")
            yield from _placed(where, "opportunity", one.without_opportunities)
            yield from _placed((*key, "without_people"), "person", one.without_people)
    yield from _placed(("sharing", "private"), "account", config.sharing.private)
    for name, partner in config.partners.items():
        yield from _placed(("partners", name, "private"), "account", partner.private)
        yield from _placed(("partners", name, "sourced"), "opportunity", partner.sourced)
        yield from _placed(("partners", name, "influenced"), "opportunity", partner.influenced)


def _placed(key: KeyPath, kind: str, conditions: Sequence[Condition]) -> Iterator[Placed]:
    for i, condition in enumerate(conditions):
        yield (*key, i), kind, condition
