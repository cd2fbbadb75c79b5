"""Schema drift: a mapping held against its side's schemas, which are looked at anew when in doubt.

Only what a mapping was accepted by is remembered. So it is known which field was there and is
gone, and once the field or the mapping is mended the next run is as good as any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from connectors.base import FieldSchema, Schema
from core.clock import Clock
from core.errors import ConfigError, ConnectorError, SchemaDriftError
from sync.rebase import lost
from sync.sides import Side, doubt_schemas, load_schemas, recalled, remember_schemas
from sync.store import Store

Accept = Callable[[Side], None]
"""Raises ConfigError where a side's mapping does not fit its schemas."""
Field = tuple[str, str]
"""Object type and vendor field."""
T = TypeVar("T")

_REMEDY = (
    "Make the field on {side} again as it was, or take it out of the mapping (`?` behind its name:"
    " used where it is there), and run again."
)
_GONE = "is gone"
_CLOSED = "can no longer be changed by the integration user"


def fit(side: Side, store: Store, clock: Clock, accept: Accept, *, fresh: bool = False) -> bool:
    """Load a side's schemas and have its mapping accepted; says whether one of the schemas is not
    what was remembered.

    Raises SchemaDriftError where something that the mapping names was there and is gone, or has
    become something else; ConfigError where it does not fit for another reason; ConnectorError.
    """
    before = recalled(side, store)
    asked = load_schemas(side, store, clock, fresh=fresh)
    drifted = dict(_drifted(side, before))
    try:
        _hold(side, drifted, accept)
    except (ConfigError, SchemaDriftError):  # a remembered schema may be out of date
        if len(asked) == len(side.schemas):
            lost(store, side, [field for field, change in drifted.items() if change != _CLOSED])
            raise
        return fit(side, store, clock, accept, fresh=True)
    remember_schemas(side, asked, store, clock)
    return any(before.get(name) != schema for name, schema in side.schemas.items())


def heeding(
    read: Callable[[], T], sides: Sequence[Side], store: Store, clock: Clock, accept: Accept
) -> T:
    """Read; where a side says that something is gone, all schemas are looked at anew, and it is
    read once more, without the optional fields that are gone. Raises as `fit` does."""
    try:
        return read()
    except SchemaDriftError:
        changed = [fit(side, store, clock, accept, fresh=True) for side in sides]
        if not any(changed):
            raise
        return read()


def doubt(sides: Sequence[Side], failed: Mapping[str, ConnectorError], store: Store) -> None:
    """Have the next run look anew at the schemas of sides that failed in writing for drift."""
    for side in sides:
        if isinstance(failed.get(side.name), SchemaDriftError):
            doubt_schemas(side, store)


def _hold(side: Side, drifted: Mapping[Field, str], accept: Accept) -> None:
    told = "; ".join(f"{side.name}: {'.'.join(f)} {change}" for f, change in drifted.items())
    remedy = _REMEDY.format(side=side.name)
    try:
        accept(side)
    except ConfigError as error:
        if not drifted:
            raise
        raise SchemaDriftError(f"{told}\n{error.message}", remedy=remedy) from error
    if _GONE in drifted.values():  # whoever accepts: what is not there cannot be read
        raise SchemaDriftError(told, remedy=remedy)


def _drifted(side: Side, before: Mapping[str, Schema]) -> Iterator[tuple[Field, str]]:
    """Mapped fields that the remembered schema has and the present one has not, or otherwise."""
    for object_type, mapped in side.mapping.objects.items():
        if object_type not in before:
            continue
        now = side.schemas[object_type].fields
        for name in dict.fromkeys(v for f in mapped.fields.values() for v in f.vendor_fields()):
            was = before[object_type].fields.get(name)
            change = _change(was, now.get(name)) if was else ""
            if change:
                yield (object_type, name), change


def _change(was: FieldSchema, now: FieldSchema | None) -> str:
    if now is None:
        return _GONE
    if now.type != was.type:
        return f"is of type {now.type} now, it was {was.type}"
    return _CLOSED if was.updateable and not now.updateable else ""
