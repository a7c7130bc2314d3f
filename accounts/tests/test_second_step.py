"""Staff pass a second step before anything of the desk; what happens at the sign-in is written down."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.models import AuditEvent, User
from accounts.tests.samples import submitted
from accounts.tests.test_registration import LOGIN
from p2plending.tests.support.cast import PASSWORD, code_now, make_user, turn_on_second_step
from p2plending.tests.support.places import url_names

TOKEN, ME = "/api/v1/auth/token/", "/api/v1/me/"
ENROL, AGAIN = "/accounts/2fa/totp/activate/", "/accounts/2fa/reauthenticate/"


@pytest.fixture(autouse=True)
def _fresh_limits(db: None) -> None:
    cache.clear()


def with_password_only(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


DESK = ["/admin/", "/admin/find/?q=x", "/admin/money/deposits/", "/admin/accounts/user/", "/admin/books/", "/home/"]


@pytest.mark.parametrize("path", DESK)
def test_a_password_alone_opens_nothing_of_the_desk(dora: User, path: str) -> None:
    answer = with_password_only(dora).get(path)
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, ENROL)
    turn_on_second_step(dora)
    answer = with_password_only(dora).get(path)
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, AGAIN)


def test_a_password_alone_changes_nothing_and_reads_no_document(dora: User, bob: User) -> None:
    client = with_password_only(dora)
    client.post(f"/admin/users/{bob.member_number}/suspend/", {"reason": "x"})
    bob.refresh_from_db()
    assert not bob.is_suspended
    document = submitted(make_user("Frank", "borrower")).documents.get()
    answer = client.get(f"/account/identity/documents/{document.reference}/")
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, ENROL)
    assert not AuditEvent.objects.filter(action="accounts.identity.document_read").exists()


def test_a_superuser_needs_it_too_whatever_the_role(db: None) -> None:
    root = User.objects.create_superuser("root@example.org", PASSWORD)
    assert with_password_only(root).get("/admin/")["Location"].startswith(ENROL)
    odd = make_user("Odd", "lender")
    User.objects.filter(pk=odd.pk).update(is_superuser=True)
    assert with_password_only(odd).get("/wallet/")["Location"].startswith(ENROL)


def test_the_pages_where_it_is_turned_on_and_the_way_out_stay_open(dora: User) -> None:
    client = with_password_only(dora)
    for path in ("/account/security/", "/account/profile/", "/accounts/2fa/", "/accounts/email/", "/accounts/logout/"):
        assert client.get(path).status_code == 200, path
    assert client.post("/accounts/logout/").status_code == 302


def test_every_open_page_of_the_rule_exists(db: None) -> None:
    from accounts.authentication.middleware import OPEN_NAMES, OPEN_PREFIXES

    names = set(url_names())
    assert names >= OPEN_NAMES
    for prefix in OPEN_PREFIXES:
        assert any(name.startswith(prefix) for name in names), prefix


@pytest.mark.django_db(transaction=True)
def test_staff_turn_it_on_and_go_on_to_where_they_wanted(dora: User) -> None:
    client = Client()
    client.post(LOGIN, {"login": dora.email, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/admin/", follow=True)
    assert "Staff sign in with two steps." in page.content.decode()
    secret = client.session["mfa.totp.secret"]
    client.post(ENROL, {"code": code_now(secret)})
    assert AuditEvent.objects.filter(action="accounts.second_step.added", actor=dora).exists()
    assert client.get("/admin/").status_code == 200


def test_staff_sign_in_with_both_steps(dora: User) -> None:
    turn_on_second_step(dora)
    client = Client()
    answer = client.post(LOGIN, {"login": dora.email, "password": PASSWORD})
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/admin/")["Location"].startswith("/accounts/login/")
    client.post("/accounts/2fa/authenticate/", {"code": code_now()})
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize(("seconds", "counts"), [(0, True), (29, True), (90, False)])
def test_a_code_that_changed_while_it_was_typed_still_counts_and_an_old_one_does_not(
    dora: User, seconds: int, counts: bool
) -> None:
    turn_on_second_step(dora)
    client, typed_at = Client(), dt.datetime(2026, 1, 15, 9, 0, 1, tzinfo=dt.UTC)
    with time_machine.travel(typed_at, tick=False):
        client.post(LOGIN, {"login": dora.email, "password": PASSWORD})
        code = code_now()
    with time_machine.travel(typed_at + dt.timedelta(seconds=seconds), tick=False):
        client.post("/accounts/2fa/authenticate/", {"code": code})
        assert (client.get("/admin/").status_code == 200) is counts


def test_turning_it_off_closes_the_desk(dora: User, client_of: Callable[[User], Client]) -> None:
    client = client_of(dora)
    assert client.get("/admin/").status_code == 200
    Authenticator.objects.filter(user=dora).delete()
    assert client.get("/admin/")["Location"].startswith(ENROL)


def test_members_are_not_asked(bob: User) -> None:
    assert with_password_only(bob).get("/wallet/").status_code == 200


def test_where_it_is_off_the_first_page_of_the_desk_says_so(dora: User, settings: Any) -> None:
    settings.STAFF_SECOND_STEP = False
    client = with_password_only(dora)
    assert "Staff sign in with a password alone. Set STAFF_SECOND_STEP to on." in client.get("/admin/").content.decode()
    settings.DEMO_MODE = True
    assert "In this demo staff sign in with a password alone." in client.get("/admin/").content.decode()


# --- the API ----------------------------------------------------------------------------------------------------------
def test_staff_get_no_token_for_a_password_alone(dora: User) -> None:
    api = APIClient()
    refused = api.post(TOKEN, {"email": dora.email, "password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_not_set_up")
    assert api.post(TOKEN, {"email": dora.email, "password": "wrong"}).json()["code"] == "wrong_credentials"
    turn_on_second_step(dora)
    assert api.post(TOKEN, {"email": dora.email, "password": PASSWORD}).json()["code"] == "second_factor_required"
    pair = api.post(TOKEN, {"email": dora.email, "password": PASSWORD, "otp": code_now()}).json()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
    assert api.get(ME).status_code == 200


def test_a_token_from_before_the_second_step_opens_nothing(dora: User, settings: Any) -> None:
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {RefreshToken.for_user(dora).access_token}")
    assert api.get(ME).json()["code"] == "second_factor_required"
    settings.STAFF_SECOND_STEP = False
    assert api.get(ME).status_code == 200


# --- what is written down ---------------------------------------------------------------------------------------------
def test_every_event_of_signing_in_leaves_a_row_and_a_line(alice: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="accounts.services.sign_in.trail")
    turn_on_second_step(alice)
    client = Client()
    client.post(LOGIN, {"login": alice.email, "password": "wrong"})
    client.post(LOGIN, {"login": alice.email, "password": PASSWORD})
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    client.post("/accounts/2fa/authenticate/", {"code": code_now()})
    new = {"oldpassword": PASSWORD, "password1": PASSWORD + "!", "password2": PASSWORD + "!"}
    client.post("/accounts/password/change/", new)
    cache.clear()  # as if half a minute had passed: a code is good once
    APIClient().post(TOKEN, {"email": alice.email, "password": PASSWORD + "!", "otp": code_now()})
    wanted = [
        "sign_in.failed", "second_step.failed", "second_step.passed", "sign_in.succeeded", "password.changed",
        "second_step.passed", "sign_in.succeeded",
    ]  # fmt: skip
    rows = AuditEvent.objects.filter(
        subject_reference=alice.member_number, action__regex="sign_in|second_step|password"
    )
    assert [row.action.removeprefix("accounts.") for row in rows.order_by("pk")] == wanted
    assert [row.data["door"] for row in rows.order_by("pk")] == ["page"] * 5 + ["api"] * 2
    lines = [record for record in caplog.records if record.name == "accounts.services.sign_in.trail"]
    assert [record.getMessage() for record in lines] == [name.replace("_", " ").replace(".", " ") for name in wanted]
    assert {record.account for record in lines} == {alice.member_number}


def test_a_try_at_an_unknown_address_is_written_down_without_the_address() -> None:
    Client().post(LOGIN, {"login": "nobody@example.org", "password": "wrong"})
    row = AuditEvent.objects.get(action="accounts.sign_in.failed")
    assert (row.subject_reference, row.actor, row.data) == ("unknown", None, {"door": "page"})
