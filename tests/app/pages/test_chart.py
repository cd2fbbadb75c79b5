"""Where the cards of a committee chart stand, whatever the lines say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pages.account_page import account_page
from app.pages.chart import HIGH, MOST, WIDE, Chart, laid_out
from app.pages.matrix_page import levels
from app.pages.render import embedded
from tests.app.pages import hostile

Line = tuple[int, int, str]


def charted(number: int, *lines: Line) -> Chart:
    members = [{"person": f"p{i}", "roles": []} for i in range(number)]
    return laid_out(
        members, [{"from": f"p{a}", "to": f"p{b}", "kind": kind} for a, b, kind in lines]
    )


@given(
    st.integers(1, 25),
    st.lists(
        st.tuples(
            st.integers(0, 24), st.integers(0, 24), st.sampled_from(["reports", "conflicts"])
        ),
        max_size=60,
    ),
)
def test_everybody_stands_inside_and_nobody_on_another(number: int, lines: list[Line]) -> None:
    found = charted(number, *[ln for ln in lines if ln[0] != ln[1]])
    assert [s.person for s in found.spots] == [f"p{i}" for i in range(number)]
    for i, spot in enumerate(found.spots):
        assert 0 <= spot.x <= found.wide - WIDE
        assert 0 <= spot.y <= found.high - HIGH
        for other in found.spots[i + 1 :]:
            assert abs(spot.x - other.x) >= WIDE or abs(spot.y - other.y) >= HIGH


def test_superiors_stand_above_and_a_circle_is_cut() -> None:
    found = charted(4, (1, 0, "reports"), (2, 1, "reports"), (0, 2, "reports"))
    at = {s.person: s.y for s in found.spots}
    assert at["p0"] < at["p1"] < at["p2"] < at["p3"]
    assert len(found.strokes) == 3


def test_a_chain_of_any_length_and_a_crowd_are_drawn() -> None:
    chain = charted(MOST, *[(i, i - 1, "reports") for i in range(1, MOST)])
    assert len({s.y for s in chain.spots}) == MOST
    crowd = charted(MOST + 40, (MOST + 30, 0, "influences"))
    assert len(crowd.spots) == MOST
    assert crowd.left_out == 40
    assert {"p0", f"p{MOST + 30}"} <= {s.person for s in crowd.spots}


def test_an_account_without_anybody_has_a_page() -> None:
    data = hostile.account_map().to_json()
    empty = {**data, "members": [], "lines": []}
    assert "Nobody is known at this account." in account_page(empty)


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ([], []),
        ([0, 0], [0, 0]),
        ([0, 7], [0, 1]),
        ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]),
        ([1, 1, 1, 1_000_000], [1, 1, 1, 3]),
    ],
)
def test_one_giant_does_not_make_all_others_pale(numbers: list[float], wanted: list[int]) -> None:
    assert levels(numbers) == wanted


def test_data_cannot_leave_its_element() -> None:
    names: dict[str, Any] = {"a": list(hostile.NAMES)}
    text = embedded(names)
    assert not any(sign in text for sign in "<>&\u2028\u2029")
