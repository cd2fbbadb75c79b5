"""The partner WSDL of the SOAP calls that are here, and the types that their answers follow."""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

PARTNER: Final = "urn:partner.soap.sforce.com"
SOBJECT: Final = "urn:sobject.partner.soap.sforce.com"
FAULT: Final = "urn:fault.partner.soap.sforce.com"


class Element(NamedTuple):
    """One element of a type; `mark`: ? may lack, * a list, ~ may be nil, empty: required."""

    name: str
    type: str
    mark: str

    @property
    def occurs(self) -> str:
        low = ' minOccurs="0"' if self.mark in ("?", "*") else ""
        high = ' maxOccurs="unbounded"' if self.mark == "*" else ""
        return low + high + (' nillable="true"' if self.mark else "")


_TYPES: Final = """
LoginResult: metadataServerUrl string~, passwordExpired boolean, sandbox boolean,
  serverUrl string~, sessionId string~, userId ID~, userInfo GetUserInfoResult?
GetUserInfoResult: accessibilityMode boolean, chatterExternal boolean, currencySymbol string~,
  orgAttachmentFileSizeLimit int, orgDefaultCurrencyIsoCode string~,
  orgDefaultCurrencyLocale string~, orgDisallowHtmlAttachments boolean,
  orgHasPersonAccounts boolean, organizationId ID, organizationMultiCurrency boolean,
  organizationName string, profileId ID, roleId ID~, sessionSecondsValid int,
  userDefaultCurrencyIsoCode string~, userEmail string, userFullName string, userId ID,
  userLanguage string, userLocale string, userName string, userTimeZone string,
  userType string, userUiSkin string
LeadConvert: accountId ID~, accountRecord ens:sObject?, bypassAccountDedupeCheck boolean?,
  bypassContactDedupeCheck boolean?, contactId ID~, contactRecord ens:sObject?,
  convertedStatus string, doNotCreateOpportunity boolean, leadId ID, opportunityId ID?,
  opportunityName string~, opportunityRecord ens:sObject?, overwriteLeadSource boolean,
  ownerId ID~, sendNotificationEmail boolean
LeadConvertResult: accountId ID~, contactId ID~, errors Error*, leadId ID~, opportunityId ID~,
  success boolean
MergeRequest: additionalInformationMap AdditionalInformationMap*, masterRecord ens:sObject,
  recordToMergeIds ID*
AdditionalInformationMap: name string, value string
MergeResult: errors Error*, id ID~, mergedRecordIds ID*, success boolean, updatedRelatedIds ID*
Error: fields string*, message string, statusCode StatusCode
GetDeletedResult: deletedRecords DeletedRecord*, earliestDateAvailable dateTime,
  latestDateCovered dateTime
DeletedRecord: deletedDate dateTime, id ID
GetUpdatedResult: ids ID*, latestDateCovered dateTime
UndeleteResult: errors Error*, id ID~, success boolean
GetServerTimestampResult: timestamp dateTime
LimitInfo: current int, limit int, type string
"""

_CALLS: Final = """
login(username string, password string) LoginResult
logout()
getUserInfo() GetUserInfoResult
convertLead(leadConverts LeadConvert*) LeadConvertResult*
merge(request MergeRequest*) MergeResult*
getDeleted(sObjectType string, startDate dateTime, endDate dateTime) GetDeletedResult
getUpdated(sObjectType string, startDate dateTime, endDate dateTime) GetUpdatedResult
undelete(ids ID*) UndeleteResult*
getServerTimestamp() GetServerTimestampResult
"""

_HEADERS: Final = """
SessionHeader: sessionId string
CallOptions: client string~, defaultNamespace string~
LoginScopeHeader: organizationId ID~, portalId ID~
DuplicateRuleHeader: allowSave boolean, includeRecordDetails boolean, runAsCurrentUser boolean
LimitInfoHeader: limitInfo LimitInfo*
"""
_SENT: Final = ("SessionHeader", "CallOptions", "DuplicateRuleHeader")
_LOGIN_SENT: Final = ("LoginScopeHeader", "CallOptions")
_FAULTS: Final = {"LoginFault": "LoginFault", "fault": "UnexpectedErrorFault"}


class Operation(NamedTuple):
    """A call: its elements, and the one element of its answer (None: an empty answer)."""

    name: str
    takes: tuple[Element, ...]
    gives: Element | None


def _elements(text: str) -> tuple[Element, ...]:
    found = []
    for part in text.split(","):
        name, _, type_ = part.strip().partition(" ")
        if name:
            bare = type_.rstrip("?*~")
            found.append(Element(name, bare, type_[len(bare) :]))
    return tuple(found)


def _table(text: str) -> dict[str, tuple[Element, ...]]:
    joined = text.replace("\n  ", " ").strip().splitlines()
    return {name: _elements(rest) for name, _, rest in (line.partition(":") for line in joined)}


def _operations() -> dict[str, Operation]:
    found = {}
    for line in _CALLS.strip().splitlines():
        name, _, rest = line.partition("(")
        takes, _, gives = rest.partition(")")
        answer = _elements(f"result {gives.strip()}")[0] if gives.strip() else None
        found[name] = Operation(name, _elements(takes), answer)
    return found


TYPES: Final = _table(_TYPES)
HEADERS: Final = _table(_HEADERS)
OPERATIONS: Final = _operations()


