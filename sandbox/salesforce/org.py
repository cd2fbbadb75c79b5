"""One Salesforce organisation: its metadata, its records, its users, its clock."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.clock import ManualClock, OffsetClock
from sandbox.quirks import Quirks
from sandbox.salesforce import relations
from sandbox.salesforce.catalog import Catalog, ObjectType
from sandbox.salesforce.effects import Effects
from sandbox.salesforce.errors import not_found
from sandbox.salesforce.fields import Field
from sandbox.salesforce.ids import IdSource
from sandbox.salesforce.options import Options
from sandbox.salesforce.store import Row, Store
from sandbox.salesforce.tables import CHILDREN, FORECAST_NAMES, ChildRelation, LeadStatus
from sandbox.salesforce.values import stamp

API_USERNAME = "integration@tieline.example"
_FIRST_USER = {"LastName": "Integration", "Alias": "integ", "Title": "Integration user"}


@dataclass(frozen=True)
class Actor:
    """Who writes: the API user (his profile applies), or a person (or process) in the UI."""

    user_id: str
    api: bool = True
    allow_duplicates: bool = False
    automated: bool = False


@dataclass
class CustomField:
    """A field made through the Tooling API; `visible` once a permission set grants it."""

    id: str
    object_type: str
    field: Field
    visible: bool


class Org:
    """The state that every request works on; hold `lock` while using it."""

    def __init__(
        self, clock: OffsetClock | ManualClock, options: Options, quirks: Quirks | None = None
    ) -> None:
        self.quirks = quirks or Quirks()
        self.lock = threading.RLock()
        self.clock = clock
        self.options = options
        self.ids = IdSource()
        self.custom: list[CustomField] = []
        self.catalog = Catalog(options, {})
        self.store = Store(self.catalog.full.values())
        self.effects = Effects(self)
        self.writing = 0  # requests other than GET that are under way at this moment
        self.id = self.ids.next("00D")
        self.user_id = self.ids.next("005")
        self._furnish()

    def now(self) -> str:
        return stamp(self.clock.now())

    def kind(self, name: str, *, api: bool = True) -> ObjectType:
        """The object type of that name. Raises SalesforceError NOT_FOUND (404)."""
        known = self.catalog.seen if api else self.catalog.full
        found = known.get(name.lower())
        if found is None:
            raise not_found()
        return found

    def rebuild(self) -> None:
        """Make the catalog anew, after options or custom fields changed."""
        grouped: dict[str, dict[str, Field]] = {}
        for made in self.custom:
            if made.visible:
                grouped.setdefault(made.object_type, {})[made.field.name] = made.field
        self.catalog = Catalog(self.options, grouped)
        for kind in self.catalog.full.values():
            self.store.ensure(kind)
        self._furnish_settings()
        relations.furnish(self)

    def grant_fields(self) -> None:
        """Show the custom fields that a permission set assigned to the API user grants."""
        tables = self.store.tables
        mine = {
            row["PermissionSetId"]
            for row in tables["PermissionSetAssignment"].rows.values()
            if row["AssigneeId"] == self.user_id
        }
        granted = {
            row["Field"].lower()
            for row in tables["FieldPermissions"].rows.values()
            if row["ParentId"] in mine and row.get("PermissionsEdit")
        }
        for one in self.custom:
            one.visible |= f"{one.object_type}.{one.field.name}".lower() in granted
        self.rebuild()

    def record_types(self, object_type: str) -> list[str]:
        """The ids of an object type's record types; the first is the default."""
        rows = self.store.tables["RecordType"].rows.values()
        return [row["Id"] for row in rows if row["SobjectType"] == object_type]

    def links(self, parent: str) -> list[ChildRelation]:
        """The relationships to children of an object type that this organisation has."""
        known = self.catalog.full
        return [x for x in CHILDREN if x.parent == parent and x.child.lower() in known]

    def owner_of(self, id_: str) -> tuple[str, Row] | None:
        """The user or queue with that id, and its object type."""
        for object_type in ("User", "Group"):
            row = self.store.get(object_type, id_)
            if row is not None:
                return object_type, row
        return None

    def user_by_name(self, name: str) -> Row | None:
        """The user with that user name or e-mail address."""
        users = self.store.tables["User"]
        for field in ("Username", "Email"):
            for id_ in sorted(users.lookup(field, name)):
                return users.rows[id_]
        return None

    def system_row(self, id_: str, by: str | None = None) -> dict[str, Any]:
        """The fields that the system fills when a record is made."""
        now, user = self.now(), by or self.user_id
        return {
            "Id": id_, "IsDeleted": False, "CreatedDate": now, "CreatedById": user,
            "LastModifiedDate": now, "LastModifiedById": user, "SystemModstamp": now,
        }  # fmt: skip

    def _furnish(self) -> None:
        organization = {
            "Name": "Tieline Sandbox", "IsSandbox": True, "IsReadOnly": False, "Country": "US",
            "InstanceName": "HX1", "OrganizationType": "Enterprise Edition",
            "DefaultLocaleSidKey": "en_US", "TimeZoneSidKey": "UTC", "FiscalYearStartMonth": 1,
            "LanguageLocaleKey": "en_US",
        }  # fmt: skip
        self.store.put("Organization", {**self.system_row(self.id), **organization})
        user = {
            **self.system_row(self.user_id), **_FIRST_USER, "Name": "Integration",
            "Username": API_USERNAME, "Email": API_USERNAME, "IsActive": True,
            "UserType": "Standard", "TimeZoneSidKey": "UTC", "LocaleSidKey": "en_US",
            "LanguageLocaleKey": "en_US",
        }  # fmt: skip
        self.store.put("User", user)
        self._furnish_settings()

    def _furnish_settings(self) -> None:
        """The rows that mirror the settings: stages, lead statuses, record types, currencies."""
        catalog, options = self.catalog, self.options
        stages = enumerate((stage._asdict() for stage in catalog.stages), 1)
        self._mirror("OpportunityStage", [_stage_row(order, stage) for order, stage in stages])
        statuses = enumerate(catalog.lead_statuses, 1)
        self._mirror("LeadStatus", [_status_row(order, status) for order, status in statuses])
        self._mirror("RecordType", [_record_type_row(row) for row in options.record_types])
        if options.multi_currency:
            corporate = options.currencies[0]
            rates = options.currency_rates
            rows = [
                _currency_row(code, corporate, rates.get(code, 1.0)) for code in options.currencies
            ]
            self._mirror("CurrencyType", rows)

    def _mirror(self, object_type: str, rows: list[dict[str, Any]]) -> None:
        table = self.store.tables[object_type]
        prefix = self.catalog.full[object_type.lower()].table.prefix
        present = [_settings_of(row, rows) for row in table.rows.values()]
        if present == rows:
            return
        for id_ in list(table.rows):
            table.remove(id_)
        for row in rows:
            self.store.put(object_type, {**self.system_row(self.ids.next(prefix)), **row})


