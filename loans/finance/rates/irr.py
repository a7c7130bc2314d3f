"""Rates that cash flows imply, and their value at a rate: periodic IRR, XIRR, XNPV, effective rate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from math import lcm

from loans.finance.daycount import year_fraction
from loans.finance.enums import DayCount
from loans.finance.errors import NoSignChange
from loans.finance.rates.solver import discount, solve_flows

_CONTEXT = Context(prec=28)


def periodic_irr(cashflows: Sequence[int | Decimal]) -> Decimal:
    """The rate per period at which evenly spaced flows are worth nothing: sum of flow_k / (1+i)^k = 0.

    -100, 0, 0, 74: -0.0955. The root rule and the refusals are those of ``solver.solve_flows``.
    """
    return solve_flows([(index, Decimal(amount)) for index, amount in enumerate(cashflows)], 1)


def rate_of_timed_flows(flows: Sequence[tuple[Fraction, int | Decimal]], *, prefer_falling: bool = False) -> Decimal:
    """The yearly effective rate X with sum of flow / (1+X)^t = 0, the times t in years."""
    units = lcm(*(time.denominator for time, _ in flows)) if flows else 1
    return solve_flows(
        [(int(time * units), Decimal(amount)) for time, amount in flows], units, prefer_falling=prefer_falling
    )


def xirr(flows: Sequence[tuple[date, int | Decimal]], day_count: DayCount = DayCount.ACT_365) -> Decimal:
    """The yearly return of dated flows (paid in negative, received positive), from the earliest date, in any order.

    -1,000 on 2026-01-01, -500 on 2026-07-01, +200 on 2026-10-01, +1,400 on 2027-01-01: 0.083463 on ACT/365.
    Source: the spreadsheet function of that name. Of several roots that one is preferred at which lending becomes worth
    less as the rate rises; rule and refusals are those of ``solver.solve_flows``.
    """
    if not flows:
        raise NoSignChange("there are no cash flows")
    first = min(day for day, _ in flows)
    if day_count is DayCount.ACT_365:
        return solve_flows([((day - first).days, Decimal(amount)) for day, amount in flows], 365, prefer_falling=True)
    timed = [(year_fraction(first, day, day_count), amount) for day, amount in flows]
    return rate_of_timed_flows(timed, prefer_falling=True)


def xnpv(rate: Decimal, flows: Sequence[tuple[date, int | Decimal]]) -> Decimal:
    """Value of dated flows on the earliest date at a yearly ``rate`` above -1, ACT/365; in the unit of the flows."""
    if rate <= -1:
        raise ValueError("the rate must be above -100 %")
    if not flows:
        return Decimal(0)
    first = min(day for day, _ in flows)
    ordered = sorted(((day - first).days, Decimal(amount)) for day, amount in flows)
    with localcontext(_CONTEXT):
        return discount(ordered, rate, 365)


def effective_rate(nominal_rate: Decimal, periods_per_year: int) -> Decimal:
    """What a nominal yearly rate comes to with compounding: (1 + r/m)^m - 1. 12 % monthly: 0.126825."""
    with localcontext(_CONTEXT):
        return (1 + nominal_rate / periods_per_year) ** periods_per_year - 1
