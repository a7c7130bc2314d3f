"""Annual percentage rate: the US one (nominal, actuarial method) and the EU and UK one (effective).

Both solve: amount financed = sum of the payments' present values, where the amount financed is what the borrower
receives (principal less fees kept back). They differ in how they count time and in how they state a year's rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

from loans.finance.daycount import add_months
from loans.finance.errors import InvalidPayment
from loans.finance.rates.irr import periodic_irr, rate_of_timed_flows
from loans.finance.rates.solver import RATE_PLACES, choose_bracket, close_in

DatedPayments = Sequence[tuple[date, int]]
_CONTEXT = Context(prec=28)


@dataclass(frozen=True, slots=True)
class UnitPeriod:
    """The interval that a credit's payments keep, as Appendix J calls it: ``count`` months, half months, or days."""

    count: int
    unit: str

    @property
    def per_year(self) -> Fraction:
        """Unit-periods in a year: 12 months, 24 half months, 52 weeks, 365 days."""
        if self.unit == "month":
            return Fraction(12, self.count)
        if self.unit == "semimonth":
            return Fraction(24, self.count)
        if self.count % 7 == 0:
            return Fraction(52 * 7, self.count)
        return Fraction(365, self.count)

    @property
    def days(self) -> int:
        """Its length in days for odd days: a month is 30, a half month 15."""
        return self.count * {"month": 30, "semimonth": 15, "day": 1}[self.unit]


def apr_nominal(amount_financed: int, payments: Sequence[int], periods_per_year: int = 12) -> Decimal:
    """US APR of payments one whole period apart: periods per year times the rate per period.

    9,700.00 for 11 payments of 888.49 and one of 888.47: 0.178250. Source: 12 CFR 1026, Appendix J.
    """
    return periodic_irr([-amount_financed, *payments]) * periods_per_year


def apr_effective(amount_financed: int, payments: Sequence[int], periods_per_year: int = 12) -> Decimal:
    """EU and UK APR of payments one whole period apart: (1 + rate per period)^periods - 1.

    The same flows as above: 0.193559. Source: Directive 2008/48/EC, annex I; FCA MCOB 10.3.
    """
    return rate_of_timed_flows(
        [
            (Fraction(0), -amount_financed),
            *((Fraction(k, periods_per_year), payment) for k, payment in enumerate(payments, start=1)),
        ]
    )


def apr_us(
    amount_financed: int, start: date, payments: DatedPayments, unit_period: UnitPeriod | None = None
) -> Decimal:
    """US APR of dated payments: unit-periods per year times i, a payment being worth P / ((1 + f*i) * (1+i)^t).

    ``t`` whole unit-periods are counted back from the payment, ``f`` is what then remains, in days over the
    unit-period's days. The unit-period is found from the dates unless it is given. 5,000.00 on 10 January 1978 for 24
    payments of 230.00 from 10 February: 0.0969. Source: 12 CFR 1026, Appendix J (b) and (c).
    """
    ordered = _checked(amount_financed, start, payments)
    dates = [day for day, _ in ordered]
    unit = unit_period or find_unit_period(start, dates)
    times = _us_times(start, dates, unit)
    timed = [(whole, odd, Decimal(amount)) for (whole, odd), (_, amount) in zip(times, ordered, strict=True)]
    with localcontext(_CONTEXT):

        def value(rate: Decimal) -> Decimal:
            growth = 1 + rate
            return sum(
                (amount / ((1 + odd * rate) * growth**whole) for whole, odd, amount in timed),
                start=Decimal(-amount_financed),
            )

        rate = close_in(value, choose_bracket(value))
        return (rate * unit.per_year.numerator / unit.per_year.denominator).quantize(RATE_PLACES)


def apr_eu(amount_financed: int, start: date, payments: DatedPayments) -> Decimal:
    """EU and UK APR of dated payments: X with amount = sum of P / (1+X)^s, the times s in years.

    Whole months count 1/12 each and whole weeks, where the payments keep weeks, 1/52; odd days come first and count
    1/365, or 1/366 where the year that ends with them has 29 February. Source: Directive 2008/48/EC, annex I, remarks
    (c) and (d) as explained in Directive 2014/17/EU, annex I.
    """
    ordered = _checked(amount_financed, start, payments)
    dates = [day for day, _ in ordered]
    times = eu_times(start, dates)
    return rate_of_timed_flows(
        [(Fraction(0), -amount_financed), *((time, amount) for time, (_, amount) in zip(times, ordered, strict=True))]
    )


