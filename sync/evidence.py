"""What else tells that two records are one: conversions, and the people of an account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mapping.matching.keys import domain_key
from sync.fields import blank
from sync.journal import Journal
from sync.model import Row, State
from sync.refs import References
from sync.store import Store


def converted_into(row: Row, store: Store, references: References) -> list[Row]:
    """Records of other sides that stand for the same as a record made by a lead conversion.

    For an account: the account that the converted person has there, or else the one whose
    domain is that of the person's e-mail address. For an opportunity: the deals of that person.
    """
    found = _leads(row, store)
    person = next((r.entity for r in found if r.entity), None)
    if person is None:
        return []
    elsewhere = [
        r
        for r in store.by_entities([person]).get(person, [])
        if r.side != row.side and r.state is State.LIVE
    ]
    if row.kind == "account":
        return list(_accounts(elsewhere, store)) or list(_by_domain(row, found, store))
    return list(_deals(person, row.side, store, references))


def asked_for(row: Row, store: Store) -> bool:
    """Whether Tieline asked for the conversion that a record came of."""
    people = {lead.entity for lead in _leads(row, store) if lead.entity}
    return any(Journal(store).has_converted(person, row.side) for person in people)


def _leads(row: Row, store: Store) -> list[Row]:
    """The lead that a record came of."""
    lead = store.origin(*row.key)
    if lead is None:
        return []
    return list(store.rows("side = ? AND id = ? AND kind = 'person'", (row.side, lead)))


def _accounts(people: Sequence[Row], store: Store) -> Iterator[Row]:
    for row in people:
        ref = row.seen.get("account")
        account = store.row(row.side, ref["object"], ref["id"]) if ref else None
        if account is not None and account.state is State.LIVE:
            yield account


def _by_domain(row: Row, leads: Sequence[Row], store: Store) -> Iterator[Row]:
    for domain in sorted({domain_of(lead) for lead in leads} - {""}):
        yield from (r for r in store.with_key("account", f"domain={domain}") if r.side != row.side)


def _deals(person: str, side: str, store: Store, references: References) -> Iterator[Row]:
    for deal in store.rows("kind = 'opportunity' AND state = 'live' AND side <> ?", (side,)):
        roles = deal.seen.get("contacts") or []
        people = {
            references.entity_of(deal.side, r["ref"]["object"], r["ref"]["id"]) for r in roles
        }
        if person in people:
            yield deal


def domain_of(row: Row) -> str:
    """The domain of a person's e-mail address, or ""."""
    return str(row.seen.get("email") or "").rpartition("@")[2]


def web_domains(row: Row) -> set[str]:
    """The domains that an account names, in whatever field."""
    named = (row.seen.get(name) for name in ("domain", "website"))
    return {key for value in named if isinstance(value, str) and (key := domain_key(value))}


def people_domains(row: Row, store: Store) -> list[str]:
    """For an account without a domain: the domains of its people's addresses."""
    if row.kind != "account" or not blank(row.seen.get("domain")):
        return []
    return sorted({domain_of(person) for person in store.people_of(row.side, row.id)} - {""})


def names_only_its_domain(row: Row) -> bool:
    """Whether an account says nothing but its domain, as a CRM makes them by itself."""
    name = str(row.seen.get("name") or "").casefold().replace(" ", "")
    domain = str(row.seen.get("domain") or "").casefold()
    return bool(domain) and name in ("", domain, domain.partition(".")[0])
