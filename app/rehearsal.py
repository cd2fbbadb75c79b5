"""Sandboxes as a person starts them: addresses, credentials, seeds, a configuration for them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

from app import show
from app.session import Session
from app.watching import terminated_as_interrupted
from core.clock import OffsetClock
from core.errors import SettingsError
from sandbox.serve import Running, certificate_authority

SIGN_IN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "salesforce": ("client_credentials", ("client_id", "client_secret")),
    "hubspot": ("private_app", ("token",)),
}
"""The flow and the keys that a configuration for a sandbox uses, by vendor."""

_SEED_REMEDY = 'Give `demo`, or a JSON file such as {"hubspot": {"records": {"contacts": []}}}.'

_LEAST = 2

RULES = """\
rules:
  account:
    first_link: prefer salesforce   # differing values when two records first meet
  person:
    first_link: latest
  opportunity:
    first_link: hold                # a person decides

guards:
  max_ambiguous: {ambiguous}              # the demo world has duplicates on purpose
"""


@contextmanager
def sandboxes(
    vendors: Sequence[str],
    *,
    ports: Sequence[int] = (),
    tls: bool = True,
    clock: OffsetClock | None = None,
    profile: str = "open",
    chance: int = 0,
) -> Iterator[dict[str, Running]]:
    """Running sandboxes by vendor; they share a clock and a certificate authority. `profile` says
    how difficult they are, `chance` which course their faults take.

    Raises SettingsError for a port that is taken.
    """
    authority = certificate_authority()
    shared = clock or OffsetClock()
    running: dict[str, Running] = {}
    with ExitStack() as stack:
        for place, vendor in enumerate(dict.fromkeys(vendors)):
            port = ports[place] if place < len(ports) else 0
            make = import_module(f"sandbox.{vendor}").make
            made = make(clock=shared, profile=profile, seed=chance)
            try:
                running[vendor] = made.start(port=port, tls=tls, ca=authority)
            except OSError as error:
                raise SettingsError(
                    f"the sandbox of {vendor} cannot listen on port {port}: {error.strerror}",
                    remedy="Name another port, or leave --port out for any free one.",
                ) from None
            stack.callback(running[vendor].stop)
        yield running


def seed(running: Mapping[str, Running], given: str | None) -> None:
    """Fill the sandboxes: with the demo world, from a file, or not at all."""
    if given is None:
        return
    bodies = _demo_bodies() if given == "demo" else _bodies_of(Path(given))
    for vendor, body in bodies.items():
        if vendor in running:
            plant(running[vendor], body, given)


def plant(running: Running, body: Mapping[str, Any], source: str = "demo") -> dict[str, list[str]]:
    """Seed one sandbox; the ids of what was made, by object type. Raises SettingsError."""
    answer = running.admin.post("/seed", content=orjson.dumps(body))
    if answer.is_error:
        message = f"the sandbox does not take the seed {source}: {answer.text[:200]}"
        raise SettingsError(message, remedy=_SEED_REMEDY)
    found: dict[str, list[str]] = answer.json()["ids"]
    return found


def _demo_bodies() -> dict[str, Any]:
    from sandbox.demo_data import build

    world = build()
    return {"salesforce": world.salesforce, "hubspot": world.hubspot}


def _bodies_of(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"the seed {path} cannot be read: {error.strerror}"
        raise SettingsError(message, remedy=_SEED_REMEDY) from None
    except ValueError as error:
        raise SettingsError(f"the seed {path} is not JSON: {error}", remedy=_SEED_REMEDY) from None
    if not isinstance(found, dict) or not set(found) <= set(SIGN_IN):
        message = f"the seed {path} does not say which sandbox is meant"
        raise SettingsError(message, remedy=_SEED_REMEDY)
    return found


def write_config(path: Path, running: Mapping[str, Running], people: int = 2_200) -> None:
    """A configuration that points at the sandboxes; secrets stand in files of their own, in a
    folder beside it that only its owner may read. `people` in the world: a tenth of them may
    be ambiguous. Raises SettingsError."""
    if len(running) < _LEAST:
        raise SettingsError(
            "a configuration needs two sides, and only one sandbox is started",
            remedy="Start both: `tieline sandbox up --write-config FILE`.",
        )
    folder = path.parent / f"{path.stem}-secrets"
    lines = ["version: 1", "", "sides:"]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for vendor, sandbox in running.items():
            lines += _side(vendor, sandbox, folder)
        rules = RULES.format(ambiguous=people // 10)
        path.write_text("\n".join(lines) + "\n" + rules, encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"the configuration cannot be written to {path}: {error.strerror}",
            remedy="Name a file in a folder that is writable and has space.",
        ) from None


def _side(vendor: str, sandbox: Running, folder: Path) -> list[str]:
    flow, keys = SIGN_IN[vendor]
    lines = [f"  {vendor}:", f"    type: {vendor}", f"    url: {sandbox.url}", "    credentials:"]
    lines.append(f"      flow: {flow}")
    for key in keys:
        secret = folder / f"{vendor}-{key}"
        _private(secret, sandbox.credentials[key])
        lines.append(f"      {key}: {{file: {folder.name}/{secret.name}}}")
    if sandbox.ca_file is not None:
        authority = folder / f"{vendor}-ca.pem"
        _private(authority, sandbox.ca_file.read_text(encoding="ascii"))
        lines.append(f"    ca_file: {folder.name}/{authority.name}")
    lines += ["    trust_url: true", "    currency: EUR", "    country: DE"]
    lines += ["    timezone: Europe/Berlin", "    budget: {per_second: 500}", *_CREATE_AS[vendor]]
    return [*lines, ""]


_CREATE_AS: Mapping[str, Sequence[str]] = {
    "hubspot": (),
    "salesforce": (
        "    create_as:",
        "      person:                       # the first line whose conditions all hold decides",
        "        - object: Contact",
        "          when: [{field: account, present: true}]",
        "        - object: Lead",
    ),
}


def _private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text + "\n", encoding="utf-8")


def announce(session: Session, running: Mapping[str, Running]) -> None:
    """Print where the sandboxes are and how to sign in."""
    if session.json:
        found = {
            vendor: {
                "url": sandbox.url,
                "ca_file": str(sandbox.ca_file) if sandbox.ca_file else None,
                "credentials": dict(sandbox.credentials),
            }
            for vendor, sandbox in running.items()
        }
        session.out.file.write(json.dumps(found) + "\n")
        session.out.file.flush()
        return
    rows = [
        (vendor, name, " ".join(str(value).split()))
        for vendor, sandbox in running.items()
        for name, value in _facts(sandbox)
    ]
    show.table(session.out, ("sandbox", "what", "value"), rows, hide=False)
    session.out.file.flush()
    session.say("running; end with Ctrl-C")


def _facts(sandbox: Running) -> list[tuple[str, Any]]:
    shown = [(k, v) for k, v in sandbox.credentials.items() if not str(v).startswith("-----")]
    ca = [("ca_file", sandbox.ca_file)] if sandbox.ca_file else []
    return [("url", sandbox.url), *ca, *shown]


def until_interrupted() -> None:
    """Wait for SIGINT or SIGTERM; both are the usual end."""
    with terminated_as_interrupted():
        try:
            while not threading.Event().wait(3600):
                pass
        except KeyboardInterrupt:
            return
