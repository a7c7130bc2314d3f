"""The price of a loan, worked out once for the calculator, the offer and the agreement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from loans.finance.enums import DayCount, ScheduleMethod
from loans.finance.rates.apr import apr_eu, apr_us
from loans.finance.schedule import build_schedule
from loans.finance.types import Schedule, Terms
from p2plending.lib.money import Rounding, percent_of


@dataclass(frozen=True, slots=True)
class Quote:
    """What a loan costs. Amounts in minor units; ``cost_of_credit`` is all interest plus the fee."""

    principal: int
    fee: int
    net_received: int
    instalment_amount: int
    last_instalment: int
    total_payment: int
    cost_of_credit: int
    apr_nominal: Decimal
    apr_effective: Decimal
    schedule: Schedule


def quote(
    *,
    principal: int,
    annual_rate: Decimal,
    term_months: int,
    origination_fee_rate: Decimal,
    start_date: date,
    method: ScheduleMethod = ScheduleMethod.ANNUITY,
    day_count: DayCount = DayCount.THIRTY_360,
    due_day: int | None = None,
    rounding: Rounding = Rounding.HALF_UP,
) -> Quote:
    """Price a monthly loan whose origination fee is kept back from what is paid out.

    10,000.00 at 12 % for 12 months with a fee of 3 %: fee 300.00, received 9,700.00, cost of credit 961.86, APR
    0.178250 (US) and 0.193559 (EU/UK). Raises InvalidTerms for terms without a schedule.
    """
    terms = Terms(
        principal=principal,
        annual_rate=annual_rate,
        instalments=term_months,
        start_date=start_date,
        method=method,
        day_count=day_count,
        due_day=due_day,
        rounding=rounding,
    )
    return quote_terms(terms, origination_fee_rate)


def quote_terms(terms: Terms, origination_fee_rate: Decimal) -> Quote:
    """Price any terms; see ``quote``."""
    schedule = build_schedule(terms)
    fee = percent_of(terms.principal, origination_fee_rate)
    net_received = terms.principal - fee
    payments = [(line.due_date, line.payment) for line in schedule.lines]
    return Quote(
        principal=terms.principal,
        fee=fee,
        net_received=net_received,
        instalment_amount=schedule.instalment_amount,
        last_instalment=schedule.lines[-1].payment,
        total_payment=schedule.total_payment,
        cost_of_credit=schedule.total_interest + fee,
        apr_nominal=apr_us(net_received, terms.start_date, payments),
        apr_effective=apr_eu(net_received, terms.start_date, payments),
        schedule=schedule,
    )
