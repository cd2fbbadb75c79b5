"""The world of the state machine: CRMs with quirks, an engine that keeps its state in memory and
may die at any step, and the reading of what people see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from config.model import Config
from connectors.base import Connector, FieldSchema
from connectors.memory import MemoryConnector, MemoryCrm, Quirks, generic_crm
from core.clock import ManualClock
from mapping.canonical import FIELDS
from mapping.spec import MappingSpec
from mapping.translate import SideMapping, compile_mapping
from sync.engine import Engine
from sync.sides import Side
from sync.store import Store
from tests.sync.machine_rules import KINDS, LEAD_SIDE, OBJECTS, Spec
from tests.sync.worlds import START, generic_mapping

TAGS = FieldSchema("tags", "Tags", "string", 255)
"""Several values in one text, as mappings write them."""


class CrashedError(BaseException):
    """The process dies here: nothing below may catch it."""


class Fuse:
    """Blows after so many steps; without a number never."""

    def __init__(self) -> None:
        self.left: int | None = None

    def step(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            self.left = None
            raise CrashedError


class FusedConnector(MemoryConnector):
    """A connector whose process may die before a call is sent or before its answer is used."""

    fuse: Fuse

    def apply(self, object_type: str, writes: Any) -> Any:
        self.fuse.step()
        outcomes = super().apply(object_type, writes)
        self.fuse.step()
        return outcomes

    def changes(self, object_type: str, fields: Any, since: str | None) -> Any:
        for page in super().changes(object_type, fields, since):
            self.fuse.step()
            yield page

    def fetch(self, object_type: str, fields: Any, ids: Any) -> Any:
        found = super().fetch(object_type, fields, ids)
        self.fuse.step()
        return found


class KeptStore(Store):
    """A store in memory that outlives the engines that open and close it."""

    fuse: Fuse

    def close(self) -> None:
        """Stays open for the next engine."""

    def end(self) -> None:
        """Close for good."""
        super().close()

    @contextmanager
    def atomic(self) -> Iterator[None]:
        outermost = not self.db.conn.in_transaction
        with super().atomic():
            yield
            if outermost:
                self.fuse.step()
        if outermost:
            self.fuse.step()


@dataclass(slots=True)
class QuickEngine(Engine):
    """The engine over a store in memory: no files, no lock between processes."""

    kept: KeptStore | None = None

    def store(self) -> Store:
        assert self.kept is not None
        return self.kept

    def alone(self) -> AbstractContextManager[None]:
        return nullcontext()

    @contextmanager
    def _copy_of(self, store: Store) -> Iterator[Store]:
        with store.copy_to(None) as copy:
            yield copy


@lru_cache(maxsize=2)
def _mapping(lead: bool) -> SideMapping:
    spec = MappingSpec.model_validate(generic_mapping(lead=lead))
    return compile_mapping(spec, currency="USD", country="US", timezone="UTC", custom={})


@dataclass
class Machines:
    """The CRMs of one example, and what runs over them."""

    names: tuple[str, ...]
    quirks: Mapping[str, Quirks]
    config: Config
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    crms: dict[str, MemoryCrm] = field(default_factory=dict)
    fuse: Fuse = field(default_factory=Fuse)
    kept: KeptStore = field(init=False)

    def __post_init__(self) -> None:
        for name in self.names:
            self.crms[name] = generic_crm(
                self.clock,
                lead=name == LEAD_SIDE,
                prefix=f"{name}-",
                quirks=self.quirks.get(name),
            )
            for object_type in (*OBJECTS["account"], *OBJECTS["person"]):
                if object_type in self.crms[name].object_types:
                    self.crms[name].add_field(object_type, TAGS)
        self.kept = KeptStore(None)
        self.kept.fuse = self.fuse

    def engine(self) -> Engine:
        """An engine as a new process would make it."""
        sides = [
            Side(n, self._connector(n), _mapping(n == LEAD_SIDE), self.config.sides[n])
            for n in self.names
        ]
        return QuickEngine(self.config, sides, FIELDS, Path(), self.clock, kept=self.kept)

    def _connector(self, name: str) -> Connector:
        connector = FusedConnector(self.crms[name], name=name)
        connector.fuse = self.fuse
        return connector

    def lateness(self) -> float:
        """Seconds after which every change can be seen."""
        return max(crm.quirks.late_seconds for crm in self.crms.values())

    def live(self, side: str, kind: str) -> Iterator[tuple[str, str]]:
        """(object type, id) of every living record of a kind on a side."""
        crm = self.crms[side]
        for object_type in OBJECTS[kind]:
            if object_type in crm.object_types:
                for row in crm.rows(object_type):
                    if row.live:
                        yield object_type, row.id

    def value(self, side: str, record: tuple[str, str], name: str) -> Any:
        """A field in the vendor's own form, as people see it."""
        crm = self.crms[side]
        row = crm.row(*record)
        assert row is not None
        value = crm.value(row, name)
        return None if value in ("", []) else value

    def state(self) -> tuple[Any, ...]:
        """Everything on all sides and in the store, to be compared."""
        dump = tuple(self.kept.db.conn.iterdump())
        crms = {n: (c.writes, c.snapshot(archived=True)) for n, c in self.crms.items()}
        return dump, crms

    def end(self) -> None:
        """Let go of the store."""
        self.kept.end()


def configuration(names: tuple[str, ...], specs: Mapping[str, tuple[Spec, ...]]) -> Config:
    """The configuration that the rules of the machine's fields stand in."""
    rules = {
        kind: {
            "first_link": KINDS[kind].first_link,
            "deletes": KINDS[kind].deletes,
            "fields": {s.name: s.rule_text() for s in specs[kind]},
        }
        for kind in specs
    }
    data = {"sides": {name: {"type": "memory"} for name in names}, "rules": rules}
    return Config.model_validate(data)
