"""The schema of the state store, as numbered steps; each is applied with its record in one
transaction, so that a store is never half-migrated."""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

migrations = Migrations("tieline")


@migrations(name="0001_first")
def _first(db: Database) -> None:
    for statement in _FIRST:
        db.execute(statement)


@migrations(name="0002_answers")
def _answers(db: Database) -> None:
    for statement in _ANSWERS:
        db.execute(statement)


@migrations(name="0003_events")
def _events(db: Database) -> None:
    for statement in _EVENTS:
        db.execute(statement)


_FIRST = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE entities (id TEXT PRIMARY KEY, kind TEXT NOT NULL, run TEXT NOT NULL)"
    " WITHOUT ROWID",
    """CREATE TABLE records (
        side TEXT NOT NULL, object_type TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
        entity TEXT, state TEXT NOT NULL, seen TEXT NOT NULL, base TEXT NOT NULL,
        problems TEXT NOT NULL, modified TEXT, stamp TEXT, moved_type TEXT, moved_id TEXT,
        how TEXT NOT NULL, dirty INTEGER NOT NULL,
        PRIMARY KEY (side, object_type, id)) WITHOUT ROWID""",
    "CREATE INDEX records_by_entity ON records (entity) WHERE entity IS NOT NULL",
    "CREATE UNIQUE INDEX one_live_record_per_side ON records (entity, side)"
    " WHERE entity IS NOT NULL AND state IN ('live', 'archived')",
    "CREATE INDEX records_dirty ON records (kind, side) WHERE dirty = 1",
    "CREATE INDEX records_by_stamp ON records (stamp) WHERE stamp IS NOT NULL",
    "CREATE INDEX records_moved ON records (side, moved_type, moved_id) WHERE moved_id IS NOT NULL",
    """CREATE TABLE match_keys (
        kind TEXT NOT NULL, key TEXT NOT NULL,
        side TEXT NOT NULL, object_type TEXT NOT NULL, id TEXT NOT NULL,
        PRIMARY KEY (kind, key, side, object_type, id)) WITHOUT ROWID""",
    "CREATE INDEX match_keys_by_record ON match_keys (side, object_type, id)",
    """CREATE TABLE cursors (
        side TEXT NOT NULL, object_type TEXT NOT NULL, cursor TEXT NOT NULL, full_at TEXT,
        PRIMARY KEY (side, object_type)) WITHOUT ROWID""",
    """CREATE TABLE directory (
        side TEXT NOT NULL, topic TEXT NOT NULL, payload TEXT NOT NULL, at TEXT NOT NULL,
        PRIMARY KEY (side, topic)) WITHOUT ROWID""",
    """CREATE TABLE runs (
        id TEXT PRIMARY KEY, started TEXT NOT NULL, ended TEXT, result TEXT, report TEXT)
        WITHOUT ROWID""",
    """CREATE TABLE ops (
        id TEXT PRIMARY KEY, run TEXT NOT NULL, side TEXT NOT NULL, object_type TEXT NOT NULL,
        verb TEXT NOT NULL, kind TEXT NOT NULL, entity TEXT NOT NULL, record_id TEXT,
        state TEXT NOT NULL, action TEXT NOT NULL, error TEXT, at TEXT NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX ops_open ON ops (state) WHERE state IN ('intended', 'unknown')",
    "CREATE INDEX ops_by_entity ON ops (entity)",
    """CREATE TABLE retries (
        entity TEXT NOT NULL, side TEXT NOT NULL, field TEXT NOT NULL, digest TEXT NOT NULL,
        attempts INTEGER NOT NULL, next_at TEXT NOT NULL, error TEXT NOT NULL,
        remedy TEXT NOT NULL, PRIMARY KEY (entity, side, field)) WITHOUT ROWID""",
    """CREATE TABLE questions (
        id TEXT PRIMARY KEY, cause TEXT NOT NULL, kind TEXT NOT NULL, entity TEXT NOT NULL,
        side TEXT NOT NULL, field TEXT NOT NULL, message TEXT NOT NULL, detail TEXT NOT NULL,
        opened TEXT NOT NULL, seen TEXT NOT NULL) WITHOUT ROWID""",
)


_ANSWERS = (
    # what a question was asked about, as digests: an answer holds for these facts only
    "ALTER TABLE questions ADD COLUMN facts TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE retries ADD COLUMN since TEXT NOT NULL DEFAULT ''",
    # `entity` is * for what was answered for a whole group, for good
    """CREATE TABLE answers (
        id INTEGER PRIMARY KEY, question TEXT NOT NULL, cause TEXT NOT NULL, kind TEXT NOT NULL,
        entity TEXT NOT NULL, side TEXT NOT NULL, field TEXT NOT NULL, answer TEXT NOT NULL,
        value TEXT NOT NULL, facts TEXT NOT NULL, given_by TEXT NOT NULL, given_at TEXT NOT NULL,
        state TEXT NOT NULL, run TEXT)""",
    "CREATE INDEX answers_by_question ON answers (question)",
    "CREATE INDEX answers_by_entity ON answers (entity)",
    "CREATE TABLE apart (one TEXT NOT NULL, other TEXT NOT NULL, answer INTEGER NOT NULL,"
    " PRIMARY KEY (one, other)) WITHOUT ROWID",
)


@migrations(name="0004_merged_entities")
def _merged_entities(db: Database) -> None:
    db.execute("ALTER TABLE entities ADD COLUMN merged_into TEXT")
    db.execute(
        "CREATE INDEX entities_merged ON entities (merged_into) WHERE merged_into IS NOT NULL"
    )
    db.execute(
        "CREATE TABLE origins (side TEXT NOT NULL, object_type TEXT NOT NULL, id TEXT NOT NULL,"
        " person TEXT NOT NULL, PRIMARY KEY (side, object_type, id)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE INDEX people_by_account ON records (side, json_extract(seen, '$.account.id'))"
        " WHERE kind = 'person'"
    )


@migrations(name="0007_duplicates")
def _duplicates(db: Database) -> None:
    db.execute(
        "CREATE TABLE duplicates (kind TEXT NOT NULL, side TEXT NOT NULL, loser_type TEXT NOT NULL,"
        " loser TEXT NOT NULL, survivor_type TEXT NOT NULL, survivor TEXT NOT NULL,"
        " score REAL NOT NULL, method TEXT NOT NULL, evidence TEXT NOT NULL, found TEXT NOT NULL,"
        " PRIMARY KEY (side, loser_type, loser)) WITHOUT ROWID"
    )


@migrations(name="0008_owed")
def _owed(db: Database) -> None:
    db.execute("ALTER TABLE records ADD COLUMN owes TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE entities ADD COLUMN unmade INTEGER NOT NULL DEFAULT 0")
    db.execute("CREATE INDEX entities_unmade ON entities (kind) WHERE unmade = 1")


_NOW = "coalesce((SELECT max(id) FROM runs), '')"
_SAME_RECORD = "side = NEW.side AND object_type = NEW.object_type AND id = NEW.id"

# The triggers see every link, move and question, whichever part of the program made it: what
# `why` tells is complete because nothing can be left out.
_EVENTS = (
    """CREATE TABLE events (
        id INTEGER PRIMARY KEY, run TEXT NOT NULL, what TEXT NOT NULL, entity TEXT NOT NULL,
        side TEXT NOT NULL, object_type TEXT NOT NULL, record_id TEXT NOT NULL,
        field TEXT NOT NULL, detail TEXT NOT NULL)""",
    "CREATE INDEX events_by_entity ON events (entity)",
    f"""CREATE TRIGGER a_record_s_link BEFORE INSERT ON records WHEN NEW.entity IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM records WHERE {_SAME_RECORD}
            AND entity IS NEW.entity AND state = NEW.state)
    BEGIN
        INSERT INTO events (run, what, entity, side, object_type, record_id, field, detail)
        SELECT {_NOW}, 'record', NEW.entity, NEW.side, NEW.object_type, NEW.id, '', json_object(
            'state', NEW.state, 'how', NEW.how, 'moved_type', NEW.moved_type,
            'moved_id', NEW.moved_id, 'before', (SELECT state FROM records WHERE {_SAME_RECORD}),
            'entity_before', (SELECT entity FROM records WHERE {_SAME_RECORD}));
        INSERT INTO events (run, what, entity, side, object_type, record_id, field, detail)
        SELECT {_NOW}, 'unlinked', entity, side, object_type, id, '',
            json_object('entity', NEW.entity)
        FROM records WHERE {_SAME_RECORD} AND entity IS NOT NEW.entity AND entity IS NOT NULL;
    END""",
    f"""CREATE TRIGGER a_question_asked AFTER INSERT ON questions
    BEGIN
        INSERT INTO events (run, what, entity, side, object_type, record_id, field, detail)
        VALUES ({_NOW}, 'asked', NEW.entity, NEW.side, '', '', NEW.field, json_object(
            'cause', NEW.cause, 'message', NEW.message, 'detail', json(NEW.detail)));
    END""",
    f"""CREATE TRIGGER a_question_closed AFTER DELETE ON questions
    BEGIN
        INSERT INTO events (run, what, entity, side, object_type, record_id, field, detail)
        VALUES ({_NOW}, 'closed', OLD.entity, OLD.side, '', '', OLD.field, json_object(
            'cause', OLD.cause, 'message', OLD.message));
    END""",
    # what a write replaced, in the vendor's own form, and what the side showed after it
    "ALTER TABLE ops ADD COLUMN before TEXT",
    "ALTER TABLE ops ADD COLUMN after TEXT",
    """CREATE TABLE undone (
        entity TEXT NOT NULL, side TEXT NOT NULL, field TEXT NOT NULL, digest TEXT NOT NULL,
        run TEXT NOT NULL, undone TEXT NOT NULL, PRIMARY KEY (entity, side, field))
        WITHOUT ROWID""",
)
