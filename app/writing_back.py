"""What account maps write back to a side: the values by entity, and the plan that writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.graphs import graph_of
from app.mappings import custom_types, definitions
from app.maps import tables_of
from app.session import Session
from app.sources import STATE
from app.syncing import engine
from config.load import LoadedConfig
from core.errors import SettingsError
from mapping.accounts.account_map import AccountMap
from mapping.accounts.committee import Member
from mapping.accounts.partner_map import Mutual, PartnerMap
from mapping.accounts.records import Book
from mapping.accounts.roles import PLAIN, RoleTable, written_all
from mapping.canonical import validate
from sync.handed import Handed
from sync.model import Plan

ACCOUNT = ("completeness", "missing_roles", "single_thread")
PERSON = ("roles", "support", "coverage", "influence")


def plan_account(session: Session, found: AccountMap, side: str) -> Plan:
    """The plan that writes an account's committee to a side. Raises TielineError."""
    loaded = session.load()
    if not {*ACCOUNT, *PERSON} & set(_fields(loaded)):
        what = "`write` names no field of an account or a person"
        raise loaded.at(("account_maps",), what, _REMEDY)
    handed = {
        found.account.key: _account(loaded, found),
        **{m.person: _person(loaded, m, side) for m in found.committee.members},
    }
    return planned(session, side, handed, "account map")


def plan_partner(session: Session, found: PartnerMap, ours: Book, side: str) -> Plan:
    """The plan that writes to accounts which populations of a partner have them too. What the
    field says of other partners stays. Raises TielineError."""
    loaded = session.load()
    if ours.name != STATE:
        raise SettingsError(
            f"what is compared is {ours.name}, not what the sync knows",
            remedy="Compare with `--ours state`.",
        )
    field = _fields(loaded).get("partners")
    if field is None:
        raise loaded.at(("account_maps",), "`write` names no field for partners", _REMEDY)
    statuses = {s.id: _statuses(mutual) for mutual in found.mutual for s in mutual.ours}
    shown = graph_of(session, loaded).entries  # as the sides show it, settled or not
    handed = {}
    for account in ours.accounts:
        if account.id in shown:  # else it is linked with nothing
            now = _entries(shown[account.id].values.get(field))
            words = _with(now, found.partner, statuses.get(account.id))
            if words != now:
                handed[account.id] = _checked(loaded, "account", {field: words})
    return planned(session, side, handed, "partner map")


def _statuses(mutual: Mutual) -> str:
    return ", ".join(sorted({word for side in mutual.theirs for word in side.status}))


def _entries(value: Any) -> list[str]:
    """What the field says, partner by partner."""
    found = value.split(";") if isinstance(value, str) else list(value or ())
    return sorted(entry.strip() for entry in found if entry.strip())


def _with(entries: Sequence[str], partner: str, statuses: str | None) -> list[str]:
    """The entries with this partner's own: what they have the account as; None: they do not."""
    name = partner.replace(";", ",")
    others = [e for e in entries if e != name and not e.startswith(f"{name}: ")]
    if statuses is None:
        return others
    return sorted([*others, f"{name}: {statuses}" if statuses else name])


_REMEDY = "Name the fields to be written under `account_maps: {write: {…}}`."


def planned(session: Session, side: str, handed: Handed, source: str) -> Plan:
    """The plan of some values; what it leaves out is told beside it. Raises TielineError."""
    wanted = {entity: values for entity, values in handed.items() if values}
    with engine(session, writing=False) as made:
        plan, left = made.plan_handed(side, wanted, source)
    for line in left:
        session.say(f"note: {line}")
    return plan


def _fields(loaded: LoadedConfig) -> dict[str, str]:
    found: dict[str, str] = loaded.config.account_maps.write.model_dump(exclude_none=True)
    return found


def _account(loaded: LoadedConfig, found: AccountMap) -> dict[str, Any]:
    write = _fields(loaded)
    values: dict[str, Any] = {
        "completeness": round(found.health.completeness * 100),
        "missing_roles": list(found.health.missing),
        "single_thread": found.health.single_thread,
    }
    named = {write[name]: values[name] for name in ACCOUNT if name in write}
    return _checked(loaded, "account", named)


def _person(loaded: LoadedConfig, member: Member, side: str) -> dict[str, Any]:
    """What is known of a person; what is not known is not written."""
    write = _fields(loaded)
    values: dict[str, Any] = {name: getattr(member, name) for name in PERSON[1:]}
    values["roles"] = written_all(_table(loaded, side), member.roles)
    named = {write[name]: values[name] for name in PERSON if name in write and values[name]}
    return _checked(loaded, "person", named)


def _table(loaded: LoadedConfig, side: str) -> RoleTable:
    tables = tables_of(loaded)
    settings = loaded.config.sides.get(side)
    return tables.get(side) or (tables.get(settings.type) if settings else None) or PLAIN


def _checked(loaded: LoadedConfig, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values in the form of their fields. Raises MappingError."""
    fields = definitions(loaded.config)[kind]
    formed = {name: _formed(value, fields[name].type) for name, value in values.items()}
    return validate(kind, formed, custom_types(loaded.config))


def _formed(value: Any, type_: str) -> Any:
    if isinstance(value, bool):
        return value if type_ == "bool" else ("yes" if value else "no")
    if isinstance(value, list):
        return value if type_ == "set" else "; ".join(value)
    return value
