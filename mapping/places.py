"""Where on Earth and where on the Internet: countries, regions, web addresses and domains.

The same promises as in `values`: canonical form or ValueError, and idempotent.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import idna
import pycountry
import tldextract
from babel import Locale

from mapping.values import blank, long_text, text

LANGUAGES = (
    "en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs", "sk", "hu", "ro",
    "bg", "el", "tr", "ru", "uk", "he", "ar", "hi", "ja", "ko", "zh", "zh_Hant", "id", "vi", "th",
)  # fmt: skip
"""Languages in which a country's name is recognised."""

ALIASES = {
    "uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "northern ireland": "GB", "el": "GR", "usa": "US", "u s a": "US", "u s": "US",
    "united states of america": "US", "america": "US", "holland": "NL", "czech republic": "CZ",
    "turkey": "TR", "macedonia": "MK", "swaziland": "SZ", "burma": "MM", "ivory coast": "CI",
    "cape verde": "CV", "east timor": "TL", "korea": "KR", "republic of korea": "KR",
    "russia": "RU", "viet nam": "VN", "uae": "AE", "u a e": "AE", "kosovo": "XK", "xk": "XK",
    "xkx": "XK", "brd": "DE", "prc": "CN", "mainland china": "CN", "hong kong": "HK",
    "macau": "MO", "macao": "MO", "bharat": "IN", "u k": "GB", "grossbritannien": "GB",
    "schottland": "GB", "oesterreich": "AT", "hrvatska": "HR", "elfenbeinkuste": "CI",
    "emirates": "AE", "vae": "AE", "eire": "IE", "china vr": "CN", "србија": "RS",
}  # fmt: skip
"""Names in use that neither ISO nor CLDR lists, in folded form."""

PLAIN_NAMES = {"HK": "Hong Kong", "MO": "Macao", "MM": "Myanmar", "PS": "Palestine"}
"""Names written to a side where CLDR's are not what people write."""

COUNTRIES_WITH_REGIONS = ("US", "CA", "AU")
"""Where a region is written as often by its code as by its name, and codes are letters."""

ADDRESS = ("street", "city", "region", "postal_code", "country")
"""The parts of an address, in the order in which they are shown."""

HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)+")


def fold(name: str) -> str:
    """Without accents, case, punctuation and a leading article: for looking names up."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"[^\w]+", " ", kept).strip().removeprefix("the ")


@lru_cache(maxsize=8192)
def country(raw: str) -> str:
    """ISO 3166 alpha-2 from a code or a name in any of `LANGUAGES`."""
    name = fold(text(raw))
    code = _iso_countries().get(name) or _names_abroad().get(name)
    if code is None:
        raise ValueError("is not a country")
    return code


@cache
def country_name(code: str) -> str:
    """The English name by which a canonical country is written to a side."""
    name = PLAIN_NAMES.get(code) or str(Locale("en").territories[code])
    return name.replace("’", "'")


@cache
def _iso_countries() -> dict[str, str]:
    index = dict(ALIASES)
    for entry in pycountry.countries:
        for key in ("alpha_2", "alpha_3", "name", "common_name", "official_name"):
            name = getattr(entry, key, None)
            if name:
                index.setdefault(fold(name), entry.alpha_2)
        index.setdefault(fold(country_name(entry.alpha_2)), entry.alpha_2)
    return index


@cache
def _names_abroad() -> dict[str, str]:
    known = {entry.alpha_2 for entry in pycountry.countries} | {"XK"}
    index: dict[str, str] = {}
    for language in LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            if code in known:
                index.setdefault(fold(name), code)
    return index


@lru_cache(maxsize=8192)
def region(raw: str, country_code: str | None) -> str:
    """A state or province: by its English name where the country is in
    `COUNTRIES_WITH_REGIONS` and the text is its code or name, else the text as it is."""
    value = text(raw)
    if country_code not in COUNTRIES_WITH_REGIONS:
        return value
    return _regions(country_code).get(fold(value), value)


@cache
def _regions(country_code: str) -> dict[str, str]:
    index: dict[str, str] = {}
    for entry in pycountry.subdivisions.get(country_code=country_code):  # type: ignore[no-untyped-call]
        index[fold(entry.code.partition("-")[2])] = entry.name
        index[fold(entry.name)] = entry.name
    return index


def address(parts: Mapping[str, Any]) -> dict[str, str] | None:
    """The parts of a postal address that have a value, each in its normal form."""
    given = {part: parts[part] for part in ADDRESS if not blank(parts.get(part))}
    shown = {p: (long_text if p == "street" else text)(raw) for p, raw in given.items()}
    if "country" in shown:
        shown["country"] = _country_of(shown["country"])
    if "region" in shown:
        shown["region"] = region(shown["region"], shown.get("country"))
    return shown or None


def _country_of(name: str) -> str:
    try:
        return country(name)
    except ValueError as reason:
        raise ValueError(f"has the country {name[:40]!r}, which {reason}") from None


def _split(raw: str) -> tuple[SplitResult, str]:
    """A web address in parts, and its host in ASCII lower case."""
    value = text(raw)
    if re.search(r"\s|[\x00-\x1f\x7f]", value):
        raise ValueError("is not a web address")
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+-]*):(?!\d+(/|$))", value)
    if scheme and scheme[1].lower() not in ("http", "https"):
        raise ValueError("is not a web address")
    parts = urlsplit(value if re.match(r"(?i)(https?:)?//", value) else f"//{value}")
    if "@" in parts.netloc:
        raise ValueError("is not a web address but names a user")
    return parts, _ascii_host(parts.hostname or "")


def _ascii_host(host: str) -> str:
    host = host.rstrip(".").lower()
    try:
        found = host if HOST.fullmatch(host) else idna.encode(host, uts46=True).decode()
    except UnicodeError:
        raise ValueError("is not a web address") from None
    if not HOST.fullmatch(found) or len(found) > 253:
        raise ValueError("is not a web address")
    return found


@lru_cache(maxsize=65536)
def url(raw: str) -> str:
    """`https://host/path`. Scheme (http or https), `www.` and a lone trailing slash are how an
    address is spelled, not what it says: CRMs store all of these forms for one site, so they
    are left out. Only http and https; an address that carries a user name is refused."""
    parts, host = _split(raw)
    host = host[4:] if host.startswith("www.") and "." in host[4:] else host
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    path = "" if parts.path == "/" else parts.path
    query = f"?{parts.query}" if parts.query else ""
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    slash = "/" if (query or fragment) and not path else ""
    return f"https://{host}{port}{path}{slash}{query}{fragment}"


@lru_cache(maxsize=65536)
def domain(raw: str) -> str:
    """The registered domain (ASCII) of a web address or host name: what was bought, whatever
    stands before it. Below a shared host (`github.io`) the name one level deeper counts. Under
    an unknown top level (`acme.example`) the last two labels count."""
    _, host = _split(raw)
    if host.replace(".", "").isdigit() and _is_ip_address(host):  # asking costs more than looking
        raise ValueError("is an IP address, not a domain")
    return registered(host)


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def registered(host: str) -> str:
    """The registered domain of a host name in ASCII lower case, as `domain` says."""
    found = _extractor().extract_str(host)
    if found.top_domain_under_public_suffix:
        return str(found.top_domain_under_public_suffix)
    if not found.suffix:
        return ".".join(host.split(".")[-2:])
    if found.is_private:
        return host
    raise ValueError("is a public suffix, not a domain")


@cache
def _extractor() -> tldextract.TLDExtract:
    """With the list of suffixes that the library carries: a mapping never asks the network."""
    return tldextract.TLDExtract(
        suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True
    )
