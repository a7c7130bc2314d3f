"""What is answered about oneself, by page and API with the same limits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.enums.people import DocumentKind, Role
from accounts.models import IdentityVerification, User
from accounts.services.identity.submission import add_document, missing_details, save_identity_details, submit_identity
from accounts.tests.samples import DETAILS, sent_file
from accounts.values.countries import COUNTRIES, WITHOUT_POSTCODES
from p2plending.lib.clock import business_date
from p2plending.tests.support.cast import make_user

API = "/api/v1/me/identity/"
AUTOCOMPLETE = {
    "legal_name": "name",
    "date_of_birth": "bday",
    "address": "street-address",
    "postcode": "postal-code",
    "city": "address-level2",
    "country": "country",
    "phone": "tel",
}
Send = Callable[[dict[str, Any]], list[str]]


@pytest.fixture
def frank(db: None, settings: Any, tmp_path: Any) -> User:
    settings.PRIVATE_DIR = tmp_path
    return make_user("Frank", Role.LENDER)


@pytest.fixture(params=["page", "api"])
def send(
    request: pytest.FixtureRequest,
    frank: User,
    client_of: Callable[[User], Client],
    api_of: Callable[[User], APIClient],
) -> Send:
    """Sends the details with some changed, by page or API; gives the fields that were refused."""

    def by_page(changes: dict[str, Any]) -> list[str]:
        told = {name: "" if value is False else str(value) for name, value in (DETAILS | changes).items()}
        answer = client_of(frank).post(reverse("accounts:identity_details"), told)
        assert answer.status_code in (302, 422)
        return [] if answer.status_code == 302 else list(answer.context["form"].errors)

    def by_api(changes: dict[str, Any]) -> list[str]:
        told = {name: value if isinstance(value, bool) else str(value) for name, value in (DETAILS | changes).items()}
        answer = api_of(frank).put(API, told, format="json")
        assert answer.status_code in (200, 422)
        return [] if answer.status_code == 200 else [error["pointer"][1:] for error in answer.json()["errors"]]

    return by_page if request.param == "page" else by_api


def years_ago(years: int, days: int = 0) -> dt.date:
    today = business_date()
    return today.replace(year=today.year - years, day=min(today.day, 28)) - dt.timedelta(days=days)


@pytest.mark.parametrize("country", ["HK", "AE", "AO", "PA"])
def test_an_address_without_postcode_is_taken_where_the_country_has_none(frank: User, send: Send, country: str) -> None:
    assert send({"country": country, "postcode": ""}) == []
    verification = IdentityVerification.objects.get(user=frank)
    assert (verification.country, verification.postcode) == (country, "")
    assert missing_details(verification) == []


@pytest.mark.parametrize("country", ["DE", "US", "GB", "IN"])
def test_an_address_needs_its_postcode_where_the_country_has_them(frank: User, send: Send, country: str) -> None:
    assert send({"country": country, "postcode": " "}) == ["postcode"]
    assert not IdentityVerification.objects.filter(country=country).exists()


def test_an_identity_check_without_postcode_can_be_sent(frank: User) -> None:
    save_identity_details(user=frank, details=DETAILS | {"country": "HK", "postcode": ""}, actor=frank)
    add_document(user=frank, kind=DocumentKind.ID_FRONT, upload=sent_file(), actor=frank)
    assert submit_identity(user=frank, actor=frank, today=dt.date(2026, 1, 15)).submission_count == 1


def test_the_countries_without_postcodes_are_countries() -> None:
    assert set(COUNTRIES) >= WITHOUT_POSTCODES


@pytest.mark.parametrize("born", ["0001-01-01", "1800-01-01", "2999-01-01", str(years_ago(17)), str(years_ago(122))])
def test_a_date_of_birth_that_can_not_be_is_refused(frank: User, send: Send, born: str) -> None:
    assert send({"date_of_birth": born}) == ["date_of_birth"]
    assert not IdentityVerification.objects.filter(date_of_birth__isnull=False).exists()


@pytest.mark.parametrize("born", [str(years_ago(18, 1)), str(years_ago(119)), "1960-02-29"])
def test_a_date_of_birth_of_an_adult_is_taken(send: Send, born: str) -> None:
    assert send({"date_of_birth": born}) == []


def test_a_document_that_has_expired_is_refused(send: Send) -> None:
    assert send({"id_expires_on": str(business_date() - dt.timedelta(days=1))}) == ["id_expires_on"]
    assert send({"id_expires_on": str(business_date())}) == []


@pytest.mark.parametrize("field", ["legal_name", "address", "city", "occupation", "source_of_funds"])
@pytest.mark.parametrize("text", ["one\ntwo", "a\u202eb", "a\u200bb"])
def test_names_and_addresses_with_what_can_not_be_seen_are_refused(send: Send, field: str, text: str) -> None:
    assert send({field: text}) == [field]


def test_codes_lose_what_can_not_be_seen(frank: User, send: Send) -> None:
    pasted = {"phone": "\u202a+49 30\u00a01234\u202c", "postcode": "\u200b10115", "id_number": "C01X\u20600006H\ufeff"}
    assert send(pasted) == []
    saved = IdentityVerification.objects.get(user=frank)
    assert (saved.phone, saved.postcode, saved.id_number) == ("+49 30 1234", "10115", "C01X0006H")


class Boxes(HTMLParser):
    """The autocomplete attribute of every box by its name."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("input", "select", "textarea"):
            self.found[given.get("name") or ""] = given.get("autocomplete") or ""


def test_browsers_know_what_each_box_of_the_form_asks_for(frank: User, client_of: Callable[[User], Client]) -> None:
    boxes = Boxes()
    boxes.feed(client_of(frank).get(reverse("accounts:identity_details")).content.decode())
    assert {name: boxes.found[name] for name in AUTOCOMPLETE} == AUTOCOMPLETE
