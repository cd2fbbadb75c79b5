"""Everything one HubSpot account holds, and the effects that come with a delay."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.clock import ManualClock, OffsetClock
from sandbox.hubspot.associations import Associations, TypeRef
from sandbox.hubspot.events import Events
from sandbox.hubspot.metadata import parse_options
from sandbox.hubspot.options import Options
from sandbox.hubspot.owners import Owners
from sandbox.hubspot.pipelines import Pipeline, default_pipelines
from sandbox.hubspot.records import Record, Table, Values
from sandbox.hubspot.rules import parse_rules
from sandbox.hubspot.standard.kinds import OBJECT_TYPES, PRIMARY_TYPES
from sandbox.hubspot.standard.options import OPTIONS
from sandbox.hubspot.times import iso, millis
from sandbox.hubspot.workflows import parse_workflows
from sandbox.quirks import Quirks

if TYPE_CHECKING:
    from sandbox.hubspot.effects import Due

SteeredClock = OffsetClock | ManualClock

COUNTERS: dict[tuple[str, str], str] = {
    ("companies", "contacts"): "num_associated_contacts",
    ("companies", "deals"): "num_associated_deals",
    ("contacts", "deals"): "num_associated_deals",
    ("deals", "contacts"): "num_associated_contacts",
}
PRIMARY_COMPANY: dict[str, str] = {
    "contacts": "associatedcompanyid",
    "deals": "hs_primary_associated_company",
}


class Store:
    """One account. Every use, reads included, happens inside `with store.lock`."""

    def __init__(self, clock: SteeredClock, options: Options, quirks: Quirks | None = None) -> None:
        self.clock = clock
        self.options = options
        self.quirks = quirks or Quirks()
        self.lock = threading.RLock()
        self.tables = {kind.name: Table(kind, self.lag) for kind in OBJECT_TYPES}
        self.associations = Associations()
        self.owners = Owners()
        self.pipelines: dict[str, dict[str, Pipeline]] = default_pipelines()
        self.forgotten_emails: set[str] = set()
        self.events = Events(self)
        self.due: list[Due] = []
        self._frozen: int | None = None
        self._names = {name: kind.name for kind in OBJECT_TYPES for name in kind.names}
        self._answers = 0
        self.made = 0
        self.fit_options()

    def table(self, name: str) -> Table | None:
        """The table of an object type, however a path spells it."""
        found = self._names.get(name.lower())
        return None if found is None else self.tables[found]

    def now(self) -> int:
        """The moment in milliseconds."""
        return millis(self.clock.now()) if self._frozen is None else self._frozen

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Let everything in the block happen at one and the same time, as in an import."""
        self._frozen = self.now()
        try:
            yield
        finally:
            self._frozen = None

    def lag(self, object_type: str, record_id: int) -> int:
        """Milliseconds until search shows a write to that record."""
        return int(self.quirks.seconds("search_lag", f"{object_type} {record_id}") * 1000)

    def now_text(self) -> str:
        return iso(self.now())

    def correlation_id(self) -> str:
        """An id for one answer; the same calls get the same ids."""
        self._answers += 1
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"hubspot:{self._answers}"))

    def made_id(self) -> str:
        """An id for a new pipeline or stage."""
        self.made += 1
        return str(1_070_000_000 + self.made)

    def fit_options(self) -> None:
        """Let the options take effect where the tables keep a copy of them."""
        self.workflows = parse_workflows(self.options.workflows)
        self.rules = parse_rules(self.options.property_rules)
        self.events.subscribe(self.options.webhook_subscriptions)
        known = {o.value: o for o in parse_options(OPTIONS["currency"])}
        wanted = (self.options.company_currency, *self.options.additional_currencies)
        currency = self.tables["deals"].properties.all["deal_currency_code"]
        currency.options = [
            known.get(code) or parse_options(f"{code}={code}")[0] for code in wanted
        ]

    def live(self, kind: str, record_id: int) -> Record | None:
        """The live record of that id, merges followed."""
        record = self.tables[kind].resolve(record_id)
        return record if record is not None and record.live else None

    def associated(self, kind: str, record_id: int, target: str) -> dict[int, list[TypeRef]]:
        """Live associated records by id, ascending, with the types of each."""
        records = self.tables[target].records
        found = self.associations.of(kind, record_id, target)
        return {other: found[other] for other in sorted(found) if records[other].live}

    def refresh_counts(self, touched: Iterable[tuple[str, int]]) -> None:
        """Compute the association-dependent properties of these records anew; no stamp moves."""
        for kind, record_id in set(touched):
            record = self.tables[kind].records.get(record_id)
            if record is not None:
                self._refresh(kind, record)

    def _refresh(self, kind: str, record: Record) -> None:
        made: Values = {}
        for (source, target), name in COUNTERS.items():
            if source == kind:
                count = len(self.associated(kind, record.id, target))
                if count or record.properties.get(name):
                    made[name] = str(count)
        if kind in PRIMARY_COMPANY:
            primary = self.primary_company(kind, record.id)
            name = PRIMARY_COMPANY[kind]
            if primary is not None or record.properties.get(name):
                made[name] = None if primary is None else str(primary)
        if kind == "companies":
            made |= self._hierarchy(record)
        if any(record.properties.get(name) != value for name, value in made.items()):
            self.tables[kind].derive(record, made)

    def primary_company(self, kind: str, record_id: int) -> int | None:
        """The live primary company of a record."""
        wanted = TypeRef("HUBSPOT_DEFINED", PRIMARY_TYPES[kind, "companies"])
        for other, types in self.associated(kind, record_id, "companies").items():
            if wanted in types:
                return other
        return None

    def _hierarchy(self, record: Record) -> Values:
        related = self.associated("companies", record.id, "companies")
        parents = [i for i, types in related.items() if ("HUBSPOT_DEFINED", 14) in types]
        children = [i for i, types in related.items() if ("HUBSPOT_DEFINED", 13) in types]
        made: Values = {}
        if parents or record.properties.get("hs_parent_company_id"):
            made["hs_parent_company_id"] = str(parents[0]) if parents else None
        if children or record.properties.get("hs_num_child_companies"):
            made["hs_num_child_companies"] = str(len(children))
        return made
