"""Every rule of the semantics has something that proves it, and the documentation says what."""

from __future__ import annotations

import pytest

from tests.sync.decision_table import ROWS
from tests.sync.every_rule import BEGIN, END, PAGE, PROOFS, table
from tests.sync.proofs import exists

PROVED = {
    f"{section}: {rule}": proofs
    for section, rules in PROOFS.items()
    for rule, proofs in rules.items()
}


@pytest.mark.parametrize("rule", PROVED)
def test_what_proves_a_rule_is_there(rule: str) -> None:
    assert PROVED[rule]
    assert [name for name in PROVED[rule] if not exists(name)] == []


def test_every_row_proves_a_rule() -> None:
    cited = {name for proofs in PROVED.values() for name in proofs}
    assert [r.state for r in ROWS if f"row: {r.state}" not in cited] == []


def test_the_documentation_shows_this_very_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    shown = page.partition(BEGIN)[2].partition(END)[0].strip()
    assert shown == table(), "run `python -m tests.sync.every_rule`"
