"""The refusals that HubSpot gives to a share of the requests, whatever they ask for."""

from __future__ import annotations

from typing import Any

from sandbox.faults import SPOILS, FaultRule, Spoils

BUSY: dict[str, Any] = {
    "status": "error",
    "message": "You have reached your ten_secondly_rolling limit.",
    "errorType": "RATE_LIMIT",
    "correlationId": "5a3f2b0c-8f5e-4c43-9d0f-0e7a4a5b6c7d",
    "policyName": "TEN_SECONDLY_ROLLING",
    "groupName": "publicapi:private_app-api-calls-ten-secondly",
}
LOCKED = {"status": "error", "message": "The resource is locked.", "category": "LOCKED"}
MIGRATING = {"status": "error", "message": "This account is being moved to another data center."}
EDGE = "<html><head><title>{0}</title></head><body><center>cloudflare</center></body></html>"


def _edge(status: int) -> FaultRule:
    """An answer of the network in front of HubSpot: a page, not JSON."""
    return FaultRule(
        "", "status", status, EDGE.format(status), {"content-type": "text/html; charset=UTF-8"}
    )


def _own(status: int, category: str) -> FaultRule:
    body = {"status": "error", "message": "Internal error", "category": category}
    return FaultRule("", "status", status, body)


HUBSPOT_SPOILS: Spoils = {
    **SPOILS,
    "server_errors": (
        _own(500, "INTERNAL_ERROR"),
        *(_edge(status) for status in (502, 503, 504, 521, 523, 524)),
    ),
    "shared_allowance": (
        FaultRule("", "status", 429, BUSY),
        FaultRule("", "status", 429, {**BUSY, "category": "RATE_LIMITS"}, {"Retry-After": "1"}),
    ),
    "locked_resources": (FaultRule("", "status", 423, LOCKED),),
    "migrating_accounts": (FaultRule("", "status", 477, MIGRATING, {"Retry-After": "2"}),),
}
