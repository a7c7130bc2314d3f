"""What was waived stays waived: the past is not played again where it would not hold."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import User
from loans.enums.loan import ExtraMode
from loans.models import Instalment, Loan, Repayment
from loans.services.collections.waivers import waive_charges
from loans.services.corrections.backdated_payment import record_backdated_repayment
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.services.servicing.reprocessing import PlanAgreedSince
from loans.tests.servicing.paying import bounce, fresh, pay
from p2plending.tests.support.books import assert_sound_books, money_mark
from p2plending.tests.support.world import fund_wallet, new_key

pytestmark = pytest.mark.django_db

FIRST_DUE = dt.date(2026, 2, 15)
SECOND_DUE = dt.date(2026, 3, 15)


def waive(loan: Loan, number: int, staff: User, on: dt.date, *, interest: int = 0, late_fee: int = 0) -> None:
    row = Instalment.objects.exclude(status="superseded").get(loan=loan, number=number)
    waive_charges(
        loan_id=loan.pk,
        instalment_id=row.pk,
        interest=interest,
        late_fee=late_fee,
        reason="We were late ourselves",
        actor=staff,
        idempotency_key=new_key(),
        today=on,
    )


def find(loan: Loan, amount: int, value_date: dt.date, staff: User, today: dt.date) -> Repayment:
    return record_backdated_repayment(
        loan_id=loan.pk,
        amount=amount,
        value_date=value_date,
        bank_reference="LN",
        actor=staff,
        idempotency_key=new_key(),
        today=today,
    )


def test_money_of_before_the_due_date_is_refused_once_interest_of_it_was_waived(loan: Loan, dora: User) -> None:
    bring_loan_forward(loan_id=loan.pk, today=FIRST_DUE)
    waive(loan, 1, dora, FIRST_DUE, interest=50_00)
    before = money_mark()
    with pytest.raises(PlanAgreedSince):
        find(loan, 3_000_00, FIRST_DUE - dt.timedelta(days=10), dora, FIRST_DUE)
    assert (money_mark(), Repayment.objects.count()) == (before, 0)
    find(loan, 3_000_00, FIRST_DUE, dora, FIRST_DUE + dt.timedelta(days=1))
    assert fresh(loan).principal_outstanding == 10_000_00 - (3_000_00 - 50_00)
    assert_sound_books()


def test_a_payment_is_not_undone_when_charges_of_the_plan_that_it_made_were_waived(
    loan: Loan, dora: User, frank: User
) -> None:
    fund_wallet(loan.borrower, 3_000_00)
    paid = pay(loan, 3_888_49, FIRST_DUE, extra_mode=ExtraMode.LOWER)
    late = SECOND_DUE + dt.timedelta(days=20)
    bring_loan_forward(loan_id=loan.pk, today=late)
    fee = Instalment.objects.exclude(late_fee_due=0).get(loan=loan)
    waive(loan, fee.number, dora, late, late_fee=fee.late_fee_due)
    before = money_mark()
    with pytest.raises(PlanAgreedSince):
        bounce(paid, dora, frank, late)
    assert (money_mark(), Repayment.objects.get().status) == (before, "confirmed")
    fee.refresh_from_db()
    assert (fee.late_fee_due, fee.late_fee_removed) == (fee.late_fee_removed, fee.late_fee_due)
    assert_sound_books()
