"""The resources of Bulk API 2.0: ingest and query jobs, their states and their results."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.bulk_ingest import Ingest
from sandbox.salesforce.bulk_jobs import OPEN, Job, text_options
from sandbox.salesforce.bulk_query import Extract, plan
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.records import key_field
from sandbox.salesforce.service import Call, Reply, Route, Service

_CSV = {"Content-Type": "text/csv"}
_RESULTS = {
    "successfulResults": Ingest.successful,
    "failedResults": Ingest.unsuccessful,
    "unprocessedrecords": Ingest.unprocessed,
}
_RIGHTS = {"insert": "c", "update": "u", "upsert": "u", "delete": "d"}


def make_ingest(service: Service, call: Call) -> Reply:
    given = call.record()
    operation = str(given.get("operation"))
    if operation == "hardDelete":
        raise SalesforceError("FEATURENOTENABLED", "hardDelete needs the permission Bulk API "
                              "Hard Delete")  # fmt: skip
    if operation not in _RIGHTS:
        raise SalesforceError("INVALIDJOB", f"Unknown operation: {operation}")
    kind = service.org.catalog.seen.get(str(given.get("object", "")).lower())
    if kind is None or not kind.can(_RIGHTS[operation]):
        raise SalesforceError("INVALIDENTITY", f"Unable to find object: {given.get('object')}")
    key = given.get("externalIdFieldName")
    if operation == "upsert":
        key = _key(kind.name, service, key)
    job = service.jobs.make(
        "ingest", operation=operation, object_type=kind.name, version=call.version,
        external_id=key if operation == "upsert" else None,
        allow_duplicates=call.actor.allow_duplicates, **text_options(given),
    )  # fmt: skip
    service.touch(kind.name, write=True)
    return Reply(200, job.brief())


def _key(object_type: str, service: Service, name: Any) -> str:
    try:
        return key_field(service.org.kind(object_type), str(name or "")).name
    except SalesforceError:
        message = f"External ID was not found or not specified: {name}"
        raise SalesforceError("INVALIDJOB", message) from None


def _job(service: Service, call: Call, type_: str) -> Job:
    return service.jobs.get(call.args["job"], type_)


def upload(service: Service, call: Call) -> Reply:
    """The CSV of an ingest job, in one piece."""
    job = _job(service, call, "ingest")
    if job.state != OPEN:
        raise SalesforceError("INVALIDJOBSTATE", f"Job is in state {job.state}; no more data")
    if job.data:
        message = f"Found multiple contents for job: <{job.id}>, please close or abort it"
        raise SalesforceError("INVALIDJOB", message)
    raw = call.body or b""
    limit = service.org.options.bulk_upload_limit
    if len(raw) > limit:
        message = f"the upload of {len(raw)} bytes is larger than {limit}"
        raise SalesforceError("REQUEST_ENTITY_TOO_LARGE", message, status=413)
    job.data = raw
    return Reply(201)


def change_ingest(service: Service, call: Call) -> Reply:
    job, state = _job(service, call, "ingest"), call.record().get("state")
    if state == "Aborted":
        service.jobs.abort(job)
    elif state == "UploadComplete" and job.state == OPEN:
        kind = service.org.kind(job.object_type)
        service.jobs.begin(job, Ingest(service.org, job, kind))
    else:
        message = f"Job is in state {job.state}; {state} is not allowed"
        raise SalesforceError("INVALIDJOBSTATE", message)
    return Reply(200, job.brief())


def show_ingest(service: Service, call: Call) -> Reply:
    return Reply(200, _job(service, call, "ingest").full())


def show_query(service: Service, call: Call) -> Reply:
    return Reply(200, _job(service, call, "query").full())


def list_jobs(service: Service, call: Call) -> Reply:
    records = [job.full() for job in service.jobs.listed(call.path[1])]
    return Reply(200, {"done": True, "records": records, "nextRecordsUrl": None})


def remove_job(service: Service, call: Call) -> Reply:
    service.jobs.remove(_job(service, call, call.path[1]))
    return Reply(204)


def ingest_results(service: Service, call: Call) -> Reply:
    job = _job(service, call, "ingest")
    which = next(
        (results for name, results in _RESULTS.items() if name.lower() == call.path[3].lower()),
        None,
    )
    if which is None:
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
    if not job.ended:
        raise SalesforceError("INVALIDJOBSTATE", f"Job is in state {job.state}; no results yet")
    if isinstance(job.work, Ingest):
        return Reply(200, None, _CSV, which(job.work))
    raw = job.data if which is Ingest.unprocessed else b""
    return Reply(200, None, _CSV, iter((raw,)))


def make_query(service: Service, call: Call) -> Reply:
    given = call.record()
    operation, text = str(given.get("operation")), str(given.get("query") or "")
    if operation not in ("query", "queryAll"):
        raise SalesforceError("INVALIDJOB", f"Unknown operation: {operation}")
    options = text_options(given)
    query = plan(service.org, text, version=call.version, deleted=operation == "queryAll")
    job = service.jobs.make(
        "query", operation=operation, object_type=query.kind.name, version=call.version,
        query=text, **options,
    )  # fmt: skip
    service.jobs.begin(job, Extract(service.org, job, query))
    service.touch(query.kind.name, write=False)
    return Reply(200, job.brief())


def change_query(service: Service, call: Call) -> Reply:
    job = _job(service, call, "query")
    if call.record().get("state") != "Aborted":
        raise SalesforceError("INVALIDJOBSTATE", "a query job can only be aborted")
    service.jobs.abort(job)
    return Reply(200, job.brief())


def query_results(service: Service, call: Call) -> Reply:
    job = _job(service, call, "query")
    if job.state != "JobComplete" or not isinstance(job.work, Extract):
        raise SalesforceError("INVALIDJOBSTATE", f"Job is in state {job.state}; no results yet")
    chunks, headers = job.work.page(call.query.get("locator"), _size(service, call))
    return Reply(200, None, {**_CSV, **headers}, chunks)


def _size(service: Service, call: Call) -> int:
    """How many rows a page has; fewer than asked for where that quirk shows."""
    text = call.query.get("maxRecords")
    if text is not None and not (text.isdecimal() and int(text) > 0):
        raise SalesforceError("INVALIDMAXRECORDS", f"maxRecords must be positive: {text}")
    size = service.org.options.bulk_page_size
    size = min(int(text), size) if text else size
    key = f"{call.args['job']} {call.query.get('locator')}"
    return max(1, size // 2) if service.org.quirks.rate("short_pages", key) else size


ROUTES = (
    Route("POST", "jobs/ingest", make_ingest),
    Route("GET", "jobs/ingest", list_jobs),
    Route("GET", "jobs/ingest/{job}", show_ingest),
    Route("PATCH", "jobs/ingest/{job}", change_ingest),
    Route("DELETE", "jobs/ingest/{job}", remove_job),
    Route("PUT", "jobs/ingest/{job}/batches", upload),
    Route("GET", "jobs/ingest/{job}/{results}", ingest_results),
    Route("POST", "jobs/query", make_query),
    Route("GET", "jobs/query", list_jobs),
    Route("GET", "jobs/query/{job}", show_query),
    Route("PATCH", "jobs/query/{job}", change_query),
    Route("DELETE", "jobs/query/{job}", remove_job),
    Route("GET", "jobs/query/{job}/results", query_results),
)
