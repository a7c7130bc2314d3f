"""Rates that cash flows imply: APR (US nominal, EU/UK effective) and XIRR.

Every solver brackets the root before it bisects, and says so when there is none. Amounts are minor units, rates are
Decimal fractions to ten places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Context, Decimal, localcontext

from loans.finance.errors import NoRateInRange, NoSignChange

RATE_PLACES = Decimal("1e-10")
LOWEST_RATE = Decimal("-0.9999")
HIGHEST_RATE = Decimal(1000)
BISECTION_STEPS = 80
_CONTEXT = Context(prec=28)


def periodic_irr(cashflows: Sequence[int | Decimal]) -> Decimal:
    """The rate per period at which evenly spaced flows are worth nothing: sum of flow_k / (1+i)^k = 0.

    Raises NoSignChange when the flows never change sign, NoRateInRange when no root lies in the range searched.
    """
    flows = [(index, Decimal(amount)) for index, amount in enumerate(cashflows)]
    return _solve(flows, 1)


def apr_nominal(amount_financed: int, payments: Sequence[int], periods_per_year: int = 12) -> Decimal:
    """US annual percentage rate of regular payments: periods per year times the rate per period (actuarial method).

    ``amount_financed`` is the principal less the fees kept back. 9,700.00 for 11 payments of 888.49 and one of 888.47:
    0.178250. Source: 12 CFR 1026, Appendix J.
    """
    return periodic_irr([-amount_financed, *payments]) * periods_per_year


def apr_effective(amount_financed: int, payments: Sequence[int], periods_per_year: int = 12) -> Decimal:
    """EU and UK annual percentage rate of charge of regular payments: (1 + rate per period)^periods - 1.

    The same flows as above: 0.193559. Source: Directive 2008/48/EC, annex I; FCA CONC App 1.2.
    """
    rate = periodic_irr([-amount_financed, *payments])
    return ((1 + rate) ** periods_per_year - 1).quantize(RATE_PLACES)


def xirr(flows: Sequence[tuple[date, int | Decimal]]) -> Decimal:
    """The yearly return of dated flows (paid in negative, received positive), ACT/365 from the earliest date.

    -1,000 on 2026-01-01, -500 on 2026-07-01, +200 on 2026-10-01, +1,400 on 2027-01-01: 0.083463. Raises NoSignChange
    or NoRateInRange.
    """
    if not flows:
        raise NoSignChange("no cash flows")
    first = min(day for day, _ in flows)
    return _solve([((day - first).days, Decimal(amount)) for day, amount in flows], 365)


def _solve(flows: Sequence[tuple[int, Decimal]], units_per_year: int) -> Decimal:
    signs = {amount > 0 for _, amount in flows if amount}
    if len(signs) < 2:
        raise NoSignChange("the cash flows never change sign")
    ordered = sorted(flows)
    with localcontext(_CONTEXT):

        def present_value(rate: Decimal) -> Decimal:
            return _present_value(ordered, rate, units_per_year)

        low, high = _bracket(present_value)
        return _bisect(present_value, low, high).quantize(RATE_PLACES)


def _present_value(ordered: Sequence[tuple[int, Decimal]], rate: Decimal, units_per_year: int) -> Decimal:
    """Horner's rule over the gaps between flows: one power of a whole number of units each."""
    step = 1 / (1 + rate) if units_per_year == 1 else (1 + rate) ** (Decimal(-1) / units_per_year)
    value = Decimal(0)
    later = ordered[-1][0]
    for time, amount in reversed(ordered):
        if time != later:
            value *= step ** (later - time)
            later = time
        value += amount
    return value


def _bracket(present_value: Callable[[Decimal], Decimal]) -> tuple[Decimal, Decimal]:
    """Neighbouring rates between which the value changes sign, the pair nearest to 10 %."""
    grid = [
        LOWEST_RATE,
        *(Decimal(step) / 10 for step in range(-9, 20)),
        *map(Decimal, (2, 3, 5, 10, 30, 100)),
        HIGHEST_RATE,
    ]
    values = [present_value(rate) for rate in grid]
    brackets = [
        (grid[index], grid[index + 1])
        for index in range(len(grid) - 1)
        if (values[index] > 0) != (values[index + 1] > 0)
    ]
    if not brackets:
        raise NoRateInRange(f"no rate between {LOWEST_RATE} and {HIGHEST_RATE} solves the cash flows")
    return min(brackets, key=lambda pair: abs(pair[0] + pair[1] - Decimal("0.2")))


def _bisect(present_value: Callable[[Decimal], Decimal], low: Decimal, high: Decimal) -> Decimal:
    low_is_positive = present_value(low) > 0
    for _ in range(BISECTION_STEPS):
        middle = (low + high) / 2
        if (present_value(middle) > 0) == low_is_positive:
            low = middle
        else:
            high = middle
    return (low + high) / 2
