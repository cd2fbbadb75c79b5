"""What can be set about a sandbox organisation, at its start and while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from sandbox.salesforce.own_rules import PREDICATES, REWRITES, check_rules


@dataclass
class Options:
    """The settings of one organisation; `POST /_sandbox/config` changes them at run time.

    `currency`: single or multi; then `currencies` (the corporate one first) with the
    `currency_rates` of the others to it.
    `picklists`: "Object.Field" -> values, each `value` or `value=label`; `stages` and
    `lead_statuses`: rows with the keys of `tables.Stage` and `tables.LeadStatus`.
    `user_permissions`: object -> {"read"|"create"|"edit"|"delete": bool, "hidden": [fields],
    "readonly": [fields]}, and "customize_application", "api_enabled": bool.
    `validation_rules`: object -> {field: message when it is blank}, or a list of rows
    {"field", "refuse_if": one of `own_rules.PREDICATES`, "value", "message"}.
    `duplicate_rules`: object -> fields that together must not match another record, or
    {"fields": […], "allow_save": false} where the allow-save header does not help.
    `locked`: record id -> how many more writes meet UNABLE_TO_LOCK_ROW.
    `session_lifetime`: seconds without use until a session ends; `session_max_age`: seconds
    until it ends even in use (0: never).
    `app_limit`: calls per day of the connected app (0: not limited apart), named `app_name`.
    `session_refusal`: "rest" or "agent" answers every call with a 401 that no new session cures.
    `workflow_rules`: rows {"object", "field", "rewrite": one of `own_rules.REWRITES`, "value",
    "delay": seconds, 0 for at once}. `bulk_page_size`: rows of a Bulk result page unless
    `maxRecords` asks for fewer; `bulk_query_jobs` a day; `bulk_upload_limit`: bytes.
    `contacts_to_multiple_accounts`: AccountContactRelation is there; `keep_former_account`: the
    account that a contact leaves stays related, indirectly.
    """

    daily_limit: int = 100_000
    page_size: int = 2_000
    session_lifetime: float = 7_200
    session_max_age: float = 0
    cursor_lifetime: float = 2 * 86_400
    currency: str = "single"
    currencies: list[str] = field(default_factory=lambda: ["EUR", "USD"])
    currency_rates: dict[str, float] = field(default_factory=dict)
    picklists: dict[str, list[str]] = field(default_factory=dict)
    contact_roles: list[str] | None = None
    stages: list[dict[str, Any]] | None = None
    lead_statuses: list[dict[str, Any]] | None = None
    record_types: list[dict[str, str]] = field(default_factory=list)
    user_permissions: dict[str, Any] = field(default_factory=dict)
    field_access_needs_permission_set: bool = False
    validation_rules: dict[str, dict[str, str] | list[dict[str, Any]]] = field(default_factory=dict)
    duplicate_rules: dict[str, list[str] | dict[str, Any]] = field(default_factory=dict)
    locked: dict[str, int] = field(default_factory=dict)
    app_limit: int = 0
    app_name: str = "tieline"
    session_refusal: str = ""
    workflow_rules: list[dict[str, Any]] = field(default_factory=list)
    person_accounts: bool = False
    bulk_page_size: int = 50_000
    contacts_to_multiple_accounts: bool = False
    keep_former_account: bool = True
    bulk_query_jobs: int = 10_000
    bulk_upload_limit: int = 100_000_000

    @property
    def multi_currency(self) -> bool:
        return self.currency == "multi"

    def change(self, given: Mapping[str, Any]) -> None:
        """Set the given options. Raises ValueError naming one that does not exist or fit."""
        check_rules(given.get("workflow_rules", ()), "rewrite", REWRITES)
        for rules in given.get("validation_rules", {}).values():
            if not isinstance(rules, Mapping):
                check_rules(rules, "refuse_if", PREDICATES)
        known = {item.name for item in fields(self)}
        for name, value in given.items():
            if name not in known:
                raise ValueError(f"unknown option {name!r}; one of {sorted(known)}")
            setattr(self, name, value)

    def allowed(self, object_type: str, right: str) -> bool:
        """Whether the API user may read, create, edit or delete records of that type."""
        return bool(self.user_permissions.get(object_type, {}).get(right, True))
