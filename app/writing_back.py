"""What account maps write back to a side: the values by entity, and the plan that writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.mappings import custom_types, definitions
from app.maps import tables_of
from app.session import Session
from app.syncing import engine
from config.load import LoadedConfig
from core.errors import SettingsError
from mapping.accounts.account_map import AccountMap
from mapping.accounts.committee import Member
from mapping.accounts.roles import PLAIN, RoleTable, written_all
from mapping.canonical import validate
from sync.handed import Handed
from sync.model import Plan

ACCOUNT = ("completeness", "missing_roles", "single_thread", "partners")
PERSON = ("roles", "support", "coverage", "influence")


def plan_account(session: Session, found: AccountMap, side: str) -> Plan:
    """The plan that writes an account's committee to a side. Raises TielineError."""
    loaded = session.load()
    handed = {
        found.account.key: _account(loaded, found),
        **{m.person: _person(loaded, m, side) for m in found.committee.members},
    }
    return planned(session, side, handed, "account map")


def plan_partners(session: Session, said: Mapping[str, Sequence[str]], side: str) -> Plan:
    """The plan that writes to accounts (by entity) which partners have them too, and as what;
    no partner clears the field. Raises TielineError."""
    loaded = session.load()
    write = _fields(loaded)
    if "partners" not in write:
        raise loaded.at(("account_maps",), "`write` names no field for partners", _REMEDY)
    handed = {
        entity: _checked(loaded, "account", {write["partners"]: list(words)})
        for entity, words in said.items()
    }
    return planned(session, side, handed, "partner map")


_REMEDY = "Name the fields to be written under `account_maps: {write: {…}}`."


def planned(session: Session, side: str, handed: Handed, source: str) -> Plan:
    """The plan of some values; what it leaves out is told beside it. Raises TielineError."""
    wanted = {entity: values for entity, values in handed.items() if values}
    if not wanted:
        raise SettingsError("there is nothing that could be written", remedy=_REMEDY)
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
    named = {write[name]: values[name] for name in ACCOUNT if name in write and name in values}
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
