"""A default is cured by whatever payment pays what was late, and by the plan that the default replaced only."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import User
from ledger.services.withdrawals import request_withdrawal
from loans.account.state import live_instalments
from loans.enums.loan import ExtraMode, LoanStatus
from loans.models import Instalment, Loan, LoanDefault
from loans.services.corrections.backdated_payment import record_backdated_repayment
from loans.services.servicing.autopay import set_autopay
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.services.servicing.cure import current_cure
from loans.tests.collections.steps import DEFAULT_DAY, declare, notify, put_in_default
from loans.tests.servicing.paying import bounce, fresh, pay
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.scene import IBAN
from p2plending.tests.support.world import TODAY, fund_wallet, new_key

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


def leave_in_wallet(person: User, amount: int) -> None:
    request_withdrawal(
        user=person,
        amount=11_700_00 - amount,
        account_holder=person.full_name,
        iban=IBAN,
        actor=person,
        idempotency_key=new_key(),
        today=DEFAULT_DAY,
    )


def to_come(loan: Loan) -> list[dt.date]:
    rows = Instalment.objects.filter(loan=loan).exclude(status="superseded").order_by("due_date")
    return [row.due_date for row in rows if row.total_unpaid]


def test_automatic_payment_of_what_was_late_cures(loan: Loan, dora: User) -> None:
    put_in_default(loan, dora)
    cure = current_cure(fresh(loan), DEFAULT_DAY)
    leave_in_wallet(loan.borrower, cure.amount)
    set_autopay(loan_id=loan.pk, is_on=True, actor=loan.borrower)
    bring_loan_forward(loan_id=loan.pk, today=DEFAULT_DAY)
    assert (fresh(loan).status, fresh(loan).days_past_due, to_come(loan)) == (LoanStatus.ACTIVE, 0, list(cure.dates))
    assert_sound_books()


def test_money_found_later_cures(loan: Loan, dora: User) -> None:
    put_in_default(loan, dora)
    cure = current_cure(fresh(loan), DEFAULT_DAY + DAY)
    asked = {"value_date": DEFAULT_DAY, "bank_reference": "LN", "actor": dora, "today": DEFAULT_DAY + DAY}
    record_backdated_repayment(loan_id=loan.pk, amount=cure.amount, idempotency_key=new_key(), **asked)
    assert (fresh(loan).status, to_come(loan)) == (LoanStatus.ACTIVE, list(cure.dates))
    assert_sound_books()


def test_a_default_after_the_last_due_date_has_no_plan_to_go_back_to(loan: Loan, dora: User) -> None:
    # Paid so far ahead that the plan ends in May; the plan of before would have gone on until January.
    pay(loan, 6_666_66, TODAY, extra_mode=ExtraMode.SHORTER)
    notice_day = dt.date(2026, 11, 18)
    bring_loan_forward(loan_id=loan.pk, today=notice_day)
    notify(loan, dora, notice_day)
    day = notice_day + 16 * DAY
    declare(loan, dora, day)
    assert current_cure(fresh(loan), day) is None
    pay(loan, fresh(loan).arrears_amount - 1, day)
    assert (fresh(loan).status, fresh(loan).principal_outstanding) == (LoanStatus.DEFAULTED, 1)
    assert_sound_books()


def test_a_loan_paid_off_in_default_is_in_default_again_when_that_payment_comes_back(
    loan: Loan, alice: User, dora: User, frank: User
) -> None:
    fund_wallet(alice, 12_000_00)
    put_in_default(loan, dora)
    owed = sum(row.total_unpaid for row in live_instalments(loan))
    paid = pay(loan, owed, DEFAULT_DAY)
    assert Loan.objects.get(pk=loan.pk).status == LoanStatus.REPAID
    bounce(paid, dora, frank, DEFAULT_DAY)
    stored = Loan.objects.get(pk=loan.pk)
    assert (stored.status, stored.closed_on) == (LoanStatus.DEFAULTED, None)
    assert sum(row.total_unpaid for row in live_instalments(stored)) == owed
    # It is the same default as before, and what is late cures it.
    pay(loan, current_cure(stored, DEFAULT_DAY).amount, DEFAULT_DAY)
    assert Loan.objects.get(pk=loan.pk).status == LoanStatus.ACTIVE
    assert LoanDefault.objects.get(loan=loan).cured_on == DEFAULT_DAY
    assert_sound_books()
