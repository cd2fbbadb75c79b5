"""Pipelines and their stages: the defaults of a new account, and those made later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.hubspot.metadata import STANDARD_MADE_AT

DEAL_STAGES = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"),
    ("closedlost", "Closed Lost", "0.0"),
)
TICKET_STAGES = (
    ("1", "New", "OPEN"),
    ("2", "Waiting on contact", "OPEN"),
    ("3", "Waiting on us", "OPEN"),
    ("4", "Closed", "CLOSED"),
)


@dataclass(slots=True)
class Stage:
    """One stage; `metadata` values are strings, as HubSpot sends them."""

    id: str
    label: str
    display_order: int
    metadata: dict[str, str]
    created_at: str = STANDARD_MADE_AT
    updated_at: str = STANDARD_MADE_AT

    @property
    def closed(self) -> bool:
        return self.metadata.get("isClosed") == "true"

    @property
    def probability(self) -> str | None:
        return self.metadata.get("probability")

    def to_json(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "displayOrder": self.display_order,
            "metadata": self.metadata,
            "id": self.id,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "archived": False,
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        }


@dataclass(slots=True)
class Pipeline:
    """A pipeline with its stages by id, in display order."""

    id: str
    label: str
    display_order: int
    stages: dict[str, Stage] = field(default_factory=dict)
    created_at: str = STANDARD_MADE_AT
    updated_at: str = STANDARD_MADE_AT

    def to_json(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "displayOrder": self.display_order,
            "id": self.id,
            "stages": [stage.to_json() for stage in self.stages.values()],
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "archived": False,
        }


def default_pipelines() -> dict[str, dict[str, Pipeline]]:
    """The pipelines of a new account, by object type and id."""
    deals = Pipeline("default", "Sales Pipeline", 0)
    for order, (stage, label, probability) in enumerate(DEAL_STAGES):
        closed = "true" if probability in ("1.0", "0.0") else "false"
        metadata = {"isClosed": closed, "probability": probability}
        deals.stages[stage] = Stage(stage, label, order, metadata)
    tickets = Pipeline("0", "Support Pipeline", 0)
    for order, (stage, label, state) in enumerate(TICKET_STAGES):
        metadata = {"ticketState": state, "isClosed": str(state == "CLOSED").lower()}
        tickets.stages[stage] = Stage(stage, label, order, metadata)
    return {"deals": {deals.id: deals}, "tickets": {tickets.id: tickets}}


def make_stage(given: Mapping[str, Any], made_id: str, order: int, now: str) -> Stage:
    """A stage from the JSON of a request or a seed. Raises ValueError without a label, or for
    a probability that is not a number from 0 to 1."""
    if not given.get("label"):
        raise ValueError("Some required fields were not set: [label]")
    metadata = {str(k): str(v).lower() for k, v in dict(given.get("metadata") or {}).items()}
    probability = metadata.get("probability")
    if probability is not None:
        if not 0 <= float(probability) <= 1:
            raise ValueError(f"probability {probability} is not between 0 and 1")
        closed = float(probability) in (0.0, 1.0)
        metadata.setdefault("isClosed", "true" if closed else "false")
    stage_id = str(given.get("stageId") or given.get("id") or made_id)
    place = int(given.get("displayOrder", order))
    return Stage(stage_id, str(given["label"]), place, metadata, now, now)


def make_pipeline(given: Mapping[str, Any], made_id: str, order: int, now: str) -> Pipeline:
    """A pipeline from the JSON of a request or a seed. Raises ValueError as `make_stage`."""
    if not given.get("label"):
        raise ValueError("Some required fields were not set: [label]")
    pipeline_id = str(given.get("pipelineId") or given.get("id") or made_id)
    place = int(given.get("displayOrder", order))
    made = Pipeline(pipeline_id, str(given["label"]), place, {}, now, now)
    for index, each in enumerate(given.get("stages") or ()):
        stage = make_stage(each, f"{made_id}{index:02d}", index, now)
        made.stages[stage.id] = stage
    return made
