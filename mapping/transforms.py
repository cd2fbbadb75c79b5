"""The named, paired, pure translations of one field: vendor parts to canonical value and back.

`forward` takes the raw vendor values by part (a single field is the part ``value``) and gives
the canonical value; `backward` takes a canonical value and what the side holds now, and gives
the raw values to write, by part. Both raise ValueError with a reason where a value cannot be
represented. Laws, held by the tests: forward(backward(v)) is a fixed point, and
backward(forward(raw), current=raw) never changes what forward reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import Any

from mapping import places, values
from mapping.associations import primary_backward, primary_forward, roles_backward, roles_forward
from mapping.how import Context, How, ValueMap
from mapping.spec import FieldSpec

__all__ = ["TRANSFORMS", "TYPE_TRANSFORM", "Context", "How", "Transform", "ValueMap", "how"]

Raw = Any
Parts = Mapping[str, Raw]
Forward = Callable[[Parts, How], Any]
Backward = Callable[[Any, How, Parts], dict[str, Raw]]

STRINGS = frozenset({"string", "text", "picklist", "id", "other"})
NUMBERS = frozenset({"number", "integer", "currency", "percent", "other"})


@dataclass(frozen=True, slots=True)
class Transform:
    """`types`: the canonical types it makes. `needs` and `may`: the parts that a mapping must and
    can name. `vendor`: the vendor field types that it can live in, by part (`*` for the rest).
    `combines`: it adds to what another field wrote into the same vendor field."""

    forward: Forward
    backward: Backward
    types: frozenset[str]
    vendor: Mapping[str, frozenset[str]]
    needs: frozenset[str] = frozenset({"value"})
    may: frozenset[str] = field(default_factory=frozenset)
    combines: bool = False

    def vendor_types(self, part: str) -> frozenset[str]:
        """The vendor field types that a part can live in."""
        return self.vendor.get(part) or self.vendor["*"]


def _scalar(
    types: str,
    vendor: frozenset[str],
    forward: Callable[[Raw, How], Any],
    backward: Callable[[Any, How], Raw],
) -> Transform:
    """A transform of one vendor field; blank is None both ways."""

    def there(parts: Parts, how: How) -> Any:
        raw = parts["value"]
        return how.blank if values.blank(raw) else forward(raw, how)

    def back(value: Any, how: How, current: Parts) -> dict[str, Raw]:
        value = how.blank if value is None else value
        return {"value": None if value is None else backward(value, how)}

    return Transform(there, back, frozenset(types.split()), {"*": vendor})


def _native_number(value: str, how: How) -> Raw:
    """As JSON: a string, or the number itself where a double keeps every digit of it."""
    if how.context.strings:
        return value
    if Decimal(repr(float(value))) != Decimal(value):
        raise ValueError("has more digits than a JSON number keeps")
    return float(value) if "." in value else int(value)


def _number_forward(raw: Raw, how: How) -> str:
    return _scaled(values.number(raw), how.scale)


def _number_backward(value: Any, how: How) -> Raw:
    return _native_number(_scaled(values.number(value), -how.scale), how)


def _scaled(value: str, power: int) -> str:
    """Times a power of ten, by moving the point: no digit is lost."""
    sign, digits, exponent = Decimal(value).as_tuple()
    return values.plain_decimal(Decimal((sign, digits, int(exponent) + power)))


def _bool_backward(value: Any, how: How) -> Raw:
    truth = values.boolean(value)
    return str(truth).lower() if how.context.strings else truth


def _integer_backward(value: Any, how: How) -> Raw:
    whole = values.integer(value)
    return str(whole) if how.context.strings else whole


def _day_forward(raw: Raw, how: How) -> str:
    read = values.local_day if how.form == "datetime" else values.day
    return read(raw, how.context.zone)


def _day_backward(value: Any, how: How) -> str:
    day = values.day(value)
    return values.start_of_day(day, how.context.zone) if how.form == "datetime" else day


def _country_backward(value: Any, how: How) -> str:
    code = places.country(value)
    return places.country_name(code) if how.form == "name" else code


def _phone_forward(parts: Parts, how: How) -> str | None:
    """A number without country is of the record's country, else of the side's."""
    if values.blank(parts["value"]):
        return None
    return values.phone(values.text(parts["value"]), _country_of(parts.get("country"), how))


def _country_of(raw: Raw, how: How) -> str:
    try:
        return how.context.country if values.blank(raw) else places.country(values.text(raw))
    except ValueError:
        return how.context.country


def _phone_backward(value: Any, how: How, current: Parts) -> dict[str, Raw]:
    if value is None:
        return {"value": None}
    return {"value": values.phone(values.text(value), how.context.country)}


def _enum_forward(raw: Raw, how: How) -> str:
    return how.values.read(values.text(raw))


def _enum_backward(value: Any, how: How) -> str:
    return how.values.write(values.text(value))


def _multi_forward(raw: Raw, how: How) -> list[str] | None:
    members = raw if isinstance(raw, list) else values.text(raw).split(";")
    normal = values.email if how.element == "email" else values.text
    return sorted({how.values.read(normal(m)) for m in members if not values.blank(m)}) or None


def _multi_backward(value: Any, how: How) -> str:
    members = [how.values.write(values.text(member)) for member in value]
    broken = [member for member in members if ";" in member]
    if broken:
        raise ValueError(f"holds {broken[0]!r}, and a semicolon separates values on this side")
    return ";".join(dict.fromkeys(members))


def _ref_forward(raw: Raw, how: How) -> dict[str, str]:
    return {"object": str(how.object), "id": values.text(raw)}


def _ref_backward(value: Any, how: How) -> str:
    if not isinstance(value, Mapping) or value.get("object") != how.object:
        raise ValueError(f"is not a record of {how.object} on this side")
    return str(value["id"])


def _money_forward(parts: Parts, how: How) -> dict[str, str] | None:
    if values.blank(parts["amount"]):
        return None
    code = parts.get("currency")
    return {
        "amount": values.number(parts["amount"]),
        "currency": how.context.currency if values.blank(code) else values.currency(str(code)),
    }


def _money_backward(value: Any, how: How, current: Parts) -> dict[str, Raw]:
    if value is None:
        return {"amount": None}
    amount, code = _native_number(values.number(value["amount"]), how), value["currency"]
    if "currency" in how.parts:
        return {"amount": amount, "currency": values.currency(code)}
    if code != how.context.currency:
        raise ValueError(f"is in {code}, and amounts here are in {how.context.currency}")
    return {"amount": amount}


def _address_forward(parts: Parts, how: How) -> dict[str, str] | None:
    return places.address(parts)


def _address_backward(value: Any, how: How, current: Parts) -> dict[str, Raw]:
    address = dict(value or {})
    lost = set(address) - how.parts
    if lost:
        raise ValueError(f"has a {min(lost)}, for which this side has no field")
    if "country" in address:
        address["country"] = _country_backward(address["country"], how)
    return {part: address.get(part) for part in places.ADDRESS if part in how.parts}


def _stage_forward(parts: Parts, how: How) -> str | None:
    """A stage is known by its pipeline and itself; a value map names the default pipeline's
    stages alone (`closedwon`), others as `pipeline:stage`."""
    if values.blank(parts["stage"]):
        return None
    stage = values.text(parts["stage"])
    pipeline = how.pipeline if values.blank(parts["pipeline"]) else values.text(parts["pipeline"])
    return how.values.read(stage if pipeline == how.pipeline else f"{pipeline}:{stage}")


def _stage_backward(value: Any, how: How, current: Parts) -> dict[str, Raw]:
    """Within the pipeline that the record is in; where it is in none, wherever the value map
    points first."""
    if value is None:
        return {"stage": None}
    words = how.values.written_as(values.text(value))
    found = [w.rpartition(":")[0::2] if ":" in w else (how.pipeline, w) for w in words]
    now = current.get("pipeline")
    for pipeline, stage in found:
        if values.blank(now) or now == pipeline:
            return {"pipeline": pipeline, "stage": stage}
    raise ValueError(f"has no stage in the pipeline {now!r}")


ENUMS = frozenset({"picklist", "string", "text", "boolean", "other"})
REFERENCES = frozenset({"reference", "picklist", "string", "id", "number", "integer", "other"})
ASSOCIATIONS = frozenset({"association", "other"})

TRANSFORMS: Mapping[str, Transform] = {
    "text": _scalar(
        "text", STRINGS | {"email", "phone", "url"},
        lambda raw, how: values.text(raw), lambda value, how: values.text(value),
    ),
    "long_text": _scalar(
        "long_text text", STRINGS,
        lambda raw, how: values.long_text(raw), lambda value, how: values.long_text(value),
    ),
    "email": _scalar(
        "email", STRINGS | {"email"},
        lambda raw, how: values.email(raw), lambda value, how: values.email(value),
    ),
    "phone": Transform(
        _phone_forward, _phone_backward, frozenset({"phone"}), {"*": STRINGS | {"phone"}}
    ),
    "url": _scalar(
        "url", STRINGS | {"url"},
        lambda raw, how: places.url(values.text(raw)),
        lambda value, how: places.url(values.text(value)),
    ),
    "domain": _scalar(
        "domain", STRINGS | {"url", "email"},
        lambda raw, how: places.domain(values.text(raw)),
        lambda value, how: places.domain(values.text(value)),
    ),
    "country": _scalar(
        "country", STRINGS, lambda raw, how: places.country(values.text(raw)), _country_backward
    ),
    "number": _scalar("number", NUMBERS, _number_forward, _number_backward),
    "integer": _scalar(
        "integer", NUMBERS, lambda raw, how: values.integer(raw), _integer_backward
    ),
    "bool": _scalar(
        "bool", frozenset({"boolean", "picklist", "other"}),
        lambda raw, how: values.boolean(raw), _bool_backward,
    ),
    "date": _scalar("date", frozenset({"date", "datetime", "other"}), _day_forward, _day_backward),
    "datetime": _scalar(
        "datetime", frozenset({"datetime", "other"}),
        lambda raw, how: values.instant(raw), lambda value, how: values.instant(value),
    ),
    "enum": _scalar("enum", ENUMS, _enum_forward, _enum_backward),
    "multi": _scalar(
        "set", STRINGS | {"multipicklist", "email"}, _multi_forward, _multi_backward
    ),
    "ref": _scalar("ref", REFERENCES, _ref_forward, _ref_backward),
    "owner": _scalar("owner", REFERENCES, _ref_forward, _ref_backward),
    "money": Transform(
        _money_forward, _money_backward, frozenset({"money"}),
        {"amount": NUMBERS, "currency": STRINGS},
        needs=frozenset({"amount"}), may=frozenset({"currency"}),
    ),
    "address": Transform(
        _address_forward, _address_backward, frozenset({"address"}), {"*": STRINGS},
        needs=frozenset(), may=frozenset(places.ADDRESS),
    ),
    "stage": Transform(
        _stage_forward, _stage_backward, frozenset({"enum"}), {"*": ENUMS},
        needs=frozenset({"pipeline", "stage"}), combines=True,
    ),
    "roles": Transform(
        roles_forward, roles_backward, frozenset({"roles"}), {"*": ASSOCIATIONS}, combines=True
    ),
    "primary_ref": Transform(
        primary_forward, primary_backward, frozenset({"ref"}), {"*": ASSOCIATIONS}, combines=True
    ),
}  # fmt: skip
"""Every transform that a mapping file can name."""

TYPE_TRANSFORM: Mapping[str, str] = {"set": "multi"}
"""The default transform of a canonical type, where it is not of the same name."""

USES_VALUES = frozenset({"enum", "multi", "stage", "roles"})
NEEDS_VALUES = frozenset({"enum", "stage"})
POINTS = frozenset({"ref", "primary_ref", "roles"})


def how(
    spec: FieldSpec, value_map: ValueMap, context: Context, *, target: str | None = None,
    element: str | None = None, parts: frozenset[str] = frozenset({"value"}),
) -> How:  # fmt: skip
    """The options of one field, as its transform reads them."""
    return How(
        context=context,
        values=value_map,
        object=target,
        form=spec.form,
        scale=Decimal(spec.scale).adjusted() if spec.scale else 0,
        blank=spec.blank,
        labels=spec.labels == "carry",
        primary=spec.primary == "carry",
        pipeline=spec.pipeline or "default",
        element=element,
        parts=parts,
    )


def zone(name: str) -> tzinfo:
    """The time zone of a context; UTC is not looked up."""
    return UTC if name == "UTC" else values.time_zone(name)
