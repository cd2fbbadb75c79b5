"""`tieline init`: an annotated configuration made from the live schemas of its sides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from app.session import Session
from app.sides import NewSide
from app.wiring import workshop
from core.errors import SettingsError, TielineError
from mapping.canonical import KINDS
from mapping.suggest import Suggestion, documents, suggest
from sync.sides import Side, learn_schemas
from sync.store import Store


@dataclass(frozen=True, slots=True)
class Draft:
    """A configuration that loads, what was read for it, and what it proposes."""

    text: str
    fields: Mapping[str, Mapping[str, int]]
    suggestions: Sequence[Suggestion]

    def as_json(self, path: Path) -> dict[str, Any]:
        """Path, text, number of live fields by side and object type, proposals."""
        return {
            "config": str(path),
            "text": self.text,
            "fields": {side: dict(found) for side, found in self.fields.items()},
            "suggestions": [asdict(s) for s in self.suggestions],
        }


def draft(session: Session, sides: Sequence[NewSide]) -> Draft:
    """Read the live schemas and compose the configuration; nothing is left on disk.

    Raises SettingsError, MappingSpecError, ConnectorError.
    """
    head = _head(sides)
    with (
        _beside(session, head) as first,
        workshop(first.load(), session.clock, writing=False) as shop,
    ):
        with Store(None) as scratch:
            for side in shop.sides:
                learn_schemas(side, scratch, session.clock, fresh=True)
        found = suggest({s.name: (s.mapping, s.schemas) for s in shop.sides})
        text = (
            "\n".join([head, *_rules(sides), *_kinds(shop.sides), *_proposals(found, shop.sides)])
            + "\n"
        )
        fields = {s.name: {n: len(x.fields) for n, x in s.schemas.items()} for s in shop.sides}
    with _beside(session, text) as whole:
        whole.load()
    return Draft(text, fields, found)


def check_free(session: Session) -> None:
    """Nothing is in the way of a new configuration. Raises SettingsError."""
    if session.config.exists():
        raise SettingsError(
            f"{session.config} exists already",
            remedy="Go on with it (`tieline doctor`), name another with --config, replace it with "
            "--force, or print a new one with --dry-run.",
        )


def write(session: Session, made: Draft) -> None:
    """Write the configuration in the place of any that is there. Raises SettingsError."""
    path = session.config
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made.text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written: {error.strerror}",
            remedy="Name a file in a folder that is writable and has space.",
        ) from error


@contextmanager
def _beside(session: Session, text: str) -> Iterator[Session]:
    """A session whose configuration is this text, in a file beside the one to be written, so that
    relative paths mean the same."""
    part = session.config.with_name(f"{session.config.name}.part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        yield replace(session, config=part)
    except TielineError as error:  # nobody has that file, nor its lines
        said = re.sub(rf"{re.escape(str(part))}(:\d+)?", "the new configuration", error.message)
        error.message, error.args = said, (said,)
        raise
    except OSError as error:
        raise SettingsError(
            f"{session.config} cannot be written: {error.strerror}",
            remedy="Name a file in a folder that is writable and has space.",
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _head(sides: Sequence[NewSide]) -> str:
    lines = [
        "# Made by `tieline init`. What is left out has the default that docs/configuration.md",
        "# names; lines that begin with # propose something.",
        "version: 1",
        "",
        "sides:",
    ]
    for side in sides:
        lines += _side(side)
    return "\n".join(lines)


def _side(side: NewSide) -> list[str]:
    lines = [f"  {side.name}:", f"    type: {side.type}"]
    lines += [f"    url: {_scalar(side.url)}"] if side.url else []
    if side.flow:
        lines += ["    credentials:", f"      flow: {side.flow}"]
        for key, reference in side.secrets.items():
            ((kind, place),) = reference.items()
            lines.append(f"      {key}: {{{kind}: {_scalar(place)}}}")
    lines += [f"    ca_file: {_scalar(side.ca_file)}"] if side.ca_file else []
    lines += ["    trust_url: true"] if side.trust_url else []
    return [
        *lines,
        "    # currency: EUR               # of amounts that carry none",
        "    # country: DE                 # of phone numbers that carry none",
        "    # timezone: Europe/Berlin     # of dates",
        "    # production: true            # the first run that writes must be confirmed",
        "    # create: [account, person]   # kinds that may be created here; default all",
        "    # fallback_owner: crm-team@example.com",
        "",
    ]


def _scalar(value: str | None) -> str:
    return yaml.safe_dump(value, default_flow_style=True, width=1000).splitlines()[0]


def _rules(sides: Sequence[NewSide]) -> Iterator[str]:
    first = sides[0].name
    yield "rules:"
    for kind in KINDS:
        yield f"  {kind}:"
        yield f"    first_link: hold           # or: prefer {first}, latest"
        yield f"    conflict: hold             # or: prefer {first}, latest"
        yield "    deletes: unlink            # nothing is deleted elsewhere"
    yield ""


def _kinds(sides: Sequence[Side]) -> Iterator[str]:
    """What the shipped mappings carry, as the live schemas have it."""
    for kind in KINDS:
        yield f"# {kind}: the fields that travel, and where they live"
        for name, places in _places(kind, sides).items():
            yield f"#   {name}: {', '.join(places)}"
    yield ""


def _places(kind: str, sides: Sequence[Side]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for side in sides:
        for object_type in side.object_types(kind):
            for name in side.mapping.canonical_fields(object_type):
                vendor = " + ".join(side.mapping.vendor_fields(object_type, name))
                found.setdefault(name, []).append(f"{side.name} {object_type}.{vendor}")
    return found


def _proposals(found: Sequence[Suggestion], sides: Sequence[Side]) -> Iterator[str]:
    """Fields that correspond and are not mapped: what to write where, as comments."""
    if not found:
        return
    custom, files = documents(found)
    yield "# Fields that seem to correspond and that no mapping names yet:"
    for proposal in found:
        yield f"#   {proposal.kind} {proposal.name} ({proposal.type}): {proposal.reason}"
    yield "# To take some of them, keep their lines here"
    yield from _commented({"custom": custom})
    vendors = {side.name: side.mapping.vendor for side in sides}
    for side, file in files.items():
        yield f"# and in a mapping file of your own, named as `mapping` of {side}:"
        yield from _commented({"extends": vendors[side], **{k: v for k, v in file.items() if v}})


def _commented(data: Mapping[str, Any]) -> Iterator[str]:
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    yield from (f"#   {line}" for line in text.splitlines())
