"""What every part of the configuration stands on: strict models, and conditions."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

Kind = Literal["account", "person", "opportunity"]
Scalar = str | int | float | bool | None


class Strict(BaseModel):
    """Unknown keys are errors: a misspelt rule must never be silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Condition(Strict):
    """One test of a canonical field (`account_type`, `account.account_type`); every given
    operator must hold."""

    field: str = Field(..., description="canonical field, or a field of a referred record")
    equals: Scalar = Field(None, description="has this value")
    not_: Scalar = Field(None, alias="not", description="has another value than this")
    in_: list[Scalar] | None = Field(None, alias="in", description="has one of these values")
    not_in: list[Scalar] | None = Field(None, description="has none of these values")
    present: bool | None = Field(None, description="true: has a value; false: blank")
    contains: str | None = Field(None, description="the text or the set contains this")
    at_least: str | int | float | None = Field(
        None, description="this or more: a number, a date, a value with an order (lifecycle_stage)"
    )
    at_most: str | int | float | None = Field(None, description="this or less, likewise")

    @model_serializer(mode="wrap")
    def _without_at_most(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Left out where it is not given, so that rules of a version without it are no others."""
        said: dict[str, Any] = handler(self)
        return {k: v for k, v in said.items() if k != "at_most" or v is not None}

    @model_validator(mode="after")
    def _some_operator(self) -> Condition:
        if not (self.model_fields_set - {"field"}):
            raise ValueError("give an operator: equals, not, in, not_in, present, contains, …")
        return self


class SecretRef(Strict):
    """Where a secret is, never the secret itself: exactly one of the three."""

    env: str | None = Field(None, description="name of an environment variable")
    file: Path | None = Field(
        None, description="file whose first line is the secret, or that is a PEM key"
    )
    command: list[str] | None = Field(
        None, description="program and arguments that print the secret; no shell is used"
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretRef:
        if sum(x is not None for x in (self.env, self.file, self.command)) != 1:
            raise ValueError("give exactly one of env, file, command")
        return self
