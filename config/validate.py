"""Turns pydantic's complaints about a YAML file into problems a person can act on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.document import Document
from config.problems import KeyPath, Problem, suggest

M = TypeVar("M", bound=BaseModel)

_SHAPES: Mapping[type, str] = {
    dict: "a mapping (`key: value` lines)",
    list: "a list (`- item` lines)",
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    type(None): "nothing",
}


def validated(document: Document, model: type[M]) -> M:
    """The document's data as the model; every complaint of pydantic becomes one error that
    names file, line, key and remedy."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        document.fail(*_problems(document.data, model, error))
        raise


def _problems(data: Any, model: type[BaseModel], error: ValidationError) -> list[Problem]:
    found: dict[KeyPath, list[tuple[ErrorDetails, bool]]] = {}
    for detail in error.errors(include_url=False):
        key, branched = _key_of(data, detail)
        found.setdefault(key, []).append((detail, branched))
    deeper = set(found)
    return [
        _problem(key, details, model)
        for key, details in found.items()
        if not _is_other_branch(key, details, deeper)
    ]


def _key_of(data: Any, detail: ErrorDetails) -> tuple[KeyPath, bool]:
    """Where in the file a complaint belongs, and whether pydantic reached it through a branch
    of a union (whose tag is part of pydantic's location, not of the file)."""
    key: list[str | int] = []
    branched = False
    last = len(detail["loc"]) - 1
    for position, part in enumerate(detail["loc"]):
        if _has(data, part):
            data = data[part]
        elif not (position == last and detail["type"] == "missing"):
            branched = branched or part != "[key]"
            continue
        key.append(part)
    return tuple(key), branched


def _has(data: Any, part: str | int) -> bool:
    if isinstance(data, list):
        return isinstance(part, int) and part < len(data)
    return isinstance(data, dict) and part in data


def _is_other_branch(
    key: KeyPath, details: Sequence[tuple[ErrorDetails, bool]], all_keys: set[KeyPath]
) -> bool:
    """Whether these complaints only say that the value is not of the union's other shape, while
    the shape it has is complained about further down."""
    only_shape = all(branched and _is_shape(detail) for detail, branched in details)
    return only_shape and any(len(k) > len(key) and k[: len(key)] == key for k in all_keys)


def _is_shape(detail: ErrorDetails) -> bool:
    return detail["type"].endswith("_type")


def _problem(
    key: KeyPath, details: Sequence[tuple[ErrorDetails, bool]], model: type[BaseModel]
) -> Problem:
    telling = [d for d, _ in details if not _is_shape(d)]
    if telling:
        detail = telling[0]
        make = _WORDS.get(detail["type"], _as_pydantic_says)
        return make(key, detail, model)
    shapes = dict.fromkeys(_wanted(detail) for detail, _ in details)
    given = details[0][0]["input"]
    what = f"must be {' or '.join(shapes)}, not {_shape_of(given)}"
    quotes = "text" in shapes and isinstance(given, bool | int | float)
    return Problem(key, what, "Put the value in quotes." if quotes else "")


def _wanted(detail: ErrorDetails) -> str:
    names = {
        "string_type": str, "dict_type": dict, "model_type": dict, "mapping_type": dict,
        "list_type": list, "tuple_type": list, "set_type": list, "bool_type": bool,
        "int_type": int, "float_type": float, "path_type": str,
        "model_attributes_type": dict,
    }  # fmt: skip
    return _SHAPES.get(names.get(detail["type"], object), detail["msg"].removeprefix("Input "))


def _shape_of(value: object) -> str:
    shape = _SHAPES.get(type(value), type(value).__name__)
    return f"{shape} ({value})" if isinstance(value, bool | int | float) else shape


Words = Callable[[KeyPath, ErrorDetails, type[BaseModel]], Problem]


