"""The hostile profile: everything fails now and then, and a patient caller loses nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.salesforce_kit import DATA, Kit, running_kit

MOST = 12


class Patient:
    """A client that tries again whatever the answer, signing in anew after a 401."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self.attempts = 0
        self.worst = 0

    def call(self, method: str, path: str, good: set[int], **more: Any) -> httpx.Response:
        for attempt in range(1, MOST + 1):
            self.attempts += 1
            self.worst = max(self.worst, attempt)
            try:
                answer = self._kit.http.request(method, path, **more)
            except httpx.TransportError:
                continue
            if answer.status_code in good and self._whole(answer):
                return answer
            expired = "INVALID_SESSION_ID" in answer.text or "InvalidSessionId" in answer.text
            if expired or answer.status_code == 401:
                self._sign_in()
        raise AssertionError(f"{method} {path} did not succeed in {MOST} attempts")

    def _whole(self, answer: httpx.Response) -> bool:
        if "json" not in answer.headers.get("Content-Type", "json"):
            return "csv" in answer.headers["Content-Type"] and answer.text.endswith("\n")
        try:
            return not answer.content or answer.json() is not None
        except ValueError:
            return False

    def _sign_in(self) -> None:
        for _ in range(MOST):
            try:
                self._kit.sign_in()
            except (httpx.TransportError, KeyError, ValueError):
                continue
            return
        raise AssertionError("signing in did not succeed")


@pytest.fixture(params=[1, 2, 3])
def kit(request: pytest.FixtureRequest) -> Iterator[Kit]:
    with running_kit(seed=request.param) as made:
        made.external_id()
        made.config(profile="hostile", seed=request.param, quirks={"slow_answers": 0})
        yield made


def test_a_patient_caller_writes_and_reads_everything_once(kit: Kit) -> None:
    patient = Patient(kit)
    for number in range(120):
        path = f"{DATA}/sobjects/Account/Tieline_Id__c/k{number}"
        patient.call("PATCH", path, {200, 201}, json={"Name": f"n{number}"})
    assert patient.attempts > 123, "hostile was not hostile"
    assert 2 <= patient.worst <= MOST
    query = {"q": "SELECT Name, Tieline_Id__c FROM Account ORDER BY Tieline_Id__c"}
    rows = patient.call("GET", f"{DATA}/query", {200}, params=query).json()
    page = rows
    records = list(page["records"])
    while not page["done"]:
        page = patient.call("GET", page["nextRecordsUrl"], {200}).json()
        records += page["records"]
    wanted = sorted((f"k{number}", f"n{number}") for number in range(120))
    assert sorted((row["Tieline_Id__c"], row["Name"]) for row in records) == wanted


def test_a_bulk_query_comes_through_whole(kit: Kit) -> None:
    kit.seed(Account=[{"Name": f"n{number}"} for number in range(500)])
    patient = Patient(kit)
    body = {"operation": "query", "query": "SELECT Name FROM Account"}
    for _ in range(4):
        job = patient.call("POST", f"{DATA}/jobs/query", {200}, json=body).json()["id"]
        kit.advance(5)
        state = patient.call("GET", f"{DATA}/jobs/query/{job}", {200}).json()["state"]
        if state == "JobComplete":
            break
        assert state == "Failed"
    names: list[str] = []
    locator = ""
    while locator != "null":
        params = {"maxRecords": "200"} | ({"locator": locator} if locator else {})
        path = f"{DATA}/jobs/query/{job}/results"
        answer = patient.call("GET", path, {200}, params=params)
        locator = answer.headers["Sforce-Locator"]
        names += [row["Name"] for row in csv.DictReader(io.StringIO(answer.text))]
    assert sorted(names) == sorted(f"n{number}" for number in range(500))
