"""The calls that Salesforce has only in SOAP: convertLead, merge, undelete; one result an item."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.salesforce import xmltext
from connectors.salesforce.collections import Result
from connectors.salesforce.errors import ACCOUNT_WIDE_CODES, Fault, existing_id
from connectors.salesforce.transport import Payload, Request, Transport
from connectors.salesforce.xmltext import Element, children, text_of
from core.errors import UnexpectedReplyError

CONVERSIONS = 100
MERGES = 200
MERGED_AT_ONCE = 2
UNDELETES = 200

Wish = Mapping[str, Any]


class Soap:
    """SOAP calls of one account, in the partner's shapes. `version` as in "60.0"."""

    def __init__(self, transport: Transport, version: str) -> None:
        self._transport = transport
        self._path = f"/services/Soap/u/{version}"

    def convert(self, wishes: Sequence[Wish]) -> list[Result]:
        """LeadConverts, at most `CONVERSIONS`; a result's id is the contact's."""

        def result(element: Element) -> Result:
            return _result(element, "contactId")

        return self._each("convertLead", wishes, lambda part: {"leadConverts": part}, result)

    def merge(self, object_type: str, pairs: Sequence[tuple[str, Sequence[str]]]) -> list[Result]:
        """Masters with one or two losers each, at most `MERGES`; no id twice among them all."""

        def body(part: Sequence[tuple[str, Sequence[str]]]) -> Wish:
            return {
                "request": [
                    {
                        "masterRecord": {"sf:type": object_type, "sf:Id": master},
                        "recordToMergeIds": list(losers),
                    }
                    for master, losers in part
                ]
            }

        return self._each("merge", pairs, body, lambda element: _result(element, "id"))

    def undelete(self, ids: Sequence[str]) -> list[Result]:
        """Records out of the recycle bin, at most `UNDELETES`."""
        return self._each(
            "undelete", ids, lambda part: {"ids": part}, lambda element: _result(element, "id")
        )

    def _each(
        self,
        operation: str,
        items: Sequence[Any],
        body: Callable[[Sequence[Any]], Wish],
        result: Callable[[Element], Result],
    ) -> list[Result]:
        """A call that is refused as a whole is halved until the item to blame stands alone.

        Never repeated here after a lost answer: raises what the transport raises.
        """
        request = Request(
            "POST",
            self._path,
            f"POST {operation} (SOAP)",
            body=Payload(
                "text/xml; charset=UTF-8",
                lambda token: xmltext.envelope(token, operation, body(items)),
            ),
            headers={"SOAPAction": '""', "Accept": "text/xml"},
            write=True,
            repeatable=False,
            answer="xml",
        )
        answer = self._transport.call(request)
        if answer.ok:
            return _results(operation, answer.body, len(items), result)
        codes = {fault.code for fault in answer.faults}
        if answer.status not in (400, 500) or codes & ACCOUNT_WIDE_CODES or not codes:
            raise answer.error()
        if len(items) == 1:
            return [Result(faults=answer.faults)]
        half = len(items) // 2
        first, second = items[:half], items[half:]
        return [
            part for run in (first, second) for part in self._each(operation, run, body, result)
        ]


def _results(
    operation: str, element: Element, expected: int, result: Callable[[Element], Result]
) -> list[Result]:
    found = children(element, "result")
    if not element.tag.endswith(f"}}{operation}Response") or len(found) != expected:
        raise UnexpectedReplyError(f"{operation} did not answer each of {expected} items.")
    return [result(one) for one in found]


def _result(element: Element, key: str) -> Result:
    if text_of(element, "success") == "true":
        return Result(text_of(element, key))
    found = tuple(_fault(error) for error in children(element, "errors"))
    return Result(faults=found or (Fault("", "refused"),))


def _fault(error: Element) -> Fault:
    code, message = text_of(error, "statusCode"), " ".join(text_of(error, "message").split())
    fields = tuple((child.text or "").strip() for child in children(error, "fields"))
    return Fault(code, message, tuple(f for f in fields if f), existing_id(code, message))
