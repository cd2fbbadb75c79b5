"""The commands before the first sync: init, setup, doctor."""

from __future__ import annotations

from typing import Annotated

import typer

from app.session import open_session

commands = typer.Typer()

Json = Annotated[bool, typer.Option("--json", help="The answer as JSON on standard output.")]
Pairs = list[str] | None


@commands.command()
def init(
    ctx: typer.Context,
    salesforce: Annotated[
        str | None,
        typer.Option("--salesforce", metavar="URL", help="A side `salesforce` at this address."),
    ] = None,
    hubspot: Annotated[bool, typer.Option("--hubspot", help="A side `hubspot`.")] = False,
    side: Annotated[
        Pairs, typer.Option("--side", metavar="NAME=TYPE", help="Any further side; repeatable.")
    ] = None,
    url: Annotated[
        Pairs, typer.Option("--url", metavar="NAME=URL", help="Address of a side.")
    ] = None,
    flow: Annotated[
        Pairs, typer.Option("--flow", metavar="NAME=FLOW", help="How a side signs in.")
    ] = None,
    secret: Annotated[
        Pairs,
        typer.Option(
            "--secret",
            metavar="NAME.KEY=env:VAR",
            help="Where a secret is: env:VARIABLE or file:PATH; default env:NAME_KEY.",
        ),
    ] = None,
    ca_file: Annotated[
        Pairs, typer.Option("--ca-file", metavar="NAME=PATH", help="Authority to trust besides.")
    ] = None,
    trust_url: Annotated[
        Pairs, typer.Option("--trust-url", metavar="NAME", help="Allow an address of another host.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file that is there.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print it, write nothing.")] = False,
    json: Json = False,
) -> None:
    """Write an annotated configuration, made from the live schemas of both sides."""
    from app import initialise
    from app.sides import asked, described

    session = open_session(ctx.obj, json=json)
    if not (force or dry_run):
        initialise.check_free(session)
    named = [*(side or []), *(["hubspot=hubspot"] if hubspot else [])]
    named = ["salesforce=salesforce", *named] if salesforce else named
    urls = [*([f"salesforce={salesforce}"] if salesforce else []), *(url or [])]
    sides = (
        described(named, urls, flow or [], secret or [], ca_file or [], trust_url or [])
        if named
        else asked()
    )
    made = initialise.draft(session, sides)
    if not dry_run:
        initialise.write(session, made)
        session.say(f"written: {session.config}; now `tieline doctor`, `tieline setup`")
    if json:
        session.print_json(made.as_json(session.config))
    elif dry_run:
        session.out.file.write(made.text)


@commands.command()
def setup(ctx: typer.Context, json: Json = False) -> None:
    """Make the stamp fields where they are absent, and check that they can be written.

    Repeating it changes nothing. Exit code 3 where something is left to do by hand.
    """
    from app import preparing, show_findings

    session = open_session(ctx.obj, json=json)
    found = preparing.prepare(session)
    raise typer.Exit(show_findings.told(session, found, "Setup"))


@commands.command()
def doctor(ctx: typer.Context, json: Json = False) -> None:
    """Check credentials, permissions, mapped fields and values, owners, budget. Writes nothing.

    Exit code 3 where something is wrong.
    """
    from app import doctoring, show_findings

    session = open_session(ctx.obj, json=json)
    found = doctoring.examine(session)
    raise typer.Exit(show_findings.told(session, found, "Doctor"))
