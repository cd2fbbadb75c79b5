"""Keeps personal values out of the state: from now on, in what is there already, and for good."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from config.model import Config
from core.errors import StateError
from sync import proposals
from sync.events import Events
from sync.model import Row, State
from sync.privacy import MARK, NO_VAULT, Vault, open_vault
from sync.rows import dumps
from sync.serial import action_from, action_to
from sync.store import Store, guarded
from sync.why import absorbed

_MODE = "privacy"
_KEY = "privacy/key"
FORGOTTEN = "forgotten"
"""How a record is linked whose person's data was removed: it is never read again."""


def vault_of(config: Config, folder: Path) -> Vault:
    """The vault that the configuration asks for. Raises StateError."""
    hiding = config.privacy.values == "hashed"
    return open_vault(folder, config.privacy.personal, hiding=hiding) or NO_VAULT


def conceal(store: Store) -> None:
    """Bring what the state holds in line with its vault; once, when the setting was switched on.

    Raises StateError where the hashes in the state were made with another key.
    """
    vault = store.vault
    known = store.meta(_KEY)
    if known is not None and known != vault.seal(_KEY):
        raise StateError(
            "the key of personal values is not the one that the state was written with",
            remedy="Put the file privacy.key back from a backup, or begin a new state.",
        )
    if not vault.hiding or store.meta(_MODE) == MARK:
        if store.meta(_MODE) == MARK and not vault.hiding:
            store.set_meta(_MODE, "clear")
        return
    with store.atomic():
        sealed = store.meta(_KEY) is not None  # digests and keys are sealed once only
        _cover_rows(store)
        _cover_journal(store, sealed=sealed)
        _cover_questions(store, sealed=sealed)
        store.set_meta(_KEY, vault.seal(_KEY))
        store.set_meta(_MODE, MARK)
    scour(store)


def scour(store: Store) -> None:
    """Have the file hold nothing of what was removed from it."""
    with guarded():
        store.db.conn.execute("VACUUM")
        store.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _cover_rows(store: Store) -> None:
    store.put(list(store.rows()))


def _cover_journal(store: Store, *, sealed: bool) -> None:
    vault, conn = store.vault, store.db.conn
    for op, kind, text, after, error in conn.execute(
        "SELECT id, kind, action, after, error FROM ops"
    ).fetchall():
        action = action_to(vault.action(action_from(orjson.loads(text))))
        shown = dumps(vault.cover_all(kind, orjson.loads(after))) if after else None
        conn.execute(
            "UPDATE ops SET action = ?, before = '{}', after = ?, error = ? WHERE id = ?",
            (dumps(action), shown, error and vault.scrub(error), op),
        )
    for run, report in conn.execute("SELECT id, report FROM runs").fetchall():
        if report:
            text = dumps(_scrubbed(orjson.loads(report), vault))
            conn.execute("UPDATE runs SET report = ? WHERE id = ?", (text, run))
    _cover_events(store)
    _cover_lists(store, sealed=sealed)


def _scrubbed(report: dict[str, Any], vault: Vault) -> dict[str, Any]:
    for failure in report.get("failures", []):
        failure["message"] = vault.scrub(failure["message"])
    return {**report, "message": vault.scrub(report.get("message", ""))}


def _cover_events(store: Store) -> None:
    conn = store.db.conn
    kinds = {entity: kind for kind, entity in store.entities()}
    for number, entity, field, text in conn.execute(
        "SELECT id, entity, field, detail FROM events"
    ).fetchall():
        detail = _covered(orjson.loads(text), kinds.get(entity, "person"), field, store.vault)
        conn.execute("UPDATE events SET detail = ? WHERE id = ?", (dumps(detail), number))


def _covered(detail: dict[str, Any], kind: str, field: str, vault: Vault) -> dict[str, Any]:
    for group in detail.get("groups", []):
        for name, (old, new) in group["moved"].items():
            group["moved"][name] = [vault.cover(kind, name, old), vault.cover(kind, name, new)]
    if "values" in detail:
        detail["values"] = vault.cover_all(kind, detail["values"])
    for word in ("error", "message"):
        if word in detail:
            detail[word] = vault.scrub(detail[word])
    if isinstance(detail.get("detail"), dict):
        told = {k: vault.cover(kind, field, v) for k, v in detail["detail"].items()}
        detail["detail"] = {**told, "shows": ""} if "shows" in told else told
    return detail


