"""The suite itself is held to account: each known way to break the contract makes it fail."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from connectors.base import (
    Create,
    Cursor,
    Done,
    Fields,
    Finding,
    Outcome,
    Page,
    Refused,
    RemoteId,
    RemoteRecord,
    Schema,
    Unknown,
    Update,
    Usage,
    Write,
)
from connectors.memory import MemoryConnector
from core.errors import AuthError, ConnectorError, TransientError, UnexpectedReplyError
from tests.connectors.conformance import ConnectorConformance
from tests.connectors.memory_harness import MemoryHarness

Records = list[RemoteRecord]


class Broken(MemoryConnector):
    """A connector whose reads and writes pass through functions that may spoil them."""

    spoil_page: Callable[[Page, bool], Page | None] = staticmethod(lambda page, first: page)
    spoil_found: Callable[[Records], Records] = staticmethod(lambda records: records)
    spoil_write: Callable[[Write], Write] = staticmethod(lambda write: write)
    spoil_outcomes: Callable[[list[Outcome]], list[Outcome]] = staticmethod(lambda o: o)

    def changes(self, object_type: str, fields: Fields, since: Cursor | None) -> Iterator[Page]:
        for page in super().changes(object_type, fields, since):
            spoilt = self.spoil_page(page, since is None)
            if spoilt is not None:
                yield spoilt

    def fetch(self, object_type: str, fields: Fields, ids: Sequence[RemoteId]) -> Records:
        return self.spoil_found(super().fetch(object_type, fields, ids))

    def find(self, object_type: str, fields: Fields, by: str, values: Sequence[str]) -> Records:
        return self.spoil_found(super().find(object_type, fields, by, values))

    def apply(self, object_type: str, writes: Sequence[Write]) -> list[Outcome]:
        sent = [self.spoil_write(write) for write in writes]
        return self.spoil_outcomes(super().apply(object_type, sent))


def with_records(page: Page, keep: Callable[[RemoteRecord], bool]) -> Page:
    return dataclasses.replace(page, records=[r for r in page.records if keep(r)])


def each_record(page: Page, change: Callable[[RemoteRecord], RemoteRecord]) -> Page:
    return dataclasses.replace(page, records=[change(r) for r in page.records])


def with_fields(write: Write, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Write:
    if isinstance(write, Create | Update):
        return dataclasses.replace(write, fields=change(dict(write.fields)))
    return write


def without_moved(record: RemoteRecord) -> RemoteRecord:
    return dataclasses.replace(record, moved=None)


def shortened(value: Any) -> Any:
    return value[:80] if isinstance(value, str) else value


def latin(value: Any) -> Any:
    return value.encode("latin-1", "replace").decode("latin-1") if isinstance(value, str) else value


class SkipsARecord(Broken):
    spoil_page = staticmethod(
        lambda page, first: dataclasses.replace(page, records=page.records[:-1])
    )


class YieldsNothingWhenEmpty(Broken):
    spoil_page = staticmethod(lambda page, first: page if page.records else None)


class HidesDeletions(Broken):
    spoil_page = staticmethod(lambda page, first: with_records(page, lambda r: not r.archived))


class TellsMergesAsDeletions(Broken):
    spoil_page = staticmethod(lambda page, first: each_record(page, without_moved))


class SortsByStampOnly(Broken):
    def _next_rows(self, object_type: str, position: Any) -> Any:
        return super()._next_rows(object_type, dataclasses.replace(position, id="\uffff"))


class KeepsCursorsToItself(Broken):
    def changes(self, object_type: str, fields: Fields, since: Cursor | None) -> Iterator[Page]:
        known: dict[Cursor, Cursor] = self.__dict__.setdefault("known", {})
        for page in super().changes(object_type, fields, known[since] if since else None):
            key = f'["{len(known)}"]'
            known[key] = page.cursor
            yield dataclasses.replace(page, cursor=key)


class CursorOnlyAtTheEnd(Broken):
    def changes(self, object_type: str, fields: Fields, since: Cursor | None) -> Iterator[Page]:
        pages = list(super().changes(object_type, fields, since))
        for page in pages:
            yield dataclasses.replace(page, cursor=pages[-1].cursor)


class ReadsEverythingAgain(Broken):
    def changes(self, object_type: str, fields: Fields, since: Cursor | None) -> Iterator[Page]:
        yield from super().changes(object_type, fields, None)


class SwallowsUnknownFields(Broken):
    def _know(self, object_type: str, fields: Fields) -> None:
        return None

    def _next_rows(self, object_type: str, position: Any) -> Any:
        return [], False


class EmptyPageInsteadOfAnError(Broken):
    def changes(self, object_type: str, fields: Fields, since: Cursor | None) -> Iterator[Page]:
        try:
            yield from super().changes(object_type, fields, since)
        except (TransientError, UnexpectedReplyError):
            yield Page([], since or "{}")


class NothingFoundInsteadOfAnError(Broken):
    def fetch(self, object_type: str, fields: Fields, ids: Sequence[RemoteId]) -> Records:
        try:
            return super().fetch(object_type, fields, ids)
        except ConnectorError:
            return []


class ForgetsRequestedId(Broken):
    spoil_found = staticmethod(
        lambda records: [dataclasses.replace(r, requested_id=None) for r in records]
    )


class ShowsTheDeadAsLiving(Broken):
    spoil_found = staticmethod(
        lambda records: [dataclasses.replace(r, archived=False) for r in records]
    )


class RepeatsRecords(Broken):
    spoil_found = staticmethod(lambda records: [*records, *records])


class AnswersTheFirstOnly(Broken):
    spoil_found = staticmethod(lambda records: records[:1])


class ShowsMoreThanAsked(Broken):
    spoil_found = staticmethod(
        lambda records: [
            dataclasses.replace(r, fields={**r.fields, "modified": "now"}) for r in records
        ]
    )


class FetchesOneByOne(Broken):
    def fetch(self, object_type: str, fields: Fields, ids: Sequence[RemoteId]) -> Records:
        distinct = dict.fromkeys(ids)
        return [r for id in distinct for r in super(Broken, self).fetch(object_type, fields, [id])]


class FindsByBeginning(Broken):
    def _matching(self, object_type: str, by: str, values: set[str]) -> Any:
        for row in self._crm.rows(object_type):
            text = str(row.fields.get(by) or "").casefold()
            if row.live and any(text.startswith(value) for value in values):
                yield row


class DropsQuotes(Broken):
    def find(self, object_type: str, fields: Fields, by: str, values: Sequence[str]) -> Records:
        return super().find(object_type, fields, by, [v.replace("'", "") for v in values])


class ReversesOutcomes(Broken):
    spoil_outcomes = staticmethod(lambda outcomes: outcomes[::-1])


class SaysDoneOfEverything(Broken):
    spoil_outcomes = staticmethod(
        lambda outcomes: [Done(o.op, None, "") if isinstance(o, Refused) else o for o in outcomes]
    )


class IgnoresStamps(Broken):
    spoil_write = staticmethod(
        lambda write: (
            dataclasses.replace(
                write,
                stamp_field=None,
                fields={k: v for k, v in write.fields.items() if k != write.stamp_field},
            )
            if isinstance(write, Create)
            else write
        )
    )


class RepeatsBlindly(Broken):
    def apply(self, object_type: str, writes: Sequence[Write]) -> list[Outcome]:
        outcomes = super().apply(object_type, writes)
        if any(isinstance(outcome, Unknown) for outcome in outcomes):
            return super().apply(object_type, writes)
        return outcomes


class WritesOneByOne(Broken):
    def apply(self, object_type: str, writes: Sequence[Write]) -> list[Outcome]:
        return [o for write in writes for o in super(Broken, self).apply(object_type, [write])]


class NeverClears(Broken):
    spoil_write = staticmethod(
        lambda write: with_fields(
            write, lambda fields: {k: v for k, v in fields.items() if v is not None}
        )
    )


class CutsLongTexts(Broken):
    spoil_write = staticmethod(
        lambda write: with_fields(write, lambda f: {k: shortened(v) for k, v in f.items()})
    )


class SpeaksLatinOnly(Broken):
    spoil_write = staticmethod(
        lambda write: with_fields(write, lambda f: {k: latin(v) for k, v in f.items()})
    )


class DropsUnknownFields(Broken):
    spoil_write = staticmethod(
        lambda write: with_fields(
            write, lambda f: {k: v for k, v in f.items() if k != "no_such_field"}
        )
    )


class OnlyAddsAssociations(Broken):
    def apply(self, object_type: str, writes: Sequence[Write]) -> list[Outcome]:
        return super().apply(object_type, [self._added(object_type, write) for write in writes])

    def _added(self, object_type: str, write: Write) -> Write:
        if not isinstance(write, Update) or "contacts" not in write.fields:
            return write
        there = super().fetch(object_type, ["contacts"], [write.id])[0].fields["contacts"]
        wished = write.fields["contacts"] or []
        return dataclasses.replace(write, fields={**write.fields, "contacts": [*wished, *there]})


class ForgetsPrimary(Broken):
    spoil_write = staticmethod(
        lambda write: with_fields(
            write,
            lambda f: {
                k: [{**i, "primary": False} for i in v] if k == "contacts" else v
                for k, v in f.items()
            },
        )
    )


class RaisesAuthErrorInMidCall(Broken):
    spoil_outcomes = staticmethod(lambda outcomes: _auth_error_if_unknown(outcomes))


def _auth_error_if_unknown(outcomes: list[Outcome]) -> list[Outcome]:
    if any(isinstance(outcome, Unknown) for outcome in outcomes):
        raise AuthError("the session is over")
    return outcomes


class TellsItsToken(Broken):
    def _sign_in(self) -> None:
        try:
            super()._sign_in()
        except AuthError as error:
            raise AuthError(f"{error}: {self._token}") from None


class ShowsItsToken(Broken):
    def __repr__(self) -> str:
        return f"Broken({self._token})"


class CountsNothing(Broken):
    def usage(self) -> Usage:
        return Usage()


class RaisesInDiagnose(Broken):
    def diagnose(self, object_types: Sequence[str]) -> list[Finding]:
        for object_type in object_types:
            self.describe(object_type)
        return [Finding("ok", "all", "fine")]


class WritesWhenDescribing(Broken):
    def describe(self, object_type: str) -> Schema:
        super(Broken, self).apply(object_type, [Create("op", {})])
        return super().describe(object_type)


class AsksForTheTokenOnce(Broken):
    def _sign_in(self) -> None:
        if self._session and self._session != self._crm.session:
            raise AuthError("the session is over")
        super()._sign_in()


BROKEN: Mapping[type[Broken], tuple[str, tuple[Any, ...]]] = {
    SkipsARecord: ("a_full_read_of_several_pages", ("account",)),
    YieldsNothingWhenEmpty: ("an_empty_read_gives_a_cursor", ()),
    HidesDeletions: ("a_deletion_by_a_person_is_found", ("person",)),
    TellsMergesAsDeletions: ("a_merge_by_a_person_is_told", ()),
    SortsByStampOnly: ("equal_stamps_over_page_borders", ()),
    KeepsCursorsToItself: ("a_reading_resumed_in_a_new_process", ()),
    CursorOnlyAtTheEnd: ("an_interrupted_reading_resumes_from_its_page", ()),
    ReadsEverythingAgain: ("an_incremental_reading_is_not_a_full_one", ()),
    SwallowsUnknownFields: ("an_unknown_field_is_drift_not_silence", ()),
    EmptyPageInsteadOfAnError: ("a_garbled_answer_is_never_an_empty_page", ("html",)),
    NothingFoundInsteadOfAnError: ("lasting_garble_is_told_by_every_reading", ("cut",)),
    ForgetsRequestedId: ("a_merged_id_fetches_the_survivor", ()),
    ShowsTheDeadAsLiving: ("a_deleted_record_is_never_shown_as_living", ()),
    RepeatsRecords: ("fetch_drops_duplicates_and_unknown_ids", ()),
    AnswersTheFirstOnly: ("find_gives_all_that_match_and_only_those", ()),
    ShowsMoreThanAsked: ("fetch_gives_the_record_as_it_is_now", ("account",)),
    FetchesOneByOne: ("fetch_of_more_ids_than_a_batch", ()),
    FindsByBeginning: ("find_without_match", ()),
    DropsQuotes: ("find_takes_special_characters_as_they_are", ("single_quote",)),
    ReversesOutcomes: ("verbs_mixed_in_one_call_keep_their_order", ()),
    SaysDoneOfEverything: ("an_update_of_what_is_not_there_is_refused", ()),
    IgnoresStamps: ("the_same_stamped_create_twice_makes_one_record", ("person",)),
    RepeatsBlindly: ("an_unstamped_create_whose_answer_was_lost", ()),
    WritesOneByOne: ("more_writes_than_a_batch", ()),
    NeverClears: ("none_clears", ("person",)),
    CutsLongTexts: ("a_text_that_is_too_long_is_never_cut", ()),
    SpeaksLatinOnly: ("hostile_texts_come_back_as_written", ()),
    DropsUnknownFields: ("an_unknown_field_is_never_dropped_silently", ()),
    OnlyAddsAssociations: ("add_remove_replace_and_clear", ()),
    ForgetsPrimary: ("the_primary_one_moves", ()),
    RaisesAuthErrorInMidCall: ("a_call_that_breaks_off_between_batches", (401,)),
    TellsItsToken: ("wrong_credentials_are_told_as_such", ()),
    ShowsItsToken: ("repr_shows_no_secret", ()),
    CountsNothing: ("usage_counts_writes", ()),
    RaisesInDiagnose: ("diagnose_never_raises", ()),
    WritesWhenDescribing: ("reading_writes_nothing", ()),
    AsksForTheTokenOnce: ("a_session_that_ends_in_mid_reading", ()),
}


class BrokenHarness(MemoryHarness):
    """The memory harness over a connector of another class."""

    def __init__(self, connector: type[MemoryConnector]) -> None:
        self._class = connector
        super().__init__()

    def _connect(self, token: str | None = None) -> MemoryConnector:
        return self._class(self.crm, name="crm", token=token, write_batch=5, fetch_batch=7)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda cls: cls.__name__)
def test_the_suite_notices(broken: type[Broken]) -> None:
    name, arguments = BROKEN[broken]
    test = getattr(ConnectorConformance(), f"test_{name}")
    test(BrokenHarness(MemoryConnector), *arguments)
    with pytest.raises((AssertionError, ConnectorError, KeyError, pytest.fail.Exception)):
        test(BrokenHarness(broken), *arguments)
