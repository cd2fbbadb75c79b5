"""A process that reads everything once, in one of several ways, and tells how it went.

Takes a job as JSON on stdin, prints a result as JSON. Its peak memory is its own.
"""

from __future__ import annotations

import resource
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import requests

Job = dict[str, Any]
PAGE = {"salesforce": 2_000, "hubspot": 100}


def connector(job: Job) -> Iterator[int]:
    """The first, full reading of Tieline's connector."""
    from connectors.registry import ConnectorSettings, create
    from core.clock import SystemClock

    flow = {"salesforce": "client_credentials", "hubspot": "private_app"}[job["vendor"]]
    settings = ConnectorSettings(
        url=job["url"], credentials={**job["credentials"], "flow": flow}, trust_url=True,
        ca_file=Path(job["ca_file"]) if job["ca_file"] else None,
    )  # fmt: skip
    made = create(job["vendor"], name="bench", settings=settings, clock=SystemClock())
    try:
        for object_type, fields in job["fields"].items():
            for page in made.changes(object_type, fields, None):
                yield len(page.records)
    finally:
        made.close()


def _verify(job: Job) -> ssl.SSLContext | bool:
    return ssl.create_default_context(cafile=job["ca_file"]) if job["ca_file"] else True


def _token(job: Job) -> str:
    if job["vendor"] == "hubspot":
        return str(job["credentials"]["token"])
    known = job["credentials"]
    answer = httpx.post(
        f"{job['url']}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(known["client_id"], known["client_secret"]),
        verify=_verify(job),
    )
    return str(answer.json()["access_token"])


def raw(job: Job) -> Iterator[int]:
    """Nothing but httpx and orjson: the least that a Python program can do."""
    headers = {"Authorization": f"Bearer {_token(job)}"}
    with httpx.Client(
        base_url=job["url"], headers=headers, trust_env=False, timeout=60, verify=_verify(job)
    ) as http:
        for object_type, fields in job["fields"].items():
            first = {
                "salesforce": ("/services/data/v60.0/query",
                               {"q": f"SELECT Id, {', '.join(fields)} FROM {object_type}"}),
                "hubspot": (f"/crm/v3/objects/{object_type}",
                            {"limit": "100", "properties": ",".join(fields)}),
            }[job["vendor"]]  # fmt: skip
            path: str | None = first[0]
            params: dict[str, str] = first[1]
            while path:
                found = orjson.loads(http.get(path, params=params).content)
                yield len(found.get("records", found.get("results")))
                path, params = _next(found, path, params)


def _next(found: Any, path: str, params: dict[str, str]) -> tuple[str | None, dict[str, str]]:
    if "records" in found:
        return found.get("nextRecordsUrl"), {}
    after = found.get("paging", {}).get("next", {}).get("after")
    return (path, {**params, "after": after}) if after else (None, {})


def simple_salesforce(job: Job) -> Iterator[int]:
    """simple-salesforce, `query_all_iter`."""
    from simple_salesforce import Salesforce

    with requests.Session() as session:
        session.verify = job["ca_file"]
        session.trust_env = False
        client = Salesforce(
            session_id=_token(job), instance_url=job["url"], version="60.0", session=session
        )
        for object_type, fields in job["fields"].items():
            for _ in client.query_all_iter(f"SELECT Id, {', '.join(fields)} FROM {object_type}"):
                yield 1


def hubspot_api_client(job: Job) -> Iterator[int]:
    """hubspot-api-client, page after page as its `get_all` does, but without keeping them."""
    from hubspot import HubSpot

    client = HubSpot(access_token=_token(job), host=job["url"])
    for object_type, fields in job["fields"].items():
        after = None
        while True:
            page = getattr(client.crm, object_type).basic_api.get_page(
                limit=PAGE["hubspot"], after=after, properties=fields
            )
            yield len(page.results)
            if page.paging is None:
                break
            after = page.paging.next.after


READERS = {
    "tieline": connector,
    "httpx + orjson": raw,
    "simple-salesforce": simple_salesforce,
    "hubspot-api-client": hubspot_api_client,
}


def main(text: bytes) -> None:
    """Read until the end or until `seconds` have passed."""
    job: Job = orjson.loads(text)
    began, records, complete = time.perf_counter(), 0, True
    for number in READERS[job["reader"]](job):
        records += number
        if time.perf_counter() - began > job["seconds"]:
            complete = False
            break
    result = {
        "records": records,
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time(),
        "peak_mb": _peak_mb(),
        "complete": complete,
    }
    print(orjson.dumps(result).decode())


def _peak_mb() -> float:
    """Peak resident memory of this process since its program was loaded.

    `ru_maxrss` begins at what the parent had on Linux, so it serves only where there is no /proc
    (macOS, where it counts in bytes).
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


if __name__ == "__main__":
    main(sys.stdin.buffer.read())
