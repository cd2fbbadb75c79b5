"""The commands that people answer with: questions, resolve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.session import Session, open_session

if TYPE_CHECKING:
    from sync.resolve import Ready, Resolver

commands = typer.Typer()


@commands.command()
def questions(
    ctx: typer.Context,
    cause: Annotated[str | None, typer.Option("--cause", help="Of this cause only.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Of this kind only.")] = None,
    side: Annotated[str | None, typer.Option("--side", help="About this side only.")] = None,
    older_than: Annotated[
        str | None, typer.Option("--older-than", help="Waiting for longer than 90s, 24h, 7d.")
    ] = None,
    answers: Annotated[
        bool, typer.Option("--answers", help="List what was answered instead.")
    ] = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write a file for `tieline resolve --csv`.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="List everything, not only samples.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="The answer as JSON on standard output.")
    ] = False,
) -> None:
    """What waits for a person, the oldest first, and how to answer it. Asks no side."""
    from app import questions as gathered
    from app import show_questions

    session = open_session(ctx.obj, json=json)
    if answers:
        kept = gathered.answers(session)
        if json:
            session.print_json({"answers": kept})
        else:
            show_questions.answers(session.out, kept)
        return
    found = gathered.listed(session, gathered.Wanted(cause, kind, side, older_than))
    if csv is not None:
        number = gathered.save(found, csv)
        session.say(f"saved: {csv} ({number:,}); fill in `answer` and `value`, then")
        session.say(f"`tieline resolve --csv {csv}`")
    if json:
        session.print_json(found)
    elif csv is None:
        show_questions.listed(session.out, found, session.clock.now(), everything=everything)


@commands.command()
def resolve(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[ID] [ANSWER]", help="The id and the answer.")
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", help="Answer all of CAUSE[:KIND[:FIELD]].")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Answers from a file: id, answer, value.")
    ] = None,
    by: Annotated[str | None, typer.Option("--as", help="Who answers [TIELINE_USER].")] = None,
    json: Annotated[
        bool, typer.Option("--json", help="The answer as JSON on standard output.")
    ] = False,
) -> None:
    """Answer what waits; the next plan follows it. Asks no side and writes to none.

    Answers: take SIDE, value V, link [SIDE/TYPE/ID], create [TYPE], skip, merge, keep apart,
    delete, restore, unlink, retry, withdraw; `always` before one remembers it for all alike.
    """
    from app import questions as gathered

    session = open_session(ctx.obj, json=json)
    given = list(words or [])
    with gathered.resolver(session, by) as made:
        if given[1:] == ["withdraw"] and not group and csv is None:
            answer = made.withdraw(given[0])
            _told(session, f"withdrawn: {answer.said}", 0)
            return
        ready = _ready(made, given, group, csv)
        number = made.remember(ready)
    plural = "" if number == 1 else "s"
    _told(session, f"{number:,} answer{plural} noted; the next plan follows", number)


def _ready(made: Resolver, words: list[str], group: str | None, csv: Path | None) -> list[Ready]:
    from app import questions as gathered
    from app.messages import usage

    if csv is not None:
        if words or group:
            raise usage("an answer beside --csv is not expected")
        return gathered.from_file(made, csv)
    if group is not None:
        return gathered.many(made, group, words)
    return gathered.one(made, words)


def _told(session: Session, text: str, number: int) -> None:
    from app import show

    if session.json:
        session.print_json({"message": text, "answers": number})
    else:
        show.line(session.out, text)
