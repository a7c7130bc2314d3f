"""Money found late counts on its day; fees and payments after it are worked out again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from accounts.models import User
from accounts.services.approvals.permissions import StaffOnly
from ledger.selectors import balance
from ledger.services.closed_period import PeriodClosed
from loans.enums.loan import RepaymentStatus
from loans.models import DefaultInterest, Instalment, Loan, Repayment
from loans.services.corrections.backdated_payment import NotInThePast, record_backdated_repayment
from loans.services.repayments.record import AmountTooSmall, BeforeDisbursement, DateInFuture
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.servicing.paying import available, bounce, fresh, pay
from p2plending.tests.support.books import assert_sound_books, money_mark
from p2plending.tests.support.world import new_key, set_rules

pytestmark = pytest.mark.django_db

FIRST_DUE = dt.date(2026, 2, 15)
SECOND_DUE = dt.date(2026, 3, 15)
TODAY = dt.date(2026, 3, 20)


def find(
    loan: Loan, amount: int, value_date: dt.date, staff: User, today: dt.date = TODAY, **changes: Any
) -> Repayment:
    asked = {
        "loan_id": loan.pk,
        "amount": amount,
        "value_date": value_date,
        "bank_reference": "LN",
        "actor": staff,
        "idempotency_key": new_key(),
        "today": today,
    }
    return record_backdated_repayment(**(asked | changes))


def test_dates_that_are_not_possible_are_refused(loan: Loan, alice: User, dora: User) -> None:
    set_rules(BOOKS_CLOSED_UNTIL=dt.date(2026, 1, 31))
    before = money_mark()
    for refusal, amount, day, who in (
        (StaffOnly, 888_49, FIRST_DUE, alice),
        (AmountTooSmall, 0, FIRST_DUE, dora),
        (BeforeDisbursement, 888_49, dt.date(2026, 1, 14), dora),
        (PeriodClosed, 888_49, dt.date(2026, 1, 31), dora),
        (NotInThePast, 888_49, TODAY, dora),
        (DateInFuture, 888_49, TODAY + dt.timedelta(days=1), dora),
    ):
        with pytest.raises(refusal):
            find(loan, amount, day, who)
    assert money_mark() == before
    assert not Repayment.objects.exists()


def test_a_late_fee_that_should_not_have_been_charged_goes_away(loan: Loan, bob: User, dora: User) -> None:
    bring_loan_forward(loan_id=loan.pk, today=TODAY)
    assert balance("L1220", loan_reference=loan.reference) == 44_42
    found = find(loan, 888_49, FIRST_DUE, dora)
    assert (found.late_fee, found.interest, found.principal) == (0, 100_00, 788_49)
    assert balance("L1220", loan_reference=loan.reference) == 0
    row = Instalment.objects.get(loan=loan, number=1)
    assert (row.status, row.settled_on, row.late_fee_due, row.late_fee_charged_on) == ("paid", FIRST_DUE, 0, None)
    stored = fresh(loan)
    assert (stored.next_due_on, stored.days_past_due, stored.principal_outstanding) == (SECOND_DUE, 5, 9_211_51)
    assert available(bob) == [294_48]
    assert_sound_books()


def test_a_payment_that_came_later_is_worked_out_again(loan: Loan, dora: User) -> None:
    late = pay(loan, 932_91, FIRST_DUE + dt.timedelta(days=20))
    assert (late.late_fee, late.interest, late.principal) == (44_42, 100_00, 788_49)
    find(loan, 888_49, FIRST_DUE, dora)
    again = Repayment.objects.get(replaces=late)
    # Nothing is due on 7 March: all of it is kept, and what is due on 15 March is paid from it.
    assert (again.late_fee, again.interest, again.principal, again.held) == (0, 0, 0, 932_91)
    assert again.value_date == late.value_date
    assert fresh(loan).days_past_due == 0
    assert_sound_books()


def test_the_same_key_enters_it_once(loan: Loan, dora: User) -> None:
    key = new_key()
    first = find(loan, 888_49, FIRST_DUE, dora, idempotency_key=key)
    again = find(loan, 888_49, FIRST_DUE, dora, idempotency_key=key)
    assert (again.pk, again.is_replay) == (first.pk, True)
    assert Repayment.objects.filter(status=RepaymentStatus.CONFIRMED).count() == 1


def test_money_for_the_whole_loan_in_the_past_closes_it_and_returns_the_rest(loan: Loan, dora: User) -> None:
    before = available(loan.borrower)[0]
    pay(loan, 888_49, SECOND_DUE)
    found = find(loan, 10_100_00, FIRST_DUE, dora)
    assert (found.interest, found.principal) == (100_00, 10_000_00)
    again = Repayment.objects.get(replaces__isnull=False)
    assert (again.amount, again.surplus) == (888_49, 888_49)
    assert (fresh(loan).closed_on, available(loan.borrower)) == (FIRST_DUE, [before])
    assert_sound_books()


def test_default_interest_runs_on_late_principal_and_is_undone_with_it(loan: Loan, dora: User, frank: User) -> None:
    terms = loan.frozen_terms | {"default_interest_rate": "0.100000"}
    Loan.objects.filter(pk=loan.pk).update(frozen_terms=terms)
    bring_loan_forward(loan_id=loan.pk, today=FIRST_DUE + dt.timedelta(days=15))
    assert not DefaultInterest.objects.exists()
    bring_loan_forward(loan_id=loan.pk, today=FIRST_DUE + dt.timedelta(days=25))
    charge = DefaultInterest.objects.get()
    # 788.49 x 10 % x 10 / 365
    assert (charge.principal, charge.from_date, charge.to_date, charge.amount) == (
        788_49,
        dt.date(2026, 3, 2),
        dt.date(2026, 3, 12),
        2_16,
    )
    bring_loan_forward(loan_id=loan.pk, today=FIRST_DUE + dt.timedelta(days=25))
    assert DefaultInterest.objects.count() == 1
    assert balance("L1220", loan_reference=loan.reference) == 44_42 + 2_16
    assert_sound_books()
    paid = pay(loan, 934_07 + 1_00, FIRST_DUE + dt.timedelta(days=25))
    assert paid.late_fee == 46_58
    bounce(paid, dora, frank, FIRST_DUE + dt.timedelta(days=26))
    assert balance("L1220", loan_reference=loan.reference) == 44_42 + 2_16 + 22
    assert_sound_books()
    find(loan, 888_49, FIRST_DUE, dora, today=FIRST_DUE + dt.timedelta(days=26))
    assert balance("L1220", loan_reference=loan.reference) == 0
    assert DefaultInterest.objects.filter(is_undone=False).count() == 0
    assert_sound_books()
