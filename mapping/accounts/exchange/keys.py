"""The exact keys of a list of companies, which both sides of an exchange make the same way."""

from __future__ import annotations

from collections.abc import Iterable

from mapping.accounts.exchange.message import KeyKind
from mapping.matching.keys import country_key, domain_key, name_key
from mapping.matching.model import Company


def keys_of(company: Company, kind: KeyKind) -> list[str]:
    """Its registered domains, but for free mail and shared hosts; or its name with its country.
    Empty where it has none of the kind."""
    if kind is KeyKind.DOMAIN:
        return sorted({key for domain in company.domains if (key := domain_key(domain))})
    name, country = name_key(company.name), country_key(company.country)
    return [f"{name}|{country}"] if name and country else []


def keyed(companies: Iterable[Company], kind: KeyKind) -> dict[str, list[str]]:
    """Key -> ids of the companies that have it, in their order; several may share one."""
    found: dict[str, list[str]] = {}
    for company in companies:
        for key in keys_of(company, kind):
            found.setdefault(key, []).append(company.id)
    return dict(sorted(found.items()))
