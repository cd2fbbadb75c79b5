"""Rehearsal: sandboxes that answer like the vendors, and the demo that uses two of them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.session import open_session

commands = typer.Typer()
sandbox = typer.Typer(help="CRMs to rehearse against, on this machine.", no_args_is_help=True)


class Vendor(StrEnum):
    """The vendors that there is a sandbox of."""

    SALESFORCE = "salesforce"
    HUBSPOT = "hubspot"


class Profile(StrEnum):
    """How difficult the sandboxes are; docs/quirks.md lists what each profile does."""

    OPEN = "open"
    STRICT = "strict"
    HOSTILE = "hostile"


@sandbox.callback()
def group() -> None:
    """CRMs to rehearse against, on this machine."""


@sandbox.command()
def up(
    ctx: typer.Context,
    vendors: Annotated[
        list[Vendor] | None, typer.Argument(help="salesforce, hubspot; default both.")
    ] = None,
    port: Annotated[
        list[int] | None, typer.Option("--port", help="Port of each, in order; default any free.")
    ] = None,
    http: Annotated[bool, typer.Option("--http", help="Plain HTTP instead of TLS.")] = False,
    seed: Annotated[
        str | None,
        typer.Option("--seed", help="`demo`, or a JSON file: vendor -> body of /_sandbox/seed."),
    ] = None,
    profile: Annotated[
        Profile,
        typer.Option("--profile", help="How difficult: hostile turns on all faults, at rates."),
    ] = Profile.OPEN,
    chance: Annotated[
        int, typer.Option("--chance", help="Another number: another course of faults.")
    ] = 0,
    write_config: Annotated[
        Path | None,
        typer.Option("--write-config", help="Write a configuration that points at them."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Addresses and credentials as one line of JSON.")
    ] = False,
) -> None:
    """Start sandboxes and print where they are; they run until interrupted (exit code 0)."""
    from app import rehearsal

    session = open_session(ctx.obj, json=json)
    names = [str(vendor) for vendor in vendors or list(Vendor)]
    with rehearsal.sandboxes(
        names, ports=port or [], tls=not http, profile=str(profile), chance=chance
    ) as running:
        rehearsal.seed(running, seed)
        if write_config is not None:
            rehearsal.write_config(write_config, running)
            session.say(f"written: {write_config}")
        rehearsal.announce(session, running)
        rehearsal.until_interrupted()


@commands.command()
def demo(
    ctx: typer.Context,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Keep configuration and state in this folder.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another number: another world.")] = 7,
    accounts: Annotated[int, typer.Option("--accounts", min=10)] = 340,
    people: Annotated[int, typer.Option("--people", min=60)] = 2200,
    opportunities: Annotated[int, typer.Option("--opportunities", min=20)] = 640,
) -> None:
    """Two rehearsal CRMs, one sync, every step told; needs no account and no network.

    Exit code 0 if a repeated run wrote nothing and nothing is left unexplained, else 1.
    """
    from app import demo as story
    from app.demo_world import Size

    session = open_session(ctx.obj)
    raise typer.Exit(story.play(session, Size(seed, accounts, people, opportunities), keep))
