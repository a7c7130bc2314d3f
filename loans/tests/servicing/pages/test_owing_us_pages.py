"""Who owes us for a payment that came back reads on the wallet's page how much, why, and what to do."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from ledger.selectors import debts_of, wallet_summary
from ledger.services.withdrawals import request_withdrawal
from loans.models import Loan, Repayment
from loans.tests.servicing.paying import bounce, confirm, declare
from p2plending.lib import clock
from p2plending.tests.support.world import fund_wallet, new_key

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]

FIRST_DUE = dt.date(2026, 2, 15)
LATER = dt.date(2026, 2, 17)


def take_out(user: User, amount: int) -> None:
    request_withdrawal(
        user=user,
        amount=amount,
        account_holder=user.full_name,
        iban="DE89370400440532013000",
        actor=user,
        idempotency_key=new_key(),
        today=FIRST_DUE,
    )


def words(client: Client) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", client.get(reverse("ledger:wallet")).content.decode()))


def test_a_lender_who_spent_a_payment_that_came_back(
    loan: Loan,
    bob: User,
    carol: User,
    dora: User,
    frank: User,
    client_of: ClientOf,
    api_of: Callable[[User], APIClient],
) -> None:
    sent = confirm(declare(loan, 888_49, FIRST_DUE), FIRST_DUE, dora, FIRST_DUE)
    take_out(bob, 294_48)
    client = client_of(bob)
    assert "You owe us" not in words(client)
    bounce(sent, dora, frank, LATER)
    told = words(client)
    assert "You owe us €294.48." in told
    assert "A payment that we had passed on to you came back" in told
    assert "€294.48, taken back on 17 Feb" in told
    assert "Money that comes into your wallet pays this first." in told
    link = reverse("loans:explain_repayment", args=[sent.reference])
    page = client.get(reverse("ledger:wallet")).content.decode()
    assert f'href="{link}"' in page
    assert client.get(link).status_code == 200
    assert "You owe us" not in words(client_of(carol))
    told_by_api = [api_of(person).get("/api/v1/wallet/").data for person in (bob, carol)]
    assert [(wallet["owed"], wallet["available"]) for wallet in told_by_api] == [("294.48", "0.00"), ("0.00", "0.00")]

    fund_wallet(bob, 100_00, today=clock.business_date())
    assert "You owe us €194.48." in words(client)
    fund_wallet(bob, 194_48, today=clock.business_date())
    assert "You owe us" not in words(client)
    assert wallet_summary(bob).owed == 0


def test_a_borrower_who_spent_what_came_back_from_the_last_payment(
    loan: Loan, alice: User, dora: User, frank: User, client_of: ClientOf
) -> None:
    sent = confirm(declare(loan, 11_000_00, FIRST_DUE), FIRST_DUE, dora, FIRST_DUE)
    assert sent.surplus == 900_00
    wallet = wallet_summary(alice).available
    take_out(alice, wallet)
    bounce(sent, dora, frank, LATER)
    told = words(client_of(alice))
    assert "You owe us €900.00." in told
    assert "A payment of yours came back, and its money had already left your wallet." in told


def test_debts_of_two_payments_are_told_newest_first_up_to_what_is_left(
    loan: Loan, bob: User, dora: User, frank: User
) -> None:
    first, second = (confirm(declare(loan, 100_00, day), day, dora, day) for day in (FIRST_DUE, LATER))
    share = wallet_summary(bob).available
    take_out(bob, share)
    bounce(second, dora, frank, LATER)
    bounce(first, dora, frank, LATER)
    owed = wallet_summary(bob).owed
    assert (owed, sum(debt.amount for debt in debts_of(bob, owed))) == (share, share)
    newest = debts_of(bob, 5_00)
    assert [debt.amount for debt in newest] == [5_00]
    assert newest[0].url == reverse("loans:explain_repayment", args=[first.reference])


def test_the_explanation_of_a_payment_says_that_it_was_taken_back_or_worked_out_again(
    loan: Loan, bob: User, dora: User, frank: User, client_of: ClientOf
) -> None:
    first, second = (confirm(declare(loan, 100_00, day), day, dora, day) for day in (FIRST_DUE, LATER))
    client = client_of(bob)

    def explained(repayment: Repayment) -> str:
        page = client.get(reverse("loans:explain_repayment", args=[repayment.reference])).content.decode()
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))

    assert "taken back on" not in explained(first)
    bounce(first, dora, frank, LATER)
    again = Repayment.objects.get(replaces=second)
    assert "What is shown here was taken back on 17 February 2026." in explained(first)
    assert f"because an earlier one changed. This counts now: {again.reference}" in explained(second)
    assert "because an earlier one changed" not in explained(again)
