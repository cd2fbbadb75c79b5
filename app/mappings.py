"""Mapping files: read with what they extend, compiled for a side, problems told with their line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.document import Document, load_yaml
from config.load import LoadedConfig, shipped_mapping
from config.model import Config
from config.problems import KeyPath, dotted
from config.problems import Problem as Wrong
from config.validate import validated
from core.errors import MappingSpecError, SettingsError
from mapping.canonical import FIELDS, FieldDef, field_def
from mapping.spec import MappingSpec, Problem, overlay
from mapping.translate import SideMapping, compile_mapping, find_problems

Custom = Mapping[str, Mapping[str, str]]
_DEEPEST = 8
"""Files that may extend one another; more is a mistake."""


@dataclass(frozen=True, slots=True)
class MappingFile:
    """One side's mapping file and those it extends, nearest first."""

    spec: MappingSpec
    documents: tuple[Document, ...]

    def where(self, key: KeyPath) -> str:
        """`file:line` of a key: in the nearest file that has it."""
        for document in self.documents:
            if _has(document.data, key):
                return f"{document.path}:{document.line_of(key)}"
        nearest = self.documents[0]
        return f"{nearest.path}:{nearest.line_of(key)}"

    def error(self, problems: Sequence[Problem], side: str) -> MappingSpecError:
        """One error out of all problems, each with file, line and key."""
        if len(problems) == 1:
            only = problems[0]
            return MappingSpecError(self.sentence(only, side), remedy=only.remedy or None)
        lines = [f"{self.sentence(p, side)}. {p.remedy}".rstrip() for p in problems]
        return MappingSpecError("\n".join(lines), remedy="Correct each of the lines named.")

    def sentence(self, problem: Problem, side: str) -> str:
        """One problem as `file:line: key: what (side)`."""
        return f"{self.where(problem.path)}: {dotted(problem.path)}: {problem.message} ({side})"


def read_mapping(path: Path) -> MappingFile:
    """A mapping file laid over those it extends. Raises MappingSpecError with file and line."""
    documents = _chain(path)
    data: dict[str, Any] = {}
    for document in reversed(documents):
        validated_shape(document)
        data = overlay(data, document.data)
    data.pop("extends", None)
    whole = copy(documents[0])
    whole.data = data
    return MappingFile(validated(whole, MappingSpec), tuple(documents))


def validated_shape(document: Document) -> None:
    """A mapping file is a mapping at its top; anything else is told before it is merged."""
    if not isinstance(document.data, dict):
        document.fail(Wrong((), "a mapping file is made of `key: value` lines"))


def _chain(path: Path) -> list[Document]:
    documents = [load_yaml(path, error=MappingSpecError)]
    while isinstance(documents[-1].data, dict) and documents[-1].data.get("extends"):
        last = documents[-1]
        name = str(last.data["extends"])
        if len(documents) >= _DEEPEST:
            last.fail(Wrong(("extends",), "the files extend one another without an end"))
        documents.append(load_yaml(_extended(last, name), error=MappingSpecError))
    return documents


def _extended(document: Document, name: str) -> Path:
    """The file that is extended: a shipped one by name, else a path from this file's folder."""
    if "/" in name or name.endswith((".yaml", ".yml")):
        return document.path.parent / Path(name).expanduser()
    try:
        return shipped_mapping(name)
    except SettingsError as error:
        document.fail(Wrong(("extends",), error.message, error.remedy))
        raise


def compiled(loaded: LoadedConfig, side: str, file: MappingFile) -> SideMapping:
    """The mapping of a side, ready for its currency, country and zone. Raises MappingSpecError."""
    custom = custom_types(loaded.config)
    problems = [p for p in find_problems(file.spec, custom) if p.severity == "error"]
    if problems:
        raise file.error(problems, side)
    settings = loaded.config.sides[side]
    return compile_mapping(
        file.spec,
        currency=settings.currency,
        country=settings.country,
        timezone=settings.timezone,
        custom=custom,
    )


def custom_types(config: Config) -> Custom:
    """Custom fields as the mapping layer wants them: kind -> name -> type."""
    return {kind: {n: f.type for n, f in named.items()} for kind, named in config.custom.items()}


def definitions(config: Config) -> dict[str, dict[str, FieldDef]]:
    """Every canonical field by kind: those of the model, and the configuration's own."""
    custom = custom_types(config)
    return {
        kind: {
            **fields,
            **{
                f"custom.{name}": field_def(kind, f"custom.{name}", custom)
                for name in custom.get(kind, {})
            },
        }
        for kind, fields in FIELDS.items()
    }


def _has(data: Any, key: Iterable[str | int]) -> bool:
    for part in key:
        if not isinstance(data, Mapping) or part not in data:
            return False
        data = data[part]
    return True
