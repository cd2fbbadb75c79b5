"""SOQL text: quoting, keyset conditions, and pieces that keep a query within the URL limit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from simple_salesforce.format import quote_soql_value

from connectors.base import FieldType
from core.errors import SchemaDriftError

URL_BUDGET = 12_000
"""Characters of an encoded query; Salesforce refuses request lines above 16,384."""
FIELD_BUDGET = 6_000
"""Share of it that the SELECT list may take; longer lists are read in several queries."""

_NAME = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*){0,5}", re.ASCII)
_ID = re.compile(r"[0-9A-Za-z]{15}([0-9A-Za-z]{3})?")
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_BARE: frozenset[FieldType] = frozenset(
    {"number", "integer", "currency", "percent", "boolean", "date", "datetime"}
)
_BARE_VALUE = re.compile(r"[-+0-9.:TZtruefals]+")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the order (SystemModstamp, Id): everything up to and with it has been read;
    without an id, everything before that time."""

    time: datetime
    id: str = ""

    def condition(self) -> str:
        """The WHERE condition of what comes after."""
        at = moment(self.time)
        if not self.id:
            return f"SystemModstamp >= {at}"
        later = f"SystemModstamp > {at}"
        return f"{later} OR (SystemModstamp = {at} AND Id > {text(self.id)})"


def moment(value: datetime) -> str:
    """A datetime literal (never quoted), in UTC; milliseconds only where there are some."""
    value = value.astimezone(UTC)
    spec = "milliseconds" if value.microsecond else "seconds"
    return value.isoformat(timespec=spec).replace("+00:00", "Z")


def text(value: str) -> str:
    """A string literal."""
    return str(quote_soql_value(value))


def literal(value: str, kind: FieldType) -> str | None:
    """A literal fit for comparing with a field of that type; None where none can be equal."""
    if kind in _BARE:
        return value if _BARE_VALUE.fullmatch(value) else None
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return text(value) if value.strip() and "\0" not in value else None


def name(value: str) -> str:
    """The name of a field or object type, as it is. Raises SchemaDriftError where it cannot be
    one (so that nothing but names gets into a query)."""
    if not _NAME.fullmatch(value):
        raise SchemaDriftError(f"Salesforce has no field or object type named {value!r}.")
    return value


def id18(value: str) -> str | None:
    """The 18-character form of an id; None where the text cannot be an id.

    15 characters are case-sensitive; three more tell which of them are upper case, five
    characters each, lowest bit first.
    """
    if not _ID.fullmatch(value):
        return None
    head = value[:15]
    groups = (head[0:5], head[5:10], head[10:15])
    check = "".join(_CHECK[sum(c.isupper() << i for i, c in enumerate(g))] for g in groups)
    if len(value) == 18 and value[15:].upper() != check:
        return None
    return head + check


def select(columns: Iterable[str], object_type: str, where: str = "", tail: str = "") -> str:
    """A whole query."""
    parts = [f"SELECT {','.join(columns)} FROM {name(object_type)}"]
    if where:
        parts.append(f"WHERE {where}")
    if tail:
        parts.append(tail)
    return " ".join(parts)


def encode(query: str) -> str:
    """The query as a URL parameter; characters that a URL allows stay, to keep it short."""
    return quote(query, safe="(),'*!:;@~")


def chunks(items: Sequence[str], budget: int, most: int = 2_000) -> Iterator[list[str]]:
    """The items in order, in groups whose encoded length stays within the budget."""
    group: list[str] = []
    used = 0
    for item in items:
        size = len(encode(item)) + 1
        if group and (used + size > budget or len(group) >= most):
            yield group
            group, used = [], 0
        group.append(item)
        used += size
    if group:
        yield group