def _settings_of(row: Row, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: row.get(name) for name in (rows[0] if rows else {})}


def _stage_row(order: int, stage: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "MasterLabel": stage["name"], "ApiName": stage["name"], "IsActive": True,
        "SortOrder": order, "IsClosed": stage["closed"], "IsWon": stage["won"],
        "ForecastCategory": stage["forecast"],
        "ForecastCategoryName": FORECAST_NAMES[stage["forecast"]],
        "DefaultProbability": float(stage["probability"]),
    }  # fmt: skip


def _status_row(order: int, status: LeadStatus) -> dict[str, Any]:
    return {
        "MasterLabel": status.name, "ApiName": status.name, "SortOrder": order,
        "IsDefault": status.default, "IsConverted": status.converted,
    }  # fmt: skip


def _record_type_row(given: Mapping[str, str]) -> dict[str, Any]:
    return {
        "Name": given["name"], "DeveloperName": given["name"].replace(" ", "_"),
        "SobjectType": given["object"], "IsActive": True,
    }  # fmt: skip


def _currency_row(code: str, corporate: str, rate: float) -> dict[str, Any]:
    return {
        "IsoCode": code, "ConversionRate": rate, "DecimalPlaces": 2, "IsActive": True,
        "IsCorporate": code == corporate,
    }  # fmt: skip
