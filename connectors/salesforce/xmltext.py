"""SOAP as text: envelopes out, elements and faults in; nothing a document type could smuggle in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from connectors.salesforce.errors import Fault
from core.errors import UnexpectedReplyError

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
PARTNER = "urn:partner.soap.sforce.com"
SOBJECT = "urn:sobject.partner.soap.sforce.com"

Element = ElementTree.Element
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold, not even escaped."""
Value = str | bool | Mapping[str, Any] | Sequence[Any]


def envelope(token: str, operation: str, items: Mapping[str, Value]) -> bytes:
    """A whole request in the partner namespace.

    A value is text, a boolean, a mapping (an element with children), or a sequence of them
    (the element several times). A key with a prefix (`sf:type`) is in the record namespace.
    """
    head = _element("SessionHeader", {"sessionId": token})
    body = _element(operation, items)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns:urn="{PARTNER}" xmlns:sf="{SOBJECT}">'
        f"<soapenv:Header>{head}</soapenv:Header><soapenv:Body>{body}</soapenv:Body>"
        "</soapenv:Envelope>"
    ).encode()


def _element(name: str, value: Value) -> str:
    if isinstance(value, Mapping):
        inner = "".join(_element(key, item) for key, item in value.items())
    elif isinstance(value, bool):
        inner = str(value).lower()
    elif isinstance(value, str):
        inner = escape(_UNFIT.sub("", value))
    else:
        return "".join(_element(name, item) for item in value)
    tag = name if ":" in name else f"urn:{name}"
    return f"<{tag}>{inner}</{tag}>"


def read(content: bytes) -> Element:
    """The element within the body of an envelope. Raises UnexpectedReplyError for anything else,
    a document type among it: no entity is ever expanded."""
    try:
        text = content.decode()
        if "<!" in text.replace("<![CDATA[", ""):
            raise UnexpectedReplyError("A SOAP call was answered with a document type.")
        root = ElementTree.fromstring(text)
    except (UnicodeDecodeError, ValueError, ElementTree.ParseError) as error:
        raise UnexpectedReplyError(
            f"A SOAP call was answered with something that is not XML ({len(content)} bytes)."
        ) from error
    body = root.find(f"{{{ENVELOPE}}}Body")
    if root.tag != f"{{{ENVELOPE}}}Envelope" or body is None or len(body) != 1:
        raise UnexpectedReplyError("A SOAP call was answered without an envelope.")
    return body[0]


def faults(content: bytes) -> Iterator[Fault]:
    """The fault of a refused call, its code without the prefix; none where there is none."""
    try:
        element = read(content)
    except UnexpectedReplyError:
        return
    code = text_of(element, "faultcode").rpartition(":")[2]
    if code:
        message = text_of(element, "faultstring") or code
        yield Fault(code, message.removeprefix(f"{code}: "))


def children(element: Element, name: str) -> list[Element]:
    """The children of that name, whatever their namespace."""
    return [child for child in element if child.tag.rpartition("}")[2] == name]


def text_of(element: Element, name: str) -> str:
    """The text of the first child of that name; "" where it lacks or is nil."""
    found = children(element, name)
    return (found[0].text or "").strip() if found else ""
