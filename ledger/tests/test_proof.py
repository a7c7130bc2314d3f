"""Money leaves only for somebody who has just proved who they are, on the page and over the API."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditEvent, IdentityVerification, Notification, User
from ledger.models import Withdrawal
from p2plending.tests.support.cast import PASSWORD, code_now, turn_on_second_step
from p2plending.tests.support.queue import carry_out_tasks
from p2plending.tests.support.world import fund_wallet, new_key

IBAN = "DE89370400440532013000"
API = "/api/v1/withdrawals/"
CHECK = "/wallet/take-out/check/"
WANTED = {"amount": "400.00", "account_holder": "Bob Example", "iban": IBAN}
LONG_AGO = 6 * 60


@pytest.fixture(autouse=True)
def _fresh_limits(db: None) -> None:
    cache.clear()


@pytest.fixture
def funded_bob(bob: User) -> User:
    fund_wallet(bob, 1_000_00)
    return bob


@pytest.fixture
def page(funded_bob: User, client_of: Callable[[User], Client]) -> Callable[..., Any]:
    """Sends the check page, six minutes after signing in."""
    client = client_of(funded_bob)
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] = time.time() - LONG_AGO
    session.save()

    def send(**more: str) -> Any:
        return client.post(CHECK, WANTED | {"form_key": new_key()} | more)

    return send


@pytest.fixture
def api(funded_bob: User, api_of: Callable[[User], APIClient], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Asks over the API, with a token of a sign-in six minutes ago."""
    client = api_of(funded_bob)
    later = dt.timedelta(seconds=LONG_AGO)
    monkeypatch.setattr("accounts.services.sign_in.proof.clock.machine_now", lambda: timezone.now() + later)

    def send(key: str = "", **more: str) -> Any:
        return client.post(API, WANTED | more, headers={"Idempotency-Key": key or new_key()})

    return send


# --- refused ----------------------------------------------------------------------------------------------------------
def test_an_old_sign_in_alone_takes_nothing_out(page: Callable[..., Any], api: Callable[..., Any]) -> None:
    answer = page()
    assert answer.status_code == 422
    assert "Enter your password." in answer.content.decode()
    refused = api()
    assert (refused.status_code, refused.json()["code"]) == (403, "fresh_sign_in_needed")
    assert Withdrawal.objects.count() == 0


def test_a_wrong_password_takes_nothing_out_and_nothing_typed_is_lost(
    page: Callable[..., Any], api: Callable[..., Any]
) -> None:
    answer = page(password="not the password")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "The password is not right." in text
    assert f'value="{IBAN}"' in text
    assert "not the password" not in text
    refused = api(password="not the password")
    assert (refused.status_code, refused.json()["code"]) == (422, "wrong_password")
    assert refused.json()["errors"][0]["pointer"] == "/password"
    assert Withdrawal.objects.count() == 0


def test_with_two_steps_the_password_is_not_enough(
    funded_bob: User, page: Callable[..., Any], api: Callable[..., Any]
) -> None:
    turn_on_second_step(funded_bob)
    answer = page(password=PASSWORD)
    assert answer.status_code == 422
    assert "Enter the code from your app." in answer.content.decode()
    assert api(password=PASSWORD).json()["code"] == "fresh_sign_in_needed"
    assert api(code="000000").json()["code"] == "wrong_code"
    assert Withdrawal.objects.count() == 0


def test_guessing_is_stopped_by_the_limits_of_the_sign_in(api: Callable[..., Any], page: Callable[..., Any]) -> None:
    codes = [api(password=f"guess {number}").json()["code"] for number in range(6)]
    assert codes == ["wrong_password"] * 5 + ["too_many_tries"]
    assert page(password=PASSWORD).status_code == 429
    assert Withdrawal.objects.count() == 0


def test_a_code_is_good_for_one_withdrawal(funded_bob: User, api: Callable[..., Any]) -> None:
    turn_on_second_step(funded_bob)
    code = code_now()
    assert api(code=code).status_code == 201
    assert api(code=code).json()["code"] == "wrong_code"
    assert Withdrawal.objects.count() == 1


# --- done -------------------------------------------------------------------------------------------------------------
def test_the_password_opens_the_page_and_the_api(page: Callable[..., Any], api: Callable[..., Any]) -> None:
    assert page(password=PASSWORD).status_code == 302
    assert api(password=PASSWORD).status_code == 201
    assert Withdrawal.objects.count() == 2


def test_the_code_opens_the_page(funded_bob: User, page: Callable[..., Any]) -> None:
    turn_on_second_step(funded_bob)
    assert page(code=code_now()).status_code == 302
    assert AuditEvent.objects.filter(action="accounts.second_step.passed", actor=funded_bob).count() == 1


def test_a_fresh_sign_in_is_asked_for_nothing(
    funded_bob: User, client_of: Callable[[User], Client], api_of: Callable[[User], APIClient]
) -> None:
    assert client_of(funded_bob).post(CHECK, WANTED | {"form_key": new_key()}).status_code == 302
    assert api_of(funded_bob).post(API, WANTED, headers={"Idempotency-Key": new_key()}).status_code == 201


def test_a_refreshed_token_is_as_old_as_its_sign_in(funded_bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = APIClient()
    pair = client.post("/api/v1/auth/token/", {"email": funded_bob.email, "password": PASSWORD}).json()
    later = dt.timedelta(seconds=LONG_AGO)
    monkeypatch.setattr("accounts.services.sign_in.proof.clock.machine_now", lambda: timezone.now() + later)
    fresh = client.post("/api/v1/auth/refresh/", {"refresh": pair["refresh"]}).json()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {fresh['access']}")
    answer = client.post(API, WANTED, headers={"Idempotency-Key": new_key()})
    assert answer.json()["code"] == "fresh_sign_in_needed"


def test_a_repeated_key_needs_no_second_code(funded_bob: User, api: Callable[..., Any]) -> None:
    turn_on_second_step(funded_bob)
    first = api("the-same-key", code=code_now())
    again = api("the-same-key")
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"


def test_the_checked_name_stands_beside_the_holder_of_the_account(
    funded_bob: User, client_of: Callable[[User], Client], dora: User
) -> None:
    IdentityVerification.objects.filter(user=funded_bob).update(legal_name="Robert Example")
    wanted = WANTED | {"account_holder": "Mallory Other", "form_key": new_key()}
    client = client_of(funded_bob)
    shown = client.post("/wallet/take-out/", wanted, follow=True).content.decode()
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))
    assert "To Mallory Other Your checked name Robert Example" in plain
    client.post(CHECK, wanted)
    desk = client_of(dora).get(f"/admin/money/withdrawals/{Withdrawal.objects.get().reference}/").content.decode()
    assert "Robert Example" in desk
    assert "Mallory Other" in desk


def test_the_person_hears_of_it_by_mail(funded_bob: User, api: Callable[..., Any]) -> None:
    api(password=PASSWORD)
    told = Notification.objects.get(event="withdrawal_requested")
    assert (told.user, told.is_required) == (funded_bob, True)
    carry_out_tasks()
    [message] = [message for message in mail.outbox if message.subject == "You asked for a withdrawal"]
    assert message.to == ["bob@example.org"]
    assert "ending in 3000. If it was not you, cancel it" in " ".join(message.body.split())
