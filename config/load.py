"""Reads the configuration and mapping files; every error names file, line, key and remedy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from config.check import problems_of, problems_with_fields
from config.document import Document, load_yaml
from config.model import Config, Side
from config.problems import KeyPath, Problem, dotted, suggest
from config.validate import validated
from core.errors import ConfigError, SettingsError

__all__ = ["Document", "LoadedConfig", "load_config", "load_model", "load_yaml", "shipped_mapping"]

M = TypeVar("M", bound=BaseModel)

_MAPPINGS = Path(__file__).parent / "mappings"
_STATE_FOLDER = ".tieline"
_SIDE_RULES = (
    "type", "mapping", "currency", "country", "timezone", "create", "create_as", "scope",
    "owners", "fallback_owner",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A configuration that passed every check, and the file it came from.

    `state` is the folder of the state (absolute), `rules_digest` changes whenever a rule or a
    filter changes that decides what is written where; the mapping files have their own digest.
    """

    config: Config
    path: Path
    state: Path
    rules_digest: str
    document: Document

    def at(self, key: KeyPath, what: str, remedy: str = "") -> SettingsError:
        """An error about one key of this file, with its line, for the caller to raise."""
        where = f"{self.path}:{self.document.line_of(key)}"
        return SettingsError(f"{where}: {dotted(key)}: {what}", remedy=remedy or None)

    def mapping_path(self, side: str) -> Path:
        """The mapping file of a side: the shipped one of that name, or the path given in the
        configuration, from its folder. Raises SettingsError with the line."""
        try:
            return mapping_file(self.config.sides[side], self.path.parent)
        except SettingsError as error:
            raise self.at(("sides", side, "mapping"), error.message, error.remedy) from None

    def relative(self, path: Path) -> Path:
        """A path of the configuration, which starts from the folder of the file."""
        return self.path.parent / path.expanduser()


def load_model(path: Path | str, model: type[M], *, error: type[ConfigError] = SettingsError) -> M:
    """One YAML file as a model, or one `error` (MappingSpecError for mapping files) that names
    every line that is wrong."""
    return validated(load_yaml(path, error=error), model)


def load_config(
    path: Path | str,
    *,
    state: Path | None = None,
    fields: Mapping[str, Mapping[str, str]] | None = None,
    orders: Mapping[str, Sequence[str]] | None = None,
) -> LoadedConfig:
    """The configuration file with all its checks. `state` (from the environment or the command
    line) wins over the file's. With `fields` (kind -> canonical field -> type) and `orders` (of
    their values) rules and conditions are held against the canonical model too. Raises
    SettingsError."""
    document = load_yaml(path)
    config = validated(document, Config)
    folder = document.path.parent
    problems = [*problems_of(config, folder), *_mappings(config, folder)]
    if fields is not None:
        problems += problems_with_fields(config, fields, orders)
    document.fail(*dict.fromkeys(problems))
    where = state or folder / (config.state or Path(_STATE_FOLDER)).expanduser()
    return LoadedConfig(config, document.path, where.absolute(), rules_digest(config), document)


def shipped_mapping(name: str) -> Path:
    """The file of a mapping that comes with the program. Raises SettingsError with the names
    there are."""
    path = _MAPPINGS / f"{name}.yaml"
    if not path.is_file():
        names = sorted(found.stem for found in _MAPPINGS.glob("*.yaml"))
        raise SettingsError(
            f"there is no shipped mapping `{name}`",
            remedy=suggest(name, names, "Give the path of a file, or one of the shipped"),
        )
    return path


def mapping_file(side: Side, folder: Path) -> Path:
    """The mapping file of a side; a name without folder or ending is a shipped one. Raises
    SettingsError without a line, as it knows no file."""
    name = side.mapping or side.type
    if "/" not in name and "\\" not in name and not name.endswith((".yaml", ".yml")):
        return shipped_mapping(name)
    path = folder / Path(name).expanduser()
    if not path.is_file():
        raise SettingsError(
            f"there is no file `{name}`", remedy="Give the path from the folder of this file."
        )
    return path


def rules_digest(config: Config) -> str:
    """A digest of everything that decides what is written where: rules, custom fields, and of
    each side its filters, create rules and owners. Brakes, schedule, budget and credentials
    are not in it."""
    whole = config.model_dump(mode="json", by_alias=True)
    sides = {name: {key: side[key] for key in _SIDE_RULES} for name, side in whole["sides"].items()}
    parts = {"rules": whole["rules"], "custom": whole["custom"], "sides": sides}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _mappings(config: Config, folder: Path) -> Iterator[Problem]:
    for name, side in config.sides.items():
        try:
            if side.mapping is not None:
                mapping_file(side, folder)
        except SettingsError as error:
            yield Problem(("sides", name, "mapping"), error.message, error.remedy)
