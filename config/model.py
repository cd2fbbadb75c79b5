"""What the configuration file may say, as pydantic models; the JSON Schema is made from them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["account", "person", "opportunity"]
Scalar = str | int | float | bool | None


class Strict(BaseModel):
    """Unknown keys are errors: a misspelt rule must never be silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class SecretRef(Strict):
    """Where a secret is, never the secret itself: exactly one of the three."""

    env: str | None = Field(None, description="name of an environment variable")
    file: Path | None = Field(None, description="file whose first line is the secret")
    command: list[str] | None = Field(None, description="command whose output is the secret")

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretRef:
        if sum(x is not None for x in (self.env, self.file, self.command)) != 1:
            raise ValueError("give exactly one of env, file, command")
        return self


class Credentials(Strict):
    """How to sign in; which keys are needed depends on `flow`."""

    flow: Literal[
        "client_credentials", "jwt", "password", "session", "private_app", "oauth_refresh"
    ] = Field(..., description="sign-in flow of the vendor")
    client_id: SecretRef | None = None
    client_secret: SecretRef | None = None
    username: SecretRef | None = None
    password: SecretRef | None = None
    security_token: SecretRef | None = None
    private_key: SecretRef | None = None
    token: SecretRef | None = Field(None, description="access token (private app, session)")
    refresh_token: SecretRef | None = None


class Condition(Strict):
    """One test of a canonical field (`account_type`, `account.account_type`); every given
    operator must hold."""

    field: str
    equals: Scalar = None
    not_: Scalar = Field(None, alias="not")
    in_: list[Scalar] | None = Field(None, alias="in")
    not_in: list[Scalar] | None = None
    present: bool | None = Field(None, description="true: has a value; false: blank")
    contains: str | None = None
    at_least: str | None = Field(None, description="for ordered values such as lifecycle_stage")

    @model_validator(mode="after")
    def _some_operator(self) -> Condition:
        if not (self.model_fields_set - {"field"}):
            raise ValueError("give an operator: equals, not, in, not_in, present, contains, …")
        return self


class CreateAs(Strict):
    """One line of a Lead-or-Contact rule: the first whose conditions all hold decides."""

    object: str
    when: list[Condition] = []


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
    credentials: Credentials | None = None
    mapping: str | None = Field(
        None, description="name of a shipped mapping or path of a file; default: the type's"
    )
    ca_file: Path | None = Field(None, description="certificate authority to trust besides")
    trust_url: bool = Field(False, description="allow a host outside the vendor's domains")
    timeout: Annotated[float, Field(gt=0)] = Field(60.0, description="seconds for one call")
    currency: str = Field("USD", description="ISO currency of amounts that carry none")
    country: str = Field("US", description="ISO country of phone numbers that carry none")
    timezone: str = Field("UTC", description="zone of the side's dates")
    production: bool = False
    create: list[Kind] = Field(
        ["account", "person", "opportunity"], description="kinds that may be created here"
    )
    create_as: dict[Kind, list[CreateAs]] = {}
    scope: dict[Kind, list[Condition]] = Field({}, description="what takes part; all must hold")
    owners: dict[str, str] = Field({}, description="e-mail elsewhere -> e-mail here")
    fallback_owner: str | None = Field(None, description="e-mail of the owner of last resort")
    stamp_linked: bool = Field(True, description="stamp records that were linked, not created")
    budget: Budget = Budget()
    options: dict[str, Any] = Field({}, description="settings of the connector itself")


class FieldRule(Strict):
    """The rule of one field."""

    rule: str = Field(
        "two-way",
        description="two-way | SIDE -> | SIDE unless blank | fill blank | create only | off",
    )
    conflict: str | None = Field(
        None, description="hold | prefer SIDE | latest | highest | lowest | true wins"
    )
    blanks: Literal["travel", "keep"] | None = None
    backward: bool = Field(False, description="ordered values may move backward")


class KindRules(Strict):
    """The rules of one kind."""

    match: list[list[str]] = Field([], description="keys, strongest first; fields must all agree")
    first_link: str = Field("hold", description="prefer SIDE | latest | hold")
    conflict: str = Field("hold", description="default for fields without their own")
    blanks: Literal["travel", "keep"] = "travel"
    deletes: Literal["unlink", "delete", "restore", "ask"] = "unlink"
    delete_vs_edit: Literal["edit wins", "delete wins", "unlink", "ask"] = "edit wins"
    fields: dict[str, FieldRule | str] = {}


class Guards(Strict):
    """Brakes: the run stops before any write when one of them is exceeded."""

    max_delete_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    max_change_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    max_ambiguous: Annotated[int, Field(ge=0)] = 100
    min_records: Annotated[int, Field(ge=0)] = Field(
        20, description="shares are not judged below this number of linked records"
    )
    stop_when_empty: bool = True
    stop_when_rules_change: bool = True


class Schedule(Strict):
    """How often, for `tieline run --watch` and for the reminder of `tieline status`."""

    every: str = Field("15m", pattern=r"^\d+[smhd]$")
    full_compare: str = Field("24h", pattern=r"^\d+[smhd]$")


class CustomField(Strict):
    """A custom canonical field, used as `custom.<name>`."""

    type: Literal[
        "text", "email", "phone", "url", "number", "integer", "bool", "date", "datetime",
        "enum", "set",
    ]  # fmt: skip


class Config(Strict):
    """The whole file."""

    version: Literal[1] = 1
    sides: dict[str, Side] = Field(..., min_length=2)
    custom: dict[Kind, dict[str, CustomField]] = {}
    rules: dict[Kind, KindRules] = {}
    guards: Guards = Guards()
    schedule: Schedule = Schedule()
    state: Path | None = Field(None, description="folder of the state; default .tieline beside")
