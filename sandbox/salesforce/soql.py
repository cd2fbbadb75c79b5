"""The SOQL grammar: text in, a syntax tree with source positions out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken, v_args
from lark.exceptions import UnexpectedEOF

from sandbox.salesforce.errors import SalesforceError

GRAMMAR = r"""
start: select
select: _SELECT items _FROM source scope? where? group? having? order? limit? offset? tail*
items: item ("," item)*
?item: "(" select ")"             -> child
     | expression alias?          -> selected
alias: NAME
expression: call | path
path: NAME ("." NAME)*
call: NAME "(" [expression] ")"
source: path _AS? [NAME]
scope: _USING_SCOPE NAME
where: _WHERE _condition
having: _HAVING _condition
_condition: unit | and_ | or_
and_: unit (_AND unit)+
or_: unit (_OR unit)+
?unit: "(" _condition ")"
     | _NOT unit                  -> not_
     | comparison
comparison: expression OPERATOR literal             -> compare
          | expression _LIKE string                 -> like
          | expression _IN list                     -> in_
          | expression _NOT _IN list                -> not_in
          | expression _INCLUDES "(" string ("," string)* ")"  -> includes
          | expression _EXCLUDES "(" string ("," string)* ")"  -> excludes
list: "(" literal ("," literal)* ")" -> values
    | "(" select ")"                 -> semijoin
literal: DATETIME | DATE | NUMBER | STRING | TRUE | FALSE | NULL | DATENAME
string: STRING
group: _GROUP_BY expression ("," expression)*
order: _ORDER_BY sort ("," sort)*
sort: expression DIRECTION? NULLS?
limit: _LIMIT NUMBER
offset: _OFFSET NUMBER
tail: _FOR NAME

_SELECT.3: /select\b/i
_FROM.3: /from\b/i
_AS.3: /as\b/i
_USING_SCOPE.3: /using\s+scope\b/i
_WHERE.3: /where\b/i
_HAVING.3: /having\b/i
_AND.3: /and\b/i
_OR.3: /or\b/i
_NOT.3: /not\b/i
_LIKE.3: /like\b/i
_IN.3: /in\b/i
_INCLUDES.3: /includes\b/i
_EXCLUDES.3: /excludes\b/i
_GROUP_BY.3: /group\s+by\b/i
_ORDER_BY.3: /order\s+by\b/i
_LIMIT.3: /limit\b/i
_OFFSET.3: /offset\b/i
_FOR.3: /for\b/i
DIRECTION.3: /(asc|desc)\b/i
NULLS.3: /nulls\s+(first|last)\b/i
TRUE.3: /true\b/i
FALSE.3: /false\b/i
NULL.3: /null\b/i
DATETIME.4: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)/i
DATE.3: /\d{4}-\d\d-\d\d/
NUMBER.2: /[+-]?\d+(\.\d+)?/
DATENAME.2: /[A-Z][A-Z0-9_]*(:\d+)?/i
STRING: /'(?:[^'\\]|\\.)*'/s
OPERATOR: /<=|>=|!=|<>|=|<|>/
NAME: /[A-Za-z_][A-Za-z0-9_]*/
%ignore /\s+/
"""

_PARSER = Lark(GRAMMAR, parser="lalr", maybe_placeholders=True, propagate_positions=True)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.S)


@dataclass(frozen=True)
class Expression:
    """A field path, or a function of one (`function` set, `path` empty for COUNT())."""

    path: tuple[str, ...]
    function: str | None
    at: int

    def __str__(self) -> str:
        path = ".".join(self.path)
        return f"{self.function}({path})" if self.function else path


@dataclass(frozen=True)
class Literal:
    """A literal; kind: string, number, boolean, null, date, datetime, datename."""

    kind: str
    value: Any
    at: int


@dataclass(frozen=True)
class Condition:
    """One test: operator is =, !=, <, <=, >, >=, like, in, not in, includes, excludes."""

    expression: Expression
    operator: str
    values: tuple[Literal, ...] = ()
    query: Select | None = None


@dataclass(frozen=True)
class Boolean:
    """`and`, `or`, `not` over conditions."""

    operator: str
    parts: tuple[Where, ...]


Where = Condition | Boolean


@dataclass(frozen=True)
class Selected:
    expression: Expression
    alias: str | None


@dataclass(frozen=True)
class Sort:
    expression: Expression
    descending: bool
    nulls_last: bool


@dataclass
class Select:
    """A parsed SELECT; `text` is the whole query, for the positions in messages."""

    items: list[Selected | Select] = field(default_factory=list)
    source: str = ""
    source_at: int = 0
    alias: str | None = None
    where: Where | None = None
    group: tuple[Expression, ...] = ()
    having: Where | None = None
    order: tuple[Sort, ...] = ()
    limit: int | None = None
    offset: int = 0
    text: str = ""


def complain(text: str, at: int, code: str, message: str) -> SalesforceError:
    """An error that points at a place of the query, in the vendor's layout."""
    before = text[:at]
    row = before.count("\n") + 1
    column = at - (before.rfind("\n") + 1) + 1
    line = text.splitlines()[row - 1] if text.splitlines() else ""
    pointer = " " * (column - 1) + "^"
    return SalesforceError(
        code, f"\n{line}\n{pointer}\nERROR at Row:{row}:Column:{column}\n{message}"
    )


