"""The commands that look back, go back and forget: why, undo, forget."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.session import open_session
from app.sync_commands import All, Allow, Json, allowed_names, planned, reported

commands = typer.Typer()


@commands.command()
def why(
    ctx: typer.Context,
    side: Annotated[str, typer.Argument(help="A side of the configuration.")],
    record: Annotated[str, typer.Argument(help="The id of one of its records.")],
    field: Annotated[
        str | None, typer.Argument(help="A canonical field; without it: the whole record.")
    ] = None,
    object_type: Annotated[
        str | None, typer.Option("--type", help="Its object type, where the id is not enough.")
    ] = None,
    json: Json = False,
) -> None:
    """Tell where the values of a record came from: run, side, rule, and what was rejected.

    Asks no side: everything is in the state.
    """
    from app import show_story, state, tracing

    session = open_session(ctx.obj, json=json)
    story = tracing.story(session, side, record, object_type, field)
    if json:
        session.print_json(show_story.as_json(story))
    else:
        show_story.story(session.out, story, state.names(session, show_story.referred(story)))


@commands.command()
def undo(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(help="The run to take back, such as r000012.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Save the plan for `tieline apply`.")
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Carry the plan out, instead of only showing it.")
    ] = False,
    allow: Allow = None,
    everything: All = False,
    json: Json = False,
) -> None:
    """Plan the way back from a run: values, new records, associations. Writes nothing yet.

    What has changed since is left as it is, and listed field by field. Exit code 5 where a guard
    would stop it.
    """
    from app import tracing

    session = open_session(ctx.obj, json=json)
    made = tracing.way_back(session, run)
    if apply:
        report = tracing.carry_out(session, made, allowed_names(allow))
        raise typer.Exit(reported(session, report, everything))
    raise typer.Exit(planned(session, made, output, everything))


@commands.command()
def forget(
    ctx: typer.Context,
    side: Annotated[str, typer.Argument(help="A side of the configuration.")],
    record: Annotated[str, typer.Argument(help="The id of a record of the person.")],
    object_type: Annotated[
        str | None, typer.Option("--type", help="Its object type, where the id is not enough.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    json: Json = False,
) -> None:
    """Remove from the state what it knows of a person, for good. Writes nothing to any side.

    No sync reads, links or makes the person's records again.
    """
    from app import show, tracing

    session = open_session(ctx.obj, json=json)
    if not yes:
        typer.confirm("What is removed cannot be brought back. Go on?", abort=True, err=True)
    found = tracing.forget(session, side, record, object_type)
    if json:
        records = [{"side": r.side, "object_type": r.object_type, "id": r.id} for r in found]
        session.print_json({"forgotten": records})
        return
    for row in found:
        show.line(session.out, f"forgotten: {row.side} {row.object_type} {row.id}")
