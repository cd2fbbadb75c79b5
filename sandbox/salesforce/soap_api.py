"""The SOAP calls: login, lead conversion, merge, replication, undelete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sandbox.salesforce.catalog import ObjectType
from sandbox.salesforce.convert import convert
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.ids import to18
from sandbox.salesforce.merge import merge
from sandbox.salesforce.org import Actor
from sandbox.salesforce.records import restore
from sandbox.salesforce.replication import deleted_since, updated_since
from sandbox.salesforce.service import Service
from sandbox.salesforce.soap import (
    Envelope,
    SoapFaultError,
    answer,
    check_version,
    fault,
    read,
    row_errors,
    true,
)

LOGIN_RETIRED = 65
MAX_CONVERTS = 100
MAX_MERGES = 200
MAX_UNDELETES = 200
_WRITES = frozenset({"convertLead", "merge", "undelete"})
_FLAGS = ("doNotCreateOpportunity", "overwriteLeadSource")

Result = tuple[int, bytes]
Call = Callable[[Service, Envelope, Actor], Any]


def handle(service: Service, version: str, raw: bytes, url: str, path: str) -> Result:
    """Status and body of the answer to a SOAP request at `url` + `path`."""
    with service.org.lock:
        login = False
        try:
            number = check_version(version)
            envelope = read(raw)
            login = envelope.call == "login"
            if login:
                result = _login(service, envelope, number, url, path)
                return 200, answer(envelope, result, None)
            return 200, _answered(service, envelope)
        except SoapFaultError as error:
            return 500, fault(error, login=login)
        except SalesforceError as error:
            return 500, fault(SoapFaultError(error.code, error.message))


def _answered(service: Service, envelope: Envelope) -> bytes:
    header = envelope.headers.get("SessionHeader", {})
    user = service.auth.user_of(f"Bearer {header.get('sessionId', '')}")
    service.allowance.spend()
    work = _CALLS.get(envelope.call)
    if work is None:
        raise SoapFaultError(
            "INVALID_OPERATION", f"no operation available for request {envelope.call}"
        )
    allow = true(envelope.headers.get("DuplicateRuleHeader", {}).get("allowSave"))
    service.begin()
    result = work(service, envelope, Actor(user, allow_duplicates=allow))
    if envelope.call in _WRITES:
        service.wrote()
    if envelope.call == "logout":
        service.auth.revoke(str(header.get("sessionId", "")))
    limit = (service.allowance.used, service.org.options.daily_limit)
    return answer(envelope, result, limit)


def _login(
    service: Service, envelope: Envelope, version: int, url: str, path: str
) -> dict[str, Any]:
    """Raises SoapFaultError INVALID_LOGIN, or UNSUPPORTED_API_VERSION from version 65."""
    if version >= LOGIN_RETIRED and service.org.quirks.on("soap_login_retired"):
        raise SoapFaultError(
            "UNSUPPORTED_API_VERSION",
            f"login() is not available in API version {version}.0; it ended with 64.0",
        )
    app = service.auth.app
    given = (envelope.arguments.get("username"), envelope.arguments.get("password"))
    if given != (app.username, app.password + app.security_token):
        raise SoapFaultError(
            "INVALID_LOGIN",
            "Invalid username, password, security token; or user locked out.",
        )
    session = service.auth.open()
    short = service.org.id[:15]
    base = "/".join(path.rstrip("/").split("/")[:5])
    return {
        "metadataServerUrl": f"{url}{base.replace('/u/', '/m/')}/{short}",
        "passwordExpired": False, "sandbox": True, "serverUrl": f"{url}{base}/{short}",
        "sessionId": session, "userId": service.org.user_id,
        "userInfo": _user_info(service),
    }  # fmt: skip


def _user_info(service: Service) -> dict[str, Any]:
    org = service.org
    user = org.store.tables["User"].rows[org.user_id]
    organization = org.store.tables["Organization"].rows[org.id]
    options = org.options
    return {
        "accessibilityMode": False, "chatterExternal": False, "currencySymbol": None,
        "orgAttachmentFileSizeLimit": 26_214_400, "orgDisallowHtmlAttachments": False,
        "orgDefaultCurrencyIsoCode": None if options.multi_currency else options.currencies[0],
        "orgHasPersonAccounts": options.person_accounts, "organizationId": org.id,
        "organizationMultiCurrency": options.multi_currency,
        "organizationName": organization["Name"], "profileId": "00eHx0000000001AAA",
        "sessionSecondsValid": int(options.session_lifetime), "userEmail": user["Email"],
        "userDefaultCurrencyIsoCode": options.currencies[0] if options.multi_currency else None,
        "userFullName": user["Name"], "userId": org.user_id, "userLanguage": "en_US",
        "userLocale": "en_US", "userName": user["Username"], "userTimeZone": "UTC",
        "userType": "Standard", "userUiSkin": "Theme3",
    }  # fmt: skip


def _limited(code: str, most: int, items: Any) -> list[Any]:
    found = items if isinstance(items, list) else []
    if len(found) > most:
        raise SoapFaultError(
            code, f"record limit reached. cannot submit more than {most} records into this call"
        )
    return found


def _convert(service: Service, envelope: Envelope, actor: Actor) -> list[dict[str, Any]]:
    """Each lead is converted for itself; what fails is a result with errors."""
    wishes = _limited("EXCEEDED_LEAD_CONVERT_LIMIT", MAX_CONVERTS,
                      envelope.arguments.get("leadConverts"))  # fmt: skip
    service.touch("Lead", write=True)
    return [_converted(service, wish, actor) for wish in wishes]


def _converted(service: Service, given: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    wish = {name: value for name, value in given.items() if value not in (None, "")}
    wish |= {name: true(wish.get(name)) for name in _FLAGS}
    if true(wish.get("bypassAccountDedupeCheck")) or true(wish.get("bypassContactDedupeCheck")):
        actor = replace(actor, allow_duplicates=True)
    wish |= {
        name: _fields(wish[name])
        for name in ("accountRecord", "contactRecord", "opportunityRecord")
        if isinstance(wish.get(name), dict)
    }
    try:
        _check_wish(wish)
        return convert(service.org, str(wish.get("leadId", "")), wish, actor)
    except SalesforceError as error:
        return {"success": False, "errors": row_errors(error), "leadId": wish.get("leadId")}


def _check_wish(wish: Mapping[str, Any]) -> None:
    if not wish.get("convertedStatus"):
        raise SalesforceError("INVALID_STATUS", "convertedStatus is required", [])
    for name in ("leadId", "accountId", "contactId", "opportunityId", "ownerId"):
        if wish.get(name) is not None:
            _id(str(wish[name]), name)


def _id(text: str, field: str = "Id") -> str:
    """A record id, 18 characters long. Raises SalesforceError MALFORMED_ID."""
    id_ = to18(text)
    if id_ is None:
        raise SalesforceError("MALFORMED_ID", f"bad id {text}", [field])
    return id_


def _kind(service: Service, name: str) -> ObjectType:
    kind = service.org.catalog.seen.get(name.lower())
    if kind is None:
        raise SalesforceError("INVALID_TYPE", f"sObject type '{name}' is not supported.", [])
    return kind


def _fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an sObject element; `fieldsToNull` are None."""
    cleared = dict.fromkeys(record.get("fieldsToNull") or ())
    named = {name: value for name, value in record.items() if value is not None}
    return {**{n: v for n, v in named.items() if n not in ("type", "fieldsToNull", "Id")},
            **cleared}  # fmt: skip


