"""What the state machine plays with: kinds, their fields, each with its rule and its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

LEAD_SIDE = "left"
"""The one side that has leads."""

STAGES = ("subscriber", "lead", "mql", "sql", "customer")
"""Some lifecycle stages, from the first to the last."""

OBJECTS: Mapping[str, tuple[str, ...]] = {
    "account": ("Account",),
    "person": ("Contact", "Lead"),
    "opportunity": ("Opportunity",),
}
KEYS: Mapping[str, str] = {"account": "name", "person": "email", "opportunity": "name"}
"""The field by which people know the thing again; nobody edits it."""


@dataclass(frozen=True)
class KindSpec:
    """How a kind is linked and what a delete does."""

    first_link: str
    deletes: str = "unlink"


KINDS: Mapping[str, KindSpec] = {
    "account": KindSpec("prefer left"),
    "person": KindSpec("hold"),
    "opportunity": KindSpec("latest", deletes="delete"),
}


@dataclass(frozen=True)
class Spec:
    """One field: its rule in the words of the configuration, and the values that people give."""

    name: str
    values: tuple[Any, ...] = ()
    """What people choose from; {} stands for the number of the thing: what two things share
    there makes people be asked whether they are one."""
    rule: str = "two-way"
    conflict: str = "hold"
    blanks: str = "travel"
    shape: Literal["scalar", "set", "ref", "roles"] = "scalar"
    to: str = ""
    """The kind that references point to."""
    order: tuple[str, ...] = ()
    required: bool = False
    contact_only: bool = False

    def rule_text(self) -> dict[str, str]:
        """As it stands in the configuration."""
        return {"rule": self.rule, "conflict": self.conflict, "blanks": self.blanks}


SPECS: Mapping[str, tuple[Spec, ...]] = {
    "account": (
        Spec("industry", ("banking", "energy", "retail")),
        Spec("phone", ("+12025{:02}0101", "+12025{:02}0102", "+12025{:02}0103"),
             conflict="prefer left"),
        Spec("employees", (1, 20, 300), conflict="highest"),
        Spec("website", ("https://a{:02}.example", "https://b{:02}.example"), rule="left ->"),
        Spec("description", ("old", "new", "newest"), blanks="keep"),
        Spec("account_type", ("prospect", "customer", "partner"), rule="right unless blank"),
        Spec("tags", ("t1", "t2", "t3"), shape="set"),
        Spec("parent", shape="ref", to="account"),
    ),
    "person": (
        Spec("title", ("Boss", "Chief", "Clerk"), conflict="latest"),
        Spec("department", ("Sales", "Labs", "Press")),
        Spec("first_name", ("Ann", "Ben", "Cyd"), rule="fill blank", conflict="prefer left"),
        Spec("lead_source", ("web", "phone", "event"), rule="create only"),
        Spec("lifecycle_stage", STAGES, conflict="highest", order=STAGES),
        Spec("email_opt_out", (True, False), conflict="true wins"),
        Spec("tags", ("t1", "t2", "t3"), shape="set"),
        Spec("account", shape="ref", to="account", contact_only=True),
    ),
    "opportunity": (
        Spec("next_step", ("call", "write", "visit")),
        Spec("stage", ("prospecting", "proposal", "negotiation"), conflict="prefer right",
             required=True),
        Spec("close_date", ("2026-05-01", "2026-06-01", "2026-07-01"), conflict="lowest"),
        Spec("account", shape="ref", to="account"),
        Spec("contacts", shape="roles", to="person"),
    ),
}  # fmt: skip
