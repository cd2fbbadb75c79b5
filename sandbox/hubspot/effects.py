"""What HubSpot does by itself after a write: companies from e-mail domains, lifecycle moves."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.hubspot.associations import TypeRef
from sandbox.hubspot.computed import consequences
from sandbox.hubspot.records import Record, Source, Values
from sandbox.hubspot.standard.kinds import ObjectType
from sandbox.hubspot.store import Store
from sandbox.hubspot.times import iso

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
PRIMARY = TypeRef("HUBSPOT_DEFINED", 1)


class Effects:
    """The account's own reactions, each behind an option. Callers hold the store's lock."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def after_write(self, kind: ObjectType, record: Record, changed: Values) -> None:
        """React to a stored create or update."""
        options = self._store.options
        if options.auto_associate and kind.name == "contacts" and changed.get("email"):
            delay = int(options.auto_associate_delay * 1000)
            self._store.due.append((self._store.now() + delay, record.id))
        if options.lifecycle_automation and kind.name == "deals" and "dealstage" in changed:
            self._advance(record)

    def after_association(self, kind: str, one: int, target: str, two: int) -> None:
        """React to a new association."""
        if not self._store.options.lifecycle_automation:
            return
        for name, record_id in ((kind, one), (target, two)):
            if name == "deals":
                self._advance(self._store.tables["deals"].records[record_id])

    def run_due(self) -> None:
        """Carry out the delayed effects whose time has come."""
        now = self._store.now()
        due = [contact for at, contact in self._store.due if at <= now]
        if due:
            self._store.due = [entry for entry in self._store.due if entry[0] > now]
            for contact in due:
                self._associate_by_domain(contact, now)

    def _associate_by_domain(self, contact_id: int, now: int) -> None:
        contact = self._store.live("contacts", contact_id)
        if contact is None or self._store.primary_company("contacts", contact.id) is not None:
            return
        domain = _domain_of(contact)
        if domain is None:
            return
        company = self._company_with(domain) or self._make_company(domain, now)
        self._store.associations.add("contacts", contact.id, "companies", company.id, PRIMARY)
        self._store.refresh_counts([("contacts", contact.id), ("companies", company.id)])

    def _company_with(self, domain: str) -> Record | None:
        table = self._store.tables["companies"]
        live: Iterable[Record] = (table.records[i] for i in table.live)
        return next((r for r in live if r.properties.get("domain") == domain), None)

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
        return record

    def _advance(self, deal: Record) -> None:
        """An associated deal moves contacts and companies to opportunity, a won one to
        customer; never backward."""
        stage = "customer" if deal.properties.get("hs_is_closed_won") == "true" else "opportunity"
        now = self._store.now()
        for name in ("contacts", "companies"):
            table = self._store.tables[name]
            table.at(now)
            order = table.properties.all["lifecyclestage"].allowed()
            for record_id in self._store.associated("deals", deal.id, name):
                record = table.records[record_id]
                present = record.properties.get("lifecyclestage") or ""
                if order.get(present, -1) < order[stage]:
                    table.change(record, {"lifecyclestage": stage}, now, BY_STAGE)


def _domain_of(contact: Record) -> str | None:
    """The domain that stands for a company: of the address, or of the website for free mail."""
    domain = (contact.properties.get("email") or "").rpartition("@")[2]
    if domain and domain not in FREE_MAIL:
        return domain
    website = (contact.properties.get("website") or "").lower()
    host = website.split("://")[-1].removeprefix("www.").split("/")[0]
    return host or None
