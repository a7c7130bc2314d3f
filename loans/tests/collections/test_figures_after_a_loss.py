"""What the public figures say of a loan that was lost: the average return and the payments that fell due."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from accounts.models import User
from loans.models import Loan
from loans.selectors.statistics import platform_figures
from loans.tests.collections import steps
from loans.tests.servicing.paying import pay

YEAR_END = dt.date(2026, 12, 31)


def lose(loan: Loan, dora: User, frank: User) -> None:
    """One payment on 15 February, default on 14 June, written off on 2 August."""
    pay(loan, 888_49, steps.FIRST_DUE)
    steps.put_in_default(loan, dora)
    steps.approve(steps.ask_write_off(loan, dora, dt.date(2026, 8, 1)), frank, dt.date(2026, 8, 2))


def test_what_is_lost_is_lent_no_longer_and_what_comes_back_counts(loan: Loan, dora: User, frank: User) -> None:
    lose(loan, dora, frank)
    # 10,000.00 for 31 days, then 9,211.51 for 168; interest of 100.00 less 4.98.
    lent_days = 10_000_00 * 31 + 9_211_51 * 168
    before = platform_figures(YEAR_END)
    assert (before.total.lost, before.total.lost_last_year) == (9_211_51, 9_211_51)
    assert before.net_return == Decimal(95_02 - 9_211_51) * 365 / lent_days

    steps.recover(loan, 500_00, frank, dt.date(2026, 9, 1))
    # 375.00 of it went to the lenders.
    assert platform_figures(YEAR_END).net_return == Decimal(95_02 + 375_00 - 9_211_51) * 365 / lent_days


def test_nothing_falls_due_after_the_end_of_a_loan(loan: Loan, dora: User, frank: User) -> None:
    """Payments 1 to 4 and the whole balance on the day of the default, however much later one looks."""
    lose(loan, dora, frank)
    total = platform_figures(YEAR_END).total
    assert (total.payments_due, total.payments_on_time) == (5, 1)
    later = platform_figures(YEAR_END + dt.timedelta(days=700)).total
    assert (later.payments_due, later.payments_on_time) == (5, 1)
