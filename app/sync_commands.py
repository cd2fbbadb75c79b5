"""The commands of the sync itself: plan, apply, run, status, conflicts, verify."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.session import Session, open_session

if TYPE_CHECKING:
    from sync.model import Report

commands = typer.Typer()

Json = Annotated[bool, typer.Option("--json", help="The answer as JSON on standard output.")]
All = Annotated[bool, typer.Option("--all", help="List everything, not only samples.")]
Full = Annotated[bool, typer.Option("--full", help="Read everything, not only what changed.")]


class Guard(StrEnum):
    """The brakes that may be let pass, once."""

    DELETES = "deletes"
    CHANGES = "changes"
    EMPTY = "empty"
    AMBIGUOUS = "ambiguous"
    RULES = "rules"
    PRODUCTION = "production"


Allow = Annotated[
    list[Guard] | None, typer.Option("--allow", help="Let this guard pass once; repeatable.")
]


@commands.command()
def plan(
    ctx: typer.Context,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Save the plan for `tieline apply`.")
    ] = None,
    full: Full = False,
    everything: All = False,
    json: Json = False,
) -> None:
    """Show what a run would do, with every reason. Writes nothing, to no side.

    Exit code 5 where a guard would stop the run.
    """
    from app import show_plan, state, syncing
    from sync.serial import save_plan

    session = open_session(ctx.obj, json=json)
    made = syncing.make_plan(session, full=full)
    if output is not None:
        save_plan(made, output)
        session.say(f"saved: {output}; carry it out with `tieline apply {output}`")
    if json:
        session.print_json(show_plan.as_json(made))
    else:
        names = state.names(session, show_plan.referred(made))
        show_plan.plan(session.out, made, names, everything=everything)
    raise typer.Exit(5 if made.violations else 0)


@commands.command()
def apply(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A plan saved by `tieline plan -o FILE`.")],
    allow: Allow = None,
    everything: All = False,
    json: Json = False,
) -> None:
    """Carry out exactly a saved plan; what no longer holds is skipped as stale."""
    from app import syncing

    session = open_session(ctx.obj, json=json)
    made = syncing.apply_plan(session, file, _names(allow))
    raise typer.Exit(_reported(session, made, everything))


@commands.command()
def run(
    ctx: typer.Context,
    full: Full = False,
    allow: Allow = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Run again and again, as `schedule.every` says.")
    ] = False,
    everything: All = False,
    json: Json = False,
) -> None:
    """Read, decide, write: one whole run.

    Exit code 0 all done, 3 something is held or refused, 5 a guard stopped it.
    """
    from app import syncing, watching

    session = open_session(ctx.obj, json=json)
    allowed = [_names(allow)]

    def once() -> int:
        passing = allowed.pop() if allowed else frozenset()  # once: not for the runs after it
        report = syncing.run_once(session, full=full, allowed=passing)
        return _reported(session, report, everything)

    raise typer.Exit(watching.watch(session, once) if watch else once())


@commands.command()
def status(ctx: typer.Context, json: Json = False) -> None:
    """Last runs, links, open questions, retries, the next run. Asks no side."""
    from app import show_state, state

    session = open_session(ctx.obj, json=json)
    found = state.status(session)
    if json:
        session.print_json(found)
    else:
        show_state.status(session.out, found)


@commands.command()
def conflicts(ctx: typer.Context, everything: All = False, json: Json = False) -> None:
    """What is held for a person, by cause, with the values of each side. Asks no side."""
    from app import show_state, state

    session = open_session(ctx.obj, json=json)
    found = state.conflicts(session)
    if json:
        session.print_json(found)
    else:
        show_state.conflicts(session.out, found, session.clock.now(), everything=everything)


@commands.command()
def verify(ctx: typer.Context, everything: All = False, json: Json = False) -> None:
    """Read every side in full and compare. Writes nothing.

    Exit code 4 where a difference has no explanation.
    """
    from app import show_state, syncing

    session = open_session(ctx.obj, json=json)
    found = syncing.compare(session)
    if json:
        session.print_json(show_state.verification_json(found))
    else:
        show_state.verification(session.out, found, everything=everything)
    raise typer.Exit(4 if found.unexplained else 0)


def _names(allow: list[Guard] | None) -> frozenset[str]:
    return frozenset(str(guard) for guard in allow or [])


def _reported(session: Session, report: Report, everything: bool) -> int:
    """Print a report and say how the program is to end."""
    from app import show_run
    from sync.journal import result_code

    if session.json:
        session.print_json(show_run.as_json(report))
    else:
        show_run.report(session.out, report, everything=everything)
    return result_code(report.result)