def _merge(service: Service, envelope: Envelope, actor: Actor) -> list[dict[str, Any]]:
    requests = _limited("EXCEEDED_ID_LIMIT", MAX_MERGES, envelope.arguments.get("request"))
    return [_merged(service, one, actor) for one in requests]


def _merged(service: Service, given: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    record = given.get("masterRecord") or {}
    losers = [str(id_) for id_ in given.get("recordToMergeIds") or ()]
    master = str(record.get("Id") or "")
    try:
        kind = _kind(service, str(record.get("type")))
        service.touch(kind.name, write=True)
        winner, gone = _id(master), [_id(loser) for loser in losers]
        moved = merge(service.org, kind, winner, gone, _fields(record), actor)
    except SalesforceError as error:
        return {"id": master or None, "success": False, "errors": row_errors(error)}
    return {"id": winner, "mergedRecordIds": gone, "updatedRelatedIds": moved,
            "success": True}  # fmt: skip


def _get_deleted(service: Service, envelope: Envelope, actor: Actor) -> Any:
    return deleted_since(service.org, *_replicated(service, envelope))


def _get_updated(service: Service, envelope: Envelope, actor: Actor) -> Any:
    return updated_since(service.org, *_replicated(service, envelope))


def _replicated(service: Service, envelope: Envelope) -> tuple[Any, str, str]:
    given = envelope.arguments
    kind = _kind(service, str(given.get("sObjectType")))
    service.touch(kind.name, write=False)
    return kind, str(given.get("startDate")), str(given.get("endDate"))


def _undelete(service: Service, envelope: Envelope, actor: Actor) -> list[dict[str, Any]]:
    ids = _limited("EXCEEDED_ID_LIMIT", MAX_UNDELETES, envelope.arguments.get("ids"))
    return [_undeleted(service, str(id_), actor) for id_ in ids]


def _undeleted(service: Service, given: str, actor: Actor) -> dict[str, Any]:
    kinds = {one.table.prefix: one.name for one in service.org.catalog.seen.values()}
    try:
        id_ = _id(given)
        kind = _kind(service, kinds.get(id_[:3], id_[:3]))
        service.touch(kind.name, write=True)
        return {"id": restore(service.org, kind, id_, actor), "success": True}
    except SalesforceError as error:
        return {"id": given, "success": False, "errors": row_errors(error)}


def _timestamp(service: Service, envelope: Envelope, actor: Actor) -> dict[str, Any]:
    return {"timestamp": service.org.now()}


_CALLS: Mapping[str, Call] = {
    "convertLead": _convert,
    "merge": _merge,
    "getDeleted": _get_deleted,
    "getUpdated": _get_updated,
    "undelete": _undelete,
    "getServerTimestamp": _timestamp,
    "getUserInfo": lambda service, envelope, actor: _user_info(service),
    "logout": lambda service, envelope, actor: None,
}
"""Every operation of the WSDL but login, which needs no session."""