@lru_cache(maxsize=64)
def parse(text: str) -> Select:
    """The syntax tree of a query. Raises SalesforceError MALFORMED_QUERY."""
    try:
        select: Select = _Build(text).transform(_PARSER.parse(text))
    except UnexpectedToken as error:
        at = error.token.start_pos if error.token.type != "$END" else len(text)
        found = "<EOF>" if error.token.type == "$END" else str(error.token)
        raise _malformed(text, at or 0, f"unexpected token: '{found}'") from None
    except UnexpectedCharacters as error:
        at = error.pos_in_stream or 0
        raise _malformed(text, at, f"unexpected token: '{_word(text, at)}'") from None
    except UnexpectedEOF:
        raise _malformed(text, len(text), "unexpected token: '<EOF>'") from None
    return select


def _word(text: str, at: int) -> str:
    found = re.match(r"\w+|.", text[at:], re.S)
    return found.group() if found else ""


def _malformed(text: str, at: int, message: str) -> SalesforceError:
    return complain(text, at, "MALFORMED_QUERY", message)


def unquote(token: str) -> str:
    return _ESCAPE.sub(_escaped, token[1:-1])


def _escaped(found: re.Match[str]) -> str:
    code = found.group(1)
    if code.startswith("u") and len(code) == 5:
        return chr(int(code[1:], 16))
    return found.group(0) if code in "%_" else _ESCAPES.get(code.lower(), code)


