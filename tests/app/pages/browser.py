"""A headless Chromium that notes what a page asks of the network and complains about."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = (
    "--no-sandbox", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
)  # fmt: skip


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; the test is skipped where there is none."""
    path = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page with everything that it did besides being shown."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def clean(self) -> None:
        """No request but for the file itself, no complaint, no dialog."""
        assert self.requests == []
        assert self.complaints == []


@contextmanager
def opened(
    browser: Browser, path: Path, text: str, *, wide: int = 1280, scheme: str = "light"
) -> Iterator[Opened]:
    """A page written to a file and opened from there."""
    path.write_text(text, encoding="utf-8")
    context = browser.new_context(
        viewport={"width": wide, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    found = Opened(page)
    page.on("request", lambda r: found.requests.append(r.url) if r.url != path.as_uri() else None)
    page.on("console", lambda m: found.complaints.append(f"{m.type}: {m.text}"))
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (found.complaints.append("dialog"), dialog.dismiss()))
    page.goto(path.as_uri())
    yield found
    context.close()


CONTRAST = """
(elements) => {
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => {
    c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const found = channels(getComputedStyle(e).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  return Math.min(...elements.filter((e) => e.innerText.trim()).map((e) => {
    const [a, b] = [light(channels(getComputedStyle(e).color)), light(behind(e))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }));
}
"""
"""The worst contrast between the text of elements and what is painted behind it."""


def least_contrast(page: Page, selector: str) -> float:
    """The worst contrast among the elements of a selector that have text."""
    return float(page.locator(selector).evaluate_all(CONTRAST))
