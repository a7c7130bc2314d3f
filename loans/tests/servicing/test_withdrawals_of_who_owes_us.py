"""Money on its way out of somebody who owes us for a payment that came back: the debt is taken of it first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Notification, User
from ledger.enums.books import WithdrawalStatus
from ledger.models import JournalEntry, Withdrawal
from ledger.selectors import WalletSummary, balance, wallet_summary
from ledger.services.withdrawal_checks import DueTakenFirst, NothingLeftToSend
from ledger.services.withdrawals import (
    approve_withdrawal,
    cancel_withdrawal,
    pay_withdrawal,
    reject_withdrawal,
    request_withdrawal,
)
from loans.models import Loan, Repayment
from loans.tests.servicing.paying import bounce, confirm, declare
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.cast import sign_in_fully
from p2plending.tests.support.figures import assert_links_open
from p2plending.tests.support.world import fund_wallet, new_key

pytestmark = pytest.mark.django_db

FIRST_DUE = dt.date(2026, 2, 15)
BOUNCED_ON = dt.date(2026, 2, 17)


@pytest.fixture
def sent(loan: Loan, bob: User, dora: User) -> Repayment:
    """A payment that gave Bob 294.48, beside 100.00 that he added."""
    fund_wallet(bob, 100_00, today=FIRST_DUE)
    return confirm(declare(loan, 888_49, FIRST_DUE), FIRST_DUE, dora, FIRST_DUE)


def ask(bob: User, amount: int) -> Withdrawal:
    return request_withdrawal(
        user=bob, amount=amount, account_holder="Bob Example", iban="DE89370400440532013000", actor=bob,
        idempotency_key=new_key(), today=FIRST_DUE,
    )  # fmt: skip


def approve(asked: Withdrawal, staff: User, confirmed: int | None = None) -> Withdrawal:
    return approve_withdrawal(
        withdrawal_id=asked.pk, actor=staff, idempotency_key=new_key(), today=BOUNCED_ON, confirmed=confirmed
    )


def pay(asked: Withdrawal, staff: User, confirmed: int | None = None) -> Withdrawal:
    return pay_withdrawal(
        withdrawal_id=asked.pk, paid_on=BOUNCED_ON, bank_reference="B1", actor=staff, idempotency_key=new_key(),
        today=BOUNCED_ON, confirmed=confirmed,
    )  # fmt: skip


def said_of(asked: Withdrawal, event: str) -> str:
    return Notification.objects.get(key=f"withdrawal-{event}:{asked.reference}").body


@pytest.mark.parametrize("confirmed", [None, 394_48, 99_99, 0])
def test_no_other_sum_is_approved_than_what_the_debt_leaves(
    sent: Repayment, bob: User, dora: User, frank: User, confirmed: int | None
) -> None:
    asked = ask(bob, 394_48)
    bounce(sent, dora, frank, BOUNCED_ON)
    before = wallet_summary(bob), JournalEntry.objects.count()
    assert before[0] == WalletSummary(withdrawing=394_48, owed=294_48)
    with pytest.raises(DueTakenFirst) as refused:
        approve(asked, dora, confirmed)
    assert refused.value.context == {"owed": 294_48, "left": 100_00}
    assert refused.value.message == (
        "This person owes us €294.48 for a payment that came back. That is taken of this withdrawal first, and €100.00 "
        "is left to send. Look at the figures and confirm again."
    )
    assert (wallet_summary(bob), JournalEntry.objects.count()) == before
    asked.refresh_from_db()
    assert (asked.status, asked.kept_for_dues) == (WithdrawalStatus.REQUESTED, 0)


def test_the_debt_is_cleared_of_the_money_set_aside_and_the_rest_is_sent(
    sent: Repayment, bob: User, dora: User, frank: User
) -> None:
    asked = ask(bob, 394_48)
    bounce(sent, dora, frank, BOUNCED_ON)
    approved = approve(asked, dora, 100_00)
    assert (approved.amount, approved.kept_for_dues, approved.on_its_way) == (394_48, 294_48, 100_00)
    assert wallet_summary(bob) == WalletSummary(withdrawing=100_00)
    assert said_of(asked, "reduced") == (
        "€294.48 of it paid what you owed us for a payment that came back. €100.00 goes to your account ending in 3000."
    )
    assert_sound_books()
    bank = balance("C1000")
    pay(asked, dora, 100_00)
    assert (wallet_summary(bob), bank - balance("C1000")) == (WalletSummary(), 100_00)
    assert said_of(asked, "paid") == "We sent €100.00 to your account ending in 3000."
    assert_links_open("withdrawal_reduced", "withdrawal_paid")
    assert_sound_books()


def test_a_debt_that_comes_after_the_approval_is_taken_before_the_money_is_sent(
    sent: Repayment, bob: User, dora: User, frank: User
) -> None:
    asked = ask(bob, 394_48)
    approve(asked, dora)
    bounce(sent, dora, frank, BOUNCED_ON)
    with pytest.raises(DueTakenFirst):
        pay(asked, dora, 394_48)
    assert wallet_summary(bob) == WalletSummary(withdrawing=394_48, owed=294_48)
    paid = pay(asked, dora, 100_00)
    assert (paid.status, paid.on_its_way, wallet_summary(bob)) == (WithdrawalStatus.PAID, 100_00, WalletSummary())
    assert said_of(asked, "paid") == (
        "We sent €100.00 to your account ending in 3000. "
        "€294.48 of it paid what you owed us for a payment that came back."
    )
    assert_sound_books()


def test_a_debt_that_is_paid_meanwhile_takes_nothing(sent: Repayment, bob: User, dora: User, frank: User) -> None:
    asked = ask(bob, 394_48)
    bounce(sent, dora, frank, BOUNCED_ON)
    fund_wallet(bob, 294_48, today=BOUNCED_ON)
    with pytest.raises(DueTakenFirst) as refused:
        approve(asked, dora, 100_00)
    assert refused.value.message == (
        "This person owes us nothing more, and €394.48 is to be sent. Look at the figures and confirm again."
    )
    assert approve(asked, dora, 394_48).on_its_way == 394_48


def end_by_staff(asked: Withdrawal, bob: User, dora: User) -> Withdrawal:
    return reject_withdrawal(
        withdrawal_id=asked.pk, note="Your payment came back.", actor=dora, idempotency_key=new_key(), today=BOUNCED_ON
    )


def end_by_bob(asked: Withdrawal, bob: User, dora: User) -> Withdrawal:
    return cancel_withdrawal(withdrawal_id=asked.pk, actor=bob, idempotency_key=new_key(), today=BOUNCED_ON)


@pytest.mark.parametrize("end", [end_by_staff, end_by_bob])
def test_a_debt_as_large_as_the_withdrawal_leaves_nothing_to_send_and_its_end_clears_it(
    sent: Repayment,
    bob: User,
    dora: User,
    frank: User,
    client: Client,
    end: Callable[[Withdrawal, User, User], Withdrawal],
) -> None:
    asked = ask(bob, 200_00)
    ask(bob, 194_48)
    bounce(sent, dora, frank, BOUNCED_ON)
    with pytest.raises(NothingLeftToSend):
        approve(asked, dora, 0)
    assert wallet_summary(bob) == WalletSummary(withdrawing=394_48, owed=294_48)
    ended = end(asked, bob, dora)
    assert (ended.kept_for_dues, wallet_summary(bob)) == (200_00, WalletSummary(withdrawing=194_48, owed=94_48))
    client.force_login(bob)
    page = client.get(reverse("ledger:withdrawal", args=[asked.reference])).content.decode()
    assert "The money paid what you owed us." in page
    assert "back in your wallet." not in page
    assert_sound_books()


def test_words_of_a_refusal_say_what_became_of_the_money(sent: Repayment, bob: User, dora: User, frank: User) -> None:
    asked = ask(bob, 394_48)
    bounce(sent, dora, frank, BOUNCED_ON)
    end_by_staff(asked, bob, dora)
    assert wallet_summary(bob) == WalletSummary(available=100_00)
    assert said_of(asked, "rejected") == (
        "€294.48 of it paid what you owed us for a payment that came back. €100.00 is back in your wallet. "
        "Your payment came back."
    )


def test_staff_see_the_smaller_sum_and_a_page_from_before_comes_back_with_it(
    sent: Repayment, bob: User, dora: User, frank: User, client: Client
) -> None:
    asked = ask(bob, 394_48)
    sign_in_fully(client, dora)
    path, approving = (reverse(f"admin:withdrawal{step}", args=[asked.reference]) for step in ("", "_approve"))
    assert 'name="confirmed" value="39448"' in client.get(path).content.decode()
    bounce(sent, dora, frank, BOUNCED_ON)
    again = client.post(approving, {"form_key": new_key(), "confirmed": "39448"})
    assert again.status_code == 422
    page = again.content.decode()
    assert "It is taken of this withdrawal first: send €100.00." in page
    assert 'name="confirmed" value="10000"' in page
    assert wallet_summary(bob) == WalletSummary(withdrawing=394_48, owed=294_48)
    client.post(approving, {"form_key": new_key(), "confirmed": "10000"})
    assert wallet_summary(bob) == WalletSummary(withdrawing=100_00)


def test_staff_can_only_refuse_what_the_debt_takes_whole(
    sent: Repayment, bob: User, dora: User, frank: User, client: Client
) -> None:
    asked = ask(bob, 200_00)
    ask(bob, 194_48)
    bounce(sent, dora, frank, BOUNCED_ON)
    sign_in_fully(client, dora)
    page = client.get(reverse("admin:withdrawal", args=[asked.reference])).content.decode()
    assert "nothing is left to send. Refuse the withdrawal" in page
    assert (page.count("Approve withdrawal"), page.count("Refuse withdrawal")) == (0, 1)
