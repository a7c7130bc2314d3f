"""Every page that has something to show, in a browser: wide and narrow, with nothing wrong for anybody to use.

At 1280 and 375 pixels nothing scrolls sideways; there is one main heading; axe finds nothing against WCAG 2.2 A and AA;
and the console stays empty, which under the strict content policy means that no inline style or script slipped in.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from p2plending.tests.access.tables import MEMBER_COLUMNS, read_members
from p2plending.tests.support.browser import NARROW, WIDE, Visitor
from p2plending.tests.support.places import owner_of, path_to, url_names
from p2plending.tests.support.scene import Scene, build_scene

# Which pages open is asked by test_access.py; how they are drawn is the same over every database.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.one_database,
    pytest.mark.django_db(transaction=True),
]

# Who is signed in is sent on from them.
FOR_VISITORS = {
    row.name
    for row in read_members("pages.txt", MEMBER_COLUMNS)
    if row.members["visitor"] == "200" and row.members["owner"] == "302"
}
STANDARD = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
# Swagger draws its own page from files of its own; it is checked for files and policy elsewhere.
NOT_OURS = {"api-schema", "api-docs", "account_logout"}
# One list and one row of the read-only admin stand for all of them: the same templates draw them.
OF_THE_REGISTRY = {"admin:loans_loan_changelist", "admin:loans_loan_change"}


def is_shown(name: str) -> bool:
    if name.startswith("api-") or name in NOT_OURS:
        return False
    return name in OF_THE_REGISTRY or not name.endswith(("_changelist", "_change"))


def pages(scene: Scene, client_of: Callable[[User], Client]) -> dict[User | None, list[str]]:
    """Paths of the HTML pages by the person who sees them; None is a visitor."""
    found: dict[User | None, list[str]] = {}
    for name in filter(is_shown, url_names()):
        cache.clear()
        person = None if name in FOR_VISITORS else owner_of(name, scene)
        path = path_to(name, scene)
        answer = (client_of(person) if person else Client()).get(path)
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            found.setdefault(person, []).append(path)
    return found


def visitor(browser: Browser, site: str, person: User | None, client_of: Callable[[User], Client]) -> Visitor:
    """Somebody who is signed in already."""
    seen = Visitor(browser, site, javascript=True)
    if person is not None:
        session = client_of(person).cookies[settings.SESSION_COOKIE_NAME].value
        seen.page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
    return seen


def look(seen: Visitor, path: str) -> list[str]:
    """What is wrong with one page."""
    seen.open(path)
    wrong = [f"{path}: {problem}" for problem in seen.problems]
    seen.problems.clear()
    headings = seen.page.locator("h1").count()
    if headings != 1:
        wrong.append(f"{path}: {headings} main headings")
    for rule in Axe().run(seen.page, options=STANDARD).response["violations"]:
        wrong.append(f"{path}: {rule['id']} at {[node['target'] for node in rule['nodes']][:3]}")
    for size in (WIDE, NARROW):
        seen.page.set_viewport_size(size)
        over = seen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            wrong.append(f"{path}: {over} pixels too wide at {size['width']}")
    seen.page.set_viewport_size(WIDE)
    return wrong


def test_every_page_can_be_used_by_everybody_wide_and_narrow(
    chromium: Browser,
    live_server: LiveServer,
    dora: User,
    client_of: Callable[[User], Client],
) -> None:
    scene = build_scene()
    by_person = pages(scene, client_of)
    assert sum(map(len, by_person.values())) > 60
    wrong = []
    for person, paths in by_person.items():
        seen = visitor(chromium, live_server.url, person, client_of)
        for path in paths:
            cache.clear()
            wrong += look(seen, path)
        seen.page.context.close()
    assert not wrong, "\n".join(wrong)
