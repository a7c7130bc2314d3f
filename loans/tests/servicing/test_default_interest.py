"""Default interest: to the day, its fraction carried, the same however often somebody looks; and explained."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from fractions import Fraction

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from loans.models import DefaultInterest, Instalment, Loan
from loans.selectors.explanations.late_charges import late_charges_of
from loans.services.corrections.backdated_payment import record_backdated_repayment
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.servicing.paying import fresh, pay
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.world import new_key

FIRST_DUE = dt.date(2026, 2, 15)
# Fifteen days of grace.
GRACE_ENDS = dt.date(2026, 3, 2)
DAY = dt.timedelta(days=1)
FEE = 44_42
LATE_PRINCIPAL = 788_49


@pytest.fixture
def bearing(loan: Loan) -> Loan:
    """Nothing was paid; 10 % a year on late principal."""
    return with_rate(loan, "0.100000")


def with_rate(loan: Loan, rate: str) -> Loan:
    Loan.objects.filter(pk=loan.pk).update(frozen_terms=loan.frozen_terms | {"default_interest_rate": rate})
    return fresh(loan)


def charged(loan: Loan) -> int:
    """Default interest of the first payment of the plan."""
    row = Instalment.objects.get(loan=loan, number=1)
    return row.late_fee_due - FEE


@pytest.mark.parametrize("every", [1, 7, 30, 45])
def test_a_late_batch_never_changes_a_figure(bearing: Loan, every: int) -> None:
    last = GRACE_ENDS + 45 * DAY
    for passed in [*range(every, 45, every), 45]:
        bring_loan_forward(loan_id=bearing.pk, today=GRACE_ENDS + passed * DAY)
    rows = Instalment.objects.filter(loan=bearing, late_fee_due__gt=0).order_by("number")
    assert list(rows.values_list("late_fee_due", "default_interest_to", "default_interest_carry")) == [
        # 788.49 x 10 % x 45 / 365 is 9.721110: 0.1110 of a cent is 40,500,000 parts of 365,000,000.
        (FEE + 9_72, last, 40_500_000),
        # 796.37 x 10 % x 17 / 365 is 3.709121.
        (FEE + 3_71, last, -32_100_000),
    ]
    assert_sound_books()


def test_interest_of_less_than_a_cent_a_day_adds_up(loan: Loan) -> None:
    slow = with_rate(loan, "0.001000")
    charges = []
    for passed in range(1, 8):
        bring_loan_forward(loan_id=slow.pk, today=GRACE_ENDS + passed * DAY)
        charges.append(charged(slow))
    # 0.216 of a cent a day.
    assert charges == [0, 0, 1, 1, 1, 1, 2]
    assert list(DefaultInterest.objects.order_by("pk").values_list("amount", flat=True)) == [0, 0, 1, 0, 0, 0, 1]
    assert DefaultInterest.objects.filter(entry__isnull=True).count() == 5
    assert_sound_books()


def test_the_fraction_survives_a_payment_that_lowers_the_principal(bearing: Loan) -> None:
    paid_on = GRACE_ENDS + 10 * DAY
    pay(bearing, FEE + 2_16 + 100_00 + 400_00, paid_on)
    row = Instalment.objects.get(loan=bearing, number=1)
    assert (row.principal_unpaid, row.late_fee_unpaid) == (388_49, 0)
    bring_loan_forward(loan_id=bearing.pk, today=paid_on + 10 * DAY)
    exact = Fraction(LATE_PRINCIPAL + 388_49) / 10 * 10 / 365
    # 216.024… + 106.435… cents: the two fractions together are not yet half a cent.
    assert (charged(bearing), round(float(exact), 3)) == (3_22, 322.460)
    bring_loan_forward(loan_id=bearing.pk, today=paid_on + 11 * DAY)
    assert charged(bearing) == 3_33


def test_money_found_between_two_days_takes_the_carried_fraction_back_too(bearing: Loan, dora: User) -> None:
    daily = [GRACE_ENDS + passed * DAY for passed in range(1, 21)]
    for today in daily:
        bring_loan_forward(loan_id=bearing.pk, today=today)
    assert charged(bearing) == 4_32
    record_backdated_repayment(
        loan_id=bearing.pk,
        amount=FEE + 100_00 + 400_00,
        value_date=GRACE_ENDS + 10 * DAY,
        bank_reference="",
        actor=dora,
        idempotency_key=new_key(),
        today=daily[-1],
    )
    # Ten days on 788.49; the payment takes 2.16 of them first, so ten days on 390.65.
    row = Instalment.objects.get(loan=bearing, number=1)
    assert (row.principal_unpaid, charged(bearing)) == (390_65, 3_23)
    kept = DefaultInterest.objects.filter(is_undone=False).order_by("pk")
    assert sum(one.amount for one in kept) == 3_23
    assert (kept.last().to_date, row.default_interest_to) == (daily[-1], daily[-1])
    assert_sound_books()


def test_days_of_one_principal_are_told_together(bearing: Loan) -> None:
    for passed in range(1, 13):
        bring_loan_forward(loan_id=bearing.pk, today=GRACE_ENDS + passed * DAY)
    pay(bearing, FEE + 2_59 + 100_00 + 400_00, GRACE_ENDS + 12 * DAY)
    bring_loan_forward(loan_id=bearing.pk, today=GRACE_ENDS + 13 * DAY)
    (found,) = late_charges_of(bearing)
    assert (found.fee, found.base, found.row.late_fee_charged_on) == (FEE, 888_49, GRACE_ENDS + DAY)
    first, second = found.stretches
    assert (first.first_day, first.last_day, first.days) == (GRACE_ENDS + DAY, GRACE_ENDS + 12 * DAY, 12)
    assert (first.principal, first.amount, str(first.exact)) == (LATE_PRINCIPAL, 2_59, "2.592296")
    assert (str(first.carry_before), str(first.carry_after)) == ("0.000000", "0.002296")
    assert (second.principal, second.amount, str(second.carry_before)) == (388_49, 11, "0.002296")


def test_the_borrower_reads_how_late_charges_came_about(
    bearing: Loan, alice: User, client_of: Callable[[User], Client]
) -> None:
    paid = pay(bearing, FEE + 2_16, GRACE_ENDS + 10 * DAY)
    for address in (
        reverse("loans:plan", args=[bearing.reference]),
        reverse("loans:explain_repayment", args=[paid.reference]),
    ):
        page = " ".join(client_of(alice).get(address).content.decode().split())
        assert "888.49 was not paid; 5.00% of it, at least 5.00, is 44.42." in page.replace("€", "").replace("\xa0", "")
        assert "× 10.00% × 10 ÷ 365 is 2.160247; with 0.000000 carried from before" in page
        assert "0.000247 is carried on" in page


def test_a_plan_without_late_payments_says_nothing_of_charges(
    loan: Loan, alice: User, client_of: Callable[[User], Client]
) -> None:
    page = client_of(alice).get(reverse("loans:plan", args=[loan.reference])).content.decode()
    assert "How late fees came about" not in page
