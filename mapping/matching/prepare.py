"""Records as the engine compares them: keys worked out once, names taken apart once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from mapping import places
from mapping.matching import keys, names
from mapping.matching.model import Company
from mapping.matching.names import Name


@dataclass(frozen=True)
class Prepared:
    """A company with the keys of everything that it shows."""

    record: Company
    names: tuple[Name, ...]
    """Its names taken apart, the main one first; none where it shows none."""
    domains: frozenset[str]
    mail_domains: frozenset[str]
    shared_domains: frozenset[str]
    """Registered domains under which many owners have a page."""
    phones: frozenset[str]
    registration: str | None
    country: str | None
    city: str
    postal_code: str
    street: str

    @property
    def key(self) -> str:
        """The normalised main name, empty where there is none."""
        return self.names[0].key if self.names else ""

    @cached_property
    def all_domains(self) -> frozenset[str]:
        """The domains of its websites and of its addresses."""
        return self.domains | self.mail_domains


def prepare(record: Company) -> Prepared:
    """A record with its keys; what cannot be read counts as not shown."""
    country = keys.country_key(record.country)
    mails = {keys.registered_domain(mail) for mail in record.emails if mail and "@" in mail}
    sites = {keys.registered_domain(site) for site in record.domains if site}
    return Prepared(
        record=record,
        names=tuple(_names(record)),
        domains=frozenset(_owned(sites)),
        mail_domains=frozenset(_owned(mails)),
        shared_domains=frozenset(site for site in sites if site and keys.has_many_owners(site)),
        phones=frozenset(filter(None, (keys.phone_key(p, country) for p in record.phones))),
        registration=keys.registration_key(record.registration),
        country=country,
        city=places.fold(record.city or ""),
        postal_code="".join(c for c in (record.postal_code or "").casefold() if c.isalnum()),
        street=" ".join(names.plain_words(record.street or "")),
    )


def _owned(domains: Iterable[str | None]) -> Iterable[str]:
    for domain in domains:
        if domain and not keys.is_free_mail(domain) and not keys.has_many_owners(domain):
            yield domain


def _names(record: Company) -> Iterable[Name]:
    """Every name of a record: as written, then other ones, then what stood within a name."""
    seen: set[tuple[str, ...]] = set()
    for written in (record.name, *record.other_names):
        if not written or keys.name_key(written) is None:
            continue
        parsed = names.parse(written)
        for name in (parsed, *_rearranged(parsed), *map(names.parse, parsed.others)):
            if name.core not in seen:
                seen.add(name.core)
                yield name


def _rearranged(name: Name) -> Iterable[Name]:
    """`Lilly (Eli)` read as `Eli Lilly`, `Santander (Brasil)` as `Santander Brasil`: what stood in
    parentheses may be a part of the name."""
    for beside in name.qualifiers:
        words = names.parse(beside).core
        if len(beside) > 2 and len(words) <= 2 and not names.only_form(beside):
            yield replace(name, core=(*words, *name.core), qualifiers=(), written="")
            yield replace(name, core=(*name.core, *words), qualifiers=(), written="")
