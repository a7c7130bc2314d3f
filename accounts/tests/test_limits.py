"""Limits count exactly, for the account and the network, and nothing but time makes them forget."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import AuditEvent, LimitCount, User
from accounts.services.rate_limits import network_of, purge_expired, take
from accounts.tests.test_addresses import CASES
from accounts.tests.test_registration import FORM, LOGIN, REGISTER, link_in
from p2plending.tests.support.cast import PASSWORD, make_user
from p2plending.tests.support.queue import carry_out_tasks

TOKEN, REFRESH, VERIFY = (f"/api/v1/auth/{name}/" for name in ("token", "refresh", "verify"))
WRONG = "not the password"


@pytest.fixture(autouse=True)
def _as_installed(settings: Any, db: None) -> None:
    """The store of an installation, which tests of other things replace by one in memory."""
    settings.CACHES = settings.CACHES | {"default": {"BACKEND": "accounts.services.rate_limits.KeptCache"}}


def page_try(email: str, password: str = WRONG, address: str = "10.0.0.1") -> int:
    return Client().post(LOGIN, {"login": email, "password": password}, REMOTE_ADDR=address).status_code


def api_try(email: str, password: str = WRONG, address: str = "10.0.0.1") -> int:
    return APIClient().post(TOKEN, {"email": email, "password": password}, REMOTE_ADDR=address).status_code


# --- the account ------------------------------------------------------------------------------------------------------
SPELLINGS = (
    CASES["A01"]["input"]["then_at"],
    "FINN.Staff@demo.example",
    "  finn.staff@demo.example ",
    "finn.staff@xn--dmo-bma.example",
    "finn.staff@ｄｅｍｏ．example",
    "finn.staff@de\u0301mo.example",
)


@pytest.mark.parametrize("then_at", SPELLINGS)
def test_the_lock_belongs_to_the_account_however_its_address_is_spelled(then_at: str) -> None:
    case = CASES["A01"]
    staff = make_user("finn", "lender")
    User.objects.filter(pk=staff.pk).update(email=case["input"]["account"])
    for number, address in enumerate(case["input"]["wrong_tries_at"]):
        page_try(address, address=f"10.0.1.{number}")
    assert page_try(then_at, PASSWORD, "10.0.2.1") == case["right"]["status"]
    assert api_try(then_at, PASSWORD, "10.0.2.2") == case["right"]["status"]


def test_a_lock_holds_for_every_address_of_the_account(alice: User) -> None:
    EmailAddress.objects.create(user=alice, email="other@example.org", verified=True)
    for number in range(5):
        api_try("other@example.org", address=f"10.0.1.{number}")
    assert page_try("alice@example.org", PASSWORD, "10.0.2.1") == 429


def test_page_and_api_share_one_budget(alice: User) -> None:
    tries = [(page_try if number % 2 else api_try)(alice.email, address=f"10.0.1.{number}") for number in range(5)]
    assert tries == [401, 200, 401, 200, 401]
    assert page_try(alice.email, PASSWORD, "10.0.2.1") == 429


def test_others_are_not_locked(alice: User, bob: User) -> None:
    for number in range(6):
        page_try(alice.email, address=f"10.0.1.{number}")
    assert page_try(bob.email, PASSWORD, "10.0.2.1") == 302
    assert page_try("a.lice@example.org", address="10.0.2.2") == 200


def test_a_busy_api_does_not_make_it_forget_who_is_locked(alice: User) -> None:
    for number in range(CASES["A07"]["input"]["wrong_tries"]):
        page_try(alice.email, address=f"10.0.1.{number}")
    for number in range(320):
        APIClient().get("/api/v1/products/", REMOTE_ADDR=f"10.{number // 250 + 1}.0.{number % 250}")
    assert LimitCount.objects.count() > 320
    assert page_try(alice.email, PASSWORD, "10.0.2.1") == CASES["A07"]["right"]["status"]


def test_a_lock_is_written_down_once_with_the_account_and_nothing_that_was_typed(alice: User) -> None:
    for number in range(8):
        page_try(" ALICE@example.org", address=f"10.0.1.{number}")
    rows = AuditEvent.objects.filter(action__startswith="accounts.sign_in").order_by("pk")
    assert [row.action for row in rows] == ["accounts.sign_in.failed"] * 5 + ["accounts.sign_in.locked"]
    for row in rows:
        assert (row.actor, row.subject_reference, row.data) == (None, alice.member_number, {"door": "page"})


# --- the network --------------------------------------------------------------------------------------------------
def test_a_household_with_ipv6_is_one_place() -> None:
    assert network_of("2001:db8:1:2:aaaa::1") == network_of("2001:db8:1:2:bbbb:1:2:3") == "2001:db8:1:2::"
    assert network_of("2001:db8:1:3::1") != network_of("2001:db8:1:2::1")
    assert network_of("::ffff:192.0.2.7") == "192.0.2.7" != network_of("::ffff:192.0.2.8")
    assert network_of("not an address") == "not an address"


@pytest.mark.parametrize("door", [page_try, api_try])
def test_wrong_tries_from_one_ipv6_household_share_a_budget(alice: User, door: Callable[..., int]) -> None:
    tries = [door(f"p{number}@example.org", address=f"2001:db8:1:2::{number:x}") for number in range(21)]
    assert tries[-1] == 429
    assert door(alice.email, PASSWORD, "2001:db8:1:2:ffff::9") == 429
    assert door(alice.email, PASSWORD, "2001:db8:1:3::9") in (200, 302)


def test_refresh_and_verify_have_budgets_of_their_own(alice: User) -> None:
    api = APIClient()
    assert [api.post(REFRESH, {"refresh": "x"}).status_code for _try in range(31)] == [401] * 30 + [429]
    assert [api.post(VERIFY, {"token": "x"}).status_code for _try in range(61)] == [401] * 60 + [429]
    assert api.post(TOKEN, {"email": alice.email, "password": PASSWORD}).status_code == 200


def test_registering_by_api_and_by_page_is_one_budget() -> None:
    person = {"password": FORM["password"], "role": "lender", "full_name": "X", "accept_terms": True}
    for number in range(10):
        APIClient().post("/api/v1/auth/register/", person | {"email": f"a{number}@example.org"})
    statuses = [Client().post(REGISTER, FORM | {"email": f"p{n}@example.org"}).status_code for n in range(11)]
    assert statuses == [302] * 10 + [429]


# --- the mailbox ------------------------------------------------------------------------------------------------------
def test_one_mailbox_gets_five_mails_an_hour_and_ten_a_day_whatever_strangers_do(alice: User) -> None:
    with time_machine.travel("2026-01-15T10:00:00Z", tick=False) as traveller:
        for hour, most in ((0, 5), (1, 10), (2, 10)):
            for number in range(8):
                here = f"10.{hour}.0.{number}"
                Client().post(REGISTER, FORM | {"email": "Alice@example.org"}, REMOTE_ADDR=here)
                Client().post("/accounts/password/reset/", {"email": "alice@example.org"}, REMOTE_ADDR=here)
            carry_out_tasks()
            assert len(mail.outbox) == most
            traveller.shift(3601)
    assert {tuple(message.to) for message in mail.outbox} == {("alice@example.org",)}


def test_a_mailbox_without_account_is_spared_too_with_every_tag() -> None:
    for number in range(12):
        data = {"email": f"nobody+{number}@example.org"}
        assert Client().post("/accounts/password/reset/", data, REMOTE_ADDR=f"10.0.0.{number}").status_code == 302
    carry_out_tasks()
    assert len(mail.outbox) == 5


def test_news_about_ones_own_account_always_goes_out(alice: User, client: Client) -> None:
    for number in range(6):
        Client().post("/accounts/password/reset/", {"email": alice.email}, REMOTE_ADDR=f"10.0.0.{number}")
    client.post(LOGIN, {"login": alice.email, "password": PASSWORD})
    new = {"oldpassword": PASSWORD, "password1": PASSWORD + "!", "password2": PASSWORD + "!"}
    client.post("/accounts/password/change/", new)
    carry_out_tasks()
    assert "password" in mail.outbox[-1].subject.lower()
    assert len(mail.outbox) == 6


def test_the_mail_about_an_unknown_address_leads_to_the_registration_form(client: Client) -> None:
    client.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    carry_out_tasks()
    page = client.get(link_in(mail.outbox[0])).content.decode()
    assert 'name="full_name"' in page
    assert client.get("/accounts/signup/", follow=True).redirect_chain == [(REGISTER, 302)]


# --- the store ------------------------------------------------------------------------------------------------------
def test_what_is_stored_ends_at_its_time_and_is_then_purged() -> None:
    with time_machine.travel("2026-01-15T10:00:00Z", tick=False) as traveller:
        cache.set("short", [1.5], 10)
        cache.set("long", "x", 60)
        cache.set("for-ever", True, None)
        assert not cache.add("short", [2], 10)
        assert not cache.touch("nothing")
        traveller.shift(11)
        assert cache.get("short", "gone") == "gone"
        assert cache.add("short", [3], 10)
        assert cache.get("short") == [3]
        traveller.shift(11)
        assert purge_expired() == 1
        assert (cache.get("long"), cache.get("for-ever")) == ("x", True)
        assert cache.delete("long")
        assert not cache.delete("long")


def test_keys_that_look_alike_are_counted_apart() -> None:
    for key in ("a", "A", "ä", "a "):
        assert take(f"x:{key}", most=1, seconds=60) == 0
    assert take("x:a", most=1, seconds=60) in (59, 60)


def test_a_use_is_free_again_when_its_time_is_over() -> None:
    with time_machine.travel("2026-01-15T10:00:00Z", tick=False) as traveller:
        assert [take("k", most=2, seconds=60) for _use in range(3)] == [0, 0, 60]
        traveller.shift(dt.timedelta(seconds=60))
        assert take("k", most=2, seconds=60) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("use", "wanted"),
    [(lambda: take("k", most=5, seconds=60) == 0, 5), (lambda: cache.add("k", True, 60), 1)],
    ids=["take", "add"],
)
def test_many_at_one_moment_get_exactly_what_there_is(use: Callable[[], bool], wanted: int) -> None:
    start, got = threading.Barrier(8), []

    def ask() -> None:
        start.wait()
        got.extend(use() for _again in range(2))
        connection.close()

    threads = [threading.Thread(target=ask) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), sum(got)) == (16, wanted)
