"""The object types the sandbox knows, their HubSpot ids, names, defaults and association types."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.hubspot.standard.companies import COMPANIES
from sandbox.hubspot.standard.contacts import CONTACTS
from sandbox.hubspot.standard.deals import DEALS, MEETINGS, TASKS, TICKETS


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One kind of record: how it is called, which properties it shows when none are asked for,
    which one is its modified stamp, and what a create must at least have."""

    name: str
    singular: str
    type_id: str
    table: str
    defaults: tuple[str, ...]
    modified: str
    group: str
    first_id: int
    created: str = "createdate"
    one_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    pipeline: tuple[str, str] | None = None
    merge_makes_new_id: bool = False
    can_merge: bool = True
    has_lifecycle: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Every way a path may spell the type, in lower case."""
        return (self.name, self.singular, self.type_id, "p_" + self.name)


OBJECT_TYPES: tuple[ObjectType, ...] = (
    ObjectType(
        "contacts",
        "contact",
        "0-1",
        CONTACTS,
        ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
        modified="lastmodifieddate",
        group="contactinformation",
        first_id=51,
        one_of=("email", "firstname", "lastname"),
        merge_makes_new_id=True,
        has_lifecycle=True,
    ),
    ObjectType(
        "companies",
        "company",
        "0-2",
        COMPANIES,
        ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
        modified="hs_lastmodifieddate",
        group="companyinformation",
        first_id=9337400051,
        one_of=("name", "domain"),
        merge_makes_new_id=True,
        has_lifecycle=True,
    ),
    ObjectType(
        "deals",
        "deal",
        "0-3",
        DEALS,
        ("amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate",
         "hs_object_id", "pipeline"),
        modified="hs_lastmodifieddate",
        group="dealinformation",
        first_id=9755200051,
        all_of=("dealname", "dealstage"),
        pipeline=("pipeline", "dealstage"),
    ),
    ObjectType(
        "tickets",
        "ticket",
        "0-5",
        TICKETS,
        ("content", "createdate", "hs_lastmodifieddate", "hs_object_id", "hs_pipeline",
         "hs_pipeline_stage", "hs_ticket_category", "hs_ticket_priority", "subject"),
        modified="hs_lastmodifieddate",
        group="ticketinformation",
        first_id=16174500051,
        all_of=("subject", "hs_pipeline_stage"),
        pipeline=("hs_pipeline", "hs_pipeline_stage"),
    ),
    ObjectType(
        "tasks",
        "task",
        "0-27",
        TASKS,
        ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
        modified="hs_lastmodifieddate",
        group="task",
        first_id=24384300051,
        created="hs_createdate",
        all_of=("hs_timestamp",),
        can_merge=False,
    ),
    ObjectType(
        "meetings",
        "meeting_event",
        "0-47",
        MEETINGS,
        ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
        modified="hs_lastmodifieddate",
        group="meeting",
        first_id=24384400051,
        created="hs_createdate",
        all_of=("hs_timestamp",),
        can_merge=False,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AssociationType:
    """One direction of a HubSpot-defined association; `label` None is the unlabelled one."""

    type_id: int
    source: str
    target: str
    inverse: int
    name: str
    label: str | None = None


def _pair(
    source: str,
    target: str,
    ids: tuple[int, int],
    suffix: str = "",
    labels: tuple[str | None, str | None] = (None, None),
) -> tuple[AssociationType, AssociationType]:
    one, two = _SINGULAR[source], _SINGULAR[target]
    return (
        AssociationType(ids[0], source, target, ids[1], f"{one}_to_{two}{suffix}", labels[0]),
        AssociationType(ids[1], target, source, ids[0], f"{two}_to_{one}{suffix}", labels[1]),
    )


_SINGULAR = {kind.name: kind.singular for kind in OBJECT_TYPES}

ASSOCIATION_TYPES: tuple[AssociationType, ...] = (
    *_pair("contacts", "companies", (279, 280), "_unlabeled"),
    *_pair("contacts", "companies", (1, 2), labels=("Primary Company", "Primary Company")),
    *_pair("deals", "contacts", (3, 4)),
    *_pair("deals", "companies", (341, 342), "_unlabeled"),
    *_pair("deals", "companies", (5, 6), labels=("Primary", "Primary")),
    *_pair("companies", "companies", (13, 14), "_hierarchy", ("Child Company", "Parent Company")),
    *_pair("tickets", "contacts", (16, 15)),
    *_pair("tickets", "companies", (339, 340), "_unlabeled"),
    *_pair("tickets", "companies", (26, 25), labels=("Primary", "Primary")),
    *_pair("tickets", "deals", (28, 27)),
    *_pair("tasks", "contacts", (204, 203)),
    *_pair("tasks", "companies", (192, 191)),
    *_pair("tasks", "deals", (216, 215)),
    *_pair("meetings", "contacts", (200, 199)),
    *_pair("meetings", "companies", (188, 187)),
    *_pair("meetings", "deals", (212, 211)),
    AssociationType(449, "contacts", "contacts", 449, "contact_to_contact"),
    AssociationType(450, "companies", "companies", 450, "company_to_company"),
    AssociationType(451, "deals", "deals", 451, "deal_to_deal"),
)

PRIMARY_TYPES: dict[tuple[str, str], int] = {
    ("contacts", "companies"): 1,
    ("deals", "companies"): 5,
    ("tickets", "companies"): 26,
}
"""Types of which a record has at most one: its primary company."""
