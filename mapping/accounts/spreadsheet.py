"""Lists of accounts, people or opportunities in a spreadsheet, as canonical records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from mapping import places, values
from mapping.accounts.records import Book, Record, book_of
from mapping.tables.columns import HOW_TO_NAME
from mapping.tables.model import Column, Table, table_error
from mapping.tables.read import read_table

_ACCOUNT_NAME = (
    "Company name", "Account name", "Company", "Account", "Name", "Organization",
    "Organisation", "Customer", "Customer name", "Firma", "Firmenname", "Unternehmen", "Kunde",
    "Kontoname", "Entreprise", "Société", "Empresa", "Azienda",
)  # fmt: skip
_EMAIL = ("Email", "E-mail", "Email address", "Work email", "E-mail address")
_PHONE = ("Phone", "Phone number", "Telephone", "Main phone", "Tel", "Telefon")
_OWNER = (
    "Owner", "Account owner", "Owner email", "Account owner email", "Company owner", "Rep",
    "Account executive", "Sales rep", "Owner name",
)  # fmt: skip
_COUNTRY = ("Country", "Billing country", "Country/Region", "Country code", "Land", "Pays")
_PLACE = (
    Column("street", ("Street", "Address", "Street address", "Billing street")),
    Column("city", ("City", "Billing city", "Town", "Ort", "Ville")),
    Column("region", ("State", "Region", "Province", "State/Region", "Billing state")),
    Column("postal_code", ("Postal code", "Zip", "Zip code", "Postcode", "PLZ")),
    Column("country", _COUNTRY),
)

ACCOUNT_COLUMNS = (
    Column("id", ("Id", "Account ID", "Record ID", "Company ID", "18 digit ID", "External ID")),
    Column("name", _ACCOUNT_NAME),
    Column("other_names", ("Other names", "Former names", "Aliases", "Also known as"), "list"),
    Column("website", (
        "Website", "Web site", "Company website", "Website URL", "URL", "Homepage", "Web", "WWW",
        "Webseite", "Internetseite", "Internet", "Site web", "Sitio web", "Sito web", "Página web",
    )),
    Column("domain", (
        "Domain", "Company domain name", "Company domain", "Email domain", "Domäne", "Domaine",
    )),
    Column("emails", _EMAIL, "list"),
    Column("phone", _PHONE),
    Column("registration", (
        "Registration number", "DUNS", "D-U-N-S Number", "DUNS number", "SIRET", "SIREN", "LEI",
        "VAT", "VAT number", "VAT ID", "Company number", "CIK", "Tax ID",
    )),
    *_PLACE,
    Column("parent", ("Parent", "Parent account ID", "Parent ID", "Parent account")),
    Column("owner", _OWNER),
    Column("account_type", ("Type", "Account type", "Status", "Account status", "Relationship")),
    Column("industry", ("Industry", "Sector", "Branche")),
    Column("employees", ("Employees", "Number of employees", "Headcount"), "number"),
    Column("population", ("Population", "Segment", "List"), "list"),
    Column("since", ("Customer since", "Since", "Start date"), "date"),
    Column("created", ("Created", "Create date", "Created date", "Date added"), "date"),
)  # fmt: skip

PERSON_COLUMNS = (
    Column("id", ("Id", "Contact ID", "Lead ID", "Record ID", "Person ID")),
    Column("first_name", ("First name", "Given name", "Vorname", "Prénom")),
    Column("last_name", ("Last name", "Surname", "Family name", "Nachname", "Nom")),
    Column("email", _EMAIL),
    Column("other_emails", ("Other emails", "Additional email addresses"), "list"),
    Column("phone", _PHONE),
    Column("mobile", ("Mobile", "Mobile phone", "Mobile phone number", "Cell")),
    Column("title", ("Title", "Job title", "Position")),
    Column("department", ("Department",)),
    Column("account", ("Account ID", "Company ID", "Associated company ID")),
    Column("company_name", ("Company", "Company name", "Account name", "Account")),
    *_PLACE,
    Column("lifecycle_stage", ("Lifecycle stage", "Stage", "Status")),
    Column("owner", ("Owner", "Contact owner", "Owner email", "Lead owner")),
)

OPPORTUNITY_COLUMNS = (
    Column("id", ("Id", "Opportunity ID", "Deal ID", "Record ID")),
    Column("name", ("Opportunity name", "Deal name", "Name", "Opportunity", "Deal"), required=True),
    Column("account", ("Account ID", "Company ID", "Associated company ID", "Account", "Company"),
           required=True),
    Column("amount", ("Amount", "Value", "Deal amount", "ACV", "ARR"), "number"),
    Column("currency", ("Currency", "Amount currency", "Currency code"), "currency"),
    Column("stage", ("Stage", "Deal stage", "Sales stage")),
    Column("probability", ("Probability", "Win probability", "Deal probability"), "percent"),
    Column("is_closed", ("Closed", "Is closed"), "bool"),
    Column("is_won", ("Won", "Is won", "Closed won"), "bool"),
    Column("close_date", ("Close date", "Closing date", "Closed date"), "date"),
    Column("created", ("Open date", "Opened", "Created", "Create date", "Created date"), "date"),
    Column("owner", ("Owner", "Opportunity owner", "Deal owner", "Owner email")),
)  # fmt: skip

COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "account": ACCOUNT_COLUMNS,
    "person": PERSON_COLUMNS,
    "opportunity": OPPORTUNITY_COLUMNS,
}

_ADDRESS = ("street", "city", "region", "postal_code", "country")
_NORMAL: Mapping[str, Callable[[Any], Any]] = {
    "website": places.url,
    "domain": places.domain,
    "email": values.email,
    "phone": values.phone,
    "mobile": values.phone,
    "country": places.country,
}
"""Values that a side shows in a normal form; what has none stays as it is written."""


def read_records(
    path: Path,
    kind: str = "account",
    *,
    named: Mapping[str, str] | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    currency: str = "USD",
) -> Book:
    """A book of one kind of record out of a spreadsheet.

    Rows without an id of their own are known by their line (`line 7`). Raises SettingsError; then
    nothing of the file was taken.
    """
    table = read_table(path, COLUMNS[kind], named=named, sheet=sheet, encoding=encoding)
    _something_to_match(table, kind)
    records = _in_percent(list(_records(table, kind, currency)))
    return book_of(str(path), records, table.notes)


def _in_percent(records: list[Record]) -> list[Record]:
    """Chances in percent. A workbook holds 0.4 where it shows 40 %: a column without any number
    above one is in parts of one."""
    given = [r.values["probability"] for r in records if "probability" in r.values]
    if not given or any(Decimal(number) > 1 for number in given):
        return records
    return [
        replace(r, values={**r.values, "probability": _times_hundred(r.values["probability"])})
        if "probability" in r.values
        else r
        for r in records
    ]


def _times_hundred(number: str) -> str:
    return format(Decimal(number) * 100, "f")


def _something_to_match(table: Table, kind: str) -> None:
    needed = {
        "account": ("name", "website", "domain", "registration"),
        "person": ("email", "last_name", "phone", "mobile"),
        "opportunity": ("name",),
    }[kind]
    if not set(needed) & set(table.columns):
        words = [next(c.headings[0] for c in COLUMNS[kind] if c.key == key) for key in needed]
        what = f"there is none of the columns {', '.join(f'`{word}`' for word in words)}"
        remedy = HOW_TO_NAME
        raise table_error(table.path, table.sheet, what, remedy)


def _records(table: Table, kind: str, currency: str) -> Iterator[Record]:
    seen: dict[str, int] = {}
    for line, row in table.rows():
        named = row.pop("id", None)
        made = named or f"line {line}"
        if made in seen:
            what = f"id: `{made}` stands on row {seen[made]} already"
            remedy = "Give every row an id of its own, or leave the column out."
            raise table_error(table.path, f"{table.sheet}!row {line}".lstrip("!"), what, remedy)
        seen[made] = line
        known = {key: value for key, value in row.items() if value is not None}
        created = _moment(known.pop("created", None))
        where = f"{table.path.name}:{line}" if not table.sheet else f"{table.sheet}!{line}"
        shaped = _SHAPES[kind](known, currency)
        yield Record(kind, made, shaped, created=created, where=where)


def _moment(day: str | None) -> datetime | None:
    return datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None


def _shaped(row: Mapping[str, str], lists: tuple[str, ...]) -> dict[str, Any]:
    """Values in canonical form: parts of the address together, lists as lists."""
    out: dict[str, Any] = {}
    address: dict[str, str] = {}
    for key, text in row.items():
        if key in _ADDRESS:
            address[key] = str(_normal(key, text))
        else:
            out[key] = text.split(";") if key in lists else _normal(key, text)
    return {**out, **({"address": address} if address else {})}


def _normal(key: str, text: str) -> Any:
    try:
        return _NORMAL[key](text) if key in _NORMAL else text
    except ValueError:
        return text


def _account(row: Mapping[str, str], currency: str) -> dict[str, Any]:
    out = _shaped(row, ("other_names", "emails", "population"))
    if "address" in out:
        out["billing_address"] = out.pop("address")
    if "account_type" in out:
        out["account_type"] = _word(out["account_type"])
    if "employees" in out:
        out["employees"] = int(float(out["employees"]))
    return out


def _person(row: Mapping[str, str], currency: str) -> dict[str, Any]:
    out = _shaped(row, ("other_emails",))
    if "lifecycle_stage" in out:
        out["lifecycle_stage"] = _word(out["lifecycle_stage"])
    return out


_WON, _LOST = "closed_won", "closed_lost"


def _opportunity(row: Mapping[str, str], currency: str) -> dict[str, Any]:
    out = dict(row)
    money = out.pop("currency", currency).upper()
    shaped: dict[str, Any] = dict(out)
    if "amount" in out:
        shaped["amount"] = {"amount": out["amount"], "currency": money}
    if "stage" in out:
        shaped["stage"] = _word(out["stage"])
    won = shaped.get("stage") == _WON or out.get("is_won") == "true"
    closed = won or shaped.get("stage") == _LOST or out.get("is_closed") == "true"
    return {**shaped, "is_won": won, "is_closed": closed}


def _word(text: str) -> str:
    """A picklist's value as the canonical vocabularies write it: `Closed Won` is `closed_won`."""
    return "_".join(text.casefold().replace("-", " ").split())


_SHAPES: Mapping[str, Callable[[Mapping[str, str], str], dict[str, Any]]] = {
    "account": _account,
    "person": _person,
    "opportunity": _opportunity,
}
