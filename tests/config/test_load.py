"""The configuration file: what is accepted, and every mistake with its file:line and remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

import config
from config.check import FLOW_KEYS, SIGN_IN
from config.load import load_config, load_model, mapping_file, shipped_mapping
from config.model import Side, Strict
from core.errors import MappingSpecError, SettingsError

EXAMPLE = Path(config.__file__).parent / "example.yaml"

# Line numbers below count in this text: a case replaces one line or adds lines at the end.
GOOD = """\
sides:
  crm:
    type: salesforce
    url: https://crm.my.salesforce.com
    credentials:
      flow: client_credentials
      client_id: {env: CRM_ID}
      client_secret: {env: CRM_SECRET}
  marketing:
    type: hubspot
    credentials: {flow: private_app, token: {env: TOKEN}}
rules:
  person:
    fields:
      title: two-way
"""
SIDE = "sides.marketing"


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "tieline.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def changed(line: int, *new: str) -> str:
    lines = GOOD.splitlines()
    lines[line - 1 : line] = new
    return "\n".join(lines) + "\n"


def added(*new: str) -> str:
    return GOOD + "\n".join(new) + "\n"


def test_the_annotated_example_is_valid() -> None:
    loaded = load_config(EXAMPLE)
    assert set(loaded.config.sides) == {"salesforce", "hubspot"}
    assert loaded.state == EXAMPLE.parent.absolute() / ".tieline"


def test_the_good_file_of_these_tests_is_good(written: Callable[[str], Path]) -> None:
    assert list(load_config(written(GOOD)).config.sides) == ["crm", "marketing"]


MISTAKES = {
    # shape
    "misspelt top key": (added("rulez: {}"), 16, "rulez: unknown key `rulez`", "mean `rules`"),
    "unknown key": (added("zzz: 1"), 16, "zzz: unknown key", "Allowed keys: version, sides,"),
    "misspelt key of a side": (
        changed(10, "    type: hubspot", "    maping: x"), 11,
        f"{SIDE}.maping: unknown key `maping`", "Did you mean `mapping`?",
    ),
    "misspelt key of a rule": (
        changed(15, "      title:", "        conflct: hold"), 16,
        "rules.person.fields.title.conflct: unknown key `conflct`", "Did you mean `conflict`?",
    ),
    "misspelt key of a secret": (
        changed(7, "      client_id: {environment: X}"), 7,
        "sides.crm.credentials.client_id.environment: unknown key", "Allowed keys: env, file",
    ),
    "missing key": (changed(10, "    currency: EUR"), 9, f"{SIDE}: the key `type` is missing",
                    "Add `type:` here."),
    "sides missing": ("version: 1\n", 1, "the key `sides` is missing", "Add `sides:`"),
    "one side": ("sides:\n  crm: {type: memory}\n", 1, "sides: needs at least 2 entries, has 1",
                 "Add what is missing."),
    "a list instead of a mapping": (
        added("guards: [a]"), 16, "guards: must be a mapping (`key: value` lines), not a list", "",
    ),
    "text for the whole": ("just text\n", 1, "must be a mapping", ""),
    "number for text": (changed(10, "    type: hubspot", "    currency: 978"), 11,
                        f"{SIDE}.currency: must be text, not a whole number (978)",
                        "Put the value in quotes."),
    "text for a number": (changed(10, "    type: hubspot", "    timeout: soon"), 11,
                          f"{SIDE}.timeout: must be a number, not `soon`", ""),
    "text for yes or no": (changed(10, "    type: hubspot", "    production: perhaps"), 11,
                           f"{SIDE}.production: must be true or false, not `perhaps`", ""),
    "number for a rule": (changed(15, "      title: 5"), 15,
                          "rules.person.fields.title: must be a mapping (`key: value` lines) or "
                          "text, not a whole number (5)", "quotes"),
    "too much": (changed(10, "    type: hubspot", "    budget: {share: 1.5}"), 11,
                 f"{SIDE}.budget.share: must be at most 1.0, not 1.5", ""),
    "too little": (added("guards: {max_ambiguous: -1}"), 16,
                   "guards.max_ambiguous: must be at least 0, not -1", ""),
    "unknown kind": (changed(13, "  persons:"), 13, "rules.persons: `persons` is not allowed here",
                     "Did you mean `person`?"),
    "unknown word": (changed(14, "    deletes: unlnk", "    fields:"), 14,
                     "rules.person.deletes: `unlnk` is not allowed here", "mean `unlink`"),
    "unknown version": (added("version: 2"), 16, "version: `2` is not allowed here", "Allowed: 1."),
    "two ways to one secret": (
        changed(7, "      client_id: {env: X, file: y}"), 7,
        "sides.crm.credentials.client_id: give exactly one of env, file, command", "",
    ),
    "a secret written out": (
        changed(7, "      client_id: 3MVG9pe2TCoA1Pf6wXDtR7"), 7,
        "sides.crm.credentials.client_id: must be a mapping", "",
    ),
    # sides
    "side name with a blank": (changed(9, "  my hubspot:"), 9,
                               "sides.my hubspot: `my hubspot` cannot be the name of a side",
                               "without spaces"),
    "unknown type": (changed(10, "    type: hubspt"), 10, f"{SIDE}.type: there is no connector for "
                     "`hubspt`", "Did you mean `hubspot`?"),
    "no credentials": (changed(11, "    currency: EUR"), 9,
                       f"{SIDE}: the key `credentials` is missing", "Add `credentials:` here."),
    "flow of the other vendor": (changed(11, "    credentials: {flow: jwt, token: {env: T}}"), 11,
                                 f"{SIDE}.credentials.flow: a hubspot side cannot sign in by `jwt`",
                                 "Flows of hubspot: private_app, oauth_refresh."),
    "key of the flow missing": (
        changed(8, "      # none"), 5,
        "sides.crm.credentials: the flow client_credentials needs the key `client_secret`",
        "Add `client_secret:` with env, file or command.",
    ),
    "key the flow does not use": (
        changed(8, "      client_secret: {env: A}", "      username: {env: B}"), 9,
        "sides.crm.credentials.username: the flow client_credentials does not use this key",
        "Take it out",
    ),
    "flow without the account's address": (
        changed(4, "    # none"), 2, "sides.crm: the flow client_credentials needs the key `url`",
        "Add the address of the account itself",
    ),
    "no address": (changed(10, "    type: hubspot", "    url: api.hubapi.com"), 11,
                   f"{SIDE}.url: `api.hubapi.com` is not an address", "Write https://host."),
    "unencrypted": (changed(10, "    type: hubspot", "    url: http://api.hubapi.com"), 11,
                    f"{SIDE}.url: secrets would travel unencrypted", "Write https://"),
    "password in the address": (changed(10, "    type: hubspot", "    url: https://u:p@host"), 11,
                                f"{SIDE}.url: no credentials in an address", "Use `credentials:`."),
    "unknown currency": (changed(10, "    type: hubspot", "    currency: Euro"), 11,
                         f"{SIDE}.currency: `Euro` is not a currency", "ISO code"),
    "unknown country": (changed(10, "    type: hubspot", "    country: Germany"), 11,
                        f"{SIDE}.country: `Germany` is not a country", "two letters"),
    "unknown zone": (changed(10, "    type: hubspot", "    timezone: Mars/Olympus"), 11,
                     f"{SIDE}.timezone: `Mars/Olympus` is not a time zone", "Europe/Berlin"),
    "zone that is a path": (changed(10, "    type: hubspot", "    timezone: ../etc"), 11,
                            f"{SIDE}.timezone: `../etc` is not a time zone", ""),
    "certificate absent": (changed(10, "    type: hubspot", "    ca_file: ca.pem"), 11,
                           f"{SIDE}.ca_file: there is no file `ca.pem`", "folder of this file"),
    "owner without e-mail": (changed(10, "    type: hubspot", "    owners: {Sam: a@b.example}"), 11,
                             f"{SIDE}.owners.Sam: not a pair of e-mail addresses", "e-mail"),
    "fallback without e-mail": (changed(10, "    type: hubspot", "    fallback_owner: Sam"), 11,
                                f"{SIDE}.fallback_owner: not an e-mail address", ""),
    "mapping file absent": (changed(10, "    type: hubspot", "    mapping: my/own.yaml"), 11,
                            f"{SIDE}.mapping: there is no file `my/own.yaml`", "folder"),
    "shipped mapping absent": (changed(10, "    type: hubspot", "    mapping: hubspottt"), 11,
                               f"{SIDE}.mapping: there is no shipped mapping `hubspottt`", ""),
    "the same account twice": (
        GOOD.replace("type: hubspot", "type: salesforce").replace(
            "{flow: private_app, token: {env: TOKEN}}",
            "{flow: client_credentials, client_id: {env: CRM_ID},\n"
            "      client_secret: {env: CRM_SECRET}}\n    url: https://crm.my.salesforce.com",
        ), 9, f"{SIDE}: this is the same account as the side `crm`", "credentials of its own",
    ),
    # create_as and scope
    "nothing to create": (
        changed(10, "    type: hubspot", "    create: [account]",
                "    create_as: {person: [{object: contacts}]}"), 12,
        f"{SIDE}.create_as.person: nothing of the kind person may be created here", "Add person",
    ),
    "line never reached": (
        changed(10, "    type: hubspot", "    create_as:", "      person:", "        - object: a",
                "        - object: b"), 13,
        f"{SIDE}.create_as.person[0]: a line without `when` always holds", "Put this line last.",
    ),
    "condition without operator": (
        changed(10, "    type: hubspot", "    scope:", "      person:", "        - field: email"),
        13, f"{SIDE}.scope.person[0]: give an operator", "",
    ),
    "unknown operator": (
        changed(10, "    type: hubspot", "    scope:", "      person:",
                "        - {field: email, exists: true}"), 13,
        f"{SIDE}.scope.person[0].exists: unknown key `exists`", "equals",
    ),
    "operator without value": (
        changed(10, "    type: hubspot", "    scope: {person: [{field: email, in: []}]}"), 11,
        f"{SIDE}.scope.person[0].in: the operator has no value", "Give one",
    ),
    "blank and more": (
        changed(10, "    type: hubspot",
                "    scope: {person: [{field: email, present: false, equals: x}]}"), 11,
        f"{SIDE}.scope.person[0]: a blank field cannot pass another test", "Keep `present: false`",
    ),
    # rules
    "rule misspelt": (changed(15, "      title: twoway"), 15,
                      "rules.person.fields.title: `twoway` is not a rule", "mean `two-way`"),
    "rule of an unknown side": (changed(15, "      title: marketng ->"), 15,
                                "rules.person.fields.title: there is no side `marketng`",
                                "Did you mean `marketing`?"),
    "unless blank, unknown side": (changed(15, "      title: {rule: sap unless blank}"), 15,
                                   "rules.person.fields.title.rule: there is no side `sap`",
                                   "Sides: crm, marketing."),
    "prefer an unknown side": (changed(15, "      title: {conflict: prefer sap}"), 15,
                               "rules.person.fields.title.conflict: there is no side `sap`",
                               "Sides: crm, marketing."),
    "policy misspelt": (changed(14, "    conflict: newest", "    fields:"), 14,
                        "rules.person.conflict: `newest` is not a conflict policy", "latest"),
    "first link cannot be highest": (
        changed(14, "    first_link: highest", "    fields:"), 14,
        "rules.person.first_link: `highest` is not a first-link policy", "prefer SIDE, latest",
    ),
    "a move outside the order": (
        changed(15, "      title: {order: [new, won], moves: {new: [lost]}}"), 15,
        "rules.person.fields.title.moves.new: `lost` is not in the order", "new",
    ),
    "a value twice in an order": (
        changed(15, "      title: {pipelines: {main: {order: [new, new]}}}"), 15,
        "rules.person.fields.title.pipelines.main.order: `new` is named twice", "once",
    ),
    "empty match key": (changed(14, "    match: [[email], []]", "    fields:"), 14,
                        "rules.person.match[1]: a match key needs at least one field", "Write"),
    "custom field not declared": (
        changed(15, "      custom.size: two-way"), 15,
        "rules.person.fields.custom.size: there is no field `custom.size`", "Declare it under",
    ),
    "custom field name": (added("custom:", "  person:", "    T-Shirt: {type: text}"), 18,
                          "custom.person.T-Shirt: `T-Shirt` cannot be a field name", "small"),
    "custom field type": (added("custom: {person: {size: {type: string}}}"), 16,
                          "custom.person.size.type: `string` is not allowed here", "Allowed: text"),
    # durations
    "duration": (added("schedule:", "  every: 15 minutes"), 17,
                 "schedule.every: `15 minutes` is not a duration", "`15m`"),
    "no duration at all": (added("schedule: {full_compare: 0h}"), 16,
                           "schedule.full_compare: `0h` is not a duration", "above 0"),
    "folder for a list": (added("state: [a]"), 16, "state: ", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named_with_file_line_key_and_remedy(
    written: Callable[[str], Path], case: tuple[str, int, str, str]
) -> None:
    text, line, what, remedy = case
    path = written(text)
    with pytest.raises(SettingsError) as caught:
        load_config(path)
    assert caught.value.message.startswith(f"{path}:{line}: {what}")
    assert "\n" not in caught.value.message
    assert remedy in caught.value.remedy


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(
    written: Callable[[str], Path],
) -> None:
    text = changed(15, "      title: marketng ->").replace("type: hubspot", "type: hubspt")
    path = written(text + "schedule: {every: soon}\n")
    with pytest.raises(SettingsError) as caught:
        load_config(path)
    assert caught.value.message.splitlines() == [
        f"{path}:10: sides.marketing.type: there is no connector for `hubspt`. "
        "Did you mean `hubspot`?",
        f"{path}:15: rules.person.fields.title: there is no side `marketng`. "
        "Did you mean `marketing`?",
        f"{path}:16: schedule.every: `soon` is not a duration. "
        "Write a number above 0 and s, m, h or d: `15m`.",
    ]


FIELDS = {
    "account": {
        "name": "text",
        "account_type": "enum",
        "billing_address": "address",
        "employees": "integer",
    },
    "person": {"title": "text", "email": "email", "account": "ref", "email_opt_out": "bool"},
    "opportunity": {"name": "text", "stage": "enum", "close_date": "date"},
}
ORDERS = {"stage": ("new", "won")}
FIELD_MISTAKES = {
    "trigger on no field": (
        changed(10, "    type: hubspot", "    convert: {when: [{field: mail, present: true}]}"),
        11, "sides.marketing.convert.when[0].field: there is no field `mail`", "mean `email`",
    ),
    "at least what is in no order": (
        changed(10, "    type: hubspot",
                "    scope: {opportunity: [{field: stage, at_least: wonn}]}"),
        11, f"{SIDE}.scope.opportunity[0].at_least: `wonn` is not in the order of `stage`",
        "mean `won`",
    ),
    "at least of what has no order": (
        changed(10, "    type: hubspot", "    scope: {person: [{field: title, at_least: boss}]}"),
        11, f"{SIDE}.scope.person[0].at_least: the values of `title` have no order", "`order`",
    ),
    "at most what is no number": (
        changed(10, "    type: hubspot",
                "    scope: {account: [{field: employees, at_most: few}]}"),
        11, f"{SIDE}.scope.account[0].at_most: `few` is not a number", "such as 250",
    ),
    "at least what is no date": (
        changed(10, "    type: hubspot",
                "    scope: {opportunity: [{field: close_date, at_least: May}]}"),
        11, f"{SIDE}.scope.opportunity[0].at_least: `May` is not a date", "YYYY-MM-DD",
    ),
    "rule of no field": (changed(15, "      titel: two-way"), 15,
                         "rules.person.fields.titel: there is no field `titel`", "mean `title`"),
    "match by no field": (changed(14, "    match: [[mail]]", "    fields:"), 14,
                          "rules.person.match[0][0]: there is no field `mail`", "mean `email`"),
    "condition on no field": (
        changed(10, "    type: hubspot", "    scope: {person: [{field: account.kind, equals: x}]}"),
        11, f"{SIDE}.scope.person[0].field: there is no field `kind`", "Fields: name,",
    ),
    "order of what has none": (changed(15, "      title: {conflict: highest}"), 15,
                               "rules.person.fields.title.conflict: `highest` needs a field with "
                               "an order, this one is text", "Choose another"),
    "moves of what has no values": (
        changed(15, "      title: {moves: {a: [b]}}"), 15,
        "rules.person.fields.title.moves: `moves` is for fields with a list of values, this one is "
        "text", "Take it out",
    ),
    "truth of what has none": (changed(15, "      title: {conflict: true wins}"), 15,
                               "rules.person.fields.title.conflict: `true wins` needs a yes-or-no "
                               "field, this one is text", "Choose another"),
}  # fmt: skip


@pytest.mark.parametrize("case", FIELD_MISTAKES.values(), ids=FIELD_MISTAKES.keys())
def test_with_the_canonical_fields_known_rules_are_held_against_them(
    written: Callable[[str], Path], case: tuple[str, int, str, str]
) -> None:
    text, line, what, remedy = case
    path = written(text)
    load_config(path)
    with pytest.raises(SettingsError) as caught:
        load_config(path, fields=FIELDS, orders=ORDERS)
    assert caught.value.message.startswith(f"{path}:{line}: {what}")
    assert remedy in caught.value.remedy


def test_parts_of_fields_fields_of_referred_records_and_custom_fields_are_known(
    written: Callable[[str], Path],
) -> None:
    text = changed(15, "      custom.size: {conflict: highest}").replace(
        "    type: hubspot\n",
        "    type: hubspot\n    scope:\n"
        "      account: [{field: billing_address.country, equals: DE}]\n"
        "      person: [{field: account.account_type, equals: customer}]\n",
    )
    path = written(text + "custom: {person: {size: {type: integer}}}\n")
    assert load_config(path, fields=FIELDS).config.custom["person"]["size"].type == "integer"


def test_the_state_folder_lies_beside_the_file_unless_told_otherwise(
    written: Callable[[str], Path], tmp_path: Path
) -> None:
    assert load_config(written(GOOD)).state == tmp_path / ".tieline"
    path = written(added("state: data/crm"))
    assert load_config(path).state == tmp_path / "data" / "crm"
    assert load_config(path, state=tmp_path / "x").state == tmp_path / "x"


def test_the_rules_digest_changes_with_rules_and_filters_and_with_nothing_else(
    written: Callable[[str], Path],
) -> None:
    def digest(text: str) -> str:
        return load_config(written(text)).rules_digest

    before = digest(GOOD)
    assert digest("# a comment\n" + GOOD) == before
    assert digest(added("guards: {max_ambiguous: 3}", "schedule: {every: 1h}")) == before
    assert digest(GOOD.replace("TOKEN", "OTHER_TOKEN")) == before
    assert digest(changed(15, "      title: off")) != before
    assert digest(added("custom: {person: {size: {type: text}}}")) != before
    scoped = changed(
        10, "    type: hubspot", "    scope: {person: [{field: email, present: true}]}"
    )
    assert digest(scoped) != before
    # as versions before `at_most` worked it out: an upgrade changes no rule
    assert digest(scoped) == "b3ac97aa659a872e5acae6889fed06de6d7018b2dbb616b07a30f159d2dc8f02"


def test_bounds_go_by_the_field_of_that_kind(written: Callable[[str], Path]) -> None:
    custom = (
        "custom: {account: {tier: {type: enum}, score: {type: number}},"
        " person: {score: {type: text}}}"
    )
    order = "  account: {fields: {custom.tier: {order: [bronze, silver, gold]}}}"
    conditions = (
        "{field: custom.tier, at_least: silver}, {field: custom.score, at_most: 5}",
        "{field: custom.tier, at_least: iron}",
        "{field: custom.score, at_most: many}",
    )
    told = []
    for condition in conditions:
        scope = f"    scope: {{account: [{condition}]}}"
        lines = changed(10, "    type: hubspot", scope).splitlines()
        lines[lines.index("rules:") + 1 : lines.index("rules:") + 1] = [order]
        try:
            load_config(written("\n".join([*lines, custom])), fields=FIELDS, orders=ORDERS)
            told.append("")
        except SettingsError as error:
            told.append(error.message.rpartition(": ")[2])
    wrong = ["`iron` is not in the order of `custom.tier`", "`many` is not a number"]
    assert told == ["", *wrong]


def test_a_mapping_is_a_shipped_one_by_name_or_a_file_by_path(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("vendor: x\n")
    assert mapping_file(Side(type="hubspot", mapping="./own.yaml"), tmp_path) == own
    assert mapping_file(Side(type="hubspot", mapping="own.yaml"), tmp_path) == own
    with pytest.raises(SettingsError, match="no shipped mapping `nothing-like-it`"):
        shipped_mapping("nothing-like-it")


def test_a_side_whose_type_has_no_mapping_says_so_with_the_line(
    written: Callable[[str], Path], tmp_path: Path
) -> None:
    text = "sides:\n  one: {type: memory}\n  two: {type: memory, mapping: own.yaml}\n"
    (tmp_path / "own.yaml").write_text("x: 1\n")
    loaded = load_config(written(text))
    assert loaded.mapping_path("two") == tmp_path / "own.yaml"
    with pytest.raises(SettingsError, match=r"tieline\.yaml:2: sides\.one\.mapping: .*`memory`"):
        loaded.mapping_path("one")


def test_an_error_about_a_key_can_be_raised_later_with_its_line(
    written: Callable[[str], Path], tmp_path: Path
) -> None:
    loaded = load_config(written(GOOD))
    error = loaded.at(("sides", "marketing", "type"), "is not installed", "Install it.")
    assert error.message == f"{loaded.path}:10: sides.marketing.type: is not installed"
    assert error.remedy == "Install it."
    assert loaded.relative(Path("ca.pem")) == tmp_path / "ca.pem"


class Inner(Strict):
    """One shape of a value that has two."""

    field: str
    write: bool = True


class Outer(Strict):
    """A model as a mapping file has it."""

    fields: dict[str, str | Inner]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fields:\n  a: {feild: x}\n", ":2: fields.a.feild: unknown key `feild`"),
        ("fields:\n  a: {}\n", ":2: fields.a: the key `field` is missing"),
        ("fields:\n  a: [x]\n", ":2: fields.a: must be text or a mapping"),
        ("fields:\n  a: {field: x, write: 7}\n", ":2: fields.a.write: must be true or false"),
    ],
)
def test_other_files_are_read_the_same_way(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(text)
    model: type[BaseModel] = Outer
    with pytest.raises(MappingSpecError) as caught:
        load_model(path, model, error=MappingSpecError)
    assert f"{path}{message}" in caught.value.message


def test_every_type_of_connector_has_its_sign_in_flows() -> None:
    registry = pytest.importorskip("connectors.registry")
    assert set(SIGN_IN) == set(registry.known_types())
    assert {flow for flows in SIGN_IN.values() for flow in flows} == set(FLOW_KEYS)
