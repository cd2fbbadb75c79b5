"""A process with one filled sandbox: tells its address on stdout, its CPU seconds when asked."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import orjson

TYPES = {"salesforce": ("Account", "Contact"), "hubspot": ("companies", "contacts")}
CHUNK = 20_000


def account(vendor: str, number: int) -> dict[str, Any]:
    """One invented company."""
    name, site = f"Company {number} Ltd", f"company{number}.example"
    if vendor == "hubspot":
        return {"name": name, "domain": site, "phone": f"+4930{number:07}", "city": "Berlin",
                "country": "Germany", "numberofemployees": str(number % 900)}  # fmt: skip
    return {"Name": name, "Website": site, "Phone": f"+4930{number:07}", "BillingCity": "Berlin",
            "BillingCountry": "Germany", "NumberOfEmployees": number % 900}  # fmt: skip


def contact(vendor: str, number: int) -> dict[str, Any]:
    """One invented person."""
    first, last, mail = f"First{number % 997}", f"Last{number}", f"p{number}@people.example"
    if vendor == "hubspot":
        return {"firstname": first, "lastname": last, "email": mail, "jobtitle": "Buyer",
                "phone": f"+4930{number:07}", "city": "Berlin"}  # fmt: skip
    return {"FirstName": first, "LastName": last, "Email": mail, "Title": "Buyer",
            "Phone": f"+4930{number:07}", "MailingCity": "Berlin"}  # fmt: skip


FIELDS: dict[str, dict[str, list[str]]] = {
    vendor: {types[0]: list(account(vendor, 0)), types[1]: list(contact(vendor, 0))}
    for vendor, types in TYPES.items()
}
"""What is read: object type to field names, by vendor."""


def _chunks(vendor: str, accounts: int, contacts: int) -> Iterator[dict[str, Any]]:
    for name, made, count in zip(
        TYPES[vendor], (account, contact), (accounts, contacts), strict=True
    ):
        for start in range(0, count, CHUNK):
            numbers = range(start, min(start + CHUNK, count))
            yield {"records": {name: [made(vendor, number) for number in numbers]}}


def main(vendor: str, accounts: str, contacts: str) -> None:
    """Fill, answer, and stop when stdin ends."""
    sandbox = import_module(f"sandbox.{vendor}").make(profile="open")
    with sandbox.start(tls=vendor == "salesforce") as running:  # its connector refuses plain HTTP
        for chunk in _chunks(vendor, int(accounts), int(contacts)):
            answer = running.admin.post("/seed", content=orjson.dumps(chunk), timeout=600)
            answer.raise_for_status()
        told = {"url": running.url, "credentials": sandbox.credentials,
                "ca_file": str(running.ca_file or "")}  # fmt: skip
        print(orjson.dumps(told).decode(), flush=True)
        for _ in sys.stdin:
            print(time.process_time(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
