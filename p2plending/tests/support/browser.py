"""A headless Chromium, and a person in front of it.

alice = Visitor(chromium, live_server.url)
alice.open("/accounts/register/")
alice.fill(email="alice@example.org", role="borrower", terms=True)
alice.press("Create account")
alice.sees("Check your e-mail")
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, sync_playwright
from playwright.sync_api import TimeoutError as TookTooLong

# Playwright keeps an event loop in the test's thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 375, "height": 800}
PATIENCE_MS = 20_000
Filled = str | bool | Path | dt.date


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the session; each person gets a profile of their own in it."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.fail("Chromium is not installed; `make test` installs it, `-m 'not browser'` does without.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


class Visitor:
    """Somebody with a browser of their own, without JavaScript unless asked for."""

    def __init__(self, browser: Browser, site: str, *, javascript: bool = False, viewport: dict | None = None) -> None:
        self.site = site
        context = browser.new_context(java_script_enabled=javascript, viewport=viewport or WIDE)
        context.set_default_timeout(PATIENCE_MS)
        self.page: Page = context.new_page()
        # Links and buttons pressed, boxes ticked, files chosen; typing is not counted.
        self.clicks = 0
        self.problems: list[str] = []
        self.page.on("console", lambda line: self.problems.append(line.text) if line.type == "error" else None)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("response", self._note_failure)

    def _note_failure(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.status} {response.url}")

    def open(self, path: str) -> None:
        """Open a page of the site."""
        self.page.goto(path if path.startswith("http") else self.site + path)

    def follow(self, words: str) -> None:
        """Click the first link with these words."""
        self._click("link", words, exact=False)

    def fill(self, **answers: Filled) -> None:
        """Answer fields by name: text, date, choice of a list or of radio buttons, box to tick, or file."""
        for name, answer in answers.items():
            self._answer(self.page.locator(f"main [name={name}]:not([type=hidden]):not(button)"), answer)

    def _answer(self, fields: Locator, answer: Filled) -> None:
        field = fields.first
        kind = field.get_attribute("type")
        self.clicks += isinstance(answer, Path) or kind in ("radio", "checkbox")
        if isinstance(answer, Path):
            field.set_input_files(answer)
        elif kind == "radio":
            fields.and_(self.page.locator(f"[value='{answer}']")).check()
        elif kind == "checkbox":
            field.set_checked(bool(answer))
        elif field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(str(answer))
        else:
            field.fill(str(answer))

    def press(self, words: str) -> None:
        """Press the button with these words."""
        self._click("button", words, exact=True)

    def _click(self, role: str, words: str, *, exact: bool) -> None:
        wanted = self.page.get_by_role(role, name=words, exact=exact).first
        try:
            # The next page may still be on its way when the machine is busy.
            wanted.wait_for(timeout=PATIENCE_MS)
        except TookTooLong as error:
            there = [" ".join(text.split()) for text in self.page.get_by_role(role).all_inner_texts()]
            raise AssertionError(f"no {role} {words!r} on {self.page.url}, only {there}") from error
        # A font that arrives late moves the button between pressing and letting go, and the click is lost.
        self.page.wait_for_load_state()
        wanted.click()
        self.clicks += 1

    def follow_mail(self, path: str) -> None:
        """Open a link of an e-mail: one click."""
        self.open(path)
        self.clicks += 1

    def sees(self, *texts: str) -> None:
        """Fail unless every text stands on the page."""
        shown = " ".join(self.page.locator("body").inner_text().split())
        missing = [text for text in texts if text not in shown]
        assert not missing, f"{missing} not on {self.page.url}: {shown[:3000]}"

    def leave(self) -> None:
        """Close the browser; nothing may have gone wrong behind the pages."""
        self.page.context.close()
        assert self.problems == []
