"""What the configuration file may say, as pydantic models; the JSON Schema is made from them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue

from config.account_maps import AccountMaps
from config.base import Condition as Condition
from config.base import Kind as Kind
from config.base import Scalar as Scalar
from config.base import SecretRef as SecretRef
from config.base import Strict as Strict
from config.matching import MatchingEngine
from config.partners import Partner, PopulationSettings, Sharing


class Credentials(Strict):
    """How to sign in; which keys are needed depends on `flow`."""

    flow: Literal[
        "client_credentials", "jwt", "password", "session", "private_app", "oauth_refresh"
    ] = Field(..., description="sign-in flow of the vendor")
    client_id: SecretRef | None = Field(None, description="id of the connected app")
    client_secret: SecretRef | None = Field(None, description="secret of the connected app")
    username: SecretRef | None = Field(None, description="name of the integration user")
    password: SecretRef | None = Field(None, description="password of the integration user")
    security_token: SecretRef | None = Field(
        None, description="token that Salesforce wants after the password"
    )
    private_key: SecretRef | None = Field(None, description="PEM key that signs the JWT")
    token: SecretRef | None = Field(None, description="access token (private app, session)")
    refresh_token: SecretRef | None = Field(None, description="OAuth refresh token")


class CreateAs(Strict):
    """One line of a Lead-or-Contact rule: the first whose conditions all hold decides."""

    object: str = Field(..., description="object type of the side, such as Lead")
    when: list[Condition] = Field([], description="conditions that must all hold; none: always")


class ConvertRule(Strict):
    """When this side's own lead conversion is asked for because another side has gone on."""

    when: list[Condition] = Field(
        ..., min_length=1, description="tests of the person over all sides; all must hold"
    )
    account: Literal["linked", "create"] = Field(
        "linked", description="into the account linked here only, or let the vendor make one"
    )
    opportunity: bool = Field(False, description="whether the conversion makes an opportunity")
    status: str | None = Field(
        None, description="lead status of converted leads; default: the vendor's first"
    )


class Budget(Strict):
    """What Tieline may take of a side's API allowance."""

    share: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5, description="share of the daily allowance"
    )
    per_second: Annotated[float, Field(gt=0)] | None = Field(
        None, description="requests per second; default is the vendor's own limit"
    )


class Side(Strict):
    """One CRM account."""

    type: str = Field(..., description="salesforce, hubspot or memory")
    url: str | None = Field(None, description="instance or API address; default is the vendor's")
    credentials: Credentials | None = Field(None, description="how to sign in")
    mapping: str | None = Field(
        None, description="name of a shipped mapping or path of a file; default: the type's"
    )
    ca_file: Path | None = Field(None, description="certificate authority to trust besides")
    trust_url: bool = Field(False, description="allow a host outside the vendor's domains")
    timeout: Annotated[float, Field(gt=0)] = Field(60.0, description="seconds for one call")
    currency: str = Field("USD", description="ISO currency of amounts that carry none")
    country: str = Field("US", description="ISO country of phone numbers that carry none")
    timezone: str = Field("UTC", description="zone of the side's dates")
    production: bool = Field(
        False, description="real customers: the first run that writes must be confirmed"
    )
    create: list[Kind] = Field(
        ["account", "person", "opportunity"], description="kinds that may be created here"
    )
    create_as: dict[Kind, list[CreateAs]] = Field(
        {}, description="object type of a new record; the first line that holds decides"
    )
    convert: ConvertRule | None = Field(
        None, description="when leads of this side are converted; default never"
    )
    scope: dict[Kind, list[Condition]] = Field({}, description="what takes part; all must hold")
    owners: dict[str, str] = Field({}, description="e-mail elsewhere -> e-mail here")
    fallback_owner: str | None = Field(None, description="e-mail of the owner of last resort")
    stamp_linked: bool = Field(True, description="stamp records that were linked, not created")
    budget: Budget = Field(Budget(), description="what Tieline may take of the API allowance")
    options: dict[str, Any] = Field({}, description="settings of the connector itself")


class ValueTable(Strict):
    """An order of values and the moves among them, of a field such as a stage."""

    order: list[str] = Field([], description="values from first to last; [] = the usual order")
    moves: dict[str, list[str]] = Field(
        {},
        description="value -> the values it may move to; one that is not named moves anywhere; "
        "another move is held and asked",
    )


class FieldRule(ValueTable):
    """The rule of one field."""

    rule: str = Field(
        "two-way",
        description="two-way | SIDE -> | SIDE unless blank | fill blank | create only | off",
    )
    conflict: str | None = Field(
        None,
        description="hold | prefer SIDE | latest | highest | lowest | true wins; "
        "default: the kind's",
    )
    blanks: Literal["travel", "keep"] | None = Field(
        None, description="whether a cleared value travels; default: the kind's"
    )
    backward: bool = Field(False, description="ordered values may move backward")
    pipelines: dict[str, ValueTable] = Field(
        {}, description="tables of single pipelines, by the canonical value of `pipeline`"
    )


Deletes = Literal["unlink", "delete", "restore", "ask"]