class _Build(Transformer[Token, Any]):
    """Turns lark's tree into the dataclasses above; one method per rule of the grammar."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def start(self, parts: Sequence[Any]) -> Select:
        return parts[0]  # type: ignore[no-any-return]

    def select(self, parts: Sequence[Any]) -> Select:
        made = Select(text=self._text)
        for name, value in parts:
            if name == "source":
                made.source, made.source_at, made.alias = value
            else:
                setattr(made, name, value)
        return made

    def items(self, parts: Sequence[Any]) -> tuple[str, list[Any]]:
        return "items", list(parts)

    def child(self, parts: Sequence[Any]) -> Select:
        return parts[0]  # type: ignore[no-any-return]

    def selected(self, parts: Sequence[Any]) -> Selected:
        return Selected(parts[0], parts[1] if len(parts) > 1 else None)

    def alias(self, parts: Sequence[Token]) -> str:
        return str(parts[0])

    def expression(self, parts: Sequence[Expression]) -> Expression:
        return parts[0]

    def path(self, parts: Sequence[Token]) -> Expression:
        return Expression(tuple(map(str, parts)), None, parts[0].start_pos or 0)

    def call(self, parts: Sequence[Any]) -> Expression:
        path = parts[1].path if parts[1] is not None else ()
        return Expression(path, str(parts[0]).upper(), parts[0].start_pos or 0)

    def source(self, parts: Sequence[Any]) -> tuple[str, tuple[str, int, str | None]]:
        alias = str(parts[1]) if parts[1] is not None else None
        return "source", (str(parts[0]), parts[0].at, alias)

    def scope(self, parts: Sequence[Any]) -> tuple[str, str]:
        return "text", self._text

    tail = scope

    def where(self, parts: Sequence[Where]) -> tuple[str, Where]:
        return "where", parts[0]

    def having(self, parts: Sequence[Where]) -> tuple[str, Where]:
        return "having", parts[0]

    def and_(self, parts: Sequence[Where]) -> Boolean:
        return Boolean("and", tuple(parts))

    def or_(self, parts: Sequence[Where]) -> Boolean:
        return Boolean("or", tuple(parts))

    def not_(self, parts: Sequence[Where]) -> Boolean:
        return Boolean("not", tuple(parts))

    def compare(self, parts: Sequence[Any]) -> Condition:
        operator = "!=" if parts[1] == "<>" else str(parts[1])
        return Condition(parts[0], operator, (parts[2],))

    def like(self, parts: Sequence[Any]) -> Condition:
        return Condition(parts[0], "like", (parts[1],))

    def in_(self, parts: Sequence[Any]) -> Condition:
        return self._membership(parts, "in")

    def not_in(self, parts: Sequence[Any]) -> Condition:
        return self._membership(parts, "not in")

    def _membership(self, parts: Sequence[Any], operator: str) -> Condition:
        if isinstance(parts[1], Select):
            return Condition(parts[0], operator, query=parts[1])
        return Condition(parts[0], operator, parts[1])

    def includes(self, parts: Sequence[Any]) -> Condition:
        return Condition(parts[0], "includes", tuple(parts[1:]))

    def excludes(self, parts: Sequence[Any]) -> Condition:
        return Condition(parts[0], "excludes", tuple(parts[1:]))

    def values(self, parts: Sequence[Literal]) -> tuple[Literal, ...]:
        return tuple(parts)

    def semijoin(self, parts: Sequence[Select]) -> Select:
        return parts[0]

    @v_args(inline=True)
    def literal(self, token: Token) -> Literal:
        kind, value = _LITERALS[token.type](str(token))
        return Literal(kind, value, token.start_pos or 0)

    string = literal

    def group(self, parts: Sequence[Expression]) -> tuple[str, tuple[Expression, ...]]:
        return "group", tuple(parts)

    def order(self, parts: Sequence[Sort]) -> tuple[str, tuple[Sort, ...]]:
        return "order", tuple(parts)

    def sort(self, parts: Sequence[Any]) -> Sort:
        words = " ".join(str(part).lower() for part in parts[1:] if part is not None)
        return Sort(parts[0], "desc" in words.split(), words.endswith("last"))

    def limit(self, parts: Sequence[Token]) -> tuple[str, int]:
        return "limit", int(parts[0])

    def offset(self, parts: Sequence[Token]) -> tuple[str, int]:
        return "offset", int(parts[0])


_LITERALS: dict[str, Any] = {
    "STRING": lambda text: ("string", unquote(text)),
    "NUMBER": lambda text: ("number", float(text) if "." in text else int(text)),
    "TRUE": lambda text: ("boolean", True),
    "FALSE": lambda text: ("boolean", False),
    "NULL": lambda text: ("null", None),
    "DATE": lambda text: ("date", text),
    "DATETIME": lambda text: ("datetime", text.upper()),
    "DATENAME": lambda text: ("datename", text.upper()),
}
