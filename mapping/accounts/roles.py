"""Buying roles: Salesforce's words, HubSpot's words and ours, translated without loss.

No two vendors have the same roles, so one vendor value may stand for several of another: HubSpot
says OTHER of Salesforce's "Evaluator" and "Technical Buyer". A role is therefore held together
with the words that each vendor used for it (its ledger). A vendor's value is read against the
ledger: where it is what would be written there anyway, it says nothing new, and everything that
is held stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ROLES = (
    "decision_maker", "economic_buyer", "executive_sponsor", "champion", "technical_buyer",
    "evaluator", "influencer", "end_user", "legal", "blocker", "other",
)  # fmt: skip
"""The canonical roles; where only one of several can be written, the first of them is."""

OTHER = "other"


def folded(word: str) -> str:
    """A word as it is compared: DECISION_MAKER, "Decision maker" and decision-maker are one."""
    return " ".join(word.replace("_", " ").replace("-", " ").replace("&", " and ").split()).lower()


@dataclass(frozen=True, slots=True)
class RoleTable:
    """A vendor's words. `words`: canonical role -> the vendor's values for it, the one to write
    first; `also`: values that are read as a role but never written by themselves."""

    vendor: str
    words: Mapping[str, Sequence[str]]
    also: Mapping[str, Sequence[str]]

    def canonical(self, word: str) -> str:
        """The canonical role of a vendor's word; `other` for a word that is not listed."""
        wanted = folded(word)
        for listed in (self.words, self.also):
            for role, words in listed.items():
                if wanted in map(folded, words):
                    return role
        return wanted.replace(" ", "_") if wanted.replace(" ", "_") in ROLES else OTHER

    def word(self, role: str) -> str:
        """What is written for a canonical role; the vendor's word for `other` where it has none."""
        return str((self.words.get(role) or self.words[OTHER])[0])

    def extended(self, own: Mapping[str, Sequence[str]]) -> RoleTable:
        """The table with an account's own words in the place of the standard ones."""
        return RoleTable(self.vendor, {**self.words, **own}, self.also)


_SPARE: Mapping[str, Sequence[str]] = {
    "champion": ("Champion", "Coach", "Mentor"),
    "blocker": ("Blocker", "Gatekeeper"),
    "legal": ("Legal", "Legal & Compliance", "Legal and Compliance"),
    "technical_buyer": ("Technical Buyer", "Technical Evaluator"),
    "evaluator": ("Evaluator",),
    "end_user": ("End User", "User", "Business User"),
    "economic_buyer": ("Budget Holder", "Economic Buyer", "CFO"),
    "decision_maker": ("Approver", "Decision Maker"),
}

SALESFORCE = RoleTable(
    "salesforce",
    {
        "decision_maker": ("Decision Maker",),
        "economic_buyer": ("Economic Buyer", "Economic Decision Maker"),
        "executive_sponsor": ("Executive Sponsor",),
        "influencer": ("Influencer",),
        "end_user": ("Business User",),
        "technical_buyer": ("Technical Buyer",),
        "evaluator": ("Evaluator",),
        "other": ("Other",),
    },
    _SPARE,
)
"""Standard values of OpportunityContactRole.Role and of AccountContactRelation.Roles. An org that
has made "Champion" a value of its own says so in the configuration; it is read either way."""

HUBSPOT = RoleTable(
    "hubspot",
    {
        "decision_maker": ("DECISION_MAKER",),
        "economic_buyer": ("BUDGET_HOLDER",),
        "executive_sponsor": ("EXECUTIVE_SPONSOR",),
        "influencer": ("INFLUENCER",),
        "end_user": ("END_USER",),
        "champion": ("CHAMPION",),
        "blocker": ("BLOCKER",),
        "legal": ("LEGAL_AND_COMPLIANCE",),
        "other": ("OTHER",),
    },
    _SPARE,
)
"""Options of the contact property `hs_buying_role`, which takes several."""

HUBSPOT_LABELS = RoleTable(
    "hubspot labels",
    {r: [w[0].capitalize().replace("_", " ")] for r, w in HUBSPOT.words.items()},
    _SPARE,
)
"""Labels between a contact and a deal, as an account would name them after the property."""

PLAIN = RoleTable("sheet", {role: (role,) for role in ROLES}, _SPARE)
"""Spreadsheets and other CRMs: the canonical words, and those that people use for them."""

TABLES: Mapping[str, RoleTable] = {"salesforce": SALESFORCE, "hubspot": HUBSPOT}


@dataclass(frozen=True, slots=True)
class Held:
    """A role of a person, and what each vendor that has spoken calls it: (vendor, its word)."""

    role: str
    words: tuple[tuple[str, str], ...] = ()

    def said(self, vendor: str) -> str | None:
        """The vendor's own word, where it has spoken."""
        return dict(self.words).get(vendor)

    def heard(self, vendor: str, word: str) -> Held:
        """The same role with a vendor's word for it."""
        return Held(self.role, tuple(sorted({**dict(self.words), vendor: word}.items())))

    def to_json(self) -> dict[str, Any]:
        """As it is kept beside a membership."""
        return {"role": self.role, "words": dict(self.words)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Held:
        """The role back from what was kept."""
        return cls(str(data["role"]), tuple(sorted(dict(data.get("words", {})).items())))


Ledger = Sequence[Held]


def written(table: RoleTable, held: Held) -> str:
    """The word to write for a role: the vendor's own where it has spoken."""
    return held.said(table.vendor) or table.word(held.role)


def written_all(table: RoleTable, roles: Iterable[Held]) -> list[str]:
    """The words for a field that takes several values: sorted, without repeats."""
    return sorted({written(table, held) for held in roles})


def written_one(table: RoleTable, roles: Iterable[Held]) -> str | None:
    """The word for a field that takes one value: the strongest role's; None for no role."""
    found = ordered(roles)
    return written(table, found[0]) if found else None


def read_all(table: RoleTable, words: Iterable[str], ledger: Ledger = ()) -> tuple[Held, ...]:
    """The roles that a field of several values shows. What the ledger explains is kept as it is
    held, what it does not is new, and what is no longer shown is gone."""
    shown = {word for word in words if word.strip()}
    kept = [
        held.heard(table.vendor, word) for held in ledger if (word := written(table, held)) in shown
    ]
    explained = {held.said(table.vendor) for held in kept}
    fresh = [
        Held(table.canonical(word), ((table.vendor, word),))
        for word in sorted(shown)
        if word not in explained
    ]
    return ordered([*kept, *fresh])


def read_one(table: RoleTable, word: str | None, ledger: Ledger = ()) -> tuple[Held, ...]:
    """The roles that a field of one value shows. The value that would be written there says
    nothing new, so the roles that it had no room for are kept; any other value replaces all."""
    if not word or not word.strip():
        return ()
    known = ordered(ledger)
    if known and written(table, known[0]) == word:
        return ordered([known[0].heard(table.vendor, word), *known[1:]])
    return read_all(table, [word], ledger)


def ordered(roles: Iterable[Held]) -> tuple[Held, ...]:
    """Without repeats, the strongest first."""
    place = {role: number for number, role in enumerate(ROLES)}
    return tuple(sorted(set(roles), key=lambda h: (place.get(h.role, len(ROLES)), h.words)))
