"""The state store: what each side showed, what was settled, and how far reading has come."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import orjson
from sqlite_utils import Database

from core.errors import StateError
from sync.migrations import migrations
from sync.model import Question, Row
from sync.privacy import NO_VAULT, Vault
from sync.rows import COLUMNS, PLACES, dumps, to_row, to_tuple

_CHUNK = 400


@contextmanager
def guarded() -> Iterator[None]:
    """Turns a database error into a StateError that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise StateError(f"the state store failed: {error}") from error
    except OSError as error:
        raise StateError(f"the state store failed: {error.strerror or error}") from error


class Store:
    """One SQLite file; every public method is atomic, and `atomic` groups several."""

    def __init__(self, path: Path | None, vault: Vault = NO_VAULT) -> None:
        """Open or make the file (None: in memory) and bring its schema up to date.

        Personal values pass through the vault. Raises StateError when the file cannot be read or
        written, or was made by a newer version.
        """
        self.path = path
        self.vault = vault
        with guarded():
            if path is None:
                self.db = Database(_connect(":memory:"))
            else:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                path.touch(mode=0o600)
                path.chmod(0o600)  # also one that was made otherwise
                self.db = Database(_connect(path))
        try:
            self._prepare()
        except BaseException:
            self.db.close()
            raise

    def _prepare(self) -> None:
        with guarded():
            if self.path is not None:
                self.db.conn.execute("PRAGMA journal_mode = WAL")
            self.db.conn.execute("PRAGMA synchronous = FULL")
            known = {step.name for step in migrations.pending(self.db)}
            known |= {step.name for step in migrations.applied(self.db)}
            newer = {s.name for s in migrations.applied(self.db)} - _step_names()
        if newer:
            raise StateError(
                f"{self.path} was written by a newer version of Tieline ({', '.join(newer)})",
                remedy="Install that version again, or name another state folder.",
            )
        with guarded():
            migrations.apply(self.db)

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def copy_to(self, path: Path | None) -> Store:
        """An independent copy, so that a plan can be made without changing this store."""
        with guarded():
            if path is None:
                target = _connect(":memory:")
            else:
                path.touch(mode=0o600)
                target = _connect(path)
            self.db.conn.backup(target)
        copy = Store.__new__(Store)
        copy.path = path
        copy.vault = self.vault
        copy.db = Database(target)
        return copy

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """One transaction, all or nothing; inside another it is part of that one."""
        if self.db.conn.in_transaction:
            yield
            return
        with guarded(), self.db.atomic():
            yield

    # -- records ---------------------------------------------------------------------------

    def put(self, rows: Iterable[Row]) -> None:
        """Insert or replace rows."""
        with self.atomic():
            self.db.conn.executemany(
                f"INSERT OR REPLACE INTO records ({COLUMNS}) VALUES {PLACES}",
                [to_tuple(row, self.vault) for row in rows],
            )

    def rows(self, where: str = "1", parameters: Sequence[Any] = ()) -> Iterator[Row]:
        """Rows that meet a condition, by side, object type and id."""
        with guarded(), closing(self.db.conn.cursor()) as cursor:
            cursor.execute(
                f"SELECT {COLUMNS} FROM records WHERE {where} ORDER BY side, object_type, id",
                parameters,
            )
            for found in cursor:
                yield to_row(found, self.vault)

    def row(self, side: str, object_type: str, record_id: str) -> Row | None:
        """One row, or None."""
        key = (side, object_type, record_id)
        return next(self.rows("side = ? AND object_type = ? AND id = ?", key), None)

    def by_ids(self, side: str, object_type: str, ids: Sequence[str]) -> dict[str, Row]:
        """Rows of one object type by id; unknown ids are left out."""
        found: dict[str, Row] = {}
        for chunk in _chunks(list(dict.fromkeys(ids))):
            where = f"side = ? AND object_type = ? AND id IN ({_marks(chunk)})"
            found.update({r.id: r for r in self.rows(where, (side, object_type, *chunk))})
        return found

    def by_entities(self, entities: Sequence[str]) -> dict[str, list[Row]]:
        """All rows of entities, tombstones too; an entity without rows is left out."""
        found: dict[str, list[Row]] = {}
        for chunk in _chunks(list(dict.fromkeys(entities))):
            for row in self.rows(f"entity IN ({_marks(chunk)})", chunk):
                found.setdefault(str(row.entity), []).append(row)
        return found

    def unattached(self, kind: str) -> list[Row]:
        """Live records that belong to no entity yet and are worth a look."""
        return list(self.rows("kind = ? AND dirty = 1 AND entity IS NULL", (kind,)))

    def dirty_entities(self, kind: str) -> list[str]:
        """Entities of which some record differs from what was settled or is still to be made, or
        about which something is asked: a person may have made all as it was, and then nothing is
        asked any more."""
        return self._column(
            "SELECT entity FROM records WHERE kind = ? AND dirty = 1 AND entity IS NOT NULL"
            " UNION SELECT entity FROM questions WHERE kind = ? AND cause <> 'merge'"
            " AND entity IN (SELECT id FROM entities)"
            " UNION SELECT id FROM entities WHERE kind = ? AND unmade = 1 ORDER BY entity",
            (kind, kind, kind),
        )

    def mark_all_dirty(self) -> None:
        """Have every record looked at again (the rules or mappings changed)."""
        with self.atomic():
            self.db.conn.execute("UPDATE records SET dirty = 1 WHERE state = 'live'")

    def mark_dirty(self, entities: Iterable[str]) -> None:
        """Have the records of some entities looked at again."""
        with self.atomic():
            for chunk in _chunks(list(entities)):
                self.db.conn.execute(
                    "UPDATE records SET dirty = 1 WHERE state IN ('live', 'archived')"
                    f" AND entity IN ({_marks(chunk)})",
                    chunk,
                )

    def live_ids(self, side: str, object_type: str, *, linked: bool = False) -> list[str]:
        """Ids of live records, in order."""
        more = " AND entity IS NOT NULL" if linked else ""
        where = f"side = ? AND object_type = ? AND state = 'live'{more}"
        sql = f"SELECT id FROM records WHERE {where} ORDER BY id"
        return self._column(sql, (side, object_type))

    def settled_entities(self, entities: Sequence[str]) -> set[tuple[str, str]]:
        """(entity, side) pairs, of those named, whose record was settled by an earlier run."""
        found: set[tuple[str, str]] = set()
        for chunk in _chunks(list(dict.fromkeys(entities))):
            with guarded():
                found.update(
                    self.db.conn.execute(
                        "SELECT entity, side FROM records WHERE base <> '{}'"
                        f" AND entity IN ({_marks(chunk)})",
                        chunk,
                    )
                )
        return found

    def count_linked(self, *states: str) -> dict[str, dict[str, int]]:
        """Links per side and kind whose record is in one of the states."""
        with guarded():
            found = self.db.conn.execute(
                "SELECT side, kind, count(*) FROM records WHERE entity IS NOT NULL"
                f" AND state IN ({_marks(states)}) GROUP BY side, kind ORDER BY side, kind",
                states,
            ).fetchall()
        counts: dict[str, dict[str, int]] = {}
        for side, kind, number in found:
            counts.setdefault(side, {})[kind] = number
        return counts

    # -- entities and keys -----------------------------------------------------------------

    def add_entity(self, entity: str, kind: str, run: str) -> None:
        """Make an entity known; repeating it changes nothing."""
        with self.atomic():
            self.db.conn.execute(
                "INSERT OR IGNORE INTO entities (id, kind, run) VALUES (?, ?, ?)",
                (entity, kind, run),
            )

    def entities(self) -> list[tuple[str, str]]:
        """(kind, id) of all entities."""
        with guarded():
            return self.db.conn.execute("SELECT kind, id FROM entities ORDER BY id").fetchall()

    def set_unmade(self, entities: Sequence[str], unmade: bool) -> None:
        """Note whether entities that are settled between some sides are to be made on another."""
        with self.atomic():
            self.db.conn.executemany(
                "UPDATE entities SET unmade = ? WHERE unmade <> ? AND id = ?",
                [(unmade, unmade, entity) for entity in entities],
            )

    def merge_entities(self, loser: str, survivor: str) -> None:
        """Note that two entities are one: `loser` lives on as `survivor`."""
        with self.atomic():
            self.db.conn.execute(
                "UPDATE entities SET merged_into = ? WHERE id = ?", (survivor, loser)
            )

    def merged_into(self, entity: str) -> str | None:
        """The entity that this one lives on as, at the end of the chain; None if it is its own."""
        last: str | None = None
        for _ in range(50):  # chains are short; a loop in damaged data must end
            found = self._column("SELECT merged_into FROM entities WHERE id = ?", (last or entity,))
            if not found or found[0] is None:
                return last
            last = str(found[0])
        return last

    def unfinished_merges(self) -> list[tuple[str, str]]:
        """(kind, loser) of merged entities that still have live records of their own."""
        with guarded():
            return self.db.conn.execute(
                "SELECT DISTINCT e.kind, e.id FROM entities e JOIN records r ON r.entity = e.id"
                " WHERE e.merged_into IS NOT NULL AND r.state = 'live' ORDER BY e.id"
            ).fetchall()

    def set_keys(self, row: Row, keys: Sequence[str]) -> None:
        """Replace the match keys of a record."""
        with self.atomic():
            self.db.conn.execute(
                "DELETE FROM match_keys WHERE side = ? AND object_type = ? AND id = ?", row.key
            )
            self.db.conn.executemany(
                "INSERT OR IGNORE INTO match_keys VALUES (?, ?, ?, ?, ?)",
                [(row.kind, self.vault.seal(key), *row.key) for key in keys],
            )

    def add_keys(self, row: Row, keys: Sequence[str]) -> None:
        """Add match keys to those of a record."""
        with self.atomic():
            self.db.conn.executemany(
                "INSERT OR IGNORE INTO match_keys VALUES (?, ?, ?, ?, ?)",
                [(row.kind, self.vault.seal(key), *row.key) for key in keys],
            )

    def with_key(self, kind: str, key: str) -> list[Row]:
        """Live records that have a match key."""
        return list(
            self.rows(
                "state = 'live' AND (side, object_type, id) IN (SELECT side, object_type, id"
                " FROM match_keys WHERE kind = ? AND key = ?)",
                (kind, self.vault.seal(key)),
            )
        )

    def set_origin(self, side: str, object_type: str, record_id: str, person: str) -> None:
        """Note that a record came of a conversion; `person` is the id of the converted record."""
        with self.atomic():
            self.db.conn.execute(
                "INSERT OR REPLACE INTO origins VALUES (?, ?, ?, ?)",
                (side, object_type, record_id, person),
            )

    def origin(self, side: str, object_type: str, record_id: str) -> str | None:
        """The id of the converted record (a lead) that a record came of, or None."""
        sql = "SELECT person FROM origins WHERE side = ? AND object_type = ? AND id = ?"
        return next(iter(self._column(sql, (side, object_type, record_id))), None)

    def made_from(self, side: str, person: str) -> list[str]:
        """The object types of what came of a converted record."""
        sql = "SELECT object_type FROM origins WHERE side = ? AND person = ?"
        return [str(found) for found in self._column(sql, (side, person))]

    def people_of(self, side: str, account_id: str) -> Iterator[Row]:
        """People whose account is a certain record of their own side."""
        return self.rows(
            "kind = 'person' AND side = ? AND json_extract(seen, '$.account.id') = ?"
            " AND state = 'live'",
            (side, account_id),
        )

    # -- reading positions, small facts ----------------------------------------------------

    def cursor(self, side: str, object_type: str) -> tuple[str | None, str | None]:
        """The reading position, and when everything was last read (ISO)."""
        with guarded():
            found = self.db.conn.execute(
                "SELECT cursor, full_at FROM cursors WHERE side = ? AND object_type = ?",
                (side, object_type),
            ).fetchone()
        return (found[0], found[1]) if found else (None, None)

    def set_cursor(self, side: str, object_type: str, cursor: str, full_at: str | None) -> None:
        """Advance a reading position; `full_at` None keeps the earlier moment."""
        with self.atomic():
            self.db.conn.execute(
                "INSERT INTO cursors VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " cursor = excluded.cursor, full_at = coalesce(excluded.full_at, full_at)",
                (side, object_type, cursor, full_at),
            )

    def meta(self, key: str) -> str | None:
        """A small fact, or None."""
        return next(iter(self._column("SELECT value FROM meta WHERE key = ?", (key,))), None)

    def set_meta(self, key: str, value: str) -> None:
        """Remember a small fact."""
        with self.atomic():
            self.db.conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def recall(self, side: str, topic: str) -> tuple[Any, datetime] | None:
        """Something learnt from a side (owners, schemas) and when."""
        with guarded():
            found = self.db.conn.execute(
                "SELECT payload, at FROM directory WHERE side = ? AND topic = ?", (side, topic)
            ).fetchone()
        return (orjson.loads(found[0]), datetime.fromisoformat(found[1])) if found else None

    def remember(self, side: str, topic: str, payload: Any, at: datetime) -> None:
        """Keep something learnt from a side."""
        with self.atomic():
            self.db.conn.execute(
                "INSERT OR REPLACE INTO directory VALUES (?, ?, ?, ?)",
                (side, topic, dumps(payload), at.isoformat()),
            )

    # -- questions ---------------------------------------------------------------------------

    def ask(
        self,
        questions: Iterable[Question],
        at: datetime,
        facts: Callable[[Question], Mapping[str, str]] = lambda _: {},
    ) -> None:
        """Open questions; one that is open already keeps its age. `facts` says what each is asked
        about, as digests: an answer is held against them."""
        moment = at.isoformat()
        asked = [(self.vault.question(q), _sealed(facts(q), self.vault)) for q in questions]
        with self.atomic():
            self.db.conn.executemany(
                "INSERT INTO questions (id, cause, kind, entity, side, field, message, detail,"
                " opened, seen, facts) VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE"
                " SET message = excluded.message, detail = excluded.detail, seen = excluded.seen,"
                " facts = excluded.facts",
                [
                    (q.id, q.cause, q.kind, q.entity, q.side, q.field, q.message,
                     dumps(dict(q.detail)), moment, moment, dumps(known))
                    for q, known in asked
                ],
            )  # fmt: skip

    def was_asked(self, cause: str, entity: str, side: str) -> bool:
        """Whether this was ever asked, be it answered or passed since."""
        with guarded():
            found = self.db.conn.execute(
                "SELECT 1 FROM events WHERE what = 'asked' AND entity = ? AND side = ?"
                " AND json_extract(detail, '$.cause') = ?",
                (entity, side, cause),
            ).fetchone()
        return found is not None

    def close_questions(self, entities: Iterable[str], keep: Iterable[str]) -> None:
        """Drop questions of entities that were decided again and did not ask again."""
        kept = set(keep)
        with self.atomic():
            for chunk in _chunks(list(entities)):
                found = self.db.conn.execute(
                    "SELECT id FROM questions WHERE cause NOT IN ('merge', 'duplicate')"
                    f" AND entity IN ({_marks(chunk)})",
                    chunk,
                ).fetchall()
                self.db.conn.executemany(
                    "DELETE FROM questions WHERE id = ?", [f for f in found if f[0] not in kept]
                )

    def close_stale_matches(self, keep: Iterable[str]) -> None:
        """Drop matching questions that were not asked again: every free record was looked at."""
        self.close_causes(("ambiguous", "resembles", "merge", "duplicate"), keep)

    def close_causes(
        self, causes: Sequence[str], keep: Iterable[str], *, side: str = "%", kind: str = "%"
    ) -> None:
        """Drop the questions of some causes (of one side and kind, or all) but for those kept."""
        kept = set(keep)
        with self.atomic():
            found = self.db.conn.execute(
                f"SELECT id FROM questions WHERE cause IN ({_marks(causes)})"
                " AND side LIKE ? AND kind LIKE ?",
                (*causes, side, kind),
            ).fetchall()
            self.db.conn.executemany(
                "DELETE FROM questions WHERE id = ?", [f for f in found if f[0] not in kept]
            )

    def close_question(self, question: str) -> None:
        """Drop a question whose answer was carried out."""
        with self.atomic():
            self.db.conn.execute("DELETE FROM questions WHERE id = ?", (question,))

    def questions(self) -> list[dict[str, Any]]:
        """Open questions, oldest first, as plain rows with `detail` and `facts` decoded."""
        with guarded():
            found = list(self.db.query("SELECT * FROM questions ORDER BY opened, id"))
        return [
            {
                **row,
                "detail": self.vault.show_all(orjson.loads(row["detail"])),
                "facts": orjson.loads(row["facts"]),
            }
            for row in found
        ]

    def _column(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        with guarded():
            return [row[0] for row in self.db.conn.execute(sql, parameters)]


def _step_names() -> set[str]:
    return {step.name for step in migrations.pending(Database(memory=True))}


def _chunks(items: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def _marks(items: Sequence[Any]) -> str:
    return ",".join("?" * len(items))


def _sealed(facts: Mapping[str, str], vault: Vault) -> dict[str, str]:
    return {name: vault.seal(digest) for name, digest in facts.items()}


def _connect(path: Path | str) -> sqlite3.Connection:
    # no implicit transactions: every one is opened by `atomic`, so none is left half-open
    return sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