def find_unit_period(start: date, dates: Sequence[date]) -> UnitPeriod:
    """The interval most frequent between payments: whole months, else half months, else days (weeks are 7 days).

    For a single payment it is the term in days, or a year if that is longer. Source: Appendix J (b)(4).
    """
    if len(dates) == 1:
        return UnitPeriod(min((dates[0] - start).days, 365), "day")
    steps = list(pairwise(dates))
    by_month = [months for earlier, later in steps if (months := _whole_months(earlier, later))]
    by_day = [(later - earlier).days for earlier, later in steps]
    usual_days = _most_frequent(by_day)
    if by_month and by_month.count(_most_frequent(by_month)) >= by_day.count(usual_days):
        return UnitPeriod(_most_frequent(by_month), "month")
    is_monthly_by_twos = len(dates) > 2 and all(
        _whole_months(earlier, later) == 1 for earlier, later in zip(dates, dates[2:], strict=False)
    )
    return UnitPeriod(1, "semimonth") if is_monthly_by_twos else UnitPeriod(usual_days, "day")


def eu_times(start: date, dates: Sequence[date]) -> list[Fraction]:
    """Years from ``start`` to each payment date by the remarks on the EU formula."""
    unit = find_unit_period(start, dates) if len(dates) > 1 else UnitPeriod(1, "month")
    keeps_weeks = unit.unit == "day" and unit.count % 7 == 0
    counted, per_year = (UnitPeriod(7, "day"), 52) if keeps_weeks else (UnitPeriod(1, "month"), 12)
    return [
        Fraction(whole, per_year) + Fraction(odd_days, (odd_end - add_months(odd_end, -12)).days)
        for whole, odd_days, odd_end in _whole_units_back(start, dates, counted)
    ]


def _checked(amount_financed: int, start: date, payments: DatedPayments) -> list[tuple[date, int]]:
    if amount_financed <= 0:
        raise InvalidPayment("the amount financed must be above zero")
    if not payments or min(payments)[0] <= start:
        raise InvalidPayment("every payment must come after the start date")
    return sorted(payments)


def _us_times(start: date, dates: Sequence[date], unit: UnitPeriod) -> list[tuple[int, Decimal]]:
    return [(whole, Decimal(odd_days) / unit.days) for whole, odd_days, _ in _whole_units_back(start, dates, unit)]


def _whole_units_back(start: date, dates: Sequence[date], unit: UnitPeriod) -> list[tuple[int, int, date]]:
    """For each date: whole units counted back from it, the odd days that remain, and the date where they end."""
    back = {"month": _months_back, "semimonth": _half_months_back, "day": _days_back}[unit.unit]
    return back(start, dates, unit.count)


def _days_back(start: date, dates: Sequence[date], count: int) -> list[tuple[int, int, date]]:
    result = []
    for day in dates:
        whole, odd_days = divmod((day - start).days, count)
        result.append((whole, odd_days, start + timedelta(days=odd_days)))
    return result


def _months_back(start: date, dates: Sequence[date], count: int) -> list[tuple[int, int, date]]:
    """Months beyond whole units count 30 days each; the rest is counted in actual days."""
    result = []
    for day in dates:
        months = _months_between(start, day)
        if _is_whole_months(start, day, months):
            whole, months_left = divmod(months, count)
            result.append((whole, 30 * months_left, start))
            continue
        anchor_day = max(day.day for day in dates)
        if add_months(day, -months, anchor_day) < start:
            months -= 1
        odd_end = add_months(day, -months, anchor_day)
        whole, months_left = divmod(months, count)
        result.append((whole, 30 * months_left + (odd_end - start).days, odd_end))
    return result


def _half_months_back(start: date, dates: Sequence[date], count: int) -> list[tuple[int, int, date]]:
    """Payments half a month apart: every second one is a month back, the one between a step of its own."""
    first = dates[0]
    odd_days = (first - start).days
    whole_before = 0
    while odd_days > 15:
        odd_days -= 15
        whole_before += 1
    end = start + timedelta(days=odd_days)
    return [(whole_before + index * count, odd_days, end) for index in range(len(dates))]


def _most_frequent(counts: Sequence[int]) -> int:
    return max(sorted(set(counts)), key=counts.count)


def _whole_months(earlier: date, later: date) -> int:
    """Whole months between two dates, 0 if there are odd days."""
    months = _months_between(earlier, later)
    return months if _is_whole_months(earlier, later, months) else 0


def _is_whole_months(earlier: date, later: date, months: int) -> bool:
    """Month ends keep together: 31 January to 28 February is a whole month, and so is 28 February to 31 March."""
    return add_months(earlier, months) == later or add_months(later, -months) == earlier


def _months_between(earlier: date, later: date) -> int:
    return 12 * (later.year - earlier.year) + later.month - earlier.month
