"""The sides that `tieline init` is told of, by options or by answers to questions."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typer

from app.messages import usage
from config.check import FLOW_KEYS, OWN_ADDRESS, SIGN_IN
from connectors.registry import known_types
from core.errors import SettingsError


@dataclass(slots=True)
class NewSide:
    """One side as a person describes it; `secrets` are references, never the secrets."""

    name: str
    type: str
    url: str | None = None
    flow: str | None = None
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    ca_file: str | None = None
    trust_url: bool = False

    def complete(self) -> NewSide:
        """The same side with the usual flow, and a variable for every secret not told. Raises
        SettingsError for a type or flow that there is not."""
        if self.type not in known_types():
            listed = ", ".join(known_types())
            raise SettingsError(
                f"side {self.name}: there is no type `{self.type}`", remedy=f"Use one of: {listed}."
            )
        flows = SIGN_IN[self.type]
        self.flow = self.flow or next(iter(flows), None)
        if self.flow and self.flow not in flows:
            raise SettingsError(
                f"side {self.name}: {self.type} has no sign-in flow `{self.flow}`",
                remedy=f"Use one of: {', '.join(flows)}.",
            )
        for key in FLOW_KEYS[self.flow][0] if self.flow else ():
            self.secrets.setdefault(key, {"env": variable(self.name, key)})
        return self


def variable(name: str, key: str) -> str:
    """The environment variable of a secret, unless another is named."""
    return re.sub(r"[^A-Z0-9]", "_", f"{name}_{key}".upper())


def described(
    sides: Sequence[str],
    urls: Sequence[str],
    flows: Sequence[str],
    secrets: Sequence[str],
    ca_files: Sequence[str],
    trusted: Sequence[str],
) -> list[NewSide]:
    """Sides out of the options of `tieline init`. Raises SettingsError."""
    made = {name: NewSide(name, type_) for name, type_ in (_pair(s, "--side") for s in sides)}
    for text in urls:
        name, url = _pair(text, "--url")
        _known(made, name, "--url").url = url
    for text in flows:
        name, flow = _pair(text, "--flow")
        _known(made, name, "--flow").flow = flow
    for text in secrets:
        place, reference = _pair(text, "--secret")
        name, _, key = place.partition(".")
        _known(made, name, "--secret").secrets[key] = _reference(reference)
    for text in ca_files:
        name, path = _pair(text, "--ca-file")
        _known(made, name, "--ca-file").ca_file = str(Path(path).absolute())
    for name in trusted:
        _known(made, name, "--trust-url").trust_url = True
    if len(made) < _LEAST:
        raise usage("a configuration needs two sides: name another with --side NAME=TYPE")
    return [side.complete() for side in made.values()]


_LEAST = 2


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise usage(f"{option} wants NAME=VALUE, not `{text}`")
    return name, value


def _known(made: Mapping[str, NewSide], name: str, option: str) -> NewSide:
    if name not in made:
        raise usage(f"{option} names the side `{name}`, and there are {', '.join(made)}")
    return made[name]


def _reference(text: str) -> dict[str, str]:
    kind, _, place = text.partition(":")
    if kind not in ("env", "file") or not place:
        raise usage(f"a secret is env:VARIABLE or file:PATH, not `{text}`")
    return {kind: place if kind == "env" else str(Path(place).absolute())}


def asked() -> list[NewSide]:
    """Sides by questions and answers. Raises SettingsError where nobody can answer."""
    if not sys.stdin.isatty():
        raise usage("no sides are named: give --salesforce URL --hubspot, or --side NAME=TYPE")
    return [_ask("first", "salesforce"), _ask("second", "hubspot")]


def _ask(which: str, usual: str) -> NewSide:
    type_ = typer.prompt(f"Type of the {which} side ({', '.join(known_types())})", default=usual)
    side = NewSide(typer.prompt("Name of this side", default=type_), type_).complete()
    flows = SIGN_IN[type_]
    if len(flows) > 1:
        side = NewSide(side.name, type_, flow=typer.prompt("Sign-in flow", default=flows[0]))
        side.complete()
    needed = side.flow in OWN_ADDRESS
    side.url = typer.prompt("Address" if needed else "Address (empty: the vendor's)", default="")
    side.url = side.url or None
    for key, reference in side.secrets.items():
        name = typer.prompt(f"Environment variable of {key}", default=reference["env"])
        side.secrets[key] = {"env": name}
    return side
