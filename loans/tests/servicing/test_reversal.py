"""A payment that came back: everything as if it had never been, and what came after worked out again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from accounts.models import Notification, User
from ledger.models import Account
from ledger.selectors import balance
from ledger.services.withdrawals import approve_withdrawal, pay_withdrawal, request_withdrawal
from loans.enums.loan import ExtraMode, LoanStatus, NoteStatus, RepaymentStatus
from loans.models import Instalment, Loan, Note, Repayment
from loans.services.corrections.reversal import notify_lenders_of_reversal
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.servicing.paying import available, bounce, confirm, declare, fresh, pay
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.world import TODAY, fund_wallet, new_key

pytestmark = pytest.mark.django_db

FIRST_DUE = dt.date(2026, 2, 15)
SECOND_DUE = dt.date(2026, 3, 15)
THIRD_DUE = dt.date(2026, 4, 15)


def balances() -> dict[str, int]:
    """Every account that holds something."""
    found = {key: balance(key[:5], *_owner(key)) for key in Account.objects.values_list("key", flat=True)}
    return {key: amount for key, amount in found.items() if amount}


def _owner(key: str) -> tuple[Any, ...]:
    _code, _, owner = key.partition(":")
    if not owner:
        return ()
    return (int(owner[1:]),) if owner[0] == "U" and owner[1:].isdigit() else (None, owner)


def rows(loan: Loan) -> list[tuple[Any, ...]]:
    live = Instalment.objects.filter(loan=loan).exclude(status="superseded").order_by("due_date", "number")
    return list(
        live.values_list(
            "number",
            "due_date",
            "status",
            "principal_due",
            "interest_due",
            "late_fee_due",
            "principal_paid",
            "interest_paid",
            "late_fee_paid",
            "interest_posted",
            "settled_on",
        )
    )


def parts(loan: Loan) -> list[tuple[Any, ...]]:
    return list(
        Note.objects.filter(loan=loan)
        .order_by("pk")
        .values_list(
            "status",
            "principal_outstanding",
            "principal_received",
            "interest_received",
            "late_fees_received",
            "servicing_fees_paid",
            "interest_carry",
            "late_fee_carry",
            "closed_on",
        )
    )


def columns(loan: Loan) -> tuple[Any, ...]:
    stored = fresh(loan)
    return stored.status, stored.principal_outstanding, stored.next_due_on, stored.next_due_amount, stored.maturity_date


# --- as if it had never been ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("amount", "on", "mode"),
    [
        (888_49, FIRST_DUE, None),
        (150_00, FIRST_DUE, None),
        (888_49, FIRST_DUE - dt.timedelta(days=3), None),
        (1_500_00, FIRST_DUE - dt.timedelta(days=3), ExtraMode.CREDIT),
        (2_888_49, FIRST_DUE, ExtraMode.SHORTER),
        (2_888_49, FIRST_DUE + dt.timedelta(days=4), ExtraMode.LOWER),
        (900_00, FIRST_DUE + dt.timedelta(days=20), None),
        (11_000_00, FIRST_DUE + dt.timedelta(days=5), None),
    ],
)
def test_reversing_at_once_restores_every_balance(
    loan: Loan, dora: User, frank: User, amount: int, on: dt.date, mode: ExtraMode | None
) -> None:
    pay(loan, 100_00, FIRST_DUE - dt.timedelta(days=5), extra_mode=ExtraMode.CREDIT)
    bring_loan_forward(loan_id=loan.pk, today=on)
    before = (balances(), rows(loan), parts(loan), columns(loan))
    paid = pay(loan, amount, on, extra_mode=mode)
    assert balances() != before[0]
    bounce(paid, dora, frank, on)
    assert (balances(), rows(loan), parts(loan), columns(loan)) == before
    assert_sound_books()


def test_a_loan_that_was_paid_back_runs_again(loan: Loan, dora: User, frank: User, alice: User) -> None:
    paid = pay(loan, 11_000_00, FIRST_DUE)
    assert fresh(loan).status == LoanStatus.REPAID
    came_back = bounce(paid, dora, frank, FIRST_DUE + dt.timedelta(days=3))
    stored = fresh(loan)
    assert (came_back.status, stored.status, stored.closed_on) == (
        RepaymentStatus.REVERSED,
        LoanStatus.ACTIVE,
        None,
    )
    assert (stored.principal_outstanding, stored.next_due_amount, stored.days_past_due) == (10_000_00, 888_49, 3)
    assert {note.status for note in Note.objects.filter(loan=loan)} == {NoteStatus.ACTIVE}
    told = Notification.objects.get(user=alice, event="repayment_reversed")
    assert "came back: The bank returned it." in told.body
    assert_sound_books()


# --- what came after is worked out again ------------------------------------------------------------------------------
def test_a_later_payment_pays_the_older_instalment_instead(loan: Loan, dora: User, frank: User) -> None:
    first = pay(loan, 888_49, FIRST_DUE)
    second = pay(loan, 888_49, SECOND_DUE)
    bounce(first, dora, frank, SECOND_DUE + dt.timedelta(days=1))
    second.refresh_from_db()
    again = Repayment.objects.get(replaces=second)
    assert (second.status, again.status) == (RepaymentStatus.REPLACED, RepaymentStatus.CONFIRMED)
    # The fee of the first instalment was charged on 3 March, before the second payment.
    assert (again.amount, again.late_fee, again.interest, again.principal) == (888_49, 44_42, 100_00, 744_07)
    assert again.value_date == SECOND_DUE
    assert again.entry.value_date == SECOND_DUE + dt.timedelta(days=1)
    stored = fresh(loan)
    assert (stored.principal_outstanding, stored.days_past_due) == (10_000_00 - 744_07, 29)
    assert_sound_books()


def test_a_plan_that_the_payment_made_goes_with_it(loan: Loan, dora: User, frank: User) -> None:
    first = pay(loan, 2_888_49, FIRST_DUE)
    pay(loan, 888_49, SECOND_DUE)
    bounce(first, dora, frank, THIRD_DUE)
    live = [number for number, *_rest in rows(loan)]
    assert live == list(range(1, 13))
    assert fresh(loan).maturity_date == dt.date(2027, 1, 15)
    assert_sound_books()


def test_a_reversal_of_a_reversed_history_still_adds_up(loan: Loan, dora: User, frank: User) -> None:
    first, second, third = (pay(loan, 888_49, day) for day in (FIRST_DUE, SECOND_DUE, THIRD_DUE))
    bounce(first, dora, frank, THIRD_DUE)
    again = Repayment.objects.get(replaces=second)
    bounce(again, dora, frank, THIRD_DUE + dt.timedelta(days=2))
    left = Repayment.objects.filter(loan=loan, status=RepaymentStatus.CONFIRMED)
    assert [(paid.amount, paid.value_date) for paid in left] == [(888_49, THIRD_DUE)]
    assert Repayment.objects.get(replaces=third).status == RepaymentStatus.REPLACED
    assert_sound_books()


# --- the story: the lender has withdrawn the money --------------------------------------------------------------------
def test_a_lender_who_has_spent_the_money_owes_it_until_money_comes_in(
    loan: Loan, bob: User, carol: User, dora: User, frank: User
) -> None:
    sent = confirm(declare(loan, 888_49, FIRST_DUE), FIRST_DUE, dora, FIRST_DUE)
    assert available(bob) == [294_48]
    asked = request_withdrawal(
        user=bob,
        amount=294_48,
        account_holder="Bob Example",
        iban="DE89370400440532013000",
        actor=bob,
        idempotency_key=new_key(),
        today=FIRST_DUE,
    )
    approve_withdrawal(withdrawal_id=asked.pk, actor=dora, idempotency_key=new_key(), today=FIRST_DUE)
    pay_withdrawal(
        withdrawal_id=asked.pk,
        paid_on=FIRST_DUE,
        bank_reference="B1",
        actor=dora,
        idempotency_key=new_key(),
        today=FIRST_DUE,
    )
    bounce(sent, dora, frank, FIRST_DUE + dt.timedelta(days=2))
    assert (available(bob, carol), balance("C1300", bob)) == ([0, 0], 294_48)
    assert balance("L1200", loan_reference=loan.reference) == 10_000_00
    assert_sound_books()
    notify_lenders_of_reversal(sent.pk)
    notify_lenders_of_reversal(sent.pk)
    assert Notification.objects.filter(user=bob, event="payment_taken_back").count() == 1

    fund_wallet(bob, 100_00, today=FIRST_DUE + dt.timedelta(days=3))
    assert (available(bob), balance("C1300", bob)) == ([0], 194_48)
    again = pay(loan, 888_49, FIRST_DUE + dt.timedelta(days=4))
    assert again.status == RepaymentStatus.CONFIRMED
    assert (available(bob, carol), balance("C1300", bob)) == ([100_00, 294_47], 0)
    assert_sound_books()
    fund_wallet(bob, 50_00, today=FIRST_DUE + dt.timedelta(days=5))
    assert available(bob) == [150_00]


def test_a_closing_payment_comes_back_on_a_plan_with_dates_that_ask_for_nothing(
    loan: Loan, dora: User, frank: User
) -> None:
    fund_wallet(loan.borrower, 9_000_00)
    pay(loan, 9_999_99, TODAY, extra_mode=ExtraMode.LOWER)
    before = rows(loan), parts(loan), columns(loan)
    paid = pay(loan, 1, TODAY)
    bounce(paid, dora, frank, TODAY)
    assert (rows(loan), parts(loan), columns(loan)) == before
    assert_sound_books()


def test_what_cleared_a_due_is_owed_again_and_nothing_stays_in_the_wallet(
    loan: Loan, bob: User, dora: User, frank: User
) -> None:
    first = confirm(declare(loan, 888_49, FIRST_DUE), FIRST_DUE, dora, FIRST_DUE)
    request_withdrawal(
        user=bob,
        amount=294_48,
        account_holder="Bob Example",
        iban="DE89370400440532013000",
        actor=bob,
        idempotency_key=new_key(),
        today=FIRST_DUE,
    )
    bounce(first, dora, frank, FIRST_DUE)
    second = pay(loan, 888_49, FIRST_DUE)
    assert (available(bob), balance("C1300", bob)) == ([0], 0)
    bounce(second, dora, frank, FIRST_DUE)
    assert (available(bob), balance("C1300", bob)) == ([0], 294_48)
    assert_sound_books()
