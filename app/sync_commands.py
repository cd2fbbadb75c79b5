"""The commands of the sync itself: plan, apply, run, status, conflicts, verify."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.session import Session, open_session

if TYPE_CHECKING:
    from sync.model import Plan, Report

commands = typer.Typer()

Json = Annotated[bool, typer.Option("--json", help="The answer as JSON on standard output.")]
All = Annotated[bool, typer.Option("--all", help="List everything, not only samples.")]
Full = Annotated[bool, typer.Option("--full", help="Read everything, not only what changed.")]


class Guard(StrEnum):
    """The brakes that may be let pass, once."""

    DELETES = "deletes"
    CHANGES = "changes"
    EMPTY = "empty"
    EVERYTHING = "everything"
    AMBIGUOUS = "ambiguous"
    RULES = "rules"
    PRODUCTION = "production"


Backfill = Annotated[
    list[str] | None,
    typer.Option(
        "--backfill",
        metavar="KIND.FIELD|all",
        help="Decide what a changed mapping left waiting as at a first link; repeatable.",
    ),
]
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
    backfill: Backfill = None,
    everything: All = False,
    json: Json = False,
) -> None:
    """Show what a run would do, with every reason. Writes nothing, to no side.

    Exit code 5 where a guard would stop the run.
    """
    from app import syncing

    session = open_session(ctx.obj, json=json)
    made = syncing.make_plan(session, full=full, backfill=_fields(backfill))
    raise typer.Exit(planned(session, made, output, everything))


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
    made = syncing.apply_plan(session, file, allowed_names(allow))
    raise typer.Exit(reported(session, made, everything))


@commands.command()
def run(
    ctx: typer.Context,
    full: Full = False,
    backfill: Backfill = None,
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
    allowed = [allowed_names(allow)]
    wanted = [_fields(backfill)]

    def once() -> int:
        passing = allowed.pop() if allowed else frozenset()  # once: not for the runs after it
        filled = wanted.pop() if wanted else None
        report = syncing.run_once(session, full=full, allowed=passing, backfill=filled)
        return reported(session, report, everything)

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
def verify(
    ctx: typer.Context,
    sample: Annotated[
        int | None, typer.Option("--sample", min=1, help="Compare that many only, read by id.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Compare everything (the default).")] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Plan what brings the sides in step, with --prefer.")
    ] = False,
    prefer: Annotated[
        str | None, typer.Option("--prefer", help="The side that drift is decided for.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Save the --fix plan.")
    ] = None,
    everything: All = False,
    json: Json = False,
) -> None:
    """Compare all sides, in full or by a sample. Writes nothing.

    Exit code 4 where a difference has no explanation; of a --fix plan, 5 where a guard stops it.
    """
    from app import show_state, state, syncing, tracing

    _check_verify(sample, full, fix, prefer, output)
    session = open_session(ctx.obj, json=json)
    if fix:
        made = tracing.fix(session, str(prefer))
        raise typer.Exit(planned(session, made, output, everything))
    found = syncing.compare(session, some=sample)
    if json:
        session.print_json(show_state.verification_json(found))
    else:
        names = state.names(session, show_state.referred(found))
        show_state.verification(session.out, found, names, everything=everything)
    raise typer.Exit(4 if found.unexplained else 0)


def _check_verify(
    sample: int | None, full: bool, fix: bool, prefer: str | None, output: Path | None
) -> None:
    if sample is not None and (full or fix):
        raise typer.BadParameter("--sample compares a part only: not with --full or --fix")
    if fix is not (prefer is not None):
        raise typer.BadParameter("--fix and --prefer SIDE go together")
    if output is not None and not fix:
        raise typer.BadParameter("--output saves the plan of --fix")


def allowed_names(allow: list[Guard] | None) -> frozenset[str]:
    """The guards that were let pass, by name."""
    return frozenset(str(guard) for guard in allow or [])


def _fields(backfill: list[str] | None) -> list[str] | None:
    """The fields to backfill; empty for `all`, None where it is not asked for."""
    return [] if backfill and "all" in backfill else backfill or None


def planned(session: Session, made: Plan, output: Path | None, everything: bool) -> int:
    """Save and print a plan, and say how the program is to end."""
    from app import show_plan, show_story, state
    from sync.serial import save_plan

    if output is not None:
        save_plan(made, output)
        session.say(f"saved: {output}; carry it out with `tieline apply {output}`")
    if session.json:
        session.print_json(show_plan.as_json(made))
    else:
        names = state.names(session, show_plan.referred(made))
        show_plan.plan(session.out, made, names, everything=everything)
        show_story.left(session.out, made, names)
    return 5 if made.violations else 0


def reported(session: Session, report: Report, everything: bool) -> int:
    """Print a report and say how the program is to end."""
    from app import show_run
    from sync.journal import result_code

    if session.json:
        session.print_json(show_run.as_json(report))
    else:
        show_run.report(session.out, report, everything=everything)
    return result_code(report.result)
