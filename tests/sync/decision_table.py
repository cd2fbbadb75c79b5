"""The decision table: each row is run by test_decide.py and printed in docs/sync-semantics.md.

`python -m tests.sync.decision_table` writes the table into the page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "sync-semantics.md"
BEGIN, END = "<!-- decision table -->", "<!-- end of decision table -->"

NONE = "no base"
"""Stands for a field that is linked for the first time on that side."""


@dataclass(frozen=True)
class Row:
    """One field of one entity over the sides `left` and `right` (and `third`).

    `sides` maps a side to (base, value now); `writes` is what must be written where; `held`
    names a conflict ("conflict") or the sides on which nothing can be written.
    """

    state: str
    sides: dict[str, tuple[Any, Any]]
    decision: str
    writes: dict[str, Any]
    rule: str = "two-way"
    conflict: str = "hold"
    first_link: str = "hold"
    held: str = ""
    settled: bool = True
    blanks: str = "travel"
    order: tuple[str, ...] = ()
    backward: bool = False
    modified: tuple[str, ...] = ()
    """Sides from the earliest change to the latest."""
    refuses: tuple[str, Any] | None = None
    """(side, value) that the side cannot hold."""
    shape: str = "scalar"
    owes: str = ""
    """The side that has not got what the two others settled between them."""
    moves: dict[str, tuple[str, ...]] = field(default_factory=dict)


def role(ref: str, word: str | None = None, *, primary: bool = False) -> dict[str, Any]:
    """A member of a set of roles."""
    return {"ref": ref, "role": word, "primary": primary}


STAGES = ("lead", "mql", "sql", "customer")

ROWS = (
    Row("first link: equal", {"left": (NONE, "x"), "right": (NONE, "x")},
        "becomes the base", {}),
    Row("first link: one blank", {"left": (NONE, "x"), "right": (NONE, None)},
        "the blank is filled", {"right": "x"}),
    Row("first link: both blank", {"left": (NONE, None), "right": (NONE, None)},
        "becomes the base", {}),
    Row("first link: different", {"left": (NONE, "x"), "right": (NONE, "y")},
        "held until a person decides", {}, held="conflict", settled=False),
    Row("first link: different", {"left": (NONE, "x"), "right": (NONE, "y")},
        "the preferred side's value is written", {"left": "y"}, first_link="prefer right"),
    Row("first link: different", {"left": (NONE, "x"), "right": (NONE, "y")},
        "the later value is written", {"right": "x"}, first_link="latest",
        modified=("right", "left")),
    Row("first link: different, no telling which is later",
        {"left": (NONE, "x"), "right": (NONE, "y")},
        "held until a person decides", {}, first_link="latest", held="conflict", settled=False),
    Row("first link: an address that lacks a part of the other",
        {"left": (NONE, {"city": "Rome"}), "right": (NONE, {"city": "Rome", "street": "Via A 1"})},
        "the parts are filled", {"left": {"city": "Rome", "street": "Via A 1"}}),
    Row("first link of a third side, blank there",
        {"left": ("x", "x"), "right": ("x", "x"), "third": (NONE, None)},
        "the blank is filled", {"third": "x"}),
    Row("first link of a third side, different",
        {"left": ("x", "x"), "right": ("x", "x"), "third": (NONE, "z")},
        "held until a person decides", {}, held="conflict", settled=False),
    Row("first link of a third side that alone has a value",
        {"left": (None, None), "right": (None, None), "third": (NONE, "z")},
        "the blanks are filled", {"left": "z", "right": "z"}),
    Row("nothing changed, equal", {"left": ("x", "x"), "right": ("x", "x")}, "nothing", {}),
    Row("nothing changed, different (drift)", {"left": ("x", "x"), "right": ("y", "y")},
        "reported by verify, nothing is written", {}, settled=False),
    Row("one side changed", {"left": ("x", "new"), "right": ("x", "x")},
        "written to the other", {"right": "new"}),
    Row("one side changed, three sides",
        {"left": ("x", "x"), "right": ("x", "new"), "third": ("x", "x")},
        "written to all others", {"left": "new", "third": "new"}),
    Row("both changed to the same", {"left": ("x", "new"), "right": ("x", "new")},
        "bases move, nothing is written", {}),
    Row("both changed differently", {"left": ("x", "l"), "right": ("x", "r")},
        "held until a person decides", {}, held="conflict", settled=False),
    Row("both changed differently", {"left": ("x", "l"), "right": ("x", "r")},
        "the preferred side wins", {"right": "l"}, conflict="prefer left"),
    Row("both changed differently", {"left": ("x", "l"), "right": ("x", "r")},
        "the later change wins", {"left": "r"}, conflict="latest", modified=("left", "right")),
    Row("both changed differently", {"left": ("1", "20"), "right": ("1", "3")},
        "the highest wins", {"right": "20"}, conflict="highest"),
    Row("both changed differently", {"left": ("1", "20"), "right": ("1", "3")},
        "the lowest wins", {"left": "3"}, conflict="lowest"),
    Row("both changed differently, a third did not",
        {"left": ("x", "l"), "right": ("x", "r"), "third": ("x", "x")},
        "the preferred side wins everywhere", {"right": "l", "third": "l"},
        conflict="prefer left"),
    Row("opt-out set on one side", {"left": (False, True), "right": (False, False)},
        "the opt-out spreads", {"right": True}, conflict="true wins"),
    Row("opt-out withdrawn on one side", {"left": (True, False), "right": (True, True)},
        "consent is never re-granted by a sync", {}, conflict="true wins"),
    Row("opt-out differs at first link", {"left": (NONE, False), "right": (NONE, True)},
        "the opt-out spreads", {"left": True}, conflict="true wins"),
    Row("cleared on one side", {"left": ("x", None), "right": ("x", "x")},
        "the blank travels", {"right": None}),
    Row("cleared on one side, blanks: keep", {"left": ("x", None), "right": ("x", "x")},
        "the other side keeps its value", {}, blanks="keep"),
    Row("changed on the source", {"left": ("x", "new"), "right": ("x", "x")},
        "written to the other", {"right": "new"}, rule="left ->"),
    Row("changed where the rule does not let it speak",
        {"left": ("x", "x"), "right": ("x", "new")},
        "overwritten by the source", {"right": "x"}, rule="left ->"),
    Row("changed on both, one is the source", {"left": ("x", "l"), "right": ("x", "r")},
        "the source wins, no conflict", {"right": "l"}, rule="left ->"),
    Row("first link, the source is blank", {"left": (NONE, None), "right": (NONE, "y")},
        "a blank at first sight erases nothing", {"left": "y"}, rule="left ->"),
    Row("the preferred side has a value", {"left": ("x", "x"), "right": ("x", "new")},
        "overwritten by the preferred side", {"right": "x"}, rule="left unless blank"),
    Row("the preferred side is blank", {"left": (None, None), "right": (None, "new")},
        "the other's value is written", {"left": "new"}, rule="left unless blank"),
    Row("the preferred side was cleared", {"left": ("x", None), "right": ("x", "x")},
        "the blank travels", {"right": None}, rule="left unless blank"),
    Row("changed, blank on the target", {"left": (None, "new"), "right": (None, None)},
        "the blank is filled", {"right": "new"}, rule="fill blank"),
    Row("changed, the target has a value", {"left": ("x", "new"), "right": ("x", "x")},
        "the target keeps its value", {}, rule="fill blank"),
    Row("changed after creation", {"left": ("x", "new"), "right": ("x", "x")},
        "nothing is written", {}, rule="create only"),
    Row("not accepted by the target", {"left": ("x", "bad"), "right": ("x", "x")},
        "held on that side, the rest of the record goes on", {}, held="right", settled=False,
        refuses=("right", "bad")),
    Row("not accepted by one of two targets",
        {"left": ("x", "bad"), "right": ("x", "x"), "third": ("x", "x")},
        "written where it can be, held on the other", {"third": "bad"}, held="right",
        settled=False, refuses=("right", "bad")),
    Row("settled between two sides, not taken by the third",
        {"left": ("new", "new"), "right": ("new", "new"), "third": ("x", "x")},
        "written where it is lacking", {"third": "new"}, owes="third"),
    Row("taken by one side and not by another, then put back",
        {"left": ("new", "x"), "right": ("new", "new"), "third": ("x", "x")},
        "written to the side that took it", {"right": "x"}, owes="third"),
    Row("taken by one side and not by another, then changed where it was taken",
        {"left": ("new", "new"), "right": ("new", "newer"), "third": ("x", "x")},
        "written to all others", {"left": "newer", "third": "newer"}, owes="third"),
    Row("changed on a side that had not got what the others have",
        {"left": ("new", "new"), "right": ("new", "new"), "third": ("x", "z")},
        "held until a person decides", {}, owes="third", held="conflict", settled=False),
    Row("changed on a side that had not got what the others have",
        {"left": ("new", "new"), "right": ("new", "new"), "third": ("x", "z")},
        "the preferred side wins", {"third": "new"}, owes="third", conflict="prefer left"),
    Row("set by hand on the side that had not got it",
        {"left": ("new", "new"), "right": ("new", "new"), "third": ("x", "new")},
        "bases move, nothing is written", {}, owes="third"),
    Row("lifecycle moves forward", {"left": ("mql", "sql"), "right": ("mql", "mql")},
        "written to the other", {"right": "sql"}, order=STAGES),
    Row("lifecycle moves backward", {"left": ("sql", "mql"), "right": ("sql", "sql")},
        "does not travel", {}, order=STAGES),
    Row("lifecycle moves backward, allowed", {"left": ("sql", "mql"), "right": ("sql", "sql")},
        "written to the other", {"right": "mql"}, order=STAGES, backward=True),
    Row("lifecycle moved on both sides", {"left": ("lead", "mql"), "right": ("lead", "sql")},
        "the furthest wins", {"left": "sql"}, order=STAGES),
    Row("lifecycle differs at first link", {"left": (NONE, "customer"), "right": (NONE, "lead")},
        "the furthest wins", {"right": "customer"}, order=STAGES),
    Row("member added to a set", {"left": (["a"], ["a", "b"]), "right": (["a"], ["a"])},
        "added on the other", {"right": ["a", "b"]}, shape="set"),
    Row("members added on both sides",
        {"left": (["a"], ["a", "b"]), "right": (["a"], ["a", "c"])},
        "both are added everywhere", {"left": ["a", "b", "c"], "right": ["a", "b", "c"]},
        shape="set"),
    Row("member settled between two sides, not given to the third",
        {"left": (["a", "b"], ["a", "b"]), "right": (["a", "b"], ["a", "b"]),
         "third": (["a"], ["a"])},
        "added where it is lacking", {"third": ["a", "b"]}, owes="third", shape="set"),
    Row("member given to one side and not to another, then taken out",
        {"left": (["a", "b"], ["a"]), "right": (["a", "b"], ["a", "b"]), "third": (["a"], ["a"])},
        "removed on the side that has it", {"right": ["a"]}, owes="third", shape="set"),
    Row("member removed on one side, another added on the other",
        {"left": (["a", "b"], ["a"]), "right": (["a", "b"], ["a", "b", "c"])},
        "both changes are combined", {"left": ["a", "c"], "right": ["a", "c"]}, shape="set"),
    Row("last member removed", {"left": (["a"], None), "right": (["a"], ["a"])},
        "removed on the other", {"right": None}, shape="set"),
    Row("sets differ at first link", {"left": (NONE, ["a"]), "right": (NONE, ["b"])},
        "the union is written", {"left": ["a", "b"], "right": ["a", "b"]}, shape="set"),
    Row("a move of the table", {"left": ("new", "open"), "right": ("new", "new")},
        "written to the other", {"right": "open"}, moves={"new": ("open",)}),
    Row("a move that is not in the table", {"left": ("new", "won"), "right": ("new", "new")},
        "held on that side, a person decides", {}, moves={"new": ("open",)},
        held="right", settled=False),
    Row("both moved, the furthest by a move that is not in the table",
        {"left": ("lead", "customer"), "right": ("lead", "mql")},
        "held on that side, a person decides", {}, conflict="highest", order=STAGES,
        moves={"mql": ("sql",)}, held="right", settled=False),
    Row("a role of a person changes on each side",
        {"left": ([role("ann", "a"), role("ann", "b")], [role("ann", "a")]),
         "right": ([role("ann", "a"), role("ann", "b")],
                   [role("ann", "a"), role("ann", "b"), role("ann", "c")])},
        "both changes are combined", {"left": [role("ann", "a"), role("ann", "c")],
                                      "right": [role("ann", "a"), role("ann", "c")]},
        shape="roles"),
    Row("another person becomes the primary one",
        {"left": ([role("ann", "a", primary=True), role("ben")],
                  [role("ann", "a"), role("ben", primary=True)]),
         "right": ([role("ann", "a", primary=True), role("ben")],
                   [role("ann", "a", primary=True), role("ben")])},
        "the mark moves, roles stay", {"right": [role("ann", "a"), role("ben", primary=True)]},
        shape="roles"),
)  # fmt: skip


def _cell(value: Any) -> str:
    if isinstance(value, list) and isinstance(value[0], dict):
        return "{" + ", ".join(map(_member, value)) + "}"
    if isinstance(value, list):
        return "{" + ", ".join(value) + "}"
    if isinstance(value, dict):
        return ", ".join(value.values())
    return "—" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _member(item: dict[str, Any]) -> str:
    word = f" as {item['role']}" if item["role"] else ""
    return f"{item['ref']}{word}{' (primary)' if item['primary'] else ''}"


def _settings(row: Row) -> str:
    words = [row.rule]
    if row.conflict != "hold":
        words.append(f"conflict: {row.conflict}")
    if row.first_link != "hold":
        words.append(f"first link: {row.first_link}")
    if row.blanks != "travel":
        words.append(f"blanks: {row.blanks}")
    if row.backward:
        words.append("backward: true")
    for value, allowed in row.moves.items():
        words.append(f"moves: {value} to {', '.join(allowed)}")
    return "; ".join(words)


def table() -> str:
    """The table as Markdown."""
    lines = [
        "| state | rule | base → now, per side | decision | written |",
        "|---|---|---|---|---|",
    ]
    for row in ROWS:
        shown = "; ".join(
            f"{s}: {_cell(b)} → {_cell(v)}{' (lacks it)' if s == row.owes else ''}"
            for s, (b, v) in row.sides.items()
        )
        written = "; ".join(f"{s}: {_cell(v)}" for s, v in row.writes.items()) or "nothing"
        lines.append(f"| {row.state} | {_settings(row)} | {shown} | {row.decision} | {written} |")
    return "\n".join(lines)


def with_table(page: str) -> str:
    """The page with the table put between its marks."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
