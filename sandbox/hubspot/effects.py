"""What HubSpot does by itself after a write: companies from domains, lifecycle moves, workflows."""

from __future__ import annotations

from typing import NamedTuple

from sandbox.hubspot.associations import TypeRef
from sandbox.hubspot.computed import consequences
from sandbox.hubspot.records import Record, Source, Table, Values
from sandbox.hubspot.standard.kinds import ObjectType
from sandbox.hubspot.store import Store
from sandbox.hubspot.times import iso
from sandbox.hubspot.values import InvalidValueError, stored
from sandbox.hubspot.workflows import Workflow

FREE_MAIL = frozenset(
    {
        "gmail.com", "googlemail.com", "yahoo.com", "hotmail.com", "outlook.com", "live.com",
        "icloud.com", "me.com", "aol.com", "gmx.de", "gmx.net", "web.de", "t-online.de",
        "freenet.de", "proton.me", "protonmail.com", "mail.com", "mail.ru", "yandex.ru",
        "orange.fr", "free.fr", "wanadoo.fr", "libero.it", "wp.pl", "onet.pl", "seznam.cz",
        "qq.com", "163.com", "naver.com",
    }
)  # fmt: skip
BY_DOMAIN = Source("AUTO_ASSOCIATE_BY_DOMAIN", "AUTO_ASSOCIATE_BY_DOMAIN")
BY_STAGE = Source("INTERNAL_PROCESSING", "LifecycleStageSync")
BY_WORKFLOW = "AUTOMATION_PLATFORM"
PRIMARY = TypeRef("HUBSPOT_DEFINED", 1)


class Due(NamedTuple):
    """An effect to come: at that moment (milliseconds), of a workflow or (0) of the domain."""

    at: int
    object_type: str
    record_id: int
    flow: int = 0


class Effects:
    """The account's own reactions, each behind a quirk or an option. Callers hold the store's
    lock, and let what is due happen before they look at anything or change it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def after_write(self, kind: ObjectType, record: Record, changed: Values, by: Source) -> None:
        """React to a stored create or update."""
        store, now = self._store, self._store.now()
        if kind.name == "contacts" and changed.get("email") and store.quirks.on("auto_associate"):
            delay = int(store.options.auto_associate_delay * 1000)
            store.due.append(Due(now + delay, kind.name, record.id))
        if kind.name == "deals" and "dealstage" in changed:
            self._advance(record)
        for workflow in store.workflows if by.type != BY_WORKFLOW else ():
            if workflow.applies(kind.name, changed):
                at = now + int(workflow.delay * 1000)
                store.due.append(Due(at, kind.name, record.id, workflow.flow))

    def after_association(self, kind: str, one: int, target: str, two: int) -> None:
        """React to a new association."""
        for name, record_id in ((kind, one), (target, two)):
            if name == "deals":
                self._advance(self._store.tables["deals"].records[record_id])

    def run_due(self) -> None:
        """Carry out the delayed effects whose time has come, each as of its own time."""
        if not self._store.due:
            return
        now = self._store.now()
        due = sorted(entry for entry in self._store.due if entry.at <= now)
        self._store.due = [entry for entry in self._store.due if entry.at > now]
        domains: dict[str, int] | None = None
        for entry in due:
            record = self._store.live(entry.object_type, entry.record_id)
            if record is not None and entry.flow:
                self._run_workflow(entry, record)
            elif record is not None:
                domains = self._domains() if domains is None else domains
                self._associate_by_domain(record, entry.at, domains)

    def _run_workflow(self, entry: Due, record: Record) -> None:
        wanted = (w for w in self._store.workflows if w.flow == entry.flow)
        workflow: Workflow | None = next(wanted, None)
        table = self._store.tables[entry.object_type]
        definition = table.properties.get(workflow.property) if workflow is not None else None
        if workflow is None or definition is None:
            return
        present = record.properties.get(workflow.property)
        try:
            value = stored(definition, workflow.rewritten(present), present)
        except InvalidValueError:
            return  # HubSpot's workflows fail without a word to the API
        source = Source(BY_WORKFLOW, f"flowId:{workflow.flow}")
        self._set(table, record, {workflow.property: value}, entry.at, source)

    def _set(self, table: Table, record: Record, values: Values, at: int, source: Source) -> None:
        """Set values of a live record, with all that follows from them."""
        kind = table.kind
        at = max(at, record.updated)
        table.at(at)
        changed = {n: v for n, v in values.items() if (record.properties.get(n) or "") != (v or "")}
        if changed:
            pipelines = self._store.pipelines.get(kind.name, {})
            changed |= consequences(kind, record.properties, changed, at, pipelines)
            table.change(record, changed, at, source)
            self._store.events.changed(kind, record, changed, source)

    def _domains(self) -> dict[str, int]:
        """Live companies by their domain."""
        table = self._store.tables["companies"]
        found = ((table.records[i].properties.get("domain"), i) for i in reversed(table.live))
        return {domain: company for domain, company in found if domain}

    def _associate_by_domain(self, contact: Record, at: int, domains: dict[str, int]) -> None:
        if self._store.primary_company("contacts", contact.id) is not None:
            return
        domain = _domain_of(contact)
        if domain is None:
            return
        if domain not in domains:
            domains[domain] = self._make_company(domain, at).id
        company = domains[domain]
        self._store.associations.add("contacts", contact.id, "companies", company, PRIMARY)
        self._store.refresh_counts([("contacts", contact.id), ("companies", company)])
        kinds = (self._store.tables["contacts"].kind, self._store.tables["companies"].kind)
        self._store.events.linked(
            kinds, (contact.id, company), BY_DOMAIN, removed=False, primary=True
        )

    def _make_company(self, domain: str, now: int) -> Record:
        table = self._store.tables["companies"]
        table.at(now)
        values: Values = {"domain": domain, "name": domain.split(".")[0].capitalize()}
        values |= consequences(table.kind, {}, values, now, {})
        record = Record(table.new_id(), values, now, now, BY_DOMAIN)
        values |= {
            "createdate": iso(now),
            "hs_object_id": str(record.id),
            "hs_object_source": BY_DOMAIN.type,
            "hs_object_source_id": BY_DOMAIN.id,
            "hs_object_source_label": BY_DOMAIN.type,
        }
        table.add(record)
        self._store.events.created(table.kind, record)
        return record

    def _advance(self, deal: Record) -> None:
        """An associated deal moves contacts and companies to opportunity, a won one to
        customer; never backward."""
        if not self._store.quirks.on("lifecycle_automation"):
            return
        stage = "customer" if deal.properties.get("hs_is_closed_won") == "true" else "opportunity"
        now = self._store.now()
        for name in ("contacts", "companies"):
            table = self._store.tables[name]
            order = table.properties.all["lifecyclestage"].allowed()
            for record_id in self._store.associated("deals", deal.id, name):
                record = table.records[record_id]
                present = record.properties.get("lifecyclestage") or ""
                if order.get(present, -1) < order[stage]:
                    self._set(table, record, {"lifecyclestage": stage}, now, BY_STAGE)


def _domain_of(contact: Record) -> str | None:
    """The domain that stands for a company: of the address, or of the website for free mail."""
    domain = (contact.properties.get("email") or "").rpartition("@")[2]
    if domain and domain not in FREE_MAIL:
        return domain
    website = (contact.properties.get("website") or "").lower()
    host = website.split("://")[-1].removeprefix("www.").split("/")[0]
    return host or None