def _unknown_key(key: KeyPath, detail: ErrorDetails, model: type[BaseModel]) -> Problem:
    allowed = _allowed_keys(model, detail["loc"][:-1])
    return Problem(key, f"unknown key `{key[-1]}`", suggest(key[-1], allowed, "Allowed keys"))


def _missing(key: KeyPath, detail: ErrorDetails, _model: type[BaseModel]) -> Problem:
    return Problem(key[:-1], f"the key `{key[-1]}` is missing", f"Add `{key[-1]}:` here.")


def _not_allowed(key: KeyPath, detail: ErrorDetails, _model: type[BaseModel]) -> Problem:
    allowed = [
        word.strip(" '") for word in _context(detail, "expected").replace(" or ", ",").split(",")
    ]
    return Problem(
        key, f"`{detail['input']}` is not allowed here", suggest(detail["input"], allowed)
    )


def _too_short(key: KeyPath, detail: ErrorDetails, _model: type[BaseModel]) -> Problem:
    least, has = _context(detail, "min_length"), _context(detail, "actual_length")
    return Problem(key, f"needs at least {least} entries, has {has}", "Add what is missing.")


def _bound(words: str, name: str) -> Words:
    def make(key: KeyPath, detail: ErrorDetails, _model: type[BaseModel]) -> Problem:
        return Problem(key, f"must be {words} {_context(detail, name)}, not {detail['input']}")

    return make


def _pattern(key: KeyPath, detail: ErrorDetails, _model: type[BaseModel]) -> Problem:
    return Problem(
        key,
        f"`{detail['input']}` has not the form that is needed",
        f"It must match {_context(detail, 'pattern')}.",
    )


def _raised(key: KeyPath, detail: ErrorDetails, _model: type[BaseModel]) -> Problem:
    return Problem(key, _context(detail, "error"))


def _not_parsed(key: KeyPath, detail: ErrorDetails, _model: type[BaseModel]) -> Problem:
    want = {"int": "a whole number", "float": "a number", "bool": "true or false"}
    return Problem(
        key, f"must be {want[detail['type'].partition('_')[0]]}, not `{detail['input']}`"
    )


def _as_pydantic_says(key: KeyPath, detail: ErrorDetails, _model: type[BaseModel]) -> Problem:
    return Problem(key, detail["msg"].removeprefix("Input "))


_WORDS: Mapping[str, Words] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "literal_error": _not_allowed,
    "enum": _not_allowed,
    "too_short": _too_short,
    "greater_than": _bound("greater than", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than": _bound("less than", "lt"),
    "less_than_equal": _bound("at most", "le"),
    "string_pattern_mismatch": _pattern,
    "value_error": _raised,
    "int_parsing": _not_parsed,
    "int_from_float": _not_parsed,
    "float_parsing": _not_parsed,
    "bool_parsing": _not_parsed,
}


def _context(detail: ErrorDetails, name: str) -> str:
    return str(detail.get("ctx", {}).get(name, ""))


def _allowed_keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The keys that the model at a location of a complaint knows, as they are written."""
    types: list[Any] = [model]
    for part in loc:
        types = [inner for outer in types for inner in _under(outer, part)]
    names = {
        field.alias or name: None
        for found in types
        if isinstance(found, type) and issubclass(found, BaseModel)
        for name, field in found.model_fields.items()
    }
    return list(names)


def _under(annotation: Any, part: str | int) -> Iterator[Any]:
    """The types that can stand under one key or position of a type, unions opened; a union's
    tag leads to the branch of that name."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields
        hits = [f.annotation for name, f in fields.items() if part in (name, f.alias)]
        if hits:
            yield from _branches(hits[0])
        elif annotation.__name__ == part:
            yield annotation
        return
    inner = get_args(annotation)
    if inner and get_origin(annotation) is not Literal:
        yield from _branches(inner[-2] if inner[-1] is Ellipsis else inner[-1])


def _branches(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _branches(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for branch in get_args(annotation):
            yield from _branches(branch)
    else:
        yield annotation
