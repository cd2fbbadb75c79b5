"""The only place that knows concrete vendors: a configuration becomes sides and an engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from app.mappings import MappingFile, compiled, definitions, read_mapping
from app.named import Named
from config.model import Config
from config.model import Side as SideSettings
from config.rules import rules_for
from config.settings import resolve_credentials
from connectors.base import Connector
from connectors.registry import ConnectorSettings, create
from connectors.salesforce import soql
from connectors.wrappers import Budgeted, Paced, ReadOnly
from core.clock import Clock
from core.errors import SettingsError
from mapping.check import check
from mapping.spec import Problem
from sync.detect import Progress
from sync.engine import Engine
from sync.journal import Journal
from sync.sides import Side
from sync.store import Store

if TYPE_CHECKING:
    from config.load import LoadedConfig


def full_id(config: Config, side: str, given: str) -> str:
    """A record's id as the state has it: Salesforce shows people 15 of its 18 characters."""
    known = config.sides.get(side)
    if known is None or known.type != "salesforce":
        return given
    return soql.id18(given) or given


PER_SECOND: Mapping[str, float] = {"hubspot": 10.0}
"""Requests per second where `budget.per_second` is silent: what the smallest plan allows."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """Everything that a command needs of one configuration, while it is open."""

    loaded: LoadedConfig
    sides: tuple[Side, ...]
    files: Mapping[str, MappingFile]
    clock: Clock

    def engine(self, progress: Progress | None = None) -> Engine:
        """The engine over the sides; mappings are held against the live schemas first. Raises
        SettingsError where there is nothing to keep in step."""
        if len(self.sides) < 2:  # a configuration that is for comparing lists alone
            raise self.loaded.at(("sides",), "a sync needs two sides", "Add the CRMs to `sides`.")
        made = Engine(
            self.loaded.config,
            self.sides,
            definitions(self.loaded.config),
            self.loaded.state,
            self.clock,
            accept=self.accept,
        )
        if progress is not None:
            made.progress = progress
        return made

    def problems(self, side: Side) -> list[Problem]:
        """What does not fit between a side's mapping and its live schemas, stamps included."""
        return [
            problem
            for object_type, schema in side.schemas.items()
            if object_type in side.mapping.objects
            for problem in check(side.mapping, object_type, schema)
        ]

    def accept(self, side: Side) -> None:
        """Raise MappingSpecError for a mapping that cannot work on its side. An absent stamp field
        is no error here: it is a matter of `tieline setup`."""
        errors = [p for p in self.problems(side) if p.severity == "error" and not is_stamp(p)]
        if errors:
            raise self.files[side.name].error(errors, side.name)

    def without_stamps(self) -> list[str]:
        """The object types (`side ObjectType`) whose stamp field is not there yet."""
        return [
            f"{side.name} {name}"
            for side in self.sides
            for name in side.schemas
            if side.mapping.stamp_field(name) not in (None, *side.schemas[name].fields)
        ]


def is_stamp(problem: Problem) -> bool:
    """Whether a problem is about a stamp field."""
    return problem.path[2:] == ("stamp",)


@contextmanager
def workshop(loaded: LoadedConfig, clock: Clock, *, writing: bool) -> Iterator[Workshop]:
    """Sides and engine of a configuration; connections are closed at the end.

    Without `writing` every connector is wrapped so that it cannot write. Nothing is sent yet.
    Raises SettingsError and MappingSpecError.
    """
    with ExitStack() as stack:
        sides: list[Side] = []
        files: dict[str, MappingFile] = {}
        spent = calls_today(loaded, clock)
        for name, settings in loaded.config.sides.items():
            files[name] = mapping_of(loaded, name)
            mapping = compiled(loaded, name, files[name])
            connector = connect(loaded, name, clock, spent=spent.get(name, 0), writing=writing)
            stack.callback(connector.close)
            sides.append(Side(name, connector, mapping, settings))
        yield Workshop(loaded, tuple(sides), files, clock)


def mapping_of(loaded: LoadedConfig, name: str) -> MappingFile:
    """The mapping file of a side. Raises MappingSpecError, SettingsError."""
    return read_mapping(loaded.mapping_path(name))


def connect(
    loaded: LoadedConfig, name: str, clock: Clock, *, spent: int = 0, writing: bool
) -> Connector:
    """The connector of a side within its budget and pace. Raises SettingsError with the line."""
    side, settings = loaded.config.sides[name], settings_of(loaded, name)
    try:
        connector = create(side.type, name=name, settings=settings, clock=clock)
    except SettingsError as error:
        raise loaded.at(("sides", name), error.message, error.remedy) from None
    connector = Budgeted(connector, share=side.budget.share, clock=clock, spent=spent)
    per_second = side.budget.per_second or PER_SECOND.get(side.type)
    if per_second:
        connector = Paced(connector, per_second=per_second, clock=clock)
    return Named(connector if writing else ReadOnly(connector))


def settings_of(loaded: LoadedConfig, name: str) -> ConnectorSettings:
    """What the connector of a side is told, secrets resolved. Raises SettingsError."""
    side: SideSettings = loaded.config.sides[name]
    try:
        credentials = resolve_credentials(side.credentials, loaded.path.parent)
    except SettingsError as error:
        raise loaded.at(
            ("sides", name, "credentials", error.message.partition(":")[0]),
            error.message.partition(": ")[2],
            error.remedy,
        ) from None
    return ConnectorSettings(
        url=side.url,
        credentials=credentials,
        ca_file=loaded.relative(side.ca_file) if side.ca_file else None,
        trust_url=side.trust_url,
        timeout=side.timeout,
        currency=side.currency,
        timezone=side.timezone if "timezone" in side.model_fields_set else None,
        options={**_implied(loaded.config, side), **side.options},
    )


def _implied(config: Config, side: SideSettings) -> dict[str, Any]:
    """Options of a vendor's connector that follow from the rules: HubSpot moves a lifecycle stage
    back only if it is cleared before."""
    if side.type != "hubspot":
        return {}
    return {"lifecycle_backward": rules_for(config, "person", "lifecycle_stage", "enum").backward}


def calls_today(loaded: LoadedConfig, clock: Clock) -> dict[str, int]:
    """API calls per side of the runs of the last 24 hours, for the share of the allowance."""
    path = loaded.state / "state.db"
    total: dict[str, int] = {}
    if not path.is_file():
        return total
    since = (clock.now() - timedelta(hours=24)).isoformat()
    with Store(path) as store:
        for run in Journal(store).runs(last=2000):
            if run["started"] < since:
                break
            for side, calls in ((run["report"] or {}).get("calls") or {}).items():
                total[side] = total.get(side, 0) + calls
    return total
