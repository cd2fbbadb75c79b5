"""What the rule and policy words of the configuration mean, with the defaults filled in."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar, cast

from config.model import Config, Deletes, FieldRule, Kind, KindRules, ValueTable
from config.problems import suggest
from core.errors import SettingsError

RuleKind = Literal["two-way", "source", "unless-blank", "fill-blank", "create-only", "off"]
PolicyKind = Literal["hold", "prefer", "latest", "highest", "lowest", "true-wins"]
Blanks = Literal["travel", "keep"]
Word = TypeVar("Word", bound=str)
DeleteVsEdit = Literal["edit wins", "delete wins", "unlink", "ask"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Which way a field's changes travel; `side` for `source` and `unless-blank` only."""

    kind: RuleKind
    side: str | None = None

    def __str__(self) -> str:
        return _RULE_WORDS[self.kind].replace("SIDE", self.side or "")


@dataclass(frozen=True, slots=True)
class Policy:
    """Who wins when several sides changed a field to different values; `side` for `prefer`."""

    kind: PolicyKind
    side: str | None = None

    def __str__(self) -> str:
        return _POLICY_WORDS[self.kind].replace("SIDE", self.side or "")


_RULE_WORDS: Mapping[RuleKind, str] = {
    "two-way": "two-way",
    "source": "SIDE ->",
    "unless-blank": "SIDE unless blank",
    "fill-blank": "fill blank",
    "create-only": "create only",
    "off": "off",
}
_POLICY_WORDS: Mapping[PolicyKind, str] = {
    "hold": "hold",
    "prefer": "prefer SIDE",
    "latest": "latest",
    "highest": "highest",
    "lowest": "lowest",
    "true-wins": "true wins",
}
_FIRST_LINK: tuple[PolicyKind, ...] = ("hold", "prefer", "latest")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

_ORDERED = frozenset({"integer", "number", "money", "date", "datetime", "enum"})
_TRUE_WINS = Policy("true-wins")
_FIELD_POLICIES: Mapping[tuple[str, str], Policy] = {
    # consent is never re-granted by a sync; a lifecycle moves forward unless told otherwise
    ("person", "email_opt_out"): _TRUE_WINS,
    ("person", "do_not_call"): _TRUE_WINS,
    ("person", "lifecycle_stage"): Policy("highest"),
}
_FIELD_RULES: Mapping[tuple[str, str], str] = {
    # each side derives it from its own stages; what a stage is worth is that side's business
    ("opportunity", "probability"): "off",
}
_MATCH: Mapping[str, tuple[tuple[str, ...], ...]] = {
    # a domain alone never proves that two accounts are one: companies have several units
    "account": (("domain", "name"), ("name", "billing_address.country")),
    "person": (("email",),),
    "opportunity": (("name", "account"),),
}


@dataclass(frozen=True, slots=True)
class Table:
    """An order of values (empty: the field's usual one) and the moves that are allowed: a value
    that is no key of `moves` may move anywhere."""

    order: tuple[str, ...] = ()
    moves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def refuses(self, present: object, wanted: object) -> bool:
        """Whether a value may not be replaced by another one. Blanks are not in the table."""
        if present in (None, wanted) or wanted is None or not isinstance(present, str):
            return False
        return present in self.moves and wanted not in self.moves[present]


@dataclass(frozen=True, slots=True)
class FieldSettings:
    """The effective settings of one field: defaults, the kind's words and its own, in effect."""

    rule: Rule
    conflict: Policy
    blanks: Blanks
    backward: bool
    table: Table = Table()
    pipelines: Mapping[str, Table] = field(default_factory=dict)

    def table_in(self, pipeline: object) -> Table:
        """The table that holds in a pipeline: its own, and the field's where it says nothing."""
        own = self.pipelines.get(pipeline) if isinstance(pipeline, str) else None
        if own is None:
            return self.table
        return Table(own.order or self.table.order, own.moves or self.table.moves)


@dataclass(frozen=True, slots=True)
class KindSettings:
    """The effective settings of one kind."""

    match: tuple[tuple[str, ...], ...]
    first_link: Policy
    deletes: Mapping[str, Deletes]
    """By the side on which the record was deleted."""
    delete_vs_edit: DeleteVsEdit
    merges: Literal["ask", "merge"] = "ask"


def parse_rule(text: str, sides: Collection[str]) -> Rule:
    """A rule word, e.g. ``salesforce ->``. Raises SettingsError (unknown words or side)."""
    kind, side = _parse(text, sides, _RULE_WORDS, "rule")
    return Rule(kind, side)


def parse_policy(text: str, sides: Collection[str]) -> Policy:
    """A conflict policy, e.g. ``prefer hubspot``. Raises SettingsError."""
    kind, side = _parse(text, sides, _POLICY_WORDS, "conflict policy")
    return Policy(kind, side)


