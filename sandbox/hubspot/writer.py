"""Writes to records under HubSpot's rules: validation, uniqueness, lifecycle, merges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.hubspot import errors
from sandbox.hubspot.associations import TypeRef
from sandbox.hubspot.computed import consequences
from sandbox.hubspot.effects import Effects
from sandbox.hubspot.metadata import Property
from sandbox.hubspot.records import Record, Source, Table, Values
from sandbox.hubspot.rules import Rule
from sandbox.hubspot.standard.kinds import PRIMARY_TYPES, ObjectType
from sandbox.hubspot.store import Store
from sandbox.hubspot.times import iso
from sandbox.hubspot.values import InvalidValueError, stored

Link = tuple[str, int, TypeRef]
"""An association to make: object type, id and type."""

BACKWARD_ALLOWED = frozenset({"CRM_UI", "IMPORT"})
"""Sources that may set a lifecycle stage back; over the API the old stage silently stays."""


class Writer:
    """Writes of one source (an app over the API, or a person). Raises ApiError when HubSpot
    would refuse; then nothing was changed. Callers hold the store's lock."""

    def __init__(self, store: Store, source: Source, rules: Sequence[Rule] = ()) -> None:
        """`rules` are those that this writer's values are held to."""
        self._store = store
        self._rules = rules
        self._source = source
        self._effects = Effects(store)

    def create(self, table: Table, given: Mapping[str, Any], links: Sequence[Link] = ()) -> Record:
        """Make a record and its associations."""
        values = self.validated(table, None, given)
        return self.insert(table, values, links)

    def validated(self, table: Table, record: Record | None, given: Mapping[str, Any]) -> Values:
        """The values as they would be stored; `record` is the one to change, None for a new one.
        Raises ApiError for values or combinations that are not accepted."""
        before: Mapping[str, str | None] = record.properties if record is not None else {}
        values = self._checked(table, before, given)
        if record is None:
            self._add_defaults(table.kind, values)
            self._check_minimum(table.kind, values)
        self._check_stage(table.kind, before, values)
        self._check_rules(table.kind, values)
        self._check_unique(table, record, values)
        return values

    def insert(self, table: Table, values: Values, links: Sequence[Link] = ()) -> Record:
        """Store a record whose values were validated."""
        now, kind = self._start(table), table.kind
        for target, other, _ in links:
            self._check_room(kind.name, 0, target, other)
        values = {name: value for name, value in values.items() if value}
        company = values.pop("associatedcompanyid", None)
        values |= consequences(kind, {}, values, now, self._pipelines(kind))
        record = Record(table.new_id(), values, now, now, self._source)
        values.setdefault(kind.created, iso(now))
        values |= self._system_values(record, kind)
        table.add(record)
        self._store.events.created(kind, record)
        for target, other, ref in links:
            self._link(kind.name, record.id, target, other, ref)
        self._effects.after_write(kind, record, values, self._source)
        self._associate_company(record, company)
        return record

    def update(self, table: Table, record: Record, given: Mapping[str, Any]) -> Record:
        """Set properties of a live record."""
        return self.store_values(table, record, self.validated(table, record, given))

    def store_values(self, table: Table, record: Record, values: Values) -> Record:
        """Store validated values of a live record; equal ones move no stamp."""
        now, kind = self._start(table), table.kind
        values = dict(values)
        self._keep_lifecycle(table, record, values)
        company = values.pop("associatedcompanyid", None)
        changed = {n: v for n, v in values.items() if (record.properties.get(n) or "") != (v or "")}
        if changed:
            changed |= consequences(kind, record.properties, changed, now, self._pipelines(kind))
            if self._store.quirks.on("cleared_as_null"):
                changed = {name: value or None for name, value in changed.items()}
            table.change(record, changed, now, self._source)
            self._store.events.changed(kind, record, changed, self._source)
            self._effects.after_write(kind, record, changed, self._source)
        self._associate_company(record, company)
        return record

    def _associate_company(self, contact: Record, company: str | None) -> None:
        """`associatedcompanyid` is written as a value but is the primary association."""
        found = self._store.live("companies", int(float(company))) if company else None
        if found is not None:
            self.associate("contacts", contact.id, "companies", found.id, PRIMARY_COMPANY_TYPE)

    def archive(self, table: Table, record: Record) -> None:
        """Put a live record away, restorable."""
        table.archive(record, self._start(table))
        self._store.events.gone(table.kind, record, self._source, forgotten=False)
        self._store.refresh_counts(self._store.associations.neighbours(table.kind.name, record.id))

    def restore(self, table: Table, record: Record) -> None:
        """Bring an archived record back under its id. Raises ApiError on a unique clash."""
        self._check_unique(table, record, {n: v for n, v in record.properties.items() if v})
        table.restore(record, self._start(table))
        self._store.events.restored(table.kind, record, self._source)
        self._store.refresh_counts(
            [
                (table.kind.name, record.id),
                *self._store.associations.neighbours(table.kind.name, record.id),
            ]
        )

    def forget(self, table: Table, record: Record) -> None:
        """Remove a record for good (GDPR); its e-mail address is block-listed."""
        self._start(table)
        email = record.properties.get("email")
        if email:
            self._store.forgotten_emails.add(email)
        others = self._store.associations.drop_record(table.kind.name, record.id)
        table.forget(record)
        self._store.events.gone(table.kind, record, self._source, forgotten=True)
        self._store.refresh_counts(others)

    def associate(self, kind: str, one: int, target: str, two: int, ref: TypeRef) -> None:
        """Associate two live records; moves no modified stamp. Raises ApiError (400) where a
        record has all the associations that the account allows it."""
        self._check_room(kind, one, target, two)
        self._link(kind, one, target, two, ref)

    def _link(self, kind: str, one: int, target: str, two: int, ref: TypeRef) -> None:
        self._store.associations.add(kind, one, target, two, ref)
        touched = {(kind, one), (target, two)}
        touched |= set(self._companies_of(kind, one)) | set(self._companies_of(target, two))
        self._store.refresh_counts(touched)
        self._tell(kind, one, target, two, removed=False, primary=_is_primary(ref))
        self._effects.after_association(kind, one, target, two)

    def _check_room(self, kind: str, one: int, target: str, two: int) -> None:
        limits, links = self._store.options.association_limits, self._store.associations
        for source, a, there, b in ((kind, one, target, two), (target, two, kind, one)):
            most, held = limits.get(f"{source}:{there}"), links.of(source, a, there)
            if most is not None and b not in held and len(held) >= most:
                raise errors.too_many_associations(source, a, there)

    def _tell(
        self, kind: str, one: int, target: str, two: int, *, removed: bool, primary: bool = False
    ) -> None:
        kinds = (self._store.tables[kind].kind, self._store.tables[target].kind)
        self._store.events.linked(kinds, (one, two), self._source, removed=removed, primary=primary)

    def dissociate(self, kind: str, one: int, target: str, two: int) -> None:
        if self._store.associations.remove(kind, one, target, two):
            self._tell(kind, one, target, two, removed=True)
        self._store.refresh_counts([(kind, one), (target, two)])

    def dissociate_type(self, kind: str, one: int, target: str, two: int, ref: TypeRef) -> None:
        if self._store.associations.remove_type(kind, one, target, two, ref):
            self._tell(kind, one, target, two, removed=True, primary=_is_primary(ref))
        self._store.refresh_counts([(kind, one), (target, two)])

    def _companies_of(self, kind: str, record_id: int) -> list[tuple[str, int]]:
        return [("companies", i) for i in self._store.associated(kind, record_id, "companies")]

    def _start(self, table: Table) -> int:
        now = self._store.now()
        table.at(now)
        return now

    def _pipelines(self, kind: ObjectType) -> Mapping[str, Any]:
        return self._store.pipelines.get(kind.name, {})

    def _checked(
        self, table: Table, before: Mapping[str, str | None], given: Mapping[str, Any]
    ) -> Values:
        values: Values = {}
        problems = []
        for name, raw in given.items():
            definition = table.properties.get(name)
            try:
                values[name] = self._check_one(definition, name, raw, before.get(name))
            except InvalidValueError as refused:
                problems.append(
                    errors.problem(name, refused.code, str(refused), self._store.options.portal_id)
                )
        if problems:
            raise errors.invalid_values(problems)
        return values

    def _check_one(
        self, definition: Property | None, name: str, raw: Any, present: str | None
    ) -> str:
        if definition is None:
            raise InvalidValueError("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
        if definition.read_only:
            raise InvalidValueError(
                "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'
            )
        value = stored(definition, raw, present)
        if name == "hubspot_owner_id" and value:
            owner = self._store.owners.all.get(value)
            if owner is None or owner.archived:
                raise InvalidValueError("INVALID_OWNER_ID", f"{value} is not a valid owner id")
        return value

    def _add_defaults(self, kind: ObjectType, values: Values) -> None:
        default = self._store.options.default_lifecycle_stage
        if kind.has_lifecycle and default and not values.get("lifecyclestage"):
            values["lifecyclestage"] = default
        if kind.pipeline is not None and not values.get(kind.pipeline[0]):
            values[kind.pipeline[0]] = next(iter(self._pipelines(kind)))

    def _check_minimum(self, kind: ObjectType, values: Values) -> None:
        missing = [name for name in kind.all_of if not values.get(name)]
        if kind.one_of and not any(values.get(name) for name in kind.one_of):
            missing = list(kind.one_of)
        if missing:
            raise errors.missing_properties(kind.singular, missing)

    def _check_stage(
        self, kind: ObjectType, before: Mapping[str, str | None], values: Values
    ) -> None:
        if kind.pipeline is None or not set(kind.pipeline) & set(values):
            return
        pipeline_name, stage_name = kind.pipeline
        after = {**before, **values}
        pipeline_id, stage_id = after.get(pipeline_name) or "", after.get(stage_name) or ""
        pipeline = self._pipelines(kind).get(pipeline_id)
        if pipeline is None:
            wrong, code, message = (
                pipeline_name,
                "INVALID_PIPELINE_ID",
                f"{pipeline_id} is not a valid pipeline ID",
            )
        elif stage_id not in pipeline.stages:
            wrong, code, message = (
                stage_name,
                "INVALID_PIPELINE_STAGE_ID",
                (f"{stage_id} is not a valid pipeline stage ID of pipeline {pipeline_id}"),
            )
        else:
            return
        raise errors.invalid_values(
            [errors.problem(wrong, code, message, self._store.options.portal_id)]
        )

    def _check_rules(self, kind: ObjectType, values: Values) -> None:
        broken = [
            errors.problem(rule.property, "FAILED_VALIDATION", "", self._store.options.portal_id)
            | {"message": f"{rule.property} does not fulfil {rule.rule} {rule.value}"}
            for rule in self._rules
            if rule.object_type == kind.name and rule.broken_by(values.get(rule.property))
        ]
        if broken:
            raise errors.invalid_values(broken)

    def _check_unique(self, table: Table, record: Record | None, values: Values) -> None:
        portal = self._store.options.portal_id
        for name in table.properties.unique():
            value = values.get(name)
            holder = table.holder(name, value) if value else None
            if holder is None or holder is record or value is None:
                continue
            if record is None and name == "email":
                raise errors.conflict(table.kind.singular, holder.id)
            shown = "null" if record is None else str(record.id)
            raise errors.value_taken(portal, name, value, shown, holder.id)
        if record is None and table.kind.name == "contacts":
            self._check_block_list(values)

    def _check_block_list(self, values: Values) -> None:
        blocked = self._store.quirks.on("blocked_emails")
        if blocked and values.get("email") in self._store.forgotten_emails:
            raise errors.invalid(
                "Contact cannot be created: its email address was removed by a GDPR deletion."
            )

    def _keep_lifecycle(self, table: Table, record: Record, values: Values) -> None:
        """Over the API a stage never moves backward: the call succeeds, the value stays."""
        wanted, present = values.get("lifecyclestage"), record.properties.get("lifecyclestage")
        if not wanted or not present or self._source.type in BACKWARD_ALLOWED:
            return
        if not self._store.quirks.on("forward_lifecycle"):
            return
        definition = table.properties.get("lifecyclestage")
        order = definition.allowed() if definition is not None else {}
        if order.get(wanted, 0) < order.get(present, 0):
            del values["lifecyclestage"]

    def _system_values(self, record: Record, kind: ObjectType) -> Values:
        source = self._source
        made: Values = {
            "hs_object_id": str(record.id),
            "hs_object_source": source.type,
            "hs_object_source_id": source.id,
            "hs_object_source_label": source.type,
        }
        if source.user_id is not None:
            made["hs_object_source_user_id"] = str(source.user_id)
        if kind.name == "contacts":
            made["hs_all_contact_vids"] = str(record.id)
        if kind.has_lifecycle:
            made["hs_pipeline"] = f"{kind.name}-lifecycle-pipeline"
        if kind.name == "tickets":
            made |= {
                "hs_ticket_id": str(record.id),
                "hs_helpdesk_sort_timestamp": iso(record.created),
                "hs_last_message_from_visitor": "false",
            }
        return made


PRIMARY_COMPANY_TYPE = TypeRef("HUBSPOT_DEFINED", 1)
PRIMARY_TYPE_IDS = frozenset({2, 6, *PRIMARY_TYPES.values()})


def _is_primary(ref: TypeRef) -> bool:
    return ref.category == "HUBSPOT_DEFINED" and ref.type_id in PRIMARY_TYPE_IDS
