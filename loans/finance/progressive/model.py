"""Interest by the day: periods cut into segments of one balance, and what each period then asks for.

The ideas are those of Apache Fineract's progressive loans, told in docs/finance.md: the level instalment is what is
kept, principal is what interest leaves of it, interest that finds no room in its instalment moves into the next one,
and the last instalment that is still open takes the difference. Everything here is working state of one replay.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from loans.finance.daycount import year_fraction
from loans.finance.enums import DayCount
from loans.finance.periods import broken_days, nominal_fraction, period_fraction
from loans.finance.progressive.terms import ReplayTerms
from loans.finance.schedule import build_schedule
from loans.finance.types import Schedule, Terms
from p2plending.lib.money import round_ratio, round_to_minor

_SPLIT_BY_YEAR = frozenset({DayCount.ACT_ACT, DayCount.ACT_ACT_YEAR_END})


@dataclass(slots=True)
class Segment:
    """Days with one balance; ``correction`` changes the balance at its end."""

    start: date
    end: date
    correction: int = 0
    balance: int = 0


@dataclass(slots=True)
class Period:
    """One repayment period: ``instalment`` is what it asks for in principal and interest together.

    ``planned_instalment`` is that of the first plan. ``brought_forward`` is interest of later days asked for already
    here, because the instalments after it are closed; these then ``is_closed`` and bear none themselves.
    """

    start: date
    due: date
    instalment: int
    planned_instalment: int
    segments: list[Segment]
    principal_paid: int = 0
    interest_paid: int = 0
    brought_forward: int = 0
    is_closed: bool = False

    @property
    def paid(self) -> int:
        return self.principal_paid + self.interest_paid

    @property
    def asked(self) -> int:
        """The instalment with the interest that was brought forward into it."""
        return self.instalment + self.brought_forward

    @property
    def is_paid(self) -> bool:
        return self.asked == self.paid


class Due(NamedTuple):
    """What a period asks for, and the interest that finds no room in it and moves on."""

    principal: int
    interest: int
    carried: int


@dataclass(frozen=True, slots=True)
class OverdueCorrection:
    """Late principal added to the balance from a day on (or, negative, taken off again)."""

    on: date
    amount: int
    due: date


@dataclass(slots=True)
class InterestModel:
    """The periods of a loan whose interest follows the balance of each day; with ``until`` it stops on that day."""

    terms: ReplayTerms
    periods: list[Period]
    until: date | None = None
    overdue_until: date | None = None
    overdue_corrections: list[OverdueCorrection] = field(default_factory=list)
    daily_rates: dict[tuple[date, date], tuple[int, int]] = field(default_factory=dict)

    @property
    def principal(self) -> int:
        return self.terms.schedule.principal

    @property
    def principal_paid(self) -> int:
        return sum(period.principal_paid for period in self.periods)

    @property
    def interest_paid(self) -> int:
        return sum(period.interest_paid for period in self.periods)

    @property
    def maturity(self) -> date:
        return self.periods[-1].due

    def copy(self, until: date | None) -> InterestModel:
        """The same state with interest up to ``until``, to try something out on."""
        periods = [
            replace(period, segments=[replace(segment) for segment in period.segments]) for period in self.periods
        ]
        return replace(self, periods=periods, until=until, overdue_corrections=list(self.overdue_corrections))

    def unpaid(self) -> list[Period]:
        """Periods whose instalment is not what was paid."""
        return [period for period in self.periods if not period.is_paid]

    def period_at(self, on: date) -> Period | None:
        """The period that ``on`` belongs to: a due date to the one that ends, the first day to the first."""
        if on < self.periods[0].start or on > self.maturity:
            return None
        return self.periods[bisect_left([period.due for period in self.periods], on)]

    def due_of(self, period: Period, carried: int) -> Due:
        """What ``period`` asks for when ``carried`` interest moves into it.

        Principal paid beyond the plan settles the interest at what was paid of it.
        """
        own = 0 if period.is_closed else self._interest_of(period)
        interest = max(own + period.brought_forward + carried, 0)
        room = period.asked
        if period.principal_paid > max(room - interest, 0):
            asked = period.interest_paid
        else:
            asked = max(min(interest, room), period.interest_paid)
        principal = max(room - asked, period.principal_paid)
        return Due(principal, asked, max(interest - asked, 0))

    def dues(self) -> list[Due]:
        """What every period asks for, the first first."""
        return [due for _, due in self.walk()]

    def walk(self) -> Iterator[tuple[Period, Due]]:
        """Every period with what it asks for."""
        carried = 0
        for period in self.periods:
            due = self.due_of(period, carried)
            carried = due.carried
            yield period, due

    def refresh_balances(self) -> None:
        """Carry the balance through all segments: an instalment lowers it on its due date, money paid already counts.

        Principal paid was taken off by a correction on its day, so the due date lowers the balance by the rest only.
        """
        balance, carried = self.principal, 0
        for period in self.periods:
            for segment in period.segments:
                segment.balance = max(balance, 0)
                balance = segment.balance + segment.correction
            due = self.due_of(period, carried)
            carried = due.carried
            balance += period.principal_paid - due.principal

    def correct_balance(self, on: date, amount: int) -> Period | None:
        """Change the balance from ``on``, cutting the segment there; None (and nothing) after the maturity date."""
        period = self.period_at(on)
        if period is None:
            return None
        at_maturity = period is self.periods[-1] and on == period.due
        last = period.segments[-1]
        if at_maturity:
            match = last if last.start == last.end else None
        else:
            match = next((segment for segment in period.segments if segment.end == on), None)
        if match is None:
            match = next(
                (segment for segment in reversed(period.segments) if segment.start < on <= segment.end),
                period.segments[0],
            )
            position = period.segments.index(match)
            period.segments.insert(position + 1, Segment(on, match.end))
            match.end = on
        match.correction += amount
        return period

    def _interest_of(self, period: Period) -> int:
        numerator, denominator = 0, 1
        for segment in period.segments:
            end = segment.end if self.until is None else min(segment.end, self.until)
            days = (end - segment.start).days
            if days > 0 and segment.balance:
                part, base = self._daily_rate(segment.start, period.due)
                part *= segment.balance * days
                if base == denominator:
                    numerator += part
                else:
                    numerator, denominator = numerator * base + part * denominator, denominator * base
        terms = self.terms.schedule
        if numerator and period is self.periods[0] and broken_days(terms):
            # The odd days of a first period are rounded by themselves, as in the first plan.
            exact = Fraction(numerator, denominator)
            usual = exact * nominal_fraction(terms) / rest_fraction(terms, period.start, period.due)
            odd = round_to_minor(exact - usual, terms.interest_rounding)
            return round_to_minor(usual, terms.interest_rounding) + odd
        return round_ratio(numerator, denominator, terms.interest_rounding)

    def _daily_rate(self, start: date, due: date) -> tuple[int, int]:
        """Interest of a day on one unit, from a day to the due date of its period, as a plain fraction."""
        known = self.daily_rates.get((start, due))
        if known is None:
            rate = rest_fraction(self.terms.schedule, start, due) * Fraction(self.terms.schedule.annual_rate)
            known = self.daily_rates[start, due] = (rate / (due - start).days).as_integer_ratio()
        return known


def rest_fraction(terms: Terms, start: date, due: date) -> Fraction:
    """Year fraction from ``start`` inside a period to its due date: its part of the whole by days.

    Actual/actual counts the rest by itself, because the days of two years do not weigh the same.
    """
    if terms.day_count in _SPLIT_BY_YEAR:
        return year_fraction(start, due, terms.day_count)
    return period_fraction(terms, start, due)


def new_model(terms: ReplayTerms, schedule: Schedule) -> InterestModel:
    """The state on the day of the disbursement.

    Every period's planned instalment is its own in the first plan; the last one's is the level one where the terms say
    so and smoothing did not change the level (Apache Fineract).
    """
    unsmoothed = build_schedule(replace(terms.schedule, smooth=False)).instalment_amount
    takes_level = terms.last_takes_level and schedule.instalment_amount == unsmoothed
    periods = [
        Period(
            line.period_start,
            line.due_date,
            line.payment,
            schedule.instalment_amount if takes_level and line is schedule.lines[-1] else line.payment,
            [Segment(line.period_start, line.due_date)],
        )
        for line in schedule.lines
    ]
    model = InterestModel(terms, periods)
    model.refresh_balances()
    return model
