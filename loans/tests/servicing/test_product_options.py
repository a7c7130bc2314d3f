"""What a product chooses is what its loans do: lateness on holidays, free periods, multiples."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from accounts.models import User
from loans.account.holiday_calendars import first_day_of_lateness
from loans.account.pricing import quote_for
from loans.models import Instalment, Loan
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.servicing.paying import fresh, pay
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.world import TODAY, active_loan, fund_wallet, set_price

pytestmark = pytest.mark.django_db

SUNDAY = dt.date(2026, 2, 15)


def test_lateness_moves_over_weekends_and_holidays_and_interest_does_not(loan: Loan) -> None:
    # 3 April 2026 is Good Friday, 6 April Easter Monday.
    assert first_day_of_lateness(dt.date(2026, 4, 3), "DE") == dt.date(2026, 4, 7)
    assert first_day_of_lateness(dt.date(2026, 4, 3), "") == dt.date(2026, 4, 3)
    terms = loan.frozen_terms | {"holiday_country": "DE"}
    Loan.objects.filter(pk=loan.pk).update(frozen_terms=terms)
    bring_loan_forward(loan_id=loan.pk, today=SUNDAY + dt.timedelta(days=1))
    assert (fresh(loan).days_past_due, fresh(loan).bucket) == (0, "current")
    bring_loan_forward(loan_id=loan.pk, today=SUNDAY + dt.timedelta(days=16))
    assert (fresh(loan).days_past_due, fresh(loan).bucket) == (15, "grace")
    row = Instalment.objects.get(loan=loan, number=1)
    assert (row.late_fee_due, row.interest_posted) == (0, 100_00)
    bring_loan_forward(loan_id=loan.pk, today=SUNDAY + dt.timedelta(days=17))
    row.refresh_from_db()
    assert (row.late_fee_due, row.late_fee_charged_on) == (44_42, SUNDAY + dt.timedelta(days=17))
    assert_sound_books()


def test_free_periods_and_multiples_shape_the_schedule_of_new_loans_only(loan: Loan, alice: User, bob: User) -> None:
    product = set_price(Decimal("0.12"))
    product.interest_free_periods, product.payment_multiple = 1, 10_00
    product.save()
    lines = quote_for(product, "B", 1_000_00, 12, TODAY).schedule.lines
    assert lines[0].interest == 0
    assert {line.payment % 10_00 for line in lines[:-1]} == {0}
    made = active_loan(alice, {bob: 1_000_00})
    due = Instalment.objects.filter(loan=made).order_by("number").values_list("principal_due", "interest_due")
    assert list(due) == [(line.principal, line.interest) for line in lines]
    assert Instalment.objects.get(loan=loan, number=1).interest_due == 100_00


def test_a_first_payment_of_nothing_is_passed_over_and_the_books_are_sound_to_the_end(alice: User, bob: User) -> None:
    product = set_price(Decimal("0.12"))
    product.interest_free_periods, product.principal_free_periods = 1, 1
    product.save()
    made = active_loan(alice, {bob: 1_000_00})
    plan = list(Instalment.objects.filter(loan=made).order_by("number"))
    assert [row.total_unpaid for row in plan[:2]] == [0, 96_45]
    assert (made.next_due_on, made.next_due_amount) == (dt.date(2026, 3, 15), 96_45)
    assert_sound_books()
    fund_wallet(alice, 200_00)
    after_first = bring_loan_forward(loan_id=made.pk, today=plan[0].due_date + dt.timedelta(days=20))
    assert (after_first.days_past_due, after_first.next_due_amount) == (0, 96_45)
    assert_sound_books()
    for row in plan[1:]:
        bring_loan_forward(loan_id=made.pk, today=row.due_date)
        pay(made, row.total_unpaid, row.due_date)
        assert_sound_books()
    assert (fresh(made).status, fresh(made).next_due_amount) == ("repaid", None)


def test_first_payments_without_principal_pay_interest_only(alice: User, bob: User) -> None:
    product = set_price(Decimal("0.12"))
    product.principal_free_periods = 3
    product.save()
    made = active_loan(alice, {bob: 1_000_00})
    due = list(Instalment.objects.filter(loan=made).order_by("number").values_list("principal_due", "interest_due"))
    assert due[:3] == [(0, 10_00)] * 3
    # 1,000.00 at 1 % a month over the nine payments that are left: 116.74.
    assert due[3:5] == [(106_74, 10_00), (107_81, 8_93)]
    assert sum(principal for principal, _interest in due) == 1_000_00


def test_a_chosen_day_comes_after_the_days_that_the_product_leaves_before_it(alice: User, bob: User) -> None:
    product = set_price(Decimal("0.12"))
    product.first_period_min_days = 25
    product.save()
    # Paid out on 15 January: 5 February is 21 days later, too soon.
    made = active_loan(alice, {bob: 1_000_00}, due_day=5)
    first = Instalment.objects.get(loan=made, number=1)
    # A month from 5 February on, and 21 days before it: 10.00 and 1,000.00 × 12 % × 21 / 365 = 6.90.
    assert (first.due_date, first.interest_due) == (dt.date(2026, 3, 5), 16_90)
