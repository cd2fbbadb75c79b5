"""Writes the generated tables of docs/: settings, errors, quirks; `--check` only looks."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

DOCS = Path(__file__).parent
if __name__ == "__main__":
    sys.path.insert(0, str(DOCS.parent))

from config.check import FLOW_KEYS, OWN_ADDRESS, SIGN_IN  # noqa: E402
from config.model import Config, SecretRef  # noqa: E402
from config.settings import ProgramSettings  # noqa: E402
from core.errors import TielineError  # noqa: E402
from sandbox.quirks import REGISTRY  # noqa: E402

Row = Sequence[str]
_ONE_SECRET = "sides.<name>.credentials.client_id."


def settings(
    model: type[BaseModel] = Config, above: str = "", seen: Collection[type[BaseModel]] = ()
) -> Iterator[tuple[str, FieldInfo]]:
    """Every setting as its dotted path; `<name>` stands for a name of the user's, `[]` for the
    items of a list. A block that stands in several places is shown where it comes first."""
    known = set(seen)
    for name, field in model.model_fields.items():
        path = above + (field.alias or name)
        yield path, field
        for inner, suffix in _models(field.annotation):
            if inner not in known:
                yield from settings(inner, f"{path}{suffix}.", known)
            known |= {inner, *(below for below, _ in _below(inner))}


def _below(model: type[BaseModel]) -> Iterator[tuple[type[BaseModel], str]]:
    """The models inside a model, at any depth."""
    for field in model.model_fields.values():
        for inner, suffix in _models(field.annotation):
            yield inner, suffix
            yield from _below(inner)


def _models(annotation: Any, suffix: str = "") -> Iterator[tuple[type[BaseModel], str]]:
    """The models inside a type, each with what its path says of the containers around it."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, suffix
    elif origin is dict:
        yield from _models(inner[1], f"{suffix}.<{_key_name(inner[0])}>")
    elif origin is list:
        yield from _models(inner[0], f"{suffix}[]")
    elif origin in (Union, UnionType):
        for branch in inner:
            yield from _models(branch, suffix)


def _key_name(annotation: Any) -> str:
    return "kind" if get_origin(annotation) is Literal else "name"


def settings_table() -> str:
    """Every setting of the configuration file; a secret has a table of its own."""
    rows: list[Row] = []
    for path, field in settings():
        if path.startswith(_ONE_SECRET):
            continue
        rows.append(
            (f"`{path}`", _type(field.annotation), _default(field), field.description or "")
        )
    return _table(("setting", "value", "default", "meaning"), rows)


def secrets_table() -> str:
    """The three ways to refer to a secret."""
    rows = [
        (f"`{name}`", _type(field.annotation), field.description or "")
        for name, field in SecretRef.model_fields.items()
    ]
    return _table(("key", "value", "meaning"), rows)


def flows_table() -> str:
    """How each type of side signs in, and the keys that takes."""
    rows: list[Row] = []
    for side_type, flows in SIGN_IN.items():
        for flow in flows:
            needed, optional = (", ".join(f"`{k}`" for k in keys) for keys in FLOW_KEYS[flow])
            needed += ", and the side's `url`" if flow in OWN_ADDRESS else ""
            rows.append((side_type, f"`{flow}`", needed, optional))
    return _table(("type", "`flow`", "keys", "may have besides"), rows)


def environment_table() -> str:
    """Every environment variable that the program reads."""
    rows: list[Row] = []
    for name, field in ProgramSettings.model_fields.items():
        alias = field.validation_alias
        names = getattr(alias, "choices", None) or [f"TIELINE_{name.upper()}"]
        shown = ", ".join(f"`{each}`" for each in names)
        rows.append((shown, _default(field), field.description or ""))
    return _table(("variable", "default", "meaning"), rows)


def errors_table() -> str:
    """Every error class with what follows from it."""
    rows: list[Row] = []
    for depth, error in _tree(TielineError, 0):
        name = "&emsp;" * depth + f"`{error.__name__}`"
        meaning = " ".join((error.__doc__ or "").split())
        retry = "yes" if error.retry else "no"
        rows.append((name, str(error.exit_code), retry, meaning, error.default_remedy))
    return _table(("error", "exit code", "retry", "meaning", "remedy"), rows)


def quirks_table() -> str:
    """Every quirk of the sandboxes with its value in each profile."""
    rows: list[Row] = []
    for name, quirk in sorted(REGISTRY.items()):
        values = [_shown(quirk.value(profile)) for profile in ("open", "strict", "hostile")]
        rows.append((f"`{name}`", quirk.vendor, quirk.what, quirk.unit, *values, quirk.source))
    head = ("quirk", "vendor", "what happens", "value is a", "open", "strict", "hostile", "facts")
    return _table(head, rows)


def _shown(value: bool | float) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else f"{value:g}"


def _tree(error: type[TielineError], depth: int) -> Iterator[tuple[int, type[TielineError]]]:
    yield depth, error
    for below in error.__subclasses__():
        if below.__module__ == error.__module__:
            yield from _tree(below, depth + 1)


def _type(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(inner[0])
    if origin is Literal:
        return " | ".join(f"`{value}`" for value in inner)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_type(i) for i in inner if i is not type(None)))
    if origin is list:
        return f"list of {_type(inner[0])}"
    if origin is dict:
        return f"{_key_name(inner[0])}: {_type(inner[1])}"
    names = {str: "text", int: "integer", float: "number", bool: "true or false", Path: "path"}
    if annotation is SecretRef:
        return "secret"
    return names.get(annotation, "block" if hasattr(annotation, "model_fields") else "any")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if isinstance(value, BaseModel) or value in (None, {}, []):
        return ""
    shown = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
    return f"`{', '.join(shown)}`" if isinstance(shown, list) else f"`{shown}`"


def _table(head: Row, rows: Sequence[Row]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    escaped = [[cell.replace("|", "\\|") for cell in cells] for cells in lines]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in escaped)


TABLES = {
    "configuration.md": {
        "settings": settings_table,
        "flows": flows_table,
        "secrets": secrets_table,
        "environment": environment_table,
    },
    "errors.md": {"errors": errors_table},
    "quirks.md": {"quirks": quirks_table},
}


def rendered(page: Path) -> str:
    """The page with its generated blocks made anew; they stand between
    `<!-- generated: NAME -->` and `<!-- end -->`."""
    text = page.read_text(encoding="utf-8")
    for name, table in TABLES[page.name].items():
        opening = f"<!-- generated: {name} -->\n"
        before, _, rest = text.partition(opening)
        _, _, after = rest.partition("<!-- end -->")
        text = f"{before}{opening}{table()}\n<!-- end -->{after}"
    return text


def main(arguments: Sequence[str]) -> int:
    """Write the pages; with `--check` write nothing and return 1 if one is out of date."""
    pages = [DOCS / name for name in TABLES]
    stale = [page for page in pages if rendered(page) != page.read_text(encoding="utf-8")]
    if "--check" not in arguments:
        for page in stale:
            page.write_text(rendered(page), encoding="utf-8")
        return 0
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
