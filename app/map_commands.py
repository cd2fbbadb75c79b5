"""The commands of account mapping: `tieline map account|territory`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.session import open_session

if TYPE_CHECKING:
    from app.graphs import Origin

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
Accounts = Annotated[
    Path | None, typer.Option("--accounts", help="Draw from this CSV or XLSX list of accounts.")
]
People = Annotated[Path | None, typer.Option("--people", help="The people of --accounts.")]
Opportunities = Annotated[
    Path | None, typer.Option("--opportunities", help="The opportunities of --accounts.")
]
WriteTo = Annotated[
    str | None,
    typer.Option("--write-to", metavar="SIDE", help="Plan the writes of `account_maps.write`."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Save the plan for `tieline apply`.")
]


def check_write(write_to: str | None, output: Path | None, *, elsewhere: bool = False) -> None:
    """Options that belong together. Raises BadParameter."""
    if output is not None and write_to is None:
        raise typer.BadParameter("--output saves the plan of --write-to")
    if write_to is not None and elsewhere:
        raise typer.BadParameter("--write-to writes what the sync knows: not with --side or files")


def origin_of(
    side: str | None, accounts: Path | None, people: Path | None, opportunities: Path | None
) -> Origin | None:
    """Where a map is to be drawn from; None: the state. Raises BadParameter."""
    from app.graphs import Origin

    files = (accounts, people, opportunities)
    if side is not None and any(files):
        raise typer.BadParameter("--side or files, not both")
    return Origin(side, *files) if side is not None or any(files) else None


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
    accounts: Accounts = None,
    people: People = None,
    opportunities: Opportunities = None,
    html: Html = None,
    csv: Csv = None,
    xlsx: Xlsx = None,
    write_to: WriteTo = None,
    output: Output = None,
    json: Json = False,
) -> None:
    """The people who decide in an account, what is missing, what is open and what is not sold.

    Exit code 0 also where the single-thread alarm is raised; 5 where a guard stops the plan of
    --write-to.
    """
    from app import files, map_output, maps, show_maps

    origin = origin_of(side, accounts, people, opportunities)
    check_write(write_to, output, elsewhere=origin is not None)
    session = open_session(ctx.obj, json=json)
    wanted = {"--html": html, "--csv": csv, "--xlsx": xlsx, "--output": output}
    files.apart(session, wanted, accounts, people, opportunities)
    found = maps.account_map(session, name, origin=origin, opportunity=opportunity)
    map_output.account(session, found, html=html, csv=csv, xlsx=xlsx)
    if write_to is not None:
        from app import sync_commands, writing_back

        plan = writing_back.plan_account(session, found, write_to)
        raise typer.Exit(sync_commands.planned(session, plan, output, True))
    if json:
        session.print_json(found.to_json())
    else:
        show_maps.account(session.out, found)


@maps.command()
def territory(
    ctx: typer.Context,
    side: Side = None,
    accounts: Accounts = None,
    people: People = None,
    opportunities: Opportunities = None,
    html: Html = None,
    csv: Csv = None,
    xlsx: Xlsx = None,
    json: Json = False,
) -> None:
    """Accounts by region and industry: customers, pipeline, potential."""
    from app import files, map_output, maps, show_maps

    origin = origin_of(side, accounts, people, opportunities)
    session = open_session(ctx.obj, json=json)
    wanted = {"--html": html, "--csv": csv, "--xlsx": xlsx}
    files.apart(session, wanted, accounts, people, opportunities)
    graph, found = maps.territory(session, origin=origin)
    map_output.territory(session, graph, found, html=html, csv=csv, xlsx=xlsx)
    if json:
        session.print_json(show_maps.territory_json(graph, found))
    else:
        show_maps.territory(session.out, found)


@maps.command()
def partner(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A partner of the configuration.")],
    ours: Annotated[
        str | None,
        typer.Option("--ours", help="Our list: a side, `state` or a file; default: the setting."),
    ] = None,
    theirs: Annotated[
        str | None, typer.Option("--theirs", help="Their list, instead of those configured.")
    ] = None,
    population: Annotated[
        str | None, typer.Option("--population", help="What the accounts of --theirs are to them.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="KEY=HEADING of --theirs, where the heading does not tell."),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option("--sheet", help="Sheet of the workbook of --theirs.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Encoding of the CSV file of --theirs.")
    ] = None,
    told: Annotated[
        Path | None,
        typer.Option(
            "--report-for-partner", help="Write what they may be told (JSON, CSV, XLSX); logged."
        ),
    ] = None,
    html: Html = None,
    csv: Csv = None,
    xlsx: Xlsx = None,
    write_to: WriteTo = None,
    output: Output = None,
    everything: Annotated[bool, typer.Option("--all", help="Print long lists whole.")] = False,
    json: Json = False,
) -> None:
    """Compare our accounts with a partner's: overlap, openings, new leads, attribution.

    Shows everything to us. What the partner sees is only what --report-for-partner writes.
    --write-to compares the state of the sync (`--ours state`). Exit code 5 where a guard stops
    its plan.
    """
    from app import files, map_output, partner_maps, partner_output

    check_write(write_to, output)
    columns = dict(_pair(text) for text in column or [])
    if theirs is None and (population or columns or sheet or encoding):
        raise typer.BadParameter("--population, --column, --sheet and --encoding go with --theirs")
    session = open_session(ctx.obj, json=json)
    if told is not None:
        partner_output.check_report(told)
    wanted = {"--html": html, "--csv": csv, "--xlsx": xlsx, "--output": output}
    files.apart(session, {**wanted, "--report-for-partner": told}, ours, theirs)
    ours = ours or ("state" if write_to else None)
    wishes = partner_maps.Wishes(ours, theirs, population, columns, sheet, encoding)
    made = partner_maps.compared(session, name, wishes)
    partner_output.files(session, made.found, csv=csv, xlsx=xlsx)
    map_output.partner(session, made.found, html)
    if told is not None:
        decided = partner_maps.report(made, told)
        partner_output.report(told, decided)
        session.say(f"for {made.found.partner}: {told} ({partner_output.summary(decided)})")
    if write_to is not None:
        from app import sync_commands, writing_back

        plan = writing_back.plan_partner(session, made.found, made.ours.book, write_to)
        raise typer.Exit(sync_commands.planned(session, plan, output, everything))
    if json:
        session.print_json(made.found.as_json())
    else:
        partner_output.shown(session.out, made.found, everything=everything)


@maps.command()
def told(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A partner; without it: all.")
    ] = None,
    json: Json = False,
) -> None:
    """What partners were ever told, from the log. Asks no side."""
    from app import partner_maps, partner_output

    session = open_session(ctx.obj, json=json)
    entries = partner_maps.told_to(session, name)
    if json:
        session.print_json({"told": entries})
    else:
        partner_output.log(session.out, entries)


def _pair(text: str) -> tuple[str, str]:
    from app.messages import usage

    key, equals, heading = text.partition("=")
    if not (key and equals and heading):
        raise usage(f"--column wants KEY=HEADING, not `{text}`")
    return key, heading
