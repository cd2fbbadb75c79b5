"""The commands of account mapping: `tieline map account|territory`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.session import open_session

maps = typer.Typer(help="Draw accounts: who decides, what is open, where the potential is.",
                   no_args_is_help=True)  # fmt: skip

Json = Annotated[bool, typer.Option("--json", help="The answer as JSON on standard output.")]
Side = Annotated[
    str | None,
    typer.Option("--side", help="Read this side now; default: the state of the last sync."),
]
Html = Annotated[
    Path | None, typer.Option("--html", help="Write one page that works without a network.")
]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write the main table as CSV.")]
Xlsx = Annotated[Path | None, typer.Option("--xlsx", help="Write all tables as a workbook.")]


@maps.command()
def account(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="ID", help="Record id, entity id, domain or exact name.")
    ],
    opportunity: Annotated[
        str | None, typer.Option("--opportunity", help="The committee of this opportunity only.")
    ] = None,
    side: Side = None,
    html: Html = None,
    csv: Csv = None,
    xlsx: Xlsx = None,
    json: Json = False,
) -> None:
    """The people who decide in an account, what is missing, what is open and what is not sold.

    Exit code 0 also where the single-thread alarm is raised.
    """
    from app import map_output, maps, show_maps

    session = open_session(ctx.obj, json=json)
    found = maps.account_map(session, name, side=side, opportunity=opportunity)
    map_output.account(session, found, html=html, csv=csv, xlsx=xlsx)
    if json:
        session.print_json(found.to_json())
    else:
        show_maps.account(session.out, found)


@maps.command()
def territory(
    ctx: typer.Context,
    side: Side = None,
    html: Html = None,
    csv: Csv = None,
    xlsx: Xlsx = None,
    json: Json = False,
) -> None:
    """Accounts by region and industry: customers, pipeline, potential."""
    from app import map_output, maps, show_maps

    session = open_session(ctx.obj, json=json)
    graph, found = maps.territory(session, side=side)
    map_output.territory(session, graph, found, html=html, csv=csv, xlsx=xlsx)
    if json:
        session.print_json(show_maps.territory_json(graph, found))
    else:
        show_maps.territory(session.out, found)
