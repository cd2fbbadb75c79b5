"""Checks of a configuration that no single value shows: sides, rules, credentials, scopes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from itertools import combinations
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pycountry

from config import rules
from config.check_maps import map_conditions, map_fields, map_problems
from config.check_partners import (
    NOT_OF_AN_ACCOUNT,
    partner_conditions,
    partner_problems,
    shared_fields,
)
from config.matching import matching_problems
from config.model import (
    WITHOUT_SIDES,
    Condition,
    Config,
    Credentials,
    FieldRule,
    Kind,
    KindRules,
    Side,
    ValueTable,
)
from config.problems import KeyPath, Problem, suggest
from core.errors import SettingsError

SIGN_IN: Mapping[str, tuple[str, ...]] = {
    "salesforce": ("client_credentials", "jwt", "password", "session"),
    "hubspot": ("private_app", "oauth_refresh"),
    "memory": (),
}
"""The sign-in flows of each type of side."""

FLOW_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "client_credentials": (("client_id", "client_secret"), ()),
    "jwt": (("client_id", "username", "private_key"), ()),
    "password": (("client_id", "client_secret", "username", "password"), ("security_token",)),
    "session": (("token",), ()),
    "private_app": (("token",), ()),
    "oauth_refresh": (("client_id", "client_secret", "refresh_token"), ()),
}
"""The keys that a flow needs, and those that it may have besides."""

OWN_ADDRESS = frozenset({"client_credentials", "session"})
"""Flows that work only at the account's own address, not at the vendor's common one."""

_SIDE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_CUSTOM_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def problems_of(config: Config, folder: Path) -> Iterator[Problem]:
    """Everything wrong with the configuration that the file alone shows; `folder` is where
    relative paths start from."""
    for name, side in config.sides.items():
        key: KeyPath = ("sides", name)
        for check in _SIDE_CHECKS:
            yield from check(key, side)
        if side.ca_file and not (folder / side.ca_file.expanduser()).is_file():
            yield Problem((*key, "ca_file"), f"there is no file `{side.ca_file}`", _RELATIVE)
    if config.model_fields_set.isdisjoint(WITHOUT_SIDES):
        yield from _enough_sides(config)
    yield from _same_account_twice(config)
    for kind, customs in config.custom.items():
        for name in customs:
            if not _CUSTOM_NAME.fullmatch(name):
                yield Problem(("custom", kind, name), f"`{name}` cannot be a field name", _SNAKE)
    for kind, kind_rules in config.rules.items():
        yield from _kind_rules(config, kind, kind_rules)
    yield from _parses(("questions", "warn_after"), rules.duration, config.questions.warn_after)
    yield from partner_problems(config, folder)
    yield from map_problems(config, folder)
    yield from matching_problems(config.matching, folder)
    for word in ("every", "full_compare"):
        yield from _parses(("schedule", word), rules.duration, getattr(config.schedule, word))


def _enough_sides(config: Config) -> Iterator[Problem]:
    if not config.sides:
        yield Problem((), "the key `sides` is missing", "Add `sides:` here.")
    elif len(config.sides) < _LEAST:
        what = f"needs at least {_LEAST} entries, has {len(config.sides)}"
        yield Problem(("sides",), what, "Add what is missing.")


_LEAST = 2
"""Sides of a sync."""
_RELATIVE = "Give the path from the folder of this file."
_SNAKE = "Use small letters, digits and _."


def problems_with_fields(
    config: Config,
    fields: Mapping[str, Mapping[str, str]],
    orders: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Problem]:
    """What is wrong once the canonical fields are known (`fields`: kind -> name -> type; `orders`:
    name -> values from first to last): rules, match keys and conditions on fields that do not
    exist, policies that the type of a field cannot follow, values that are in no order."""
    known = {kind: dict(names) for kind, names in fields.items()}
    for kind, customs in config.custom.items():
        known[kind] |= {f"custom.{name}": custom.type for name, custom in customs.items()}
    for kind, kind_rules in config.rules.items():
        for name, rule in kind_rules.fields.items():
            key: KeyPath = ("rules", kind, "fields", name)
            if name not in known[kind]:
                yield _no_field(key, name, known[kind])
            elif isinstance(rule, FieldRule):
                yield from _fits(key, config, rule, known[kind][name])
        for i, names in enumerate(kind_rules.match):
            for j, name in enumerate(names):
                yield from _path(("rules", kind, "match", i, j), name, kind, known)
    for where, of_kind, condition in _conditions(config):
        yield from _path((*where, "field"), condition.field, of_kind, known)
    if orders is not None:
        yield from _bounds(config, known, orders)
    yield from _fields_of_maps(config, known)
    yield from _fields_told(config, known["account"])


def _fields_told(config: Config, known: Mapping[str, str]) -> Iterator[Problem]:
    told = {**known, **dict.fromkeys(NOT_OF_AN_ACCOUNT, "text")}
    for where, name in shared_fields(config):
        if name not in told:
            yield _no_field(where, name, told)


_NUMBERS, _DATES = ("integer", "number", "money"), ("date", "datetime")


def _bounds(
    config: Config, known: Mapping[str, Mapping[str, str]], orders: Mapping[str, Sequence[str]]
) -> Iterator[Problem]:
    """`at_least` and `at_most` that could never hold: what waits for them would do so in silence.
    Only the conditions of sides go by the orders that rules give."""
    own = {**orders, **rules.given_orders(config)}
    for where, kind, condition in _conditions(config):
        head, _, tail = condition.field.partition(".")
        of_kind, name = (head, tail) if head in known else (kind, condition.field)
        order = (own if where[0] == "sides" else orders).get(name)
        of_type = known[of_kind].get(name) or known[of_kind].get(name.partition(".")[0], "")
        for word in ("at_least", "at_most"):
            value = getattr(condition, word)
            if value is not None:
                yield from _bound((*where, word), name, value, order, of_type)


def _bound(
    key: KeyPath, name: str, value: str | float, order: Sequence[str] | None, of_type: str
) -> Iterator[Problem]:
    if order:
        if value not in order:
            what = f"`{value}` is not in the order of `{name}`"
            yield Problem(key, what, suggest(str(value), order, "Values"))
    elif of_type in _NUMBERS:
        yield from _parses(key, _finite, str(value))
    elif of_type in _DATES:
        yield from _parses(key, _day, str(value))
    elif of_type:  # that there is no such field is told already
        what = f"the values of `{name}` have no order"
        yield Problem(key, what, "Give the field an `order` in its rule, or write `in: [...]`.")


def _finite(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise SettingsError(f"`{text}` is not a number", remedy="Write a number, such as 250.")
    return number


def _day(text: str) -> date:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        remedy = "Write it as YYYY-MM-DD."
        raise SettingsError(f"`{text}` is not a date", remedy=remedy) from None


def _fields_of_maps(config: Config, known: Mapping[str, Mapping[str, str]]) -> Iterator[Problem]:
    for where, kind, name in map_fields(config):
        if name not in known[kind]:
            yield _no_field(where, name, known[kind])


def _fits(key: KeyPath, config: Config, rule: FieldRule, field_type: str) -> Iterator[Problem]:
    misfit = _misfit(config, rule.conflict, field_type) if rule.conflict else ""
    if misfit:
        yield Problem((*key, "conflict"), misfit, "Choose another policy.")
    for word in ("order", "moves", "pipelines"):
        if getattr(rule, word) and field_type != "enum":
            what = f"`{word}` is for fields with a list of values, this one is {field_type}"
            yield Problem((*key, word), what, "Take it out.")


def _misfit(config: Config, conflict: str, field_type: str) -> str:
    try:
        return rules.policy_misfit(rules.parse_policy(conflict, config.sides), field_type)
    except SettingsError:
        return ""  # that it does not parse is told by problems_of


def _path(
    key: KeyPath, name: str, kind: str, known: Mapping[str, Mapping[str, str]]
) -> Iterator[Problem]:
    """A field, a part of one (`billing_address.country`) or a field of the record that a
    reference points to (`account.account_type`)."""
    if name in known[kind]:
        return
    head, _, tail = name.partition(".")
    if not tail or head not in known[kind]:
        yield _no_field(key, name, known[kind])
    elif head in known:
        yield from _path(key, tail, head, known)


def _no_field(key: KeyPath, name: str, known: Mapping[str, str]) -> Problem:
    remedy = suggest(name, known, "Fields")
    if name.startswith("custom."):
        remedy = "Declare it under `custom:` of this kind."
    return Problem(key, f"there is no field `{name}`", remedy)


# --- sides ---------------------------------------------------------------------------------


def _name(key: KeyPath, _side: Side) -> Iterator[Problem]:
    if not _SIDE_NAME.fullmatch(str(key[-1])):
        remedy = "Use letters, digits, _ and -, without spaces: rules name sides."
        yield Problem(key, f"`{key[-1]}` cannot be the name of a side", remedy)


def _type(key: KeyPath, side: Side) -> Iterator[Problem]:
    if side.type not in SIGN_IN:
        remedy = suggest(side.type, SIGN_IN, "Types")
        yield Problem((*key, "type"), f"there is no connector for `{side.type}`", remedy)


def _credentials(key: KeyPath, side: Side) -> Iterator[Problem]:
    flows = SIGN_IN.get(side.type, ())
    if side.credentials is None:
        if flows:
            yield Problem(key, "the key `credentials` is missing", "Add `credentials:` here.")
        return
    key, flow = (*key, "credentials"), side.credentials.flow
    if flows and flow not in flows:
        remedy = f"Flows of {side.type}: {', '.join(flows)}."
        yield Problem((*key, "flow"), f"a {side.type} side cannot sign in by `{flow}`", remedy)
        return
    yield from _flow_keys(key, side.credentials)
    if flow in OWN_ADDRESS and side.url is None:
        what = f"the flow {flow} needs the key `url`"
        yield Problem(key[:-1], what, "Add the address of the account itself: `url: https://…`.")


def _flow_keys(key: KeyPath, credentials: Credentials) -> Iterator[Problem]:
    needed, optional = FLOW_KEYS[credentials.flow]
    given = {name for name, value in credentials if name != "flow" and value is not None}
    for name in needed:
        if name not in given:
            what = f"the flow {credentials.flow} needs the key `{name}`"
            yield Problem(key, what, f"Add `{name}:` with env, file or command.")
    for name in sorted(given - {*needed, *optional}):
        what = f"the flow {credentials.flow} does not use this key"
        yield Problem((*key, name), what, "Take it out, or choose the flow that uses it.")


def _url(key: KeyPath, side: Side) -> Iterator[Problem]:
    if side.url is None:
        return
    parts = urlsplit(side.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        yield Problem((*key, "url"), f"`{side.url}` is not an address", "Write https://host.")
    elif parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        what = "secrets would travel unencrypted over http"
        yield Problem((*key, "url"), what, "Write https:// (http only for this machine).")
    elif parts.username or parts.password:
        yield Problem((*key, "url"), "no credentials in an address", "Use `credentials:`.")


def _places(key: KeyPath, side: Side) -> Iterator[Problem]:
    if pycountry.currencies.get(alpha_3=side.currency) is None:
        what = f"`{side.currency}` is not a currency"
        yield Problem((*key, "currency"), what, "Write the ISO code: EUR.")
    if pycountry.countries.get(alpha_2=side.country) is None:
        what = f"`{side.country}` is not a country"
        yield Problem((*key, "country"), what, "Write the ISO code of two letters: DE.")
    try:
        ZoneInfo(side.timezone)
    except (ValueError, OSError, KeyError):
        what = f"`{side.timezone}` is not a time zone"
        yield Problem((*key, "timezone"), what, "Write its name: Europe/Berlin.")


def _owners(key: KeyPath, side: Side) -> Iterator[Problem]:
    remedy = "Owners are named by their e-mail addresses."
    for elsewhere, here in side.owners.items():
        if "@" not in elsewhere or "@" not in here:
            yield Problem((*key, "owners", elsewhere), "not a pair of e-mail addresses", remedy)
    if side.fallback_owner is not None and "@" not in side.fallback_owner:
        yield Problem((*key, "fallback_owner"), "not an e-mail address", remedy)


def _create_as(key: KeyPath, side: Side) -> Iterator[Problem]:
    for kind, lines in side.create_as.items():
        if kind not in side.create:
            what = f"nothing of the kind {kind} may be created here"
            yield Problem((*key, "create_as", kind), what, f"Add {kind} to `create`, or remove it.")
        for i, line in enumerate(lines[:-1]):
            if not line.when:
                what = "a line without `when` always holds, those below are never reached"
                yield Problem((*key, "create_as", kind, i), what, "Put this line last.")


def _scopes(key: KeyPath, side: Side) -> Iterator[Problem]:
    for where, _kind, condition in _side_conditions(key, side):
        given = condition.model_fields_set - {"field"}
        if condition.present is False and len(given) > 1:
            what = "a blank field cannot pass another test besides"
            yield Problem(where, what, "Keep `present: false` or the other operator.")
        for name, alias in (("in_", "in"), ("not_in", "not_in"), ("contains", "contains")):
            if name in given and not getattr(condition, name):
                yield Problem((*where, alias), "the operator has no value", "Give one, or more.")


SideCheck = Callable[[KeyPath, Side], Iterator[Problem]]
_SIDE_CHECKS: tuple[SideCheck, ...] = (
    _name, _type, _credentials, _url, _places, _owners, _create_as, _scopes,
)  # fmt: skip


def _same_account_twice(config: Config) -> Iterator[Problem]:
    for (name, side), (other_name, other) in combinations(config.sides.items(), 2):
        if side.credentials is None or side.credentials != other.credentials:
            continue
        if (side.type, side.url) == (other.type, other.url):
            what = f"this is the same account as the side `{name}`"
            yield Problem(("sides", other_name), what, "Give each side credentials of its own.")


def _conditions(config: Config) -> Iterator[tuple[KeyPath, str, Condition]]:
    for name, side in config.sides.items():
        yield from _side_conditions(("sides", name), side)
    yield from partner_conditions(config)
    yield from map_conditions(config)


def _side_conditions(key: KeyPath, side: Side) -> Iterator[tuple[KeyPath, str, Condition]]:
    for kind, conditions in side.scope.items():
        for i, condition in enumerate(conditions):
            yield (*key, "scope", kind, i), kind, condition
    for kind, lines in side.create_as.items():
        for i, line in enumerate(lines):
            for j, condition in enumerate(line.when):
                yield (*key, "create_as", kind, i, "when", j), kind, condition
    for i, condition in enumerate(side.convert.when if side.convert else ()):
        yield (*key, "convert", "when", i), "person", condition


# --- rules ---------------------------------------------------------------------------------


def _kind_rules(config: Config, kind: Kind, kind_rules: KindRules) -> Iterator[Problem]:
    key: KeyPath = ("rules", kind)
    sides = config.sides
    customs = config.custom.get(kind, {})
    yield from _parses((*key, "first_link"), rules.parse_first_link, kind_rules.first_link, sides)
    yield from _parses((*key, "conflict"), rules.parse_policy, kind_rules.conflict, sides)
    for i, names in enumerate(kind_rules.match):
        if not names or len(set(names)) < len(names):
            what = "a match key needs at least one field, each once"
            yield Problem((*key, "match", i), what, "Write `- [email]` or `- [name, domain]`.")
    for name, rule in kind_rules.fields.items():
        where = (*key, "fields", name)
        if name.startswith("custom.") and name.removeprefix("custom.") not in customs:
            yield _no_field(where, name, {})
        if isinstance(rule, str):
            yield from _parses(where, rules.parse_rule, rule, sides)
            continue
        yield from _parses((*where, "rule"), rules.parse_rule, rule.rule, sides)
        if rule.conflict is not None:
            yield from _parses((*where, "conflict"), rules.parse_policy, rule.conflict, sides)
        yield from _table(where, rule)
        for pipeline, table in rule.pipelines.items():
            yield from _table((*where, "pipelines", pipeline), table)


def _table(key: KeyPath, table: ValueTable) -> Iterator[Problem]:
    """An order names every value once, and the moves go among the values that it names."""
    for value in sorted({v for v in table.order if table.order.count(v) > 1}):
        yield Problem((*key, "order"), f"`{value}` is named twice", "Name each value once.")
    for value, allowed in table.moves.items() if table.order else ():
        for other in dict.fromkeys([value, *allowed]):
            if other not in table.order:
                what = f"`{other}` is not in the order"
                yield Problem((*key, "moves", value), what, suggest(other, table.order))


def _parses(key: KeyPath, parse: Callable[..., object], *words: object) -> Iterator[Problem]:
    try:
        parse(*words)
    except SettingsError as error:
        yield Problem(key, error.message, error.remedy)