def parse_first_link(text: str, sides: Collection[str]) -> Policy:
    """The policy for differing values at the first link. Raises SettingsError."""
    words = {kind: _POLICY_WORDS[kind] for kind in _FIRST_LINK}
    kind, side = _parse(text, sides, words, "first-link policy")
    return Policy(kind, side)


def duration(text: str) -> int:
    """Seconds of a duration such as ``15m``, ``24h``, ``90s``, ``7d``. Raises SettingsError."""
    found = re.fullmatch(r"([0-9]+)([smhd])", text.strip())
    if not found or int(found[1]) == 0:
        raise SettingsError(
            f"`{text}` is not a duration", remedy="Write a number above 0 and s, m, h or d: `15m`."
        )
    return int(found[1]) * _SECONDS[found[2]]


def rules_for(config: Config, kind: str, field: str, field_type: str) -> FieldSettings:
    """The effective settings of one canonical field.

    The field's own words win over the kind's, those over the defaults. `field_type` is the
    canonical type (``bool``, ``set``, ``enum``…): a set-valued field merges additions and
    removals, so that its policy is only asked where one member was both added and removed.
    Raises SettingsError where a word does not parse or a policy cannot hold for the type.
    """
    kind_rules = kind_rules_of(config, kind)
    default = FieldRule(rule=_FIELD_RULES.get((kind, field), "two-way"))
    own = kind_rules.fields.get(field, default)
    if isinstance(own, str):
        own = FieldRule(rule=own)
    policy = (
        parse_policy(own.conflict, config.sides)
        if own.conflict
        else _FIELD_POLICIES.get((kind, field)) or _kind_policy(kind_rules, config, field_type)
    )
    impossible = policy_misfit(policy, field_type)
    if impossible:
        raise SettingsError(impossible, remedy="Choose hold, latest or prefer SIDE.")
    return FieldSettings(
        rule=parse_rule(own.rule, config.sides),
        conflict=policy,
        blanks=own.blanks or kind_rules.blanks,
        backward=own.backward,
        table=_table(own),
        pipelines={name: _table(table) for name, table in own.pipelines.items()},
    )


def _table(given: ValueTable) -> Table:
    return Table(tuple(given.order), {value: tuple(to) for value, to in given.moves.items()})


def given_orders(config: Config) -> dict[str, tuple[str, ...]]:
    """Field -> the order of its values, where the rules give one."""
    return {
        name: tuple(rule.order)
        for kind_rules in config.rules.values()
        for name, rule in kind_rules.fields.items()
        if isinstance(rule, FieldRule) and rule.order
    }


def kind_settings(config: Config, kind: str) -> KindSettings:
    """The effective settings of one kind. Raises SettingsError where a word does not parse."""
    rules = kind_rules_of(config, kind)
    return KindSettings(
        match=tuple(tuple(keys) for keys in rules.match) or _MATCH[kind],
        first_link=parse_first_link(rules.first_link, config.sides),
        deletes=_deletes(rules, config),
        delete_vs_edit=rules.delete_vs_edit,
        merges=rules.merges,
    )


def _deletes(rules: KindRules, config: Config) -> dict[str, Deletes]:
    if isinstance(rules.deletes, str):
        return dict.fromkeys(config.sides, rules.deletes)
    for side in rules.deletes:
        _known_side(side, config.sides)
    return {side: rules.deletes.get(side, "unlink") for side in config.sides}


def kind_rules_of(config: Config, kind: str) -> KindRules:
    """The kind's part of the configuration, or its defaults where the file is silent."""
    return config.rules.get(cast(Kind, kind), KindRules())


def policy_misfit(policy: Policy, field_type: str) -> str:
    """Why a policy cannot hold for a field of that canonical type; empty when it can."""
    if policy.kind == "true-wins" and field_type != "bool":
        return f"`{policy}` needs a yes-or-no field, this one is {field_type}"
    if policy.kind in ("highest", "lowest") and field_type not in _ORDERED:
        return f"`{policy}` needs a field with an order, this one is {field_type}"
    return ""


def _kind_policy(rules: KindRules, config: Config, field_type: str) -> Policy:
    """The kind's policy, as far as a field of this type can follow it; else hold."""
    policy = parse_policy(rules.conflict, config.sides)
    return Policy("hold") if policy_misfit(policy, field_type) else policy


def _parse(
    text: str, sides: Collection[str], words: Mapping[Word, str], noun: str
) -> tuple[Word, str | None]:
    plain = " ".join(text.replace("->", " -> ").split())
    for kind, pattern in words.items():
        shape = re.escape(pattern).replace("SIDE", r"(?P<side>\S+)")
        found = re.fullmatch(shape, plain)
        if found:
            side = found.groupdict().get("side")
            _known_side(side, sides)
            return kind, side
    raise SettingsError(f"`{text}` is not a {noun}", remedy=suggest(plain, words.values()))


def _known_side(side: str | None, sides: Collection[str]) -> None:
    if side is not None and side not in sides:
        raise SettingsError(f"there is no side `{side}`", remedy=suggest(side, sides, "Sides"))
