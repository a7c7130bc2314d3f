"""The wallet through the API: the same services, the same figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from ledger.enums.books import EntryKind, LineCode
from ledger.models import Deposit, JournalEntry, Withdrawal
from ledger.selectors import WalletSummary, wallet_summary
from ledger.services.posting import credit, debit, post_entry
from p2plending.lib.clock import business_date
from p2plending.lib.database.transactions import run_money

pytestmark = pytest.mark.django_db
ApiOf = Callable[[User], APIClient]
IBAN = "DE89370400440532013000"
KEY = "client-key-1"


@pytest.fixture
def funded_bob(bob: User) -> User:
    lines = [debit("C1000", 1_000_00, LineCode.DEPOSIT), credit("C2100", 1_000_00, LineCode.DEPOSIT, owner=bob)]
    run_money(
        lambda: post_entry(
            kind=EntryKind.DEPOSIT,
            key="fund",
            value_date=dt.date(2026, 1, 5),
            lines=lines,
            actor=None,
            narrative="Test",
            subject_type="deposit",
            subject_reference="DP-TEST0001",
        )
    )
    return bob


def withdraw(client: APIClient, key: str = KEY, **changes: str) -> object:
    body = {"amount": "400.00", "account_holder": "Bob Example", "iban": IBAN} | changes
    return client.post(reverse("api-withdrawals"), body, headers={"Idempotency-Key": key})


def test_nothing_is_told_without_a_token() -> None:
    for name in ("api-wallet", "api-wallet-lines", "api-statements", "api-deposits", "api-withdrawals"):
        assert APIClient().get(reverse(name)).status_code == 401


def test_other_peoples_things_are_not_found(api_of: ApiOf, funded_bob: User, carol: User) -> None:
    withdraw(api_of(funded_bob))
    deposit = Deposit.objects.create(reference="DP-BOBS", user=funded_bob, amount=1, sent_on=dt.date(2026, 1, 1))
    withdrawal, entry = Withdrawal.objects.get(), JournalEntry.objects.get(idempotency_key="fund")
    client = api_of(carol)
    for path in (
        reverse("api-wallet-line", args=[entry.reference, 1]),
        reverse("api-deposit", args=[deposit.reference]),
        reverse("api-withdrawal", args=[withdrawal.reference]),
    ):
        assert client.get(path).status_code == 404
        assert api_of(funded_bob).get(path).status_code == 200
    cancel = reverse("api-withdrawal-cancel", args=[withdrawal.reference])
    assert client.post(cancel, headers={"Idempotency-Key": KEY}).status_code == 404
    assert client.get(reverse("api-withdrawals")).data["results"] == []
    assert wallet_summary(funded_bob).withdrawing == 400_00


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"amount": "-5"}, "/amount"),
        ({"amount": 400}, "/amount"),
        ({"amount": "1e30"}, "/amount"),
        ({"amount": "0.00"}, "/amount"),
        ({"iban": "DE00"}, "/iban"),
        ({"account_holder": ""}, "/account_holder"),
    ],
)
def test_a_wrong_field_is_pointed_at(api_of: ApiOf, funded_bob: User, change: dict, pointer: str) -> None:
    answer = withdraw(api_of(funded_bob), **change)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.data["errors"]] == [pointer]
    assert Withdrawal.objects.count() == 0


def test_a_money_post_needs_a_key(api_of: ApiOf, funded_bob: User) -> None:
    answer = withdraw(api_of(funded_bob), key="short")
    assert answer.status_code == 422
    assert Withdrawal.objects.count() == 0


def test_a_refusal_says_what_is_available(api_of: ApiOf, funded_bob: User) -> None:
    answer = withdraw(api_of(funded_bob), amount="1000.01")
    assert answer.status_code == 422
    assert (answer.data["code"], answer.data["context"]) == ("insufficient_balance", {"available": 1_000_00})
    assert wallet_summary(funded_bob) == WalletSummary(available=1_000_00)


def test_the_same_key_answers_the_same_and_takes_once(api_of: ApiOf, funded_bob: User) -> None:
    client = api_of(funded_bob)
    first, again = withdraw(client), withdraw(client)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert client.get(reverse("api-wallet")).data == {
        "available": "600.00",
        "reserved": "0.00",
        "withdrawing": "400.00",
        "owed": "0.00",
        "total": "1000.00",
        "currency": "EUR",
    }
    other = withdraw(client, amount="1.00")
    assert other.data["code"] == "idempotency_conflict"
    assert first.data["iban_last4"] == "3000"
    assert IBAN not in str(first.data)


def test_a_withdrawal_is_cancelled_once(api_of: ApiOf, funded_bob: User) -> None:
    client = api_of(funded_bob)
    path = reverse("api-withdrawal-cancel", args=[withdraw(client).data["reference"]])
    assert client.post(path, headers={"Idempotency-Key": KEY}).data["status"] == "cancelled"
    assert wallet_summary(funded_bob) == WalletSummary(available=1_000_00)
    stale = client.post(path, headers={"Idempotency-Key": "another-key"})
    assert (stale.status_code, stale.data["code"]) == (409, "invalid_transition")


def test_a_deposit_is_declared_and_taken_back(api_of: ApiOf, bob: User) -> None:
    client = api_of(bob)
    body = {"amount": "80.50", "sent_on": business_date().isoformat()}
    told = client.post(reverse("api-deposits"), body, headers={"Idempotency-Key": KEY})
    assert told.status_code == 201
    assert (told.data["amount"], told.data["status"], told.data["entry"]) == ("80.50", "declared", None)
    assert wallet_summary(bob).total == 0
    path = reverse("api-deposit-cancel", args=[told.data["reference"]])
    assert client.post(path, headers={"Idempotency-Key": KEY}).data["status"] == "cancelled"


def test_somebody_unverified_is_refused_with_the_reason(api_of: ApiOf, eve: User) -> None:
    body = {"amount": "80.50", "sent_on": business_date().isoformat()}
    answer = api_of(eve).post(reverse("api-deposits"), body, headers={"Idempotency-Key": KEY})
    assert (answer.status_code, answer.data["code"]) == (403, "email_not_verified")
    assert Deposit.objects.count() == 0


def test_lines_and_their_explanation(api_of: ApiOf, funded_bob: User) -> None:
    client = api_of(funded_bob)
    page = client.get(reverse("api-wallet-lines"), {"from": "2026-01-01", "code": "DEPOSIT"})
    line = page.data["results"][0]
    assert page.data["count"] == 1
    assert (line["amount_in"], line["amount_out"], line["balance_after"]) == ("1000.00", "0.00", "1000.00")
    assert client.get(reverse("api-wallet-lines"), {"to": "2026-01-04"}).data["count"] == 0
    explained = client.get(reverse("api-wallet-line", args=[line["entry"], line["seq"]])).data
    assert explained["kind"] == "DEPOSIT"
    assert {(side["account"], side["is_own"], side["change"]) for side in explained["sides"]} == {
        ("C2100", True, "1000.00"),
        ("C1000", False, "1000.00"),
    }


def test_a_statement_leads_from_opening_to_closing(api_of: ApiOf, funded_bob: User) -> None:
    client = api_of(funded_bob)
    shown = client.get(reverse("api-statements"), {"from": "2026-01-01", "to": "2026-01-31"}).data
    assert (shown["opening"], shown["amount_in"], shown["closing"]) == ("0.00", "1000.00", "1000.00")
    assert len(shown["lines"]) == 1


@pytest.mark.parametrize(
    "query", [{}, {"from": "2026-01-01"}, {"from": "x", "to": "y"}, {"from": "2026-02-01", "to": "2026-01-01"}]
)
def test_a_statement_needs_a_period(api_of: ApiOf, bob: User, query: dict) -> None:
    answer = api_of(bob).get(reverse("api-statements"), query)
    assert (answer.status_code, answer.data["code"]) == (422, "invalid")
