"""Carries out what changes a record as a whole: archive, restore, merge and conversion."""

from __future__ import annotations

from connectors.base import Archive, Convert, Merge, Restore, Write
from core.errors import StaleError
from sync.answers import digest
from sync.model import Action, Row, State, Verb
from sync.moves import after_merge, follow_moves, reread
from sync.refs import References
from sync.sides import Side
from sync.store import Store

WHOLE = (Verb.RESTORE, Verb.MERGE, Verb.CONVERT, Verb.ARCHIVE)
"""Verbs that carry no fields."""

COUNTED = {
    Verb.CREATE: "created",
    Verb.UPDATE: "updated",
    Verb.ARCHIVE: "archived",
    Verb.RESTORE: "restored",
    Verb.MERGE: "merged",
    Verb.CONVERT: "converted",
}
"""Verb -> the counter of a tally."""


def check(action: Action, row: Row | None) -> str:
    """Why the action no longer holds on its record, or ""."""
    archived = (State.ARCHIVED, State.GONE)
    wanted = archived if action.verb is Verb.RESTORE else (State.LIVE,)
    if row is None or row.state not in wanted:
        return "it is not as it was when the plan was made"
    if (row.entity or f"{row.object_type}:{row.id}") != action.entity:
        return "it belongs to another entity now"
    decided = action.options.get("seen")
    shown = {n: v for n, v in row.seen.items() if n in action.options.get("of", row.seen)}
    edited = digest(shown) != decided if decided else row.seen != row.base
    if action.verb is Verb.ARCHIVE and edited:
        return "it was edited since the plan was made"
    return ""


def write_for(action: Action, op: str, side: Side, references: References) -> Write:
    """The vendor's write. Raises StaleError where what it needs is not there."""
    record = str(action.record_id)
    if action.verb is Verb.ARCHIVE:
        return Archive(op, record)
    if action.verb is Verb.RESTORE:
        return Restore(op, record)
    if action.verb is Verb.MERGE:
        return Merge(op, record, (str(action.other_id),))
    account = None
    if action.other_id is not None:
        there = references.record_of(action.other_id, side.name)
        if there is None:
            raise StaleError("skipped: its account has no record there")
        account = there[1]
    owner = action.options.get("owner") or ""  # nobody: a queue's lead, for the fallback owner
    return Convert(
        op,
        record,
        account_id=account,
        contact_id=action.options.get("contact"),
        opportunity_name=action.options.get("opportunity"),
        owner_id=side.owner_id(owner),
        status=action.options.get("status"),
    )


def done(store: Store, side: Side, action: Action, survivor_id: str) -> None:
    """Links after the vendor did it; what it changed by itself is read again."""
    object_type, record_id = action.object_type, str(action.record_id)
    if action.verb is Verb.MERGE:
        after_merge(store, action, survivor_id)
        reread(side, action.kind, object_type, [survivor_id], store)
        return
    if action.verb is Verb.CONVERT:
        reread(side, action.kind, object_type, [record_id], store)
        follow_moves(store, [side])
        return
    row = store.row(side.name, object_type, record_id)
    if row is not None:
        restored = action.verb is Verb.RESTORE
        row.state = State.LIVE if restored else State.GONE
        row.dirty = restored
        store.put([row])
