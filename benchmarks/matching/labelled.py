"""Labelled sets: those that lie beside the project, and files of a stranger."""

from __future__ import annotations

import csv
import json
import os
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mapping.matching.model import Company, Individual

DATA = Path(os.environ.get("TIELINE_SHARED", Path(__file__).parents[3] / "shared")) / "data"

COLUMNS = (
    "name", "other_names", "domain", "domains", "email", "emails", "phone", "phones",
    "registration", "street", "city", "region", "postal_code", "country",
)  # fmt: skip
"""Columns of a company that a stranger's file may have; several values stand apart by `;`."""

SEVERAL = {
    "other_names": "other_names", "domain": "domains", "domains": "domains",
    "email": "emails", "emails": "emails", "phone": "phones", "phones": "phones",
}  # fmt: skip


@dataclass(frozen=True)
class Linked:
    """Two lists and the pairs of ids that are one."""

    name: str
    left: list[Company]
    right: list[Company]
    gold: set[tuple[str, str]]

    def part(self, wanted: int) -> Linked:
        """One half of the left, told by the id of its partner, against the whole right."""
        theirs = dict(self.gold)
        kept = [c for c in self.left if half(theirs.get(c.id, c.id)) == wanted]
        ids = {company.id for company in kept}
        gold = {pair for pair in self.gold if pair[0] in ids}
        return Linked(f"{self.name}, half {wanted}", kept, self.right, gold)

    def without_partners(self) -> Linked:
        """The same with all right records taken away that any left one belongs to."""
        partners = {pair[1] for pair in self.gold}
        right = [company for company in self.right if company.id not in partners]
        return Linked(f"{self.name}, partners removed", self.left, right, set())


def half(text: str) -> int:
    """0 or 1, the same for a text on every machine."""
    return zlib.crc32(text.encode()) % 2


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a CSV file, keys and values trimmed."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {(k or "").strip(): (v or "").strip() for k, v in row.items()}


def registrants() -> list[Company]:
    """US registrants, one record each, by CIK."""
    named = {
        row["CIK"].lstrip("0"): row["Name"] for row in rows(DATA / "companies/sec_cik_mappings.csv")
    }
    return [Company(cik, name) for cik, name in named.items()]


def index_members() -> Linked:
    """The companies of the S&P 500 against all US registrants, gold by CIK."""
    right = registrants()
    known = {company.id for company in right}
    left, gold = [], set()
    for row in rows(DATA / "companies/sp500_constituents.csv"):
        cik = row["CIK"].lstrip("0")
        if cik in known:
            left.append(Company(row["Symbol"], row["Security"]))
            gold.add((row["Symbol"], cik))
    return Linked("S&P 500 × SEC registrants", left, right, gold)


def applicants() -> dict[str, set[str]]:
    """Spellings of patent applicants (patstat), by owner."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows(DATA / "matching/patstat_reference.csv"):
        found[row["leuven_id"]].add(row["person_name"])
    return dict(found)


def truth_set() -> tuple[list[Company], list[Individual], dict[str, str]]:
    """Senzing's truth set: companies, people, and the cluster of each record."""
    folder = DATA / "matching/senzing-truthset"
    clusters = {
        row["DATA_SOURCE"] + row["RECORD_ID"]: row["CLUSTER_ID"]
        for row in rows(folder / "actual_truthset_key.csv")
    }
    companies, people = [], []
    for source in ("customers", "reference", "watchlist"):
        for line in (folder / f"{source}.jsonl").read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            facts = merged(record["FEATURES"])
            name = record["DATA_SOURCE"] + record["RECORD_ID"]
            if facts["RECORD_TYPE"] == ["ORGANIZATION"]:
                companies.append(_company(name, facts))
            else:
                people.append(_person(name, facts))
    return companies, people, clusters


def merged(features: Iterable[dict[str, str]]) -> dict[str, list[str]]:
    """All values of every attribute."""
    found: dict[str, list[str]] = defaultdict(list)
    for feature in features:
        for key, value in feature.items():
            found[key].append(value)
    return found