class KindRules(Strict):
    """The rules of one kind."""

    match: list[list[str]] = Field(
        [],
        description="keys, strongest first; the fields of a key must all agree; [] = default keys",
    )
    first_link: str = Field("hold", description="prefer SIDE | latest | hold")
    conflict: str = Field("hold", description="default for fields without their own")
    blanks: Literal["travel", "keep"] = Field(
        "travel", description="whether a cleared value travels or the other sides keep theirs"
    )
    deletes: Deletes | dict[str, Deletes] = Field(
        "unlink",
        description="what a delete on one side does to the records elsewhere; or SIDE: choice",
    )
    merges: Literal["ask", "merge"] = Field(
        "ask", description="what a merge on one side does to the same two records elsewhere"
    )
    delete_vs_edit: Literal["edit wins", "delete wins", "unlink", "ask"] = Field(
        "edit wins", description="deleted on one side and changed on another"
    )
    fields: dict[str, FieldRule | str] = Field(
        {}, description="canonical field -> its rule, or the rule's word alone"
    )


class Guards(Strict):
    """Brakes: the run stops before any write when one of them is exceeded."""

    max_delete_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.05, description="share of linked records that a run may delete"
    )
    max_change_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.5, description="share of linked records that a run may change"
    )
    max_ambiguous: Annotated[int, Field(ge=0)] = Field(
        100, description="records with more than one possible counterpart"
    )
    min_records: Annotated[int, Field(ge=0)] = Field(
        20, description="shares are not judged below this number of linked records"
    )
    stop_when_empty: bool = Field(True, description="a side that had records shows none")
    stop_when_all_change: bool = Field(
        True, description="nearly every linked record of a side has changed at once"
    )
    stop_when_rules_change: bool = Field(
        True, description="rules or filters differ from those of the last run"
    )


_DURATION: dict[str, JsonValue] = {"pattern": r"^[0-9]+[smhd]$"}


class Questions(Strict):
    """What waits for a person."""

    warn_after: str = Field(
        "7d",
        description="age from which a run names what still waits, and ends with exit code 3",
        json_schema_extra=_DURATION,
    )


class Privacy(Strict):
    """How the state keeps values that are somebody's personal data."""

    values: Literal["clear", "hashed"] = Field(
        "clear", description="hashed: keyed hashes instead of values; see docs/privacy.md"
    )
    personal: list[str] = Field(
        [
            "person.first_name", "person.last_name", "person.email", "person.other_emails",
            "person.phone", "person.mobile", "person.address", "person.description",
        ],
        description="fields (`kind.field`) that are personal",
    )  # fmt: skip


class Schedule(Strict):
    """How often, for `tieline run --watch` and for the reminder of `tieline status`."""

    every: str = Field(
        "15m", description="time between two runs: 90s, 15m, 24h, 7d", json_schema_extra=_DURATION
    )
    full_compare: str = Field(
        "24h",
        description="time between two comparisons of everything, which find what no feed shows",
        json_schema_extra=_DURATION,
    )


class CustomField(Strict):
    """A custom canonical field, used as `custom.<name>`."""

    type: Literal[
        "text", "email", "phone", "url", "number", "integer", "bool", "date", "datetime",
        "enum", "set",
    ] = Field(..., description="type of its values, the same on every side")  # fmt: skip


WITHOUT_SIDES = ("account_maps", "matching", "partners", "populations", "sharing")
"""Keys of what works on lists alone: a configuration that has one of them needs no sides."""
_LISTS_ALONE: list[JsonValue] = [{"required": [key]} for key in WITHOUT_SIDES]
_TWO_SIDES_OR_LISTS: dict[str, JsonValue] = {
    "anyOf": [
        *_LISTS_ALONE,
        {"required": ["sides"], "properties": {"sides": {"minProperties": 2}}},
    ]
}


class Config(Strict):
    """The whole file."""

    model_config = ConfigDict(json_schema_extra=_TWO_SIDES_OR_LISTS)

    version: Literal[1] = Field(1, description="version of this file's form")
    sides: dict[str, Side] = Field(
        {}, description="name -> CRM account; a sync needs two, comparing lists with partners none"
    )
    custom: dict[Kind, dict[str, CustomField]] = Field(
        {}, description="fields of your own, used as custom.NAME in mappings and rules"
    )
    rules: dict[Kind, KindRules] = Field({}, description="what travels where, by kind")
    guards: Guards = Field(Guards(), description="brakes before any write")
    questions: Questions = Field(Questions(), description="what waits for a person")
    privacy: Privacy = Field(Privacy(), description="what the state keeps of people's data")
    schedule: Schedule = Field(Schedule(), description="how often")
    populations: dict[str, PopulationSettings] = Field(
        {}, description="parts of our accounts; default: customers, open_opportunities, prospects"
    )
    sharing: Sharing = Field(Sharing(), description="what holds for every partner")
    partners: dict[str, Partner] = Field(
        {}, description="name -> a company that accounts are compared with"
    )
    account_maps: AccountMaps = Field(
        AccountMaps(), description="how account maps are drawn; see docs/account-map.md"
    )
    matching: MatchingEngine = Field(MatchingEngine(), description="what works out who is who")
    state: Path | None = Field(
        None, description="folder of the state; default .tieline beside this file"
    )
