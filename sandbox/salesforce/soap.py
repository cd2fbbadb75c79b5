"""SOAP: reading envelopes, answering with results or faults of the partner and enterprise API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element as Node
from xml.etree.ElementTree import ParseError, fromstring
from xml.sax.saxutils import escape

from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.service import NEWEST, OLDEST
from sandbox.salesforce.wsdl import FAULT, OPERATIONS, PARTNER, TYPES, Element

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_VERSION = re.compile(r"(\d+)\.0")
_LISTS = frozenset(
    element.name
    for elements in (*TYPES.values(), *(one.takes for one in OPERATIONS.values()))
    for element in elements
    if element.mark == "*"
) | {"fieldsToNull"}


@dataclass
class Envelope:
    """One SOAP request: the call's local name, its arguments, the headers, its namespace."""

    call: str
    arguments: dict[str, Any]
    headers: dict[str, dict[str, Any]] = field(default_factory=dict)
    namespace: str = PARTNER


class SoapFaultError(Exception):
    """A refusal of a whole SOAP call; answered with status 500."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def read(raw: bytes) -> Envelope:
    """The envelope of a request body; raises SoapFaultError when it is none."""
    root = _parsed(raw)
    parts = {_local(child.tag): child for child in root}
    body = parts.get("Body")
    if _local(root.tag) != "Envelope" or body is None or len(body) != 1:
        raise SoapFaultError("INVALID_SOAP", "no SOAP body with one call was found")
    call = body[0]
    headers = {_local(one.tag): _value(one) for one in parts.get("Header", ())}
    arguments = _value(call)
    return Envelope(
        _local(call.tag),
        arguments if isinstance(arguments, dict) else {},
        {name: given for name, given in headers.items() if isinstance(given, dict)},
        call.tag.partition("}")[0].lstrip("{") or PARTNER,
    )


def _parsed(raw: bytes) -> Node:
    """The root of a document; one with a DTD is refused, so that no entity is ever expanded."""
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise SoapFaultError("INVALID_SOAP", "a document type is not allowed")
    try:
        return fromstring(raw)
    except ParseError as error:
        raise SoapFaultError("INVALID_SOAP", f"the request is no XML: {error}") from None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _value(node: Node) -> Any:
    """Text, None for nil, or a dictionary of the children; repeated ones are lists."""
    if node.get(_NIL) in ("true", "1"):
        return None
    if not len(node):
        return {} if node.text is None and _local(node.tag) in OPERATIONS else node.text or ""
    found: dict[str, Any] = {}
    for child in node:
        name = _local(child.tag)
        if name in _LISTS or name in found:
            before = found.get(name, [])
            found[name] = [*(before if isinstance(before, list) else [before]), _value(child)]
        else:
            found[name] = _value(child)
    if node.get(_TYPE):
        found.setdefault("type", str(node.get(_TYPE)).rpartition(":")[2])
    return found


def true(text: Any) -> bool:
    """An xsd:boolean."""
    return str(text).lower() in ("true", "1")


def check_version(text: str) -> int:
    """The API version of a path; raises SoapFaultError UNSUPPORTED_API_VERSION."""
    found = _VERSION.fullmatch(text)
    if found is None or not OLDEST <= int(found.group(1)) <= NEWEST:
        raise SoapFaultError("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
    return int(found.group(1))


# answers


def answer(envelope: Envelope, result: Any, limit: tuple[int, int] | None) -> bytes:
    """The envelope of a call's result; `limit` is the calls made and the allowance."""
    gives = OPERATIONS[envelope.call].gives
    inner = "" if gives is None else _shown(gives, result)
    name = f"{envelope.call}Response"
    header = ""
    if limit is not None:
        info = {"current": limit[0], "limit": limit[1], "type": "API REQUESTS"}
        shown = _shown(Element("limitInfo", "LimitInfo", ""), info)
        header = f"<soapenv:Header><LimitInfoHeader>{shown}</LimitInfoHeader></soapenv:Header>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns="{escape(envelope.namespace)}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{header}<soapenv:Body><{name}>{inner}</{name}></soapenv:Body></soapenv:Envelope>"
    ).encode()


def _shown(element: Element, value: Any) -> str:
    name = element.name
    if element.mark == "*":
        single = element._replace(mark="")
        return "".join(_shown(single, one) for one in value or ())
    if value is None:
        return f'<{name} xsi:nil="true"/>' if element.mark == "~" else ""
    if element.type in TYPES:
        inner = "".join(_shown(one, value.get(one.name)) for one in TYPES[element.type])
        return f"<{name}>{inner}</{name}>"
    if isinstance(value, bool):
        value = "true" if value else "false"
    if element.type == "dateTime":
        value = str(value).replace("+0000", "Z")
    return f"<{name}>{escape(str(value))}</{name}>"


def fault(error: SoapFaultError, *, login: bool = False) -> bytes:
    """The envelope of a refusal; the answer's status is 500."""
    element, kind = ("LoginFault",) * 2 if login else ("UnexpectedErrorFault",) * 2
    text = f"{error.code}: {error.message}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns:sf="{FAULT}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>'
        f"<faultcode>sf:{error.code}</faultcode><faultstring>{escape(text)}</faultstring>"
        f'<detail><sf:{element} xsi:type="sf:{kind}"><sf:exceptionCode>{error.code}'
        f"</sf:exceptionCode><sf:exceptionMessage>{escape(error.message)}</sf:exceptionMessage>"
        f"</sf:{element}></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    ).encode()


def row_errors(error: SalesforceError) -> list[Mapping[str, Any]]:
    """An error as the `errors` of one result; SOAP has other names for what REST calls 404."""
    if error.code == "NOT_FOUND":
        error = SalesforceError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
    return [error.row()]