@cache
def _body() -> str:
    """Everything of the WSDL but its first line and the service's address."""
    parts = [_sobject_schema(), _partner_schema(), _fault_schema(), "</types>"]
    parts += [_message("Header", *HEADERS)]
    parts += [_message(f"{name}Request", name) for name in OPERATIONS]
    parts += [_message(f"{name}Response", f"{name}Response") for name in OPERATIONS]
    parts += [f'<message name="{fault}"><part name="fault" element="fns:{element}"/></message>'
              for fault, element in _fault_elements()]  # fmt: skip
    parts += ['<portType name="Soap">', *map(_port, OPERATIONS), "</portType>"]
    parts += [
        '<binding name="SoapBinding" type="tns:Soap">'
        '<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>',
        *map(_binding, OPERATIONS),
        "</binding>",
    ]
    return "\n".join(parts)


def wsdl(address: str) -> str:
    """The WSDL, with the address at which its calls are answered."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<definitions targetNamespace="{PARTNER}" xmlns="http://schemas.xmlsoap.org/wsdl/" '
        'xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" '
        f'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:tns="{PARTNER}" '
        f'xmlns:ens="{SOBJECT}" xmlns:fns="{FAULT}">\n<types>\n{_body()}\n'
        '<service name="SforceService"><port binding="tns:SoapBinding" name="Soap">'
        f'<soap:address location="{address}"/></port></service>\n</definitions>\n'
    )


def _schema(namespace: str, *content: str) -> str:
    opening = f'<schema elementFormDefault="qualified" targetNamespace="{namespace}"'
    return "\n".join(
        (f'{opening} xmlns="http://www.w3.org/2001/XMLSchema">', *content, "</schema>")
    )


def _sobject_schema() -> str:
    return _schema(
        SOBJECT,
        f'<import namespace="{PARTNER}"/>',
        '<complexType name="sObject"><sequence>'
        '<element name="type" type="xsd:string"/>'
        '<element name="fieldsToNull" type="xsd:string" nillable="true" minOccurs="0" '
        'maxOccurs="unbounded"/>'
        '<element name="Id" type="tns:ID" nillable="true" minOccurs="0"/>'
        '<any namespace="##targetNamespace" minOccurs="0" maxOccurs="unbounded" '
        'processContents="lax"/></sequence></complexType>',
    )


def _partner_schema() -> str:
    simple = [
        '<simpleType name="ID"><restriction base="xsd:string"><length value="18"/>'
        '<pattern value="[a-zA-Z0-9]{18}"/></restriction></simpleType>',
        '<simpleType name="StatusCode"><restriction base="xsd:string"/></simpleType>',
    ]
    types = [_complex(elements, name) for name, elements in TYPES.items()]
    calls = [_element(one.name, _complex(one.takes)) for one in OPERATIONS.values()]
    answers = [
        _element(f"{one.name}Response", _complex((one.gives,) if one.gives else ()))
        for one in OPERATIONS.values()
    ]
    headers = [_element(name, _complex(elements)) for name, elements in HEADERS.items()]
    imported = f'<import namespace="{SOBJECT}"/>'
    return _schema(PARTNER, imported, *simple, *types, *calls, *answers, *headers)


def _fault_schema() -> str:
    api = _complex(_elements("exceptionCode string, exceptionMessage string"), "ApiFault")
    kinds = [
        f'<complexType name="{kind}"><complexContent><extension base="fns:ApiFault"/>'
        f'</complexContent></complexType><element name="{element}" type="fns:{kind}"/>'
        for element, kind in _FAULTS.items()
    ]
    return _schema(FAULT, api, *kinds)


def _fault_elements() -> list[tuple[str, str]]:
    return [(kind, element) for element, kind in _FAULTS.items()]


def _complex(elements: tuple[Element, ...], name: str = "") -> str:
    inner = "".join(
        f'<element name="{one.name}" type="{_qualified(one.type)}"{one.occurs}/>'
        for one in elements
    )
    named = f' name="{name}"' if name else ""
    return f"<complexType{named}><sequence>{inner}</sequence></complexType>"


def _element(name: str, content: str) -> str:
    return f'<element name="{name}">{content}</element>'


def _qualified(type_: str) -> str:
    if ":" in type_:
        return type_
    return f"tns:{type_}" if type_ in TYPES or type_ in ("ID", "StatusCode") else f"xsd:{type_}"


def _message(name: str, *elements: str) -> str:
    shown = [
        f'<part element="tns:{one}" name="{one if name == "Header" else "parameters"}"/>'
        for one in elements
    ]
    return f'<message name="{name}">{"".join(shown)}</message>'


def _port(name: str) -> str:
    fault = "LoginFault" if name == "login" else "UnexpectedErrorFault"
    return (
        f'<operation name="{name}"><input message="tns:{name}Request"/>'
        f'<output message="tns:{name}Response"/>'
        f'<fault message="tns:{fault}" name="{fault}"/></operation>'
    )


def _binding(name: str) -> str:
    fault = "LoginFault" if name == "login" else "UnexpectedErrorFault"
    headers = "".join(
        f'<soap:header use="literal" message="tns:Header" part="{part}"/>'
        for part in (_LOGIN_SENT if name == "login" else _SENT)
    )
    shown = "" if name == "login" else (
        '<soap:header use="literal" message="tns:Header" part="LimitInfoHeader"/>'
    )  # fmt: skip
    return (
        f'<operation name="{name}"><soap:operation soapAction=""/>'
        f'<input>{headers}<soap:body use="literal" parts="parameters"/></input>'
        f'<output>{shown}<soap:body use="literal" parts="parameters"/></output>'
        f'<fault name="{fault}"><soap:fault name="{fault}" use="literal"/></fault></operation>'
    )
