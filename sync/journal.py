"""The journal: what was about to be written, what came of it, and what is tried again when."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from core.errors import RecordError
from sync.model import Action, Report, Result
from sync.rows import dumps
from sync.serial import action_from, action_to
from sync.store import Store, guarded

_FIRST_WAIT = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Op:
    """One journalled write that has no known outcome."""

    id: str
    run: str
    action: Action


@dataclass(frozen=True, slots=True)
class Retry:
    """A write (or one field of it: `field`) that was refused, and when to try again."""

    entity: str
    side: str
    field: str
    digest: str
    attempts: int
    next_at: datetime
    error: str
    remedy: str
    since: str = ""
    """When it was refused first (ISO)."""


class Journal:
    """Ops, runs and retries, kept in the state store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._conn = store.db.conn

    # -- runs ------------------------------------------------------------------------------

    def begin_run(self, at: datetime) -> str:
        """Open a run and return its id: `r` and a number that grows."""
        with self._store.atomic():
            found = self._conn.execute("SELECT count(*) FROM runs").fetchone()
            run = f"r{found[0] + 1:06d}"
            self._conn.execute(
                "INSERT INTO runs (id, started) VALUES (?, ?)", (run, at.isoformat())
            )
        return run

    def number_of(self, run: str) -> int:
        """The number of a run; for a plan, the number that the next run will have."""
        if run.startswith("r"):
            return int(run[1:])
        with guarded():
            return int(self._conn.execute("SELECT count(*) FROM runs").fetchone()[0]) + 1

    def end_run(self, report: Report, at: datetime) -> None:
        """Close a run with its report."""
        with self._store.atomic():
            self._conn.execute(
                "UPDATE runs SET ended = ?, result = ?, report = ? WHERE id = ?",
                (at.isoformat(), str(report.result), self._told(report), report.run),
            )

    def _told(self, report: Report) -> str:
        """The report as the state keeps it: what it says in words may name somebody."""
        if not self._store.vault.hiding:
            return report_text(report)
        known = orjson.loads(report_text(report))
        for failure in known["failures"]:
            failure["message"] = self._store.vault.scrub(failure["message"])
        return dumps({**known, "message": self._store.vault.scrub(known["message"])})

    def runs(self, last: int = 20) -> list[dict[str, Any]]:
        """The latest runs, newest first, with `report` decoded."""
        with guarded():
            found = list(
                self._store.db.query("SELECT * FROM runs ORDER BY id DESC LIMIT ?", [last])
            )
        return [
            {**row, "report": orjson.loads(row["report"]) if row["report"] else None}
            for row in found
        ]

    # -- ops -------------------------------------------------------------------------------

    def intend(
        self,
        run: str,
        actions: Sequence[Action],
        at: datetime,
        before: Sequence[Mapping[str, Any]] = (),
    ) -> list[str]:
        """Write down what is about to be sent; returns the op ids in the same order.

        `before` holds the vendor's own values of the fields that each write replaces.
        """
        replaced = before or [{} for _ in actions]
        ops = [f"{run}-{action.id}" for action in actions]
        hide = self._store.vault.action
        rows = [
            (op, run, a.side, a.object_type, str(a.verb), a.kind, a.entity, a.record_id,
             "intended", dumps(action_to(hide(a))), None, at.isoformat(), dumps(dict(b)), None)
            for op, a, b in zip(ops, actions, replaced, strict=True)
        ]  # fmt: skip
        with self._store.atomic():
            self._conn.executemany(
                "INSERT OR REPLACE INTO ops VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)", rows
            )
        return ops

    def conclude(
        self,
        op: str,
        state: str,
        *,
        record_id: str | None,
        error: str | None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Note the outcome of an op: done, refused, unknown, stale, lost.

        `after` is what the side showed when it had taken the write, for the fields that it took.
        """
        shown = None if after is None else dumps(dict(after))
        with self._store.atomic():
            self._conn.execute(
                "UPDATE ops SET state = ?, record_id = coalesce(?, record_id), error = ?,"
                " after = ? WHERE id = ?",
                (state, record_id, error and self._store.vault.scrub(error), shown, op),
            )

    def open_ops(self) -> list[Op]:
        """Ops whose outcome is not known: a run was interrupted or an answer was lost."""
        with guarded():
            found = self._conn.execute(
                "SELECT id, run, action FROM ops WHERE state IN ('intended', 'unknown') ORDER BY id"
            ).fetchall()
        return [Op(op, run, action_from(self._decoded(text))) for op, run, text in found]

    def history(self, entity: str) -> list[dict[str, Any]]:
        """Every journalled write of an entity, oldest first, with its JSON decoded."""
        return self._ops("entity = ? ORDER BY run, at, id", entity)

    def has_converted(self, entity: str, side: str) -> bool:
        """Whether a side was asked to convert the lead of an entity, and did not refuse it."""
        with guarded():
            found = self._conn.execute(
                "SELECT 1 FROM ops WHERE entity = ? AND side = ? AND verb = 'convert'"
                " AND state NOT IN ('refused', 'stale')",
                (entity, side),
            ).fetchone()
        return found is not None

    def written(self, run: str) -> list[dict[str, Any]]:
        """Every journalled write of a run, with its JSON decoded."""
        return self._ops("run = ? ORDER BY id", run)

    def _decoded(self, text: str) -> dict[str, Any]:
        """A journalled action as JSON, hidden values in clear where they are known."""
        action: dict[str, Any] = orjson.loads(text)
        for written in action["fields"]:
            for part in ("old", "new"):
                written[part] = self._store.vault.show(written[part])
        return action

    def _ops(self, where: str, parameter: str) -> list[dict[str, Any]]:
        vault = self._store.vault
        with guarded():
            found = list(self._store.db.query(f"SELECT * FROM ops WHERE {where}", [parameter]))
        return [
            {
                **row,
                "action": self._decoded(row["action"]),
                "before": orjson.loads(row["before"] or "{}"),
                "after": None
                if row["after"] is None
                else vault.show_all(orjson.loads(row["after"])),
            }
            for row in found
        ]

    # -- retries ---------------------------------------------------------------------------

    def postpone(self, action: Action, field: str, error: RecordError, at: datetime) -> None:
        """Put a refused write (field "": the whole) on the list, later each time.

        What may pass by itself (a locked row) is tried after minutes; a refusal of the value
        itself only once a day, for another value is another attempt and does not wait at all.
        """
        digest = self.digest(action, field)
        earlier = self.retry(action.entity, action.side, field)
        attempts = earlier.attempts + 1 if earlier and earlier.digest == digest else 1
        since = earlier.since if earlier and attempts > 1 else at.isoformat()
        soon = error.retry or getattr(error, "retryable", False)
        wait = min(_FIRST_WAIT * 2 ** (attempts - 1), _LONGEST_WAIT) if soon else _LONGEST_WAIT
        with self._store.atomic():
            self._conn.execute(
                "INSERT OR REPLACE INTO retries VALUES (?,?,?,?,?,?,?,?,?)",
                (action.entity, action.side, field, digest, attempts, (at + wait).isoformat(),
                 self._store.vault.scrub(str(error)), error.remedy, since),
            )  # fmt: skip

    def digest(self, action: Action, field: str) -> str:
        """What is being attempted, as the list of refused writes keeps it."""
        return self._store.vault.seal(digest_of(action, field))

    def retry(self, entity: str, side: str, field: str) -> Retry | None:
        """The entry of one write or field, or None."""
        with guarded():
            found = self._conn.execute(
                "SELECT * FROM retries WHERE entity = ? AND side = ? AND field = ?",
                (entity, side, field),
            ).fetchone()
        return _to_retry(found) if found else None

    def retries(self) -> list[Retry]:
        """The whole list, soonest first."""
        with guarded():
            found = self._conn.execute("SELECT * FROM retries ORDER BY next_at").fetchall()
        return [_to_retry(row) for row in found]

    def put_off(self, entity: str, side: str, field: str, until: datetime) -> None:
        """Try one entry again at another time than was foreseen."""
        with self._store.atomic():
            self._conn.execute(
                "UPDATE retries SET next_at = ? WHERE entity = ? AND side = ? AND field = ?",
                (until.isoformat(), entity, side, field),
            )

    def passed(self, entity: str, side: str, fields: Iterable[str]) -> None:
        """Take what has passed off the list."""
        with self._store.atomic():
            self._conn.executemany(
                "DELETE FROM retries WHERE entity = ? AND side = ? AND field = ?",
                [(entity, side, name) for name in fields],
            )


def digest_of(action: Action, field: str) -> str:
    """What is being attempted; another value is another attempt, and need not wait."""
    wanted = {f.name: f.new for f in action.fields if field in ("", f.name)}
    what = wanted if field else [str(action.verb), wanted]
    return hashlib.sha256(dumps(what).encode()).hexdigest()[:16]


def report_text(report: Report) -> str:
    """A report as JSON text."""
    return orjson.dumps(report, option=orjson.OPT_SORT_KEYS).decode()


def result_code(result: Result) -> int:
    """The exit code of a run's result (see core/errors.py)."""
    return {Result.OK: 0, Result.PARTIAL: 3, Result.STOPPED: 5, Result.FAILED: 1}[result]


def _to_retry(found: tuple[Any, ...]) -> Retry:
    entity, side, field, digest, attempts, next_at, error, remedy, since = found
    moment = datetime.fromisoformat(next_at)
    return Retry(entity, side, field, digest, attempts, moment, error, remedy, since)
