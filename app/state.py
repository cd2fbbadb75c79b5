"""What the state store knows, gathered for `status` and `conflicts`; reads no side."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from app import show
from app.session import Session
from config.load import LoadedConfig
from config.rules import duration
from sync.journal import Journal
from sync.model import Waiting
from sync.store import Store
from sync.waiting import waiting, waiting_things

REMEDIES: Mapping[str, str] = {
    "conflict": "Give both sides the same value, or give the field a `conflict` policy.",
    "held": "Correct the value on its side, make it in the other CRM, add it to the mapping's value"
    " map, or allow the move (`moves`).",
    "waits": "Nothing, if the record it refers to will take part; else change the reference.",
    "create": "Fill the field that is required, or change `create`, `create_as` or the scope.",
    "ambiguous": "Merge the duplicates on their side, or make the match keys more exact.",
    "resembles": "Correct the key that differs, or link them by giving both the same key.",
    "merge": "Merge the named records on the other side too, or set `merges: merge`.",
    "duplicate": "Answer `merge`, or `keep apart` if they are not the same.",
    "convert": "Name the account of the lead on some side, or convert it there by hand.",
    "fight": "Find the workflow that sets the field back, or let its side be the field's source.",
    "refused": "Correct the record on its side, or answer `retry` once what refused it is gone.",
    "delete": "Delete or restore the record, or set `deletes` for this kind.",
}
"""What a person can do, by the cause of a question."""


WRITES = ("created", "updated", "archived", "restored", "merged", "converted")
"""What counts as written in a run's tallies."""


@contextmanager
def opened(loaded: LoadedConfig) -> Iterator[Store | None]:
    """The state store; None where nothing has ever run. Raises StateError."""
    path = loaded.state / "state.db"
    if not path.exists():
        yield None
        return
    with Store(path) as store:
        yield store


def names(session: Session, entities: Collection[str]) -> dict[str, str]:
    """The words by which a person knows some entities, as far as the state has them."""
    with opened(session.load()) as store:
        found = store.by_entities(sorted(entities)) if store is not None and entities else {}
        return show.names_of(row for rows in found.values() for row in rows)


def named(store: Store, values: Any) -> dict[str, str]:
    """The words by which a person knows the entities that some values refer to."""
    rows = store.by_entities(sorted(show.mentioned(values)))
    return show.names_of(row for found in rows.values() for row in found)


def status(session: Session) -> dict[str, Any]:
    """Last runs, reading positions, links, open questions, retries, the next run."""
    loaded = session.load()
    found: dict[str, Any] = {
        "config": str(loaded.path),
        "state": str(loaded.state),
        "runs": [],
        "sides": {name: {"linked": {}, "read": {}} for name in loaded.config.sides},
        "questions": {},
        "waiting": {},
        "retries": {"waiting": 0, "due": 0, "next": None},
        "next_run": None,
    }
    with opened(loaded) as store:
        if store is not None:
            _fill(found, store, loaded, session.clock.now())
    return found


def _fill(found: dict[str, Any], store: Store, loaded: LoadedConfig, now: datetime) -> None:
    journal = Journal(store)
    found["runs"] = [_run(run) for run in journal.runs(last=5)]
    for side, kinds in store.count_linked("live").items():
        if side in found["sides"]:
            found["sides"][side]["linked"] = kinds
    for row in store.db.query("SELECT side, object_type, full_at FROM cursors"):
        if row["side"] in found["sides"]:
            found["sides"][row["side"]]["read"][row["object_type"]] = row["full_at"]
    found["waiting"] = _waiting(waiting(waiting_things(store)))
    found["questions"] = {
        cause: known["number"] for cause, known in found["waiting"].items() if cause != "refused"
    }
    retries = journal.retries()
    due = sum(retry.next_at <= now for retry in retries)
    following = retries[0].next_at.isoformat() if retries else None
    found["retries"] = {"waiting": len(retries), "due": due, "next": following}
    if found["runs"]:
        every = timedelta(seconds=duration(loaded.config.schedule.every))
        last = datetime.fromisoformat(found["runs"][0]["started"])
        found["next_run"] = (last + every).isoformat()


def _waiting(known: Mapping[str, Waiting]) -> dict[str, dict[str, Any]]:
    return {cause: {"number": w.number, "oldest": w.oldest} for cause, w in known.items()}


def _run(run: Mapping[str, Any]) -> dict[str, Any]:
    report = run["report"] or {}
    tallies = report.get("tallies", {})
    writes = sum(
        tally.get(done, 0)
        for kinds in tallies.values()
        for tally in kinds.values()
        for done in WRITES
    )
    return {
        "id": run["id"],
        "started": run["started"],
        "ended": run["ended"],
        "result": run["result"] or "interrupted",
        "writes": writes,
        "questions": report.get("questions", 0),
        "failures": len(report.get("failures", [])),
        "calls": report.get("calls", {}),
        "message": report.get("message", ""),
    }


def conflicts(session: Session) -> dict[str, Any]:
    """Open questions grouped by cause, each with names, values per side, age and remedy."""
    loaded = session.load()
    groups: dict[str, dict[str, Any]] = {}
    with opened(loaded) as store:
        for question in store.questions() if store is not None else []:
            group = groups.setdefault(
                question["cause"], {"remedy": REMEDIES[question["cause"]], "items": []}
            )
            group["items"].append(_item(question, store) if store else {})
    total = sum(len(group["items"]) for group in groups.values())
    return {"open": total, "causes": groups}


def _item(question: Mapping[str, Any], store: Store) -> dict[str, Any]:
    rows = store.by_entities([question["entity"]]).get(question["entity"], [])
    known = show.names_of(rows).get(question["entity"], "")
    detail = question["detail"]
    return {
        "id": question["id"],
        "kind": question["kind"],
        "entity": question["entity"],
        "name": known or str(detail.get("shows") or ""),
        "records": {r.side: f"{r.object_type} {r.id}" for r in rows if str(r.state) == "live"},
        "side": question["side"],
        "field": question["field"],
        "message": question["message"],
        "values": detail,
        "names": named(store, detail),
        "settled": {r.side: r.base[question["field"]] for r in rows if question["field"] in r.base},
        "opened": question["opened"],
    }
