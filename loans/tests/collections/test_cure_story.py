"""The story of a default that is cured: what was late is paid, and the loan goes on by a plan of its own."""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from ledger.selectors.books import trial_balance
from loans.models import Instalment, Loan
from loans.services.default import current_cure
from loans.tests.collections import steps
from loans.tests.servicing.paying import available, fresh, pay
from p2plending.tests.books import assert_sound_books
from p2plending.tests.world import set_rules

PAY_DAY = dt.date(2026, 6, 20)


def test_what_was_late_is_paid_and_the_loan_goes_on(
    loan: Loan, alice: User, bob: User, carol: User, dan: User, dora: User
) -> None:
    pay(loan, 888_49, steps.FIRST_DUE)
    steps.put_in_default(loan, dora)

    # Payments 2 to 4 with their fees (2,798.73), the interest that fell due with the default (65.79), and the
    # principal of payment 5, whose day has passed (820.51).
    assert current_cure(fresh(loan), PAY_DAY).amount == 3_685_03
    pay(loan, 3_685_02, PAY_DAY)
    assert fresh(loan).status == "defaulted"
    assert current_cure(fresh(loan), PAY_DAY).amount == 1
    assert_sound_books()

    pay(loan, 1, PAY_DAY)
    cured = fresh(loan)
    assert (cured.status, cured.schedule_version, cured.days_past_due, cured.bucket) == ("active", 3, 0, "current")
    assert (cured.next_due_on, cured.next_due_amount) == (dt.date(2026, 7, 15), 887_04)
    assert steps.book(loan) == {"L1200": 5_977_91, "L1210": 0, "L1220": 0}
    assert cured.defaults.get().cured_on == PAY_DAY
    assert_sound_books()

    # Interest counts from the day of the cure: 25 of 30 days of the first period.
    plan = Instalment.objects.filter(loan=loan, schedule_version=3)
    assert [(row.principal_due, row.interest_due) for row in plan][:2] == [(837_09, 49_95), (835_63, 51_41)]
    assert sum(row.principal_due for row in plan) == 5_977_91
    assert [row.due_date for row in plan][-1] == dt.date(2027, 1, 15)

    pay(loan, 6_100_00, dt.date(2026, 7, 15))
    assert fresh(loan).status == "repaid"
    assert sum(available(alice, bob, carol, dan)) + platform_fees() == 12_000_00
    assert_sound_books()


def test_a_platform_that_allows_no_cure_keeps_the_default(loan: Loan, dora: User) -> None:
    set_rules(ALLOW_CURE=False)
    pay(loan, 888_49, steps.FIRST_DUE)
    steps.put_in_default(loan, dora)
    pay(loan, 3_685_03, PAY_DAY)
    assert (fresh(loan).status, fresh(loan).schedule_version) == ("defaulted", 2)
    assert_sound_books()


def platform_fees() -> int:
    """What the platform earned, still in the client account."""
    return next(line.balance for line in trial_balance() if line.chart_line.code == "C2140")
