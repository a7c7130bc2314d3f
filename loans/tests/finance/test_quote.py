from __future__ import annotations

from datetime import date
from decimal import Decimal

from loans.finance import Terms, build_schedule, quote

START = date(2026, 1, 15)


def test_quote_has_every_figure_of_the_worked_loan() -> None:
    price = quote(
        principal=1000000,
        annual_rate=Decimal("0.12"),
        term_months=12,
        origination_fee_rate=Decimal("0.03"),
        start_date=START,
    )
    assert (price.fee, price.net_received) == (30000, 970000)
    assert (price.instalment_amount, price.last_instalment) == (88849, 88847)
    assert (price.total_payment, price.cost_of_credit) == (1066186, 96186)
    assert round(price.apr_nominal, 6) == Decimal("0.178250")
    assert round(price.apr_effective, 6) == Decimal("0.193559")
    assert price.schedule == build_schedule(Terms(1000000, Decimal("0.12"), 12, START))


def test_quote_without_interest_and_fee_costs_nothing() -> None:
    price = quote(
        principal=120000,
        annual_rate=Decimal(0),
        term_months=7,
        origination_fee_rate=Decimal(0),
        start_date=START,
    )
    assert (price.cost_of_credit, price.apr_nominal, price.apr_effective) == (0, 0, 0)


def test_long_first_period_with_its_interest_hardly_moves_the_rate() -> None:
    price = quote(
        principal=1000000,
        annual_rate=Decimal("0.12"),
        term_months=12,
        origination_fee_rate=Decimal(0),
        start_date=date(2026, 1, 10),
        due_day=20,
    )
    assert price.schedule.broken_interest == 3288
    assert abs(price.apr_nominal - Decimal("0.12")) < Decimal("0.0002")
