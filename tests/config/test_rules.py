"""The words of rules and policies, and which of them is in effect for a field."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from config.model import Config
from config.rules import (
    Policy,
    PolicyKind,
    Rule,
    RuleKind,
    duration,
    kind_settings,
    parse_first_link,
    parse_policy,
    parse_rule,
    rules_for,
)
from core.errors import SettingsError

SIDES = ("salesforce", "hubspot", "off")


def config_of(**rules: object) -> Config:
    sides = {"salesforce": {"type": "salesforce"}, "hubspot": {"type": "hubspot"}}
    return Config.model_validate({"sides": sides, "rules": rules})


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("two-way", Rule("two-way")),
        ("salesforce ->", Rule("source", "salesforce")),
        ("hubspot->", Rule("source", "hubspot")),
        ("off ->", Rule("source", "off")),
        ("hubspot unless blank", Rule("unless-blank", "hubspot")),
        ("  fill   blank ", Rule("fill-blank")),
        ("create only", Rule("create-only")),
        ("off", Rule("off")),
    ],
)
def test_rule_words(text: str, rule: Rule) -> None:
    assert parse_rule(text, SIDES) == rule
    assert parse_rule(str(rule), SIDES) == rule


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("hold", Policy("hold")),
        ("prefer hubspot", Policy("prefer", "hubspot")),
        ("latest", Policy("latest")),
        ("highest", Policy("highest")),
        ("lowest", Policy("lowest")),
        ("true wins", Policy("true-wins")),
    ],
)
def test_policy_words(text: str, policy: Policy) -> None:
    assert parse_policy(text, SIDES) == policy
    assert parse_policy(str(policy), SIDES) == policy


@pytest.mark.parametrize("text", ["", "->", "Two-Way", "salesforce -> hubspot", "prefer", "blank"])
def test_what_is_no_rule(text: str) -> None:
    with pytest.raises(SettingsError, match="is not a rule") as caught:
        parse_rule(text, SIDES)
    assert caught.value.remedy


def test_a_rule_of_a_side_that_does_not_exist() -> None:
    with pytest.raises(SettingsError, match="there is no side `hubspt`") as caught:
        parse_rule("hubspt ->", SIDES)
    assert caught.value.remedy == "Did you mean `hubspot`?"


def test_the_first_link_knows_fewer_policies() -> None:
    assert parse_first_link("prefer hubspot", SIDES) == Policy("prefer", "hubspot")
    with pytest.raises(SettingsError, match="`true wins` is not a first-link policy"):
        parse_first_link("true wins", SIDES)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("24h", 86400), ("7d", 604800)]
)
def test_durations(text: str, seconds: int) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["15", "m", "-1m", "1.5h", "0m", "", "1w", "١٥m"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(SettingsError, match="is not a duration"):
        duration(text)


Case = tuple[str, dict[str, object], str, str, tuple[RuleKind, PolicyKind, str]]
EFFECTIVE: list[Case] = [
    # what, rules of person, field, type: rule, policy, blanks
    ("nothing said", {}, "title", "text", ("two-way", "hold", "travel")),
    (
        "the kind's policy", {"conflict": "latest"},
        "title", "text", ("two-way", "latest", "travel"),
    ),
    ("the kind's blanks", {"blanks": "keep"}, "title", "text", ("two-way", "hold", "keep")),
    (
        "the field's own word wins",
        {"conflict": "latest", "blanks": "keep",
         "fields": {"title": {"conflict": "hold", "blanks": "travel"}}},
        "title", "text", ("two-way", "hold", "travel"),
    ),
    (
        "a rule's word alone leaves the kind's policy",
        {"conflict": "latest", "fields": {"title": "fill blank"}},
        "title", "text", ("fill-blank", "latest", "travel"),
    ),
    (
        "consent", {"conflict": "latest"},
        "email_opt_out", "bool", ("two-way", "true-wins", "travel"),
    ),
    ("calls", {}, "do_not_call", "bool", ("two-way", "true-wins", "travel")),
    (
        "consent, when told otherwise", {"fields": {"email_opt_out": {"conflict": "hold"}}},
        "email_opt_out", "bool", ("two-way", "hold", "travel"),
    ),
    ("lifecycle", {}, "lifecycle_stage", "enum", ("two-way", "highest", "travel")),
    (
        "a kind's policy that the type cannot follow", {"conflict": "highest"},
        "title", "text", ("two-way", "hold", "travel"),
    ),
    (
        "a kind's policy that the type can follow", {"conflict": "highest"},
        "custom.score", "integer", ("two-way", "highest", "travel"),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", EFFECTIVE, ids=[case[0] for case in EFFECTIVE])
def test_effective_settings(case: Case) -> None:
    _, person, field, field_type, expected = case
    settings = rules_for(config_of(person=person), "person", field, field_type)
    assert (settings.rule.kind, settings.conflict.kind, settings.blanks) == expected
    assert settings.backward is False


def test_a_policy_at_the_field_itself_must_fit_its_type() -> None:
    config = config_of(person={"fields": {"title": {"conflict": "true wins"}}})
    with pytest.raises(
        SettingsError, match="`true wins` needs a yes-or-no field, this one is text"
    ):
        rules_for(config, "person", "title", "text")


def test_moving_backward_is_asked_for() -> None:
    config = config_of(person={"fields": {"lifecycle_stage": {"backward": True}}})
    assert rules_for(config, "person", "lifecycle_stage", "enum").backward is True


@pytest.mark.parametrize("kind", ["account", "person", "opportunity"])
def test_every_kind_has_match_keys_of_more_than_a_domain(kind: str) -> None:
    settings = kind_settings(config_of(), kind)
    assert settings.match
    assert ("domain",) not in settings.match
    assert settings.first_link == Policy("hold")
    assert set(settings.deletes.values()) == {"unlink"}
    assert settings.delete_vs_edit == "edit wins"


def test_match_keys_of_the_file_replace_the_default_ones() -> None:
    config = config_of(person={"match": [["email", "last_name"]], "deletes": "ask"})
    settings = kind_settings(config, "person")
    assert settings.match == (("email", "last_name"),)
    assert set(settings.deletes.values()) == {"ask"}


def test_the_model_itself_refuses_unknown_keys() -> None:
    with pytest.raises(ValidationError):
        config_of(person={"matches": []})
