"""The pages in a real browser: by mouse, by keyboard, without network, with hostile names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.pages.account_page import account_page
from app.pages.partner_page import partner_page
from app.pages.territory_page import territory_page
from tests.app.pages import hostile
from tests.app.pages.browser import chromium, least_contrast, opened

PAGES: dict[str, Callable[[], str]] = {
    "account": lambda: account_page(hostile.account_map().to_json()),
    "territory": lambda: territory_page(hostile.territories(), hostile.NAMES[0], hostile.TODAY),
    "partner": lambda: partner_page(hostile.partner_map().as_json()),
}
LEGIBLE = 4.5
"""Contrast that WCAG asks of text."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(params=PAGES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_page_is_one_file_that_nothing_can_be_loaded_into(name: str) -> None:
    text = PAGES[name]()
    assert "default-src 'none'" in text
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#)""", text)
    assert not re.search(r"url\(\s*['\"]?(?!#)", text)
    assert "unsafe" not in text
    assert text.count("</script>") == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_names_are_shown_as_text(
    browser: Browser, name: str, scheme: str, tmp_path: Path
) -> None:
    with opened(browser, tmp_path / "p.html", PAGES[name](), scheme=scheme) as found:
        for cell in found.page.locator(".cell, .node").all()[:12]:
            cell.dispatch_event("click")
        shown = found.page.locator("body").inner_text()
        assert hostile.NAMES[0] in shown
        assert found.page.locator("img, main script").count() == 0
        assert least_contrast(found.page, "main :is(h1, h2, p, td, th, dt, dd, .chip, .cell)") >= (
            LEGIBLE
        )
        found.clean()


def test_a_page_fits_a_phone(browser: Browser, name: str, tmp_path: Path) -> None:
    with opened(browser, tmp_path / "p.html", PAGES[name](), wide=360) as found:
        wide = found.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360
        found.clean()


def test_the_committee_chart_by_mouse(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path / "p.html", PAGES["account"]()) as found:
        page = found.page
        node = page.get_by_role("button", name=re.compile(r"^Plain Ltd"))
        node.click()
        expect(page.locator("#panel h3")).to_have_text("Plain Ltd")
        expect(node).to_have_attribute("aria-pressed", "true")
        toggle = page.get_by_role("button", name="Conflicts")
        assert page.locator(".line.conflicts").is_visible()
        toggle.click()
        assert not page.locator(".line.conflicts").is_visible()
        expect(toggle).to_have_attribute("aria-pressed", "false")
        page.locator("#role").select_option("champion")
        assert page.locator(".node:not(.dim)").count() == 1
        found.clean()


def test_the_committee_chart_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path / "p.html", PAGES["account"]()) as found:
        page = found.page
        _tab_to(page, ".node")
        above = page.locator(".node[tabindex='0']").get_attribute("data-y")
        page.keyboard.press("ArrowDown")
        below = page.locator(".node[tabindex='0']").get_attribute("data-y")
        assert float(below or 0) > float(above or 0)
        assert page.locator(".node[tabindex='0']").count() == 1
        assert page.evaluate("document.activeElement.matches('.node:focus')")
        page.keyboard.press("Enter")
        pressed = page.locator(".node[aria-pressed='true']")
        label = pressed.get_attribute("aria-label") or ""
        assert label.startswith(page.locator("#panel h3").inner_text())
        page.keyboard.press("Home")
        page.keyboard.press("Space")
        assert pressed.get_attribute("data-place") == "0"
        found.clean()


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"Tab never reaches {selector}")


def test_superiors_stand_above_and_no_two_cards_overlap(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path / "p.html", PAGES["account"]()) as found:
        boxes = [n.bounding_box() for n in found.page.locator(".node .box").all()]
        places = [(b["x"], b["y"], b["width"], b["height"]) for b in boxes if b]
        assert len(places) == len(hostile.NAMES)
        for i, (x, y, w, h) in enumerate(places):
            for other_x, other_y, _, _ in places[i + 1 :]:
                assert abs(x - other_x) >= w or abs(y - other_y) >= h
        people = [m["person"] for m in hostile.account_map().to_json()["members"]]
        at = {p: found.page.locator(f".node[data-place='{i}']") for i, p in enumerate(people)}
        height = {p: float(n.get_attribute("data-y") or 0) for p, n in at.items()}
        assert height["p0"] < height["p1"] < height["p3"]
        found.clean()