def _cover_lists(store: Store, *, sealed: bool) -> None:
    vault, conn = store.vault, store.db.conn
    seal = (lambda text: text) if sealed else vault.seal
    for table, columns in (("retries", "entity, side, field"), ("undone", "entity, side, field")):
        for *key, digest in conn.execute(f"SELECT {columns}, digest FROM {table}").fetchall():
            conn.execute(
                f"UPDATE {table} SET digest = ? WHERE entity = ? AND side = ? AND field = ?",
                (seal(digest), *key),
            )
    for entity, side, field, error in conn.execute(
        "SELECT entity, side, field, error FROM retries"
    ).fetchall():
        conn.execute(
            "UPDATE retries SET error = ? WHERE entity = ? AND side = ? AND field = ?",
            (vault.scrub(error), entity, side, field),
        )
    for kind, key, *record in conn.execute("SELECT * FROM match_keys").fetchall():
        conn.execute(
            "UPDATE match_keys SET key = ? WHERE kind = ? AND key = ? AND side = ?"
            " AND object_type = ? AND id = ?",
            (seal(key), kind, key, *record),
        )


def _cover_questions(store: Store, *, sealed: bool) -> None:
    vault, conn = store.vault, store.db.conn
    for question in store.questions():
        detail = _covered(
            {"detail": question["detail"]}, question["kind"], question["field"], vault
        )
        facts = question["facts"]
        known = facts if sealed else {n: vault.seal(d) for n, d in facts.items()}
        conn.execute(
            "UPDATE questions SET message = ?, detail = ?, facts = ? WHERE id = ?",
            (vault.scrub(question["message"]), dumps(detail["detail"]), dumps(known),
             question["id"]),
        )  # fmt: skip
    for number, text in conn.execute("SELECT id, facts FROM answers").fetchall():
        found: Mapping[str, str] = orjson.loads(text)
        known = dict(found) if sealed else {n: vault.seal(d) for n, d in found.items()}
        conn.execute("UPDATE answers SET facts = ? WHERE id = ?", (dumps(known), number))


# -- one person ------------------------------------------------------------------------------


def forget(store: Store, row: Row, run: str) -> list[Row]:
    """Remove everything that the state knows of a record's entity; returns its records.

    What stays are ids: tombstones by which no side's record is ever read, matched or made again
    for this entity. Records that a side still has are left alone there.
    """
    entity = row.entity
    entities = [entity, *absorbed(store, entity)] if entity else []
    rows = [r for one in store.by_entities(entities).values() for r in one] or [row]
    with store.atomic():
        for found in rows:
            store.set_keys(found, [])
            found.seen, found.base, found.problems, found.owes = {}, {}, {}, set()
            found.state, found.how, found.modified = State.GONE, FORGOTTEN, None
            found.dirty = False
        store.put(rows)
        proposals.forget(store, rows)
        names = [*entities, *(f"{r.object_type}:{r.id}" for r in rows)]
        for name in names:
            _forget_history(store, name)
        _forget_reports(store, names)
        for found in rows:
            Events(store, run).forgotten(found, "its person's data was removed from the state")
    scour(store)
    return rows


def _forget_history(store: Store, name: str) -> None:
    conn = store.db.conn
    for op, text in conn.execute("SELECT id, action FROM ops WHERE entity = ?", (name,)).fetchall():
        action = {**orjson.loads(text), "fields": [], "options": {}}
        conn.execute(
            "UPDATE ops SET action = ?, before = '{}', after = NULL, error = NULL,"
            " state = CASE WHEN state IN ('intended', 'unknown') THEN 'lost' ELSE state END"
            " WHERE id = ?",
            (dumps(action), op),
        )
    conn.execute("DELETE FROM questions WHERE entity = ?", (name,))
    conn.execute("DELETE FROM events WHERE entity = ?", (name,))
    for table in ("retries", "undone", "answers"):
        conn.execute(f"DELETE FROM {table} WHERE entity = ?", (name,))


def _forget_reports(store: Store, names: list[str]) -> None:
    """Reports of runs keep that something was refused, not what."""
    conn = store.db.conn
    for run, text in conn.execute("SELECT id, report FROM runs").fetchall():
        report = orjson.loads(text) if text else {}
        for failure in report.get("failures", []):
            if failure["entity"] in names:
                failure["message"] = "removed with the person's data"
        if report:
            conn.execute("UPDATE runs SET report = ? WHERE id = ?", (dumps(report), run))
