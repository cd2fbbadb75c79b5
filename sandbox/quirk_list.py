"""The quirks that the sandboxes know: what each is, who says so, and its value in each profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Value = bool | float
Vendor = Literal["salesforce", "hubspot", "both"]
Unit = Literal["switch", "rate", "seconds"]


@dataclass(frozen=True)
class Quirk:
    """One named way in which a vendor is difficult.

    `unit` says what its values are: a switch (bool), a rate (share 0..1 of the requests or
    records that meet it) or seconds. `source` is the section of the facts that reports it.
    `strict` is what the vendor always does, `hostile` adds what may go wrong; `open` is that of
    strict unless given.
    """

    name: str
    vendor: Vendor
    what: str
    source: str
    unit: Unit
    strict: Value
    hostile: Value
    open: Value | None = None

    def value(self, profile: str) -> Value:
        """Its value in a profile. Raises ValueError for an unknown profile."""
        if profile not in PROFILES:
            raise ValueError(f"unknown profile {profile!r}; one of {list(PROFILES)}")
        given: Value | None = getattr(self, profile)
        return self.strict if given is None else given

    def fit(self, value: Value) -> Value:
        """A value given by a user, checked. Raises ValueError naming the quirk."""
        if self.unit == "switch":
            if not isinstance(value, bool):
                raise ValueError(f"quirk {self.name} is a switch: true or false, not {value!r}")
            return value
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ValueError(f"quirk {self.name} takes a number of {self.unit}, not {value!r}")
        if self.unit == "rate" and value > 1:
            raise ValueError(f"quirk {self.name} is a share between 0 and 1, not {value!r}")
        return float(value)


PROFILES: Final = ("open", "strict", "hostile")

BOTH: Final = (
    Quirk("rate_limits", "both", "Calls beyond the allowance are refused, not only counted.",
          "A3, B8", "switch", True, True, open=False),
    Quirk("server_errors", "both", "A request is answered with a 5xx status, unprocessed.",
          "A2, B8", "rate", 0.0, 0.03),
    Quirk("lost_requests", "both", "The connection is closed before a request is processed.",
          "A14", "rate", 0.0, 0.01),
    Quirk("lost_answers", "both", "A request is processed, then the connection is closed.",
          "A14", "rate", 0.0, 0.03),
    Quirk("html_answers", "both", "A request is answered 200 with an HTML page, unprocessed.",
          "A2, B1", "rate", 0.0, 0.01),
    Quirk("cut_answers", "both", "A request is processed, and half of the answer's body arrives.",
          "A2", "rate", 0.0, 0.01),
    Quirk("slow_answers", "both", "An answer takes a quarter of a second longer.",
          "A14", "rate", 0.0, 0.02),
    Quirk("lost_sessions", "both", "Every access token is invalidated before its time.",
          "A14, D", "rate", 0.0, 0.01),
)  # fmt: skip

SALESFORCE: Final = (
    Quirk("soap_login_retired", "salesforce",
          "SOAP login is refused from API version 65.", "A0", "switch", True, True),
    Quirk("session_html", "salesforce",
          "A refusal of an expired session comes as HTML instead of JSON.",
          "A14", "rate", 0.0, 0.2),
    Quirk("bulk_session_400", "salesforce",
          "A Bulk job refuses an expired session with 400 InvalidSessionId instead of 401.",
          "A2", "rate", 0.0, 0.3),
    Quirk("short_pages", "salesforce",
          "A page of a query holds fewer rows than asked for.", "A4", "rate", 0.0, 0.3),
    Quirk("lost_cursors", "salesforce",
          "A query's locator expires before its time (INVALID_QUERY_LOCATOR).",
          "A4", "rate", 0.0, 0.03),
    Quirk("unordered_rows", "salesforce",
          "A query without ORDER BY answers in no particular order.", "A4", "switch", False, True),
    Quirk("lock_rows", "salesforce",
          "A write to a record meets UNABLE_TO_LOCK_ROW.", "A2", "rate", 0.0, 0.01),
    Quirk("parallel_locks", "salesforce",
          "A write meets UNABLE_TO_LOCK_ROW while another write is under way.",
          "A2", "rate", 0.0, 0.02),
    Quirk("metering", "salesforce",
          "A call is refused with TXN_SECURITY_METERING_ERROR.", "A2", "rate", 0.0, 0.005),
    Quirk("late_rows", "salesforce",
          "A written row shows in queries only later, with the stamp of its writing.",
          "A5", "rate", 0.0, 0.05),
    Quirk("late_row_seconds", "salesforce",
          "How long at most a late row stays out of sight.", "A5", "seconds", 0.0, 1.0),
    Quirk("automation", "salesforce",
          "A process touches a record after a write: SystemModstamp moves, LastModifiedDate stays.",
          "A5", "rate", 0.0, 0.05),
    Quirk("purged_deletions", "salesforce",
          "The delete log loses entries early; the rows stay in queryAll.",
          "A5", "rate", 0.0, 0.1),
    Quirk("stale_counts", "salesforce",
          "limits/recordCount counts what was there an hour ago.", "A3", "switch", False, True),
    Quirk("shuffled_results", "salesforce",
          "Result rows of a Bulk job come in another order than the input.",
          "A9", "switch", True, True),
    Quirk("bulk_seconds", "salesforce",
          "How long a Bulk job takes from UploadComplete to its end.",
          "A9", "seconds", 0.1, 0.4, open=0.0),
    Quirk("bulk_failed_jobs", "salesforce",
          "A Bulk job fails as a whole; of an ingest job, part of the rows is unprocessed.",
          "A9", "rate", 0.0, 0.03),
)  # fmt: skip

HUBSPOT: Final[tuple[Quirk, ...]] = (
    Quirk("token_seconds", "hubspot",
          "How long an OAuth access token is accepted.", "B9", "seconds", 1800.0, 300.0),
    Quirk("retry_after", "hubspot",
          "A 429 answer says in a Retry-After header how long to wait.", "B8", "rate", 0.0, 0.5),
    Quirk("shared_allowance", "hubspot",
          "A call is refused with 429: other callers used up the account's allowance.",
          "B8", "rate", 0.0, 0.02),
    Quirk("locked_resources", "hubspot",
          "A call is refused with 423, to be repeated after two seconds.",
          "B8", "rate", 0.0, 0.005),
    Quirk("migrating_accounts", "hubspot",
          "A call is refused with 477 and a Retry-After header: the account is being moved.",
          "B8", "rate", 0.0, 0.005),
    Quirk("edge_530", "hubspot",
          "What cannot be a token is answered 530 with an HTML page, before HubSpot sees it.",
          "B8", "switch", False, False),
    Quirk("html_404", "hubspot",
          "Reading an unknown id answers 404 with an HTML page.", "B1", "switch", True, True),
    Quirk("long_addresses", "hubspot",
          "A URL of more than 16,300 characters is refused with 414.", "B8", "switch", True, True),
    Quirk("list_wraps", "hubspot",
          "A list position past the last record starts anew from the first one.",
          "B1", "switch", True, True),
    Quirk("search_lag", "hubspot",
          "How long at most a write takes to show in search; each record has its own share.",
          "B3", "seconds", 0.0, 2.0),
    Quirk("search_cap", "hubspot",
          "A search gives its first 10,000 results and refuses a position beyond them.",
          "B3", "switch", True, True),
    Quirk("unordered_ties", "hubspot",
          "Results of a search with equal sort values come in no particular order.",
          "B3", "switch", True, True),
    Quirk("shuffled_batches", "hubspot",
          "Results of a batch come in another order than its inputs.", "B2", "switch", True, True),
    Quirk("duplicate_ids", "hubspot",
          "An id given twice in a batch refuses the whole batch.", "B2", "switch", True, True),
    Quirk("atomic_creates", "hubspot",
          "One bad input refuses a whole batch create, unless each has an objectWriteTraceId.",
          "B2", "switch", True, True),
    Quirk("integer_association_ids", "hubspot",
          "Associations show ids as numbers, as in 2022, instead of text.",
          "B4", "switch", False, True),
    Quirk("cleared_as_null", "hubspot",
          "A cleared value reads null instead of empty text.", "B5", "switch", False, True),
    Quirk("forward_lifecycle", "hubspot",
          "A lifecycle stage written over the API never moves backward; the call succeeds.",
          "B5", "switch", True, True),
    Quirk("lifecycle_automation", "hubspot",
          "An account setting: deals move the lifecycle stage of their contacts and companies.",
          "B5", "switch", False, False),
    Quirk("auto_associate", "hubspot",
          "An account setting: companies come of contacts' e-mail domains after a while.",
          "B4", "switch", False, False),
    Quirk("merge_new_id", "hubspot",
          "A merge of contacts or companies makes a record with a new id.",
          "B6", "switch", True, True),
    Quirk("merged_listed", "hubspot",
          "The archived list holds the records that merges took up.", "B6", "switch", False, True),
    Quirk("blocked_emails", "hubspot",
          "The address of a contact deleted for privacy cannot be created again.",
          "B6", "switch", True, True),
    Quirk("webhook_seconds", "hubspot",
          "How long at most a webhook event waits; each has its own share.",
          "B9", "seconds", 1.0, 5.0, open=0.0),
    Quirk("webhook_disorder", "hubspot",
          "Webhook events arrive in another order than they happened.", "B9", "switch", True, True),
    Quirk("webhook_duplicates", "hubspot",
          "A webhook event is delivered twice.", "B9", "rate", 0.05, 0.3),
    Quirk("webhook_repeated_ids", "hubspot",
          "A webhook event has the eventId of another one.", "B9", "rate", 0.02, 0.2),
    Quirk("webhook_losses", "hubspot",
          "A webhook event is never delivered.", "B9", "rate", 0.0, 0.05),
)  # fmt: skip

REGISTRY: Final[dict[str, Quirk]] = {one.name: one for one in (*BOTH, *SALESFORCE, *HUBSPOT)}
