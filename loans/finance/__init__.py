"""The lending maths: integers of minor units and Decimal rates in, frozen dataclasses out.

No Django, no clock, no input or output. Formula index:

- ``daycount``      year_fraction, days_between_30_360
- ``periods``       due_dates, first_due_date, add_months, period_fraction, HolidayCalendar
- ``schedule``      build_schedule, level_instalment, rebuild_lines
- ``accrual``       accrued_interest, payoff
- ``allocation``    allocate, plan_payment
- ``distribution``  distribute
- ``arrears``       days_past_due, bucket_for, late_fee
- ``rates``         periodic_irr, xirr, xnpv, effective_rate (``solver``: how the root is found)
- ``apr``           apr_us, apr_eu of dated payments; apr_nominal, apr_effective of regular ones
- ``quote``         quote
- ``scorecard``     affordability, score, rate_for, net_rate
- ``replay``        replay, payment_changes: a loan's whole life from its events (a package of its own)

Every formula with units, a worked example and its source: ``docs/finance.md``.
"""

from __future__ import annotations

from loans.finance.accrual import accrued_interest, interest_owed, payoff
from loans.finance.allocation import DEFAULT_ORDER, allocate, plan_payment
from loans.finance.arrears import bucket_for, days_past_due, late_fee
from loans.finance.daycount import days_between_30_360, year_fraction
from loans.finance.distribution import distribute
from loans.finance.enums import (
    AffordabilityOutcome,
    AllocationPart,
    Bucket,
    DayCount,
    Grade,
    PeriodUnit,
    PrepaymentMode,
    ScheduleMethod,
)
from loans.finance.errors import FinanceError, InvalidPayment, InvalidTerms, NoRate, NoRateInRange, NoSignChange
from loans.finance.periods import HolidayCalendar, due_dates, first_due_date
from loans.finance.quote import Quote, quote, quote_terms
from loans.finance.rates.apr import apr_effective, apr_eu, apr_nominal, apr_us
from loans.finance.rates.irr import effective_rate, periodic_irr, xirr, xnpv
from loans.finance.schedule import build_schedule, level_instalment
from loans.finance.scorecard import (
    Affordability,
    AffordabilityThresholds,
    Factor,
    ScoreInputs,
    ScoreResult,
    affordability,
    net_rate,
    rate_for,
    score,
)
from loans.finance.types import (
    Allocation,
    AllocationLine,
    InstalmentLine,
    InstalmentState,
    NoteShare,
    NoteState,
    PaymentPlan,
    PayoffFigure,
    Schedule,
    Terms,
)

__all__ = [
    "DEFAULT_ORDER",
    "Affordability",
    "AffordabilityOutcome",
    "AffordabilityThresholds",
    "Allocation",
    "AllocationLine",
    "AllocationPart",
    "Bucket",
    "DayCount",
    "Factor",
    "FinanceError",
    "Grade",
    "HolidayCalendar",
    "InstalmentLine",
    "InstalmentState",
    "InvalidPayment",
    "InvalidTerms",
    "NoRate",
    "NoRateInRange",
    "NoSignChange",
    "NoteShare",
    "NoteState",
    "PaymentPlan",
    "PayoffFigure",
    "PeriodUnit",
    "PrepaymentMode",
    "Quote",
    "Schedule",
    "ScheduleMethod",
    "ScoreInputs",
    "ScoreResult",
    "Terms",
    "accrued_interest",
    "affordability",
    "allocate",
    "apr_effective",
    "apr_eu",
    "apr_nominal",
    "apr_us",
    "bucket_for",
    "build_schedule",
    "days_between_30_360",
    "days_past_due",
    "distribute",
    "due_dates",
    "effective_rate",
    "first_due_date",
    "interest_owed",
    "late_fee",
    "level_instalment",
    "net_rate",
    "payoff",
    "periodic_irr",
    "plan_payment",
    "quote",
    "quote_terms",
    "rate_for",
    "score",
    "xirr",
    "xnpv",
    "year_fraction",
]
