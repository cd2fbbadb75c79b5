"""Field paths of a query bound to the metadata: what they mean for a row, and their type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce import formulas
from sandbox.salesforce.catalog import ObjectType
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.fields import Field
from sandbox.salesforce.org import Org
from sandbox.salesforce.soql import Expression, Select, complain
from sandbox.salesforce.store import Row
from sandbox.salesforce.values import address

MAX_PARENTS = 5
_HINT = " Please reference your WSDL or the describe call for the appropriate names."
_OWNER_TYPE = Field("Type", "picklist", "Type")

Get = Callable[[Row], Any]


@dataclass(frozen=True)
class Bound:
    """A path: its value for a row, its field, the parents it goes through.

    `own` works the value out of the last parent's row; None where it is a column of it.
    """

    get: Get
    field: Field
    parents: tuple[Field, ...] = ()
    own: Get | None = None

    @property
    def plain(self) -> bool:
        return not self.parents


class Binder:
    """Resolves the expressions of one SELECT against its object type."""

    def __init__(self, org: Org, select: Select, kind: ObjectType) -> None:
        self.org = org
        self.select = select
        self.kind = kind

    def complain(self, at: int, code: str, message: str) -> SalesforceError:
        return complain(self.select.text, at, code, message)

    def path(self, expression: Expression) -> tuple[str, ...]:
        """The path without the alias or name of the object in FROM."""
        names = expression.path
        own = {self.kind.name.lower(), (self.select.alias or "").lower()}
        prefixed = len(names) > 1 and names[0].lower() in own - set(self.kind.relationships)
        return names[1:] if prefixed else names

    def bind(self, expression: Expression) -> Bound:
        """Raises SalesforceError INVALID_FIELD for a path that leads nowhere."""
        *links, last = self.path(expression)
        kinds = [self.kind]
        parents: list[Field] = []
        for name in links:
            parents.append(self._relationship(kinds, name, expression))
            kinds = self._targets(parents[-1])
        if len(parents) > MAX_PARENTS:
            raise self.complain(
                expression.at, "MALFORMED_QUERY", "Maximum relationship depth exceeded"
            )
        one = self._last(kinds, parents, last, expression)
        function = expression.function
        if function not in (None, "TOLABEL", "CONVERTCURRENCY"):
            raise self.complain(
                expression.at, "MALFORMED_QUERY", f"unsupported function: {function}"
            )
        own = self._own(one, function)
        return Bound(self._through(own, one.name, tuple(parents)), one, tuple(parents), own)

    def _relationship(self, kinds: list[ObjectType], name: str, at: Expression) -> Field:
        for kind in kinds:
            if name.lower() in kind.relationships:
                return kind.relationships[name.lower()]
        raise self.complain(
            at.at,
            "INVALID_FIELD",
            f"Didn't understand relationship '{name}' in field path. If you are attempting to "
            "use a custom relationship, be sure to append the '__r' after the custom "
            "relationship name." + _HINT,
        )

    def _targets(self, one: Field) -> list[ObjectType]:
        found = (self.org.catalog.seen.get(name.lower()) for name in one.refers_to)
        return [kind for kind in found if kind is not None]

    def _last(
        self, kinds: list[ObjectType], parents: list[Field], name: str, at: Expression
    ) -> Field:
        if parents and len(parents[-1].refers_to) > 1 and name.lower() == "type":
            return _OWNER_TYPE
        for kind in kinds:
            one = kind.field(name)
            if one is not None:
                return one
        entity = kinds[0].name if kinds else "Name"
        raise self.complain(
            at.at,
            "INVALID_FIELD",
            f"No such column '{name}' on entity '{entity}'. If you are attempting to use a "
            "custom field, be sure to append the '__c' after the custom field name." + _HINT,
        )

    def _own(self, one: Field, function: str | None) -> Get | None:
        """How to work the value out of the row that has the field; None: it is a column."""
        if one.formula is not None:
            return lambda row: formulas.value(self.org, one, row)
        if function == "CONVERTCURRENCY":
            return lambda row: self._converted(one, row)
        if one.type == "address":
            return lambda row: address(one, row)
        if one is _OWNER_TYPE:
            return _owner_type
        if function == "TOLABEL":
            labels = dict(one.picklist)
            return lambda row: labels.get(row.get(one.name) or "", row.get(one.name))
        return None

    def _converted(self, one: Field, row: Row) -> Any:
        """An amount in the user's currency, which is the corporate one."""
        amount, options = row.get(one.name), self.org.options
        rate = options.currency_rates.get(str(row.get("CurrencyIsoCode")), 1.0)
        return amount if amount is None or not options.multi_currency else round(amount / rate, 2)

    def _through(self, own: Get | None, name: str, parents: tuple[Field, ...]) -> Get:
        get: Get = own or (lambda row: row.get(name))
        if not parents:
            return get

        def through(row: Row) -> Any:
            found: Row | None = row
            for parent in parents:
                found = self.parent(parent, found) if found is not None else None
            return get(found) if found is not None else None

        return through

    def parent(self, one: Field, row: Row) -> Row | None:
        """The row that a reference field points to."""
        id_ = row.get(one.name)
        if id_ is None:
            return None
        for target in one.refers_to:
            table = self.org.store.tables.get(target)
            if table is not None and id_ in table.rows:
                return table.rows[id_]
        return None


def _owner_type(row: Row) -> Any:
    return "User" if "Username" in row else row.get("Type")
