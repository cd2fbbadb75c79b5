"""`tieline demo`: two sandboxes, and the story of their sync, told with the usual commands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.rule import Rule

from app import preparing, show, show_findings, show_plan, show_run, show_state, state, syncing
from app.demo_world import Size, Stage, staged
from app.rehearsal import write_config
from app.session import Session
from sync.model import Report, Tally
from sync.verify import Verification

_PAUSE = 15
"""Minutes between two steps of the story, as between two runs of a schedule."""

_COLUMNS = ("read", "linked", "created", "updated", "archived", "refused")


@dataclass(slots=True)
class Story:
    """The demo while it is being told."""

    session: Session
    stage: Stage
    reports: list[tuple[str, Report]] = field(default_factory=list)
    chapter: int = 0

    def heading(self, text: str) -> None:
        """Open the next chapter."""
        self.chapter += 1
        out = self.session.out
        if out.is_terminal:
            out.print()
            out.print(Rule(f"{self.chapter}. {text}", align="left"))
        else:
            show.line(out, f"\n--- {self.chapter}. {text} ---")

    def say(self, text: str) -> None:
        """One line of the story."""
        show.line(self.session.out, text)


def play(session: Session, size: Size, keep: Path | None) -> int:
    """Tell the whole story; 0 if the repeated run wrote nothing and nothing is unexplained."""
    started = session.clock.monotonic()
    with _folder(keep) as folder, staged(size) as stage:
        config = folder / "tieline.yaml"
        write_config(config, stage.running, size.people)
        inside = replace(session, config=config, state=folder / ".tieline", clock=stage.clock)
        story = Story(inside, stage)
        _opening(story, config)
        _first_sync(story)
        repeated = _again(story, "The same run again: nothing has changed, nothing is written")
        _people_work(story)
        _second_sync(story)
        found = _check(story)
        _ending(story, repeated, found, session.clock.monotonic() - started)
    return 0 if repeated.writes == 0 and not found.unexplained else 1


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.absolute()
        return
    with TemporaryDirectory(prefix="tieline-demo-") as folder:
        yield Path(folder)


def _opening(story: Story, config: Path) -> None:
    story.heading("Two CRMs that were never in step")
    story.say("A Salesforce org and a HubSpot account run on this machine, over TLS, as sandboxes.")
    rows = [(s, n, k) for s, found in story.stage.counts().items() for n, k in found.items()]
    show.table(story.session.out, ("side", "object type", "records"), rows)
    story.say(f"Configuration: {config}")
    story.heading("tieline setup: a field in each CRM that says which records are one")
    show_findings.told(story.session, preparing.prepare(story.session), "Setup")
    story.stage.later(_PAUSE)


def _first_sync(story: Story) -> None:
    story.heading("tieline plan: what a run would do, and why; nothing is written")
    show_plan.plan(story.session.out, syncing.make_plan(story.session))
    story.stage.later(_PAUSE)
    story.heading("tieline run: the first sync")
    _run(story, "first run")
    story.stage.later(_PAUSE)
    _check(story)


def _again(story: Story, text: str) -> Report:
    story.stage.later(_PAUSE)
    story.heading(text)
    return _run(story, "repeated run")


def _people_work(story: Story) -> None:
    story.stage.later(_PAUSE)
    story.heading("People work in both CRMs")
    for edit in story.stage.world.edits:
        story.stage.act(edit)
        story.say(f"  {edit.side:<10} {edit.what}")
    story.stage.later(_PAUSE)


def _second_sync(story: Story) -> None:
    story.heading("tieline plan: what came of it, field by field")
    made = syncing.make_plan(story.session)
    names = state.names(story.session, show_plan.referred(made))
    show_plan.plan(story.session.out, made, names, everything=True)
    story.heading("tieline run: the second sync")
    _run(story, "run after edits")
    story.stage.later(_PAUSE)
    story.heading("tieline conflicts: what only a person can decide")
    found = state.conflicts(story.session)
    show_state.conflicts(story.session.out, found, story.session.clock.now())


def _run(story: Story, name: str) -> Report:
    report = syncing.run_once(story.session, full=False, allowed=frozenset())
    show_run.report(story.session.out, report)
    story.reports.append((name, report))
    return report


def _check(story: Story) -> Verification:
    story.heading("tieline verify: every record of both sides, compared")
    found = syncing.compare(story.session)
    names = state.names(story.session, show_state.referred(found))
    show_state.verification(story.session.out, found, names)
    return found


def _ending(story: Story, repeated: Report, found: Verification, seconds: float) -> None:
    story.heading("What was read, written, held, and what it cost")
    rows = [
        (name, side, *_sums(kinds.values()), report.calls.get(side, 0))
        for name, report in story.reports
        for side, kinds in report.tallies.items()
    ]
    show.table(story.session.out, ("run", "side", *_COLUMNS, "API calls"), rows)
    _held(story, found)
    total = [(s, n["total"], n["reads"], n["writes"]) for s, n in story.stage.requests().items()]
    caption = "Requests as the sandboxes counted them"
    show.table(story.session.out, ("side", "requests", "reads", "writes"), total, caption=caption)
    story.say(
        f"The repeated run wrote {repeated.writes:,}; {len(found.unexplained):,} differences are "
        f"unexplained; {seconds:.0f} seconds."
    )


def _sums(tallies: Iterable[Tally]) -> list[int]:
    found = list(tallies)
    return [sum(getattr(tally, name) for tally in found) for name in _COLUMNS]


def _held(story: Story, found: Verification) -> None:
    rows = [
        (cause, "yes" if explained else "no", number)
        for (cause, explained), number in sorted(found.by_cause().items())
    ]
    if rows:
        caption = "Held, and why"
        head = ("cause", "explained", "records or fields")
        show.table(story.session.out, head, rows, caption=caption)
