"""The command that finds duplicates within one side, the state or a spreadsheet."""

from __future__ import annotations

from typing import Annotated

import typer

from app.session import open_session

commands = typer.Typer()


@commands.command()
def duplicates(
    ctx: typer.Context,
    source: Annotated[
        str, typer.Argument(metavar="SIDE", help="A side; or `state`, or a CSV or XLSX file.")
    ],
    kind: Annotated[str, typer.Option("--kind", help="account or person.")] = "account",
    at_least: Annotated[
        float | None,
        typer.Option("--at-least", min=0, max=1, help="From this score on: 0.3; people 0.9."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="List everything, not only samples.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="The answer as JSON on standard output.")
    ] = False,
) -> None:
    """Records of one side that look like one, with evidence and the proposed survivor.

    Reads the side and writes nothing to it. Each becomes a question: `tieline resolve ID merge`
    has the next plan merge the two, `keep apart` is remembered.
    """
    from app import duplicates as gathered
    from app import show_duplicates

    session = open_session(ctx.obj, json=json)
    found = gathered.found(session, source, kind, at_least)
    if json:
        session.print_json(found)
    else:
        show_duplicates.listed(session.out, found, everything=everything)
