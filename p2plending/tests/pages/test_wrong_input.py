"""Nonsense in every form and every endpoint: a clear answer, never a crash, and no money moves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from loans.models import Loan
from p2plending.tests.support.books import money_mark
from p2plending.tests.support.places import owner_of, path_to, url_names
from p2plending.tests.support.scene import Scene
from p2plending.tests.support.world import new_key

NONSENSE = (
    "",
    "abc",
    "-5",
    "0",
    "1e30",
    "9" * 400,
    "1.23456789",
    "1,234.567,8",
    "12\x00",
    "٣٫٥",
    "\U0001f600",
    "2026-13-45",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
)
# Packages' own forms have their own tests; signing out takes no input.
TOKEN = "csrfmiddlewaretoken"
NOT_OURS = ("account_", "mfa_", "usersessions_")
OWN_PAGES = ("/marketplace/", "/portfolio/", "/wallet/", "/suggestions/", "/notifications/", "/borrowing/quote/")
THINGS = ("/marketplace/{}/", "/portfolio/{}/", "/wallet/deposits/{}/", "/wallet/lines/{}/1/")
QUERIES = ("page=-1", "page=abc", "page=99999", "sort=%00", "grade=%F0", "start=2026-13-45", "amount=1e30")

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class Fields(HTMLParser):
    """Names of all fields of a page's forms, by the path that the form is sent to."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.action = path, path
        self.found: dict[str, dict[str, str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given.get("action") or self.path
            if given.get("method", "").lower() == "post":
                self.found.setdefault(self.action, {})
        elif tag in ("input", "select", "textarea") and self.action in self.found and given.get("name", TOKEN) != TOKEN:
            self.found[self.action][given["name"]] = given.get("value", "")


def our_names() -> list[str]:
    return [name for name in url_names() if not name.startswith(NOT_OURS)]


def forms_of(client: Client, path: str) -> dict[str, dict[str, str]]:
    """The forms that a page shows, each with its fields and what they hold."""
    answer = client.get(path)
    if answer.status_code != 200 or "text/html" not in answer.headers.get("Content-Type", ""):
        return {}
    parser = Fields(path)
    parser.feed(answer.content.decode())
    return parser.found


@pytest.mark.one_database
def test_nonsense_in_every_form_moves_nothing(scene: Scene, client_of: Callable[[User], Client]) -> None:
    sent, known = 0, set()
    for name in our_names():
        if name.startswith("api-"):
            continue
        client = client_of(owner_of(name, scene))
        cache.clear()
        for action, fields in forms_of(client, path_to(name, scene)).items():
            # Many pages show the same form.
            form = (action, tuple(sorted(fields)))
            if form in known or action in (reverse("theme"), reverse("account_logout")):
                continue
            known.add(form)
            before = money_mark()
            for nonsense in NONSENSE:
                # A form that asks nothing but its key does what it says when the key is good.
                key = new_key() if "amount" in fields else "short"
                answer = client.post(action, dict.fromkeys(fields, nonsense) | {"form_key": key})
                sent += 1
                assert answer.status_code < 500, (name, action, nonsense)
            assert money_mark() == before, (name, action)
    assert sent > 20 * len(NONSENSE)


def test_one_wrong_amount_in_a_good_form_is_named_and_moves_nothing(
    scene: Scene, client_of: Callable[[User], Client]
) -> None:
    today = scene.today.isoformat()
    holder = {"account_holder": "Lena Example", "iban": "DE89370400440532013000"}
    pay = {"kind": "other", "method": "wallet", "value_date": today}
    for path, person, rest in (
        ("/wallet/add/check/", scene.lender, {"sent_on": today, "method": "bank_transfer"}),
        ("/wallet/take-out/check/", scene.lender, holder),
        (f"/marketplace/{scene.listed.reference}/lend/", scene.lender, {"understood": "on"}),
        (f"/borrowing/loans/{scene.active.reference}/pay/", scene.active.borrower, pay),
        (f"/borrowing/loans/{scene.active.reference}/pay/check/", scene.active.borrower, pay),
    ):
        client, before = client_of(person), money_mark()
        for amount, words in (
            ("", "Enter an amount"),
            ("ten", "Enter the amount as a number"),
            ("-5", "Enter an amount"),
            ("0", "Enter an amount"),
            ("1e30", "Enter"),
            ("1.234567", "decimals"),
            ("12\x00", "Enter the amount as a number"),
        ):
            answer = client.post(path, rest | {"amount": amount, "form_key": new_key()})
            assert answer.status_code == 422, (path, amount)
            assert words in answer.content.decode(), (path, amount)
        assert money_mark() == before, path


def test_a_form_without_its_key_says_that_the_page_was_out_of_date(
    scene: Scene, client_of: Callable[[User], Client]
) -> None:
    before = money_mark()
    good = {"amount": "25", "sent_on": scene.today.isoformat(), "method": "bank_transfer", "understood": "on"}
    for path in ("/wallet/add/check/", f"/marketplace/{scene.listed.reference}/lend/"):
        answer = client_of(scene.lender).post(path, good)
        assert answer.status_code == 422
        assert "This page was out of date. Open it again." in answer.content.decode()
    assert money_mark() == before


def test_a_page_that_went_stale_says_so_and_moves_nothing(scene: Scene, client_of: Callable[[User], Client]) -> None:
    borrower = scene.offered.borrower
    Loan.objects.filter(pk=scene.offered.pk).update(offer_expires_on=scene.today.replace(year=2020))
    before = money_mark()
    answer = client_of(borrower).post(
        f"/borrowing/loans/{scene.offered.reference}/offer/accept/", {"form_key": new_key(), "has_read_offer": "on"}
    )
    assert answer.status_code == 422
    assert "This offer has ended." in answer.content.decode()

    answer = client_of(scene.lender).post(
        f"/marketplace/{scene.funded.reference}/lend/",
        {"amount": "25", "form_key": new_key(), "understood": "on"},
    )
    assert answer.status_code == 422
    assert "No money has moved." in answer.content.decode()
    assert money_mark() == before


def bodies(schema: dict[str, Any], operation: dict[str, Any]) -> Iterator[str]:
    """Names of the fields that an endpoint takes as JSON."""
    content = operation.get("requestBody", {}).get("content", {})
    described = content.get("application/json", {}).get("schema", {})
    reference = described.get("$ref", "").rpartition("/")[2]
    yield from schema["components"]["schemas"].get(reference, described).get("properties", {})


def test_nonsense_in_every_endpoint_moves_nothing(scene: Scene, api_of: Callable[[User], APIClient]) -> None:
    schema = APIClient().get("/api/schema/", HTTP_ACCEPT="application/vnd.oai.openapi+json").json()
    by_path = {re.sub(r"\{\w+\}", "*", path): methods for path, methods in schema["paths"].items()}
    sent = 0
    for name in our_names():
        path = path_to(name, scene) if name.startswith("api-") else ""
        methods = by_path.get(_with_stars(path, scene), {}) if path else {}
        client = api_of(owner_of(name, scene))
        for method in {"post", "put", "patch"} & set(methods):
            before = money_mark()
            names = list(bodies(schema, methods[method]))
            for nonsense in (*NONSENSE, None, 7, -1, 1e30, [], {}, True):
                cache.clear()
                body = dict.fromkeys(names, nonsense)
                answer = getattr(client, method)(path, body, headers={"Idempotency-Key": "short"})
                sent += 1
                assert answer.status_code < 500, (method, path, nonsense)
            assert money_mark() == before, (method, path)
    assert sent > 25 * len(NONSENSE)


def _with_stars(path: str, scene: Scene) -> str:
    """The path as the schema writes it, with a star for each reference."""
    return re.sub(r"/[A-Z]{2,3}-[0-9A-Z]{8}(?=/)", "/*", path)


def test_nonsense_in_the_address_is_not_found(scene: Scene, client_of: Callable[[User], Client]) -> None:
    client = client_of(scene.lender)
    for reference in ("LN-00000000", "x" * 300, "0", "-1", "LN-%00", "%F0%9F%98%80"):
        for path in THINGS:
            assert client.get(path.format(reference)).status_code == 404, path.format(reference)
    for query in QUERIES:
        for path in OWN_PAGES:
            assert client.get(f"{path}?{query}").status_code in (200, 404, 422), f"{path}?{query}"
