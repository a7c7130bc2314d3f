"""The frame of every page: navigation by role, wallet, unread count, risk strip, colours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from accounts.enums.people import Role
from accounts.models import User
from p2plending.pages import context_processors
from p2plending.pages.context_processors import site
from p2plending.tests.support.markup import title_of


def context_for(user: User | AnonymousUser, path: str = "/", **cookies: str) -> dict[str, Any]:
    request = RequestFactory().get(path)
    request.user = user
    request.COOKIES.update(cookies)
    return site(request)


def test_a_visitor_has_no_wallet_and_costs_no_query() -> None:
    context = context_for(AnonymousUser())  # this test may not touch the database
    assert context["shows_wallet"] is False
    assert context["risk_strip"] is False
    labels = [str(item.label) for item in context["nav"]()]
    assert labels == ["Borrow", "Lend", "How it works", "Rates and fees", "Help"]


def test_wallet_and_unread_count_cost_one_query_each_and_only_when_shown(
    bob: User, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        context = context_for(bob)
    with django_assert_num_queries(1):
        assert [context["wallet_available"](), context["wallet_available"]()] == [0, 0]
    with django_assert_num_queries(1):
        assert [context["unread_count"](), context["unread_count"]()] == [0, 0]


def test_lenders_see_the_risk_strip_and_borrowers_do_not(alice: User, bob: User) -> None:
    assert context_for(bob)["risk_strip"] is True
    assert context_for(alice)["risk_strip"] is False


@pytest.mark.parametrize(("cookie", "theme"), [("dark", "dark"), ("light", "light"), ("auto", ""), ('"><script>', "")])
def test_only_known_colours_reach_the_page(cookie: str, theme: str) -> None:
    assert context_for(AnonymousUser(), theme=cookie)["theme"] == theme


@pytest.mark.parametrize(
    ("name", "initials"), [("Priya Sharma", "PS"), ("Alice", "A"), ("Ana de la Cruz", "AC"), ("bob@example.org", "BO")]
)
def test_initials_come_from_the_first_and_last_word(name: str, initials: str) -> None:
    assert context_processors._initials(name) == initials


def test_the_place_where_one_is_is_marked_by_the_longest_address(alice: User) -> None:
    active = [str(item.label) for item in context_for(alice, "/borrowing/loans/LN-7K4M/")["nav"]() if item.active]
    assert active == ["My loans"]


@pytest.mark.parametrize("role", ["", *Role])
def test_the_tab_bar_has_at_most_four_places_beside_more_and_known_icons(role: str) -> None:
    sprite = (Path(settings.BASE_DIR) / "static" / "img" / "icons.svg").read_text()
    items = context_processors._navigation(str(role), "/")
    assert 3 <= len([item for item in items if item.tab]) <= 4
    assert {item.icon for item in items} <= set(re.findall(r'<symbol id="([\w-]+)"', sprite))


def test_a_missing_page_says_so_in_the_frame_of_the_site(client: Client, db: None) -> None:
    response = client.get("/no-such-page/")
    html = response.content.decode()
    assert response.status_code == 404
    assert title_of(html).replace("&#x27;", "'") == f"We can't find that page – {settings.SITE_NAME}"
    footer = html[html.index("<footer") :]
    links = re.findall(r"<li><a [^>]+>([^<]+)</a>", footer[: footer.index("</ul>")])
    assert links == [
        "Help and contact",
        "How it works",
        "Rates and fees",
        "Loan performance",
        "Risks",
        "Complaints",
        "Privacy",
        "Accessibility",
    ]


def test_the_demo_says_on_every_page_that_no_money_is_real(client: Client, db: None, settings: Any) -> None:
    settings.DEMO_MODE = True
    html = client.get("/no-such-page/").content.decode()
    assert "Demo: no real money." in html
    assert re.search(r'Today here is <time datetime="\d{4}-\d\d-\d\d">', html)
    settings.DEMO_MODE = False
    assert "Demo: no real money." not in client.get("/no-such-page/").content.decode()


def test_the_sign_in_page_names_what_is_wrong_first(client: Client, db: None) -> None:
    response = client.post("/accounts/login/", {"login": "", "password": ""})
    html = response.content.decode()
    assert title_of(html).startswith("Error: Sign in")
    assert '<a href="#id_login">' in html
    assert '<a href="#id_password">' in html


def test_the_500_page_needs_neither_database_nor_request() -> None:
    html = render_to_string("500.html", {"request_id": "abc123"})
    assert "it was done completely, or not at all" in html
    assert "abc123" in html