def _company(name: str, facts: dict[str, list[str]]) -> Company:
    names_ = facts["NAME_ORG"]
    return Company(
        name, names_[0], tuple(names_[1:]), phones=tuple(facts["PHONE_NUMBER"]),
        registration=_first(facts, "TAX_ID_NUMBER", "NATIONAL_ID_NUMBER"),
        street=_first(facts, "ADDR_LINE1", "ADDR_FULL"), city=_first(facts, "ADDR_CITY"),
        postal_code=_first(facts, "ADDR_POSTAL_CODE"), country=_first(facts, "ADDR_COUNTRY"),
    )  # fmt: skip


PAPERS = ("SSN_NUMBER", "PASSPORT_NUMBER", "DRIVERS_LICENSE_NUMBER", "NATIONAL_ID_NUMBER")


def _person(name: str, facts: dict[str, list[str]]) -> Individual:
    full = _first(facts, "NAME_FULL") or ""
    first, last = (full.partition(" ")[::2]) if "," not in full else full.partition(",")[::-2]
    first, last = _first(facts, "NAME_FIRST") or first, _first(facts, "NAME_LAST") or last
    return Individual(
        name, first.strip(), last.strip(),
        tuple(facts["EMAIL_ADDRESS"]), tuple(facts["PHONE_NUMBER"]), _first(facts, "DATE_OF_BIRTH"),
        _first(facts, *PAPERS),
        _first(facts, "ADDR_LINE1", "ADDR_FULL"), _first(facts, "ADDR_CITY"), None,
        _first(facts, "ADDR_POSTAL_CODE"), _first(facts, "ADDR_COUNTRY"),
    )  # fmt: skip


def _first(facts: dict[str, list[str]], *keys: str) -> str | None:
    return next((facts[key][0] for key in keys if facts.get(key)), None)


STREET = ("street_number", "address_1", "address_2")


def people(number: int) -> list[Individual]:
    """One of the data sets of Febrl; `same_person` says who is whose duplicate."""
    return [
        Individual(
            row["rec_id"], row["given_name"] or None, row["surname"] or None,
            birth_date=row["date_of_birth"] or None, national_id=row["soc_sec_id"] or None,
            street=" ".join(row[part] for part in STREET if row[part]) or None,
            city=row["suburb"] or None, region=row["state"] or None,
            postal_code=row["postcode"] or None,
        )
        for row in rows(DATA / f"matching/febrl/dataset{number}.csv")
    ]  # fmt: skip


def same_person(record: str) -> str:
    """What all records of one person have in common: the number of the original."""
    return record.split("-")[1]


def companies_of(path: Path, prefix: str = "") -> list[Company]:
    """The companies of a stranger's file, each with the id of its column `id` or its row number."""
    return [company(row, row.get("id") or str(n), prefix) for n, row in enumerate(rows(path), 1)]


def company(row: dict[str, str], name: str, prefix: str = "") -> Company:
    """A company out of the columns that a row has."""
    values: dict[str, object] = {}
    for column in COLUMNS:
        said = row.get(prefix + column)
        if said and column in SEVERAL:
            values[SEVERAL[column]] = tuple(part.strip() for part in said.split(";"))
        elif said:
            values[column] = said
    return Company(name, **values)  # type: ignore[arg-type]


def linked_files(left: Path, right: Path, gold: Path) -> Linked:
    """Two lists and a file with the ids of each pair that is one (columns `left`, `right`)."""
    pairs = {(row["left"], row["right"]) for row in rows(gold)}
    return Linked(f"{left.name} × {right.name}", companies_of(left), companies_of(right), pairs)


def labelled_pairs(path: Path) -> list[tuple[Company, Company, bool]]:
    """A stranger's pairs: `left_name`, `right_name`, further `left_…`/`right_…`, and `label`."""
    return [
        (company(row, f"l{n}", "left_"), company(row, f"r{n}", "right_"),
         row["label"].lower() in ("1", "true", "yes", "same", "match", "y", "t", "1.0"))
        for n, row in enumerate(rows(path), 1)
    ]  # fmt: skip