def test_wide_names_stay_within_their_cards(browser: Browser, tmp_path: Path) -> None:
    """A name of wide letters is broader than its number of letters tells."""
    data = hostile.account_map().to_json()
    for member in data["members"]:
        member["name"] = member["title"] = "W" * 40
    with opened(browser, tmp_path / "p.html", account_page(data)) as found:
        for text in found.page.locator(".node text").all():
            reaches = text.evaluate("t => t.getBBox().x + t.getBBox().width")
            clipped = text.evaluate("t => getComputedStyle(t.parentElement).clipPath")
            assert reaches <= 232 or "card" in clipped
        found.clean()


def test_the_page_of_a_partner_says_whom_it_is_for(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path / "p.html", PAGES["partner"]()) as found:
        foot = found.page.locator("footer").inner_text()
        assert f"for {hostile.partner_map().ours.name} alone" in foot
        assert "--report-for-partner" in foot


def test_the_chart_has_a_table_beside_it(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path / "p.html", PAGES["account"]()) as found:
        rows = found.page.locator("#people-table tbody tr")
        assert rows.count() == found.page.locator(".node").count() == len(hostile.NAMES)


@pytest.mark.parametrize("which", ["territory", "partner"])
def test_a_matrix_cell_opens_its_rows_by_mouse(
    browser: Browser, which: str, tmp_path: Path
) -> None:
    with opened(browser, tmp_path / "p.html", PAGES[which]()) as found:
        page = found.page
        cell = page.locator(".cell:not(.q0)").first
        number = int(cell.inner_text())
        cell.click()
        expect(cell).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#drill-table tbody tr")).to_have_count(number)
        search = page.get_by_label(re.compile("^Search in .* × "))
        search.fill("no such thing")
        expect(page.locator("#drill-table tbody tr")).to_have_count(0)
        search.fill("")
        page.locator("#drill-table th button").first.click()
        expect(page.locator("#drill-table th").first).to_have_attribute("aria-sort", "ascending")
        found.clean()


@pytest.mark.parametrize("which", ["territory", "partner"])
def test_a_matrix_by_keyboard(browser: Browser, which: str, tmp_path: Path) -> None:
    with opened(browser, tmp_path / "p.html", PAGES[which]()) as found:
        page = found.page
        _tab_to(page, ".cell")
        page.keyboard.press("ArrowDown")
        now = page.evaluate(
            "[document.activeElement.dataset.row, document.activeElement.dataset.column]"
        )
        assert now == ["1", "0"]
        page.keyboard.press("End")
        last = page.locator("#matrix thead th").count() - 2
        assert page.evaluate("document.activeElement.dataset.column") == str(last)
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.dataset.row") == "1"
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
        page.keyboard.press("Enter")
        title = page.locator("#drill-title").inner_text()
        assert " × " in title
        page.keyboard.press("Tab")
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("document.activeElement.matches('.cell[tabindex=\"0\"]')")
        found.clean()


def test_a_cell_without_anything_is_spoken_as_none(browser: Browser, tmp_path: Path) -> None:
    """A dash is read out as nothing at all, or as a sign."""
    data = hostile.partner_map().as_json()
    nothing = {"our_count": 0, "their_count": 0, "entity_count": 0, "mutual": []}
    data["matrix"] = [{**data["matrix"][0], **nothing}, *data["matrix"][1:]]
    with opened(browser, tmp_path / "p.html", partner_page(data)) as found:
        page = found.page
        spoken = []
        for metric in (0, 1, 2):
            for cell in page.locator(".cell").filter(has_text="–").all():
                spoken.append(cell.get_attribute("aria-label") or "")
            page.locator("#metric").select_option(str(metric))
        assert spoken
        assert all(": no " in label and "–" not in label for label in spoken)
        found.clean()


def test_another_measure_changes_numbers_and_colours(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path / "p.html", PAGES["territory"]()) as found:
        page = found.page
        counts = page.locator(".cell").all_inner_texts()
        page.locator("#metric").select_option(label="EUR open")
        amounts = page.locator(".cell").all_inner_texts()
        assert "1.2 M" in amounts
        assert counts != amounts
        label = page.locator(".cell.q5, .cell.q1").first.get_attribute("aria-label") or ""
        assert label.endswith("EUR open")
        found.clean()
