"""The documentation fails the build when it drifts from the code."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from core.errors import TielineError

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """docs/generate.py, which is a script and no package."""
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["configuration.md", "errors.md", "quirks.md"])
def test_the_generated_tables_are_up_to_date(generate: ModuleType, name: str) -> None:
    page = DOCS / name
    assert page.read_text(encoding="utf-8") == generate.rendered(page), "run: make docs"


def test_every_setting_is_documented_with_its_meaning(generate: ModuleType) -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    found = dict(generate.settings())
    assert len(found) > 60
    secret = "sides.<name>.credentials.client_id."
    assert [p for p in found if f"`{p}`" not in text and not p.startswith(secret)] == []
    assert [path for path, field in found.items() if not field.description] == []


def test_every_error_is_documented_with_code_and_remedy() -> None:
    text = (DOCS / "errors.md").read_text(encoding="utf-8")
    rows = {row.split("|")[1].replace("&emsp;", "").strip(" `"): row for row in text.splitlines()
            if row.startswith("| ")}  # fmt: skip
    for error in tree(TielineError):
        assert error.__name__.endswith("Error")
        assert f"| {error.exit_code} |" in rows[error.__name__]
        assert error.default_remedy in rows[error.__name__]


def tree(error: type[TielineError]) -> list[type[TielineError]]:
    """An error class and all below it, as far as the program itself defines them."""
    below = [each for each in error.__subclasses__() if each.__module__ == "core.errors"]
    return [error, *(found for each in below for found in tree(each))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{page.name}: {link}"
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path), f"{page.name}: {link}"


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are made on the usual code hosts."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in headings}


def test_every_page_can_be_reached_from_the_map() -> None:
    text = (DOCS / "finding-your-way.md").read_text(encoding="utf-8")
    for page in DOCS.rglob("*.md"):
        if page.name != "finding-your-way.md":
            assert page.relative_to(DOCS).as_posix() in text
