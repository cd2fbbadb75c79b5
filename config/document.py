"""Reads a YAML file into plain data and remembers on which line every key stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from config.problems import KeyPath, Problem, failure
from core.errors import ConfigError, SettingsError

_MERGE = "tag:yaml.org,2002:merge"
_PLAIN = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):
    """YAML with the plain scalars of version 1.2: `off`, `no`, `NO` and dates stay text (they
    are a rule, an answer, Norway and a value), only true and false are booleans, and a number
    with a leading zero stays text as it was written."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:0|[1-9][0-9]*)?(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)$",
     "-+.0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("merge", r"^(?:<<)$", "<"),
):  # fmt: skip
    _Loader.add_implicit_resolver(_PLAIN + _tag, re.compile(_pattern), list(_first))


class Document:
    """One YAML file: `data` as dicts, lists and scalars, and the line of every key in it."""

    def __init__(self, path: Path, root: Node, *, error: type[ConfigError]) -> None:
        self.path = path
        self.error = error
        self._root = root
        self._built: dict[int, Any] = {}
        self._under_way: set[int] = set()
        self.data = self._value(root, ())

    def line_of(self, key: KeyPath) -> int:
        """The line (from 1) of a key, or of the nearest key above it that the file has."""
        node, line = self._root, self._root.start_mark.line + 1
        for part in key:
            found = _step(node, part)
            if found is None:
                break
            node, line = found
        return line

    def fail(self, *problems: Problem) -> None:
        """Raise all problems as one error with their lines; with none, do nothing."""
        if problems:
            raise failure(self.path, [(self.line_of(p.key), p) for p in problems], self.error)

    def _value(self, node: Node, key: KeyPath) -> Any:
        if id(node) in self._under_way:
            self.fail(Problem(key, "an alias that contains itself", "Write the value out."))
        if id(node) not in self._built:
            self._under_way.add(id(node))
            self._built[id(node)] = self._build(node, key)
            self._under_way.discard(id(node))
        return self._built[id(node)]

    def _build(self, node: Node, key: KeyPath) -> Any:
        if isinstance(node, MappingNode):
            return self._mapping(node, key)
        if isinstance(node, SequenceNode):
            return [self._value(item, (*key, i)) for i, item in enumerate(node.value)]
        return self._scalar(node, key)

    def _mapping(self, node: MappingNode, key: KeyPath) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for name_node, value_node in node.value:
            if name_node.tag == _MERGE:
                merged = {**self._merged(value_node, key), **merged}
                continue
            name, line = self._name(name_node, key), name_node.start_mark.line + 1
            if name in own:
                problem = Problem(
                    (*key, name),
                    f"the key stands here twice, first on line {lines[name]}",
                    "Keep one of the two.",
                )
                raise failure(self.path, [(line, problem)], self.error)
            own[name] = self._value(value_node, (*key, name))
            lines[name] = line
        return {**merged, **own}

    def _merged(self, node: Node, key: KeyPath) -> dict[str, Any]:
        parts = self._value(node, key)
        if isinstance(parts, dict):
            return parts
        if isinstance(parts, list) and all(isinstance(part, dict) for part in parts):
            return {name: value for part in reversed(parts) for name, value in part.items()}
        problem = Problem((*key, "<<"), "only mappings can be merged in", "Name an anchored one.")
        raise failure(self.path, [(node.start_mark.line + 1, problem)], self.error)

    def _name(self, node: Node, key: KeyPath) -> str:
        if isinstance(node, ScalarNode):
            return str(node.value)
        problem = Problem(key, "a key must be text", "Write `key: value`.")
        raise failure(self.path, [(node.start_mark.line + 1, problem)], self.error)

    def _scalar(self, node: Node, key: KeyPath) -> Any:
        read = _SCALARS.get(node.tag.removeprefix(_PLAIN))
        try:
            if read is not None:
                return read(node.value)
        except (ValueError, KeyError):
            pass
        problem = Problem(key, f"the tag `{node.tag}` is not understood", "Leave the tag out.")
        raise failure(self.path, [(node.start_mark.line + 1, problem)], self.error)


_SCALARS: Mapping[str, Any] = {
    "str": str,
    "null": lambda _text: None,
    "bool": lambda text: {"true": True, "false": False}[text.lower()],
    "int": int,
    "float": float,
}


def _step(node: Node, part: str | int) -> tuple[Node, int] | None:
    """The node under one key or position, and the line where it is announced."""
    if isinstance(node, MappingNode):
        for name_node, value_node in _pairs(node):
            if name_node.value == str(part):
                return value_node, name_node.start_mark.line + 1
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part].start_mark.line + 1
    return None


def _pairs(node: MappingNode) -> Iterator[tuple[Node, Node]]:
    """The pairs of a mapping, its own before those merged in."""
    yield from (pair for pair in node.value if pair[0].tag != _MERGE)
    for name_node, value_node in node.value:
        if name_node.tag == _MERGE:
            sources = value_node.value if isinstance(value_node, SequenceNode) else [value_node]
            for source in sources:
                yield from _pairs(source)


def load_yaml(path: Path | str, *, error: type[ConfigError] = SettingsError) -> Document:
    """Read one YAML file. Everything that keeps it from being read becomes one `error`
    that names file, line and remedy: missing, a folder, not UTF-8, empty, tabs, bad syntax,
    a key given twice."""
    path = Path(path)
    text = _text(path, error)
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as problem:
        raise _syntax(path, text, problem, error) from None
    except yaml.reader.ReaderError as problem:
        line = text.count("\n", 0, problem.position) + 1
        bad = Problem((), f"the character #x{problem.character:04x} is not allowed", "Remove it.")
        raise failure(path, [(line, bad)], error) from None
    document = None if root is None else Document(path, root, error=error)
    if document is None or document.data is None:
        bad = Problem((), "the file is empty", "Start from a file that is shipped in `config/`.")
        raise failure(path, [(None, bad)], error)
    return document


def _text(path: Path, error: type[ConfigError]) -> str:
    line = None
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        what, remedy = "there is no such file", "Check the path; `tieline init` makes one."
    except IsADirectoryError:
        what, remedy = "this is a folder, not a file", "Give the path of the file in it."
    except UnicodeDecodeError as bad:
        line = bad.object.count(b"\n", 0, bad.start) + 1
        what, remedy = "the text is not UTF-8", "Save the file as UTF-8."
    except OSError as bad:
        what, remedy = f"the file cannot be read ({bad.strerror})", "Check its permissions."
    raise failure(path, [(line, Problem((), what, remedy))], error) from None


def _syntax(
    path: Path, text: str, problem: yaml.MarkedYAMLError, error: type[ConfigError]
) -> ConfigError:
    mark = problem.problem_mark or problem.context_mark
    if problem.context == "while scanning a simple key":  # a key without its colon: it starts there
        mark = problem.context_mark
    line = mark.line + 1 if mark else None
    lines = text.split("\n")
    if line and line <= len(lines) and re.match(r"[ ]*\t", lines[line - 1]):
        bad = Problem((), "the line is indented with a tab", "Indent with spaces.")
    else:
        what = f"not valid YAML: {problem.problem} {problem.context or ''}".rstrip()
        bad = Problem((), what, "Look at this line and the one above: indentation, colon, quotes.")
    return failure(path, [(line, bad)], error)
