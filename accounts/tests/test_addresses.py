"""Which addresses are one mailbox, whose it is, and what only looks like it."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError
from django.test import Client
from rest_framework.test import APIClient

from accounts.enums.people import Role
from accounts.models import User
from accounts.selectors.people import owner_of_address
from accounts.services.people.registration import register_user
from accounts.tests.test_registration import FORM, REGISTER
from accounts.values.addresses import normalise_email, spelling_skeleton
from p2plending.tests.support.cast import PASSWORD
from p2plending.tests.support.queue import carry_out_tasks

CASES: dict[str, Any] = json.loads((Path(__file__).parent / "sign_in_cases.json").read_text())
ADDRESSES = "/accounts/email/"


@pytest.fixture(autouse=True)
def _fresh_limits(db: None) -> None:
    cache.clear()


def register(email: str) -> User | None:
    return register_user(email=email, password=PASSWORD, role=Role.LENDER, full_name="X", ip_address=None).user


@pytest.mark.parametrize(
    ("spelling", "stored"),
    [
        (" Alice@Example.ORG ", "alice@example.org"),
        ("ａｌｉｃｅ@ｅｘａｍｐｌｅ．ｏｒｇ", "alice@example.org"),
        ("alice@ex\u00adample.org", "alice@example.org"),
        ("mi\u212ae@example.org", "mike@example.org"),
        ("a.l.ice+tag@example.org", "a.l.ice+tag@example.org"),
        ("user@Bücher.example", "user@xn--bcher-kva.example"),
        (unicodedata.normalize("NFD", "user@bücher.example"), "user@xn--bcher-kva.example"),
        ("a@stra\u00dfe.example", "a@xn--strae-oqa.example"),
    ],
)
def test_every_spelling_of_one_mailbox_is_stored_the_same(spelling: str, stored: str) -> None:
    assert normalise_email(spelling) == stored
    assert normalise_email(stored) == stored


@pytest.mark.parametrize("case", ["A03", "A04"])
def test_as_many_accounts_as_mailboxes(case: str) -> None:
    for address in CASES[case]["input"]:
        register(address)
    assert User.objects.count() == CASES[case]["right"]["accounts"]


@pytest.mark.parametrize(
    "other", ["alicé@example.org", "alice@éxample.org", "a.lice@example.org", "alice@example.org.uk"]
)
def test_an_address_that_only_looks_alike_is_another_one(alice: User, other: str) -> None:
    assert owner_of_address(normalise_email(other)) is None
    assert not User.objects.filter(email=other).exists()
    assert not EmailAddress.objects.filter(email=other).exists()
    assert register(other) != alice


def test_what_looks_alike_shares_its_skeleton_only() -> None:
    for spelling in ("finn.staff@démo.example", "FINN.STAFF@demo.example", "finn.staff@xn--dmo-bma.example"):
        assert spelling_skeleton(spelling) == "finn.staff@demo.example"
    assert spelling_skeleton("finnstaff@demo.example") != "finn.staff@demo.example"


@pytest.mark.parametrize("address", ["x@☃.example", "x@xn--ü.example", "x@-a.example"])
def test_a_domain_that_cannot_exist_is_refused_at_every_door(alice: User, client: Client, address: str) -> None:
    page = client.post(REGISTER, FORM | {"email": address})
    assert page.status_code == 422
    assert "Enter an e-mail address, like name@example.org." in page.content.decode()
    api = {"email": address, "password": PASSWORD, "role": "lender", "full_name": "X", "accept_terms": True}
    answer = APIClient().post("/api/v1/auth/register/", api)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/email"]
    sign_in(client, alice)
    assert "Enter an e-mail address" in client.post(ADDRESSES, {"action_add": "1", "email": address}).content.decode()
    assert EmailAddress.objects.count() == User.objects.filter(emailaddress__isnull=False).count()


def sign_in(client: Client, user: User) -> None:
    assert client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code == 302
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


# --- a second address -------------------------------------------------------------------------------------------------
@pytest.fixture
def second(alice: User) -> EmailAddress:
    return EmailAddress.objects.create(user=alice, email="old@example.org", verified=True)


@pytest.mark.parametrize("spelling", ["old@example.org", " OLD@Example.org", "ｏｌｄ@example.org"])
def test_a_confirmed_second_address_belongs_to_its_account(alice: User, second: EmailAddress, spelling: str) -> None:
    accounts = User.objects.count()
    assert register(spelling) is None
    assert User.objects.count() - accounts == CASES["A05"]["right"]["accounts_more"]
    carry_out_tasks()
    assert [(message.to, message.subject) for message in mail.outbox] == [
        (["old@example.org"], "You already have an account")
    ]


def test_an_address_that_was_only_typed_belongs_to_nobody(alice: User, second: EmailAddress) -> None:
    EmailAddress.objects.filter(pk=second.pk).update(verified=False)
    assert register("old@example.org") is not None


def test_an_address_that_others_sign_in_with_is_never_confirmed_for_somebody_else(
    alice: User, bob: User, client: Client
) -> None:
    typed = EmailAddress.objects.create(user=alice, email=bob.email)
    EmailAddress.objects.filter(user=bob).update(verified=False)
    sign_in(client, alice)
    client.post(ADDRESSES, {"action_send": "1", "email": bob.email})
    carry_out_tasks()
    link = mail.outbox[-1].body.split("http://127.0.0.1:8000")[1].split()[0]
    page = client.post(link, follow=True).content.decode()
    assert "We can&#x27;t confirm bob@example.org: it belongs to another account." in page
    typed.refresh_from_db()
    assert not typed.verified


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_making_somebody_elses_address_the_first_is_refused_and_nothing_changes(
    alice: User, bob: User, client: Client, is_confirmed: bool
) -> None:
    EmailAddress.objects.filter(user=bob).delete()
    EmailAddress.objects.create(user=alice, email=bob.email, verified=is_confirmed)
    EmailAddress.objects.filter(user=alice).exclude(email=bob.email).update(verified=is_confirmed)
    sign_in(client, alice)
    page = client.post(ADDRESSES, {"action_primary": "1", "email": bob.email}, follow=True)
    assert page.status_code == 200
    words = "belongs to another account" if is_confirmed else "Confirm this address first"
    assert words in page.content.decode()
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    assert EmailAddress.objects.get(user=alice, primary=True).email == "alice@example.org"


def test_an_address_taken_at_the_same_moment_leaves_everything_as_it_was(
    alice: User, second: EmailAddress, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_meanwhile(self: EmailAddress, conditional: bool = False) -> bool:
        EmailAddress.objects.filter(user=alice, primary=True).update(primary=False)
        raise IntegrityError("UNIQUE constraint failed: accounts_user.email")

    sign_in(client, alice)
    monkeypatch.setattr(EmailAddress, "set_as_primary", taken_meanwhile)
    page = client.post(ADDRESSES, {"action_primary": "1", "email": second.email}, follow=True)
    assert "belongs to another account" in page.content.decode()
    assert EmailAddress.objects.get(user=alice, primary=True).email == "alice@example.org"


def test_ones_own_confirmed_address_becomes_the_first(alice: User, second: EmailAddress, client: Client) -> None:
    sign_in(client, alice)
    client.post(ADDRESSES, {"action_primary": "1", "email": second.email})
    alice.refresh_from_db()
    assert alice.email == "old@example.org"


# --- passwords ----------------------------------------------------------------------------------------------------
COMPOSED = unicodedata.normalize("NFC", "größer als die Äpfel")
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)


@pytest.mark.parametrize(
    ("set_as", "typed"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED), (DECOMPOSED, DECOMPOSED)]
)
def test_a_password_is_the_same_however_its_letters_are_composed(client: Client, set_as: str, typed: str) -> None:
    client.post(REGISTER, FORM | {"password": set_as})
    pair = APIClient().post("/api/v1/auth/token/", {"email": FORM["email"], "password": typed})
    assert pair.status_code == 200
    assert client.post("/accounts/login/", {"login": FORM["email"], "password": typed}).status_code == 302
    client.post("/accounts/reauthenticate/", {"password": typed})
    new = {"oldpassword": typed, "password1": set_as + "!", "password2": set_as + "!"}
    assert client.post("/accounts/password/change/", new).status_code == 302
    assert User.objects.get().check_password(typed + "!")


def test_a_password_stored_as_it_was_typed_before_still_opens_the_account(alice: User) -> None:
    super(User, alice).set_password(DECOMPOSED)
    alice.save()
    assert alice.check_password(DECOMPOSED)
    assert not alice.check_password(COMPOSED)
