"""Repayment schedules: annuity, equal principal, interest only with a balloon, bullet and flat.

All arithmetic is on integers: a period's rate is kept as a fraction with one denominator for the whole schedule, so
every figure is rounded once, from its exact value.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import count, pairwise, repeat
from math import gcd, lcm, prod
from typing import NamedTuple

from loans.finance.daycount import year_fraction
from loans.finance.enums import ScheduleMethod
from loans.finance.errors import InvalidTerms
from loans.finance.periods import (
    broken_days,
    due_dates,
    is_among_first,
    is_nominal,
    nominal_ratio,
    period_fraction,
)
from loans.finance.types import InstalmentLine, Schedule, Terms
from p2plending.lib.money import Rounding, round_ratio

SMOOTHING_ROUNDS = 3


class Figures(NamedTuple):
    """What is paid and left in each period, as columns: schedules are built by the thousand, and rows cost more."""

    principals: list[int]
    interests: list[int]
    balances: list[int]

    def append(self, principal: int, interest: int, balance: int) -> None:
        self.principals.append(principal)
        self.interests.append(interest)
        self.balances.append(balance)

    def payment(self, index: int) -> int:
        return self.principals[index] + self.interests[index]


class RateFactors(NamedTuple):
    """The rate of each period, as numerators over one denominator."""

    numerators: list[int]
    denominator: int


def level_instalment(
    principal: int, periodic_rate: Decimal | Fraction, instalments: int, rounding: Rounding = Rounding.HALF_UP
) -> int:
    """The level payment of an annuity: P*i / (1 - (1+i)^-n), exact before it is rounded; P/n at rate nil.

    10,000.00 at 1 % for 12 periods: 888.49. Source: the annuity formula; rounding up gives the instalments of
    LendingClub's published loans.
    """
    numerator, denominator = periodic_rate.as_integer_ratio()
    return _level(principal, RateFactors([numerator] * instalments, denominator), rounding)


def build_schedule(terms: Terms) -> Schedule:
    """The repayment schedule of a loan.

    Interest of a period is its opening balance times annual rate times year fraction, rounded; principal is the
    level payment less interest; the last instalment pays the rest, so it differs by cents. An odd first period under
    30/360 adds (or saves) P * r * days / 365 on the first instalment (``broken_interest``).
    10,000.00 at 12 % for 12 months: 11 times 888.49 and 888.47, interest 661.86.
    """
    due = due_dates(terms)
    if terms.method is ScheduleMethod.BULLET:
        return _bullet(terms, due[-1])
    starts = (terms.start_date, *due[:-1])
    factors = rate_factors(terms, starts, due)
    figures, level = amortise(terms, terms.principal, factors, terms.principal_free_periods)
    broken = _broken_interest(terms)
    if broken:
        # A short first period can at most save the interest that there is.
        broken = max(broken, -figures.interests[0])
        figures.interests[0] += broken
    lines = number_lines(figures, starts, due)
    return Schedule(lines, lines[0].payment if level is None else level, broken)


def rebuild_lines(
    terms: Terms,
    balance: int,
    bounds: Sequence[tuple[date, date]],
    *,
    first_number: int,
    payment: int | None = None,
    flat_interests: Sequence[int] = (),
) -> tuple[InstalmentLine, ...]:
    """The lines that pay ``balance`` back over the periods in ``bounds`` by the rules of ``terms``.

    ``payment`` keeps a level payment (for equal principal: a principal part), and the lines end when nothing is left;
    None works out a new one for all the periods. The first period may be the rest of one that was split. A flat loan
    needs the interest of each period given, because it does not follow from the balance.
    """
    starts, due = zip(*bounds, strict=True)
    principal_free = sum(is_among_first(terms, day, terms.principal_free_periods) for day in due)
    if terms.method is ScheduleMethod.FLAT:
        figures, _ = flat_figures(terms, balance, flat_interests, principal_free, payment)
        return number_lines(figures, starts, due, first_number)
    if terms.method is ScheduleMethod.BULLET:
        interest = _bullet_interest(terms, balance, starts[0])
        return (InstalmentLine(first_number, due[-1], starts[0], balance, interest, 0),)
    fractions = [period_fraction(terms, start, due) for start, due in bounds]
    figures, _ = amortise(terms, balance, scale_factors(terms.annual_rate, fractions), principal_free, payment)
    return number_lines(figures, starts, due, first_number)


def rate_factors(terms: Terms, starts: Sequence[date], due: Sequence[date]) -> RateFactors:
    """The rate of each period of a new schedule. Broken days of a 30/360 first period are not in it."""
    free = terms.interest_free_periods
    if is_nominal(terms):
        rate_numerator, rate_denominator = terms.annual_rate.as_integer_ratio()
        part, whole = nominal_ratio(terms)
        numerator, denominator = rate_numerator * part, rate_denominator * whole
        divisor = gcd(numerator, denominator)
        return RateFactors([0] * free + [numerator // divisor] * (len(due) - free), denominator // divisor)
    fractions = [year_fraction(start, end, terms.day_count) for start, end in zip(starts, due, strict=True)]
    fractions[:free] = [Fraction(0)] * free
    return scale_factors(terms.annual_rate, fractions)


def scale_factors(annual_rate: Decimal, fractions: Sequence[Fraction]) -> RateFactors:
    """Annual rate times each year fraction, brought to one denominator in lowest terms."""
    rate_numerator, rate_denominator = annual_rate.as_integer_ratio()
    common = lcm(*(fraction.denominator for fraction in fractions))
    numerators = [rate_numerator * fraction.numerator * (common // fraction.denominator) for fraction in fractions]
    denominator = rate_denominator * common
    divisor = gcd(denominator, *numerators)
    return RateFactors([numerator // divisor for numerator in numerators], denominator // divisor)


def amortise(
    terms: Terms, balance: int, factors: RateFactors, principal_free: int = 0, payment: int | None = None
) -> tuple[Figures, int | None]:
    """Figures of every method but bullet, and the level payment if the method has one.

    They stop when the balance is gone, which rounding up or a given ``payment`` can bring about early.
    """
    match terms.method:
        case ScheduleMethod.ANNUITY:
            return _annuity(terms, balance, factors, principal_free, payment)
        case ScheduleMethod.EQUAL_PRINCIPAL:
            paying = len(factors.numerators) - principal_free
            part = round_ratio(balance, paying, terms.rounding) if payment is None else payment
            return _fixed_principal(terms, balance, factors, principal_free, part), None
        case ScheduleMethod.INTEREST_ONLY:
            return _fixed_principal(terms, balance, factors, principal_free, 0), None
        case ScheduleMethod.FLAT:
            return _flat(terms, balance, factors, principal_free, payment)
        case _:
            raise InvalidTerms("a bullet loan has no rows to work out")


def number_lines(
    figures: Figures, starts: Sequence[date], due: Sequence[date], first_number: int = 1
) -> tuple[InstalmentLine, ...]:
    """Figures with their numbers and dates. Dates after the last figure are left out: the loan ended early."""
    rows = zip(count(first_number), due, starts, *figures, strict=False)
    # What InstalmentLine(...) does in the end, without a call in Python for every line.
    return tuple(map(tuple.__new__, repeat(InstalmentLine), rows))


def level_figures(balance: int, factors: RateFactors, payment: int, rounding: Rounding) -> Figures:
    """The kernel of the annuity: interest on the balance, then principal; the last period pays all that is left."""
    numerators, denominator = factors
    # floor((x + floor(d/2)) / d) is x/d rounded half up, for an odd d too.
    is_half_up, half = rounding is Rounding.HALF_UP, denominator // 2
    principals, interests, balances = figures = Figures([], [], [])
    for numerator in numerators:
        if is_half_up:
            interest = (balance * numerator + half) // denominator
        else:
            interest = round_ratio(balance * numerator, denominator, rounding)
        principal = payment - interest
        if principal < 0:
            principal = 0
        elif principal >= balance:
            break
        balance -= principal
        principals.append(principal)
        interests.append(interest)
        balances.append(balance)
    else:
        # No payment was large enough to be the last one, so what is left comes with it.
        principals[-1] += balance
        balances[-1] = 0
        return figures
    figures.append(balance, interest, 0)
    return figures


def _level(principal: int, factors: RateFactors, rounding: Rounding, multiple: int = 1) -> int:
    """P * prod(1+f_k) / (1 + sum of the products of the later ones): the level payment, to a multiple."""
    numerators, denominator = factors
    count = len(numerators)
    if numerators.count(numerators[0]) == count:
        rate = numerators[0]
        if rate == 0:
            exact = (principal, count)
        else:
            grown, plain = (denominator + rate) ** count, denominator**count
            exact = (principal * rate * grown, denominator * (grown - plain))
    else:
        # Fineract's recursion from the second period on: each later rate compounds what was summed before it.
        annuity_value, scale = 1, 1
        for numerator in numerators[1:]:
            scale *= denominator
            annuity_value = scale + annuity_value * (denominator + numerator)
        grown = prod(denominator + numerator for numerator in numerators)
        exact = (principal * grown, denominator * annuity_value)
    return _round_to_multiple(exact[0], exact[1], multiple, rounding)


def _round_to_multiple(numerator: int, denominator: int, multiple: int, rounding: Rounding) -> int:
    """The quotient rounded to a multiple; a payment too small for that is rounded to the minor unit."""
    rounded = round_ratio(numerator, denominator * multiple, rounding) * multiple
    return rounded or round_ratio(numerator, denominator, rounding)


def _annuity(
    terms: Terms, balance: int, factors: RateFactors, principal_free: int, payment: int | None
) -> tuple[Figures, int]:
    numerators, denominator = factors
    paying = RateFactors(numerators[principal_free:], denominator) if principal_free else factors
    level = payment if payment is not None else _level(balance, paying, terms.rounding, terms.multiple or 1)
    figures = level_figures(balance, paying, level, terms.interest_rounding)
    if terms.smooth and payment is None:
        figures, level = _smooth(terms, balance, paying, figures, level)
    if principal_free:
        figures.principals[:0] = [0] * principal_free
        figures.interests[:0] = [
            round_ratio(balance * numerator, denominator, terms.interest_rounding)
            for numerator in numerators[:principal_free]
        ]
        figures.balances[:0] = [balance] * principal_free
    return figures, level


def _smooth(terms: Terms, balance: int, factors: RateFactors, figures: Figures, level: int) -> tuple[Figures, int]:
    """Spread a last instalment that is far off over all of them, as long as that brings it nearer.

    Source: Apache Fineract's progressive schedules: while |last - level| is above half a minor unit per instalment
    (floor(n/2) in all), try level + (last - level) / n, at most three times.
    """
    instalments = len(factors.numerators)
    for _ in range(SMOOTHING_ROUNDS):
        difference = _last_payment(figures, instalments) - level
        if abs(difference) <= instalments // 2:
            break
        total = level * instalments + difference
        candidate = _round_to_multiple(total, instalments, terms.multiple or 1, terms.rounding)
        candidate_figures = level_figures(balance, factors, candidate, terms.interest_rounding)
        if abs(_last_payment(candidate_figures, instalments) - candidate) >= abs(difference):
            break
        figures, level = candidate_figures, candidate
    return figures, level


def _last_payment(figures: Figures, instalments: int) -> int:
    return figures.payment(-1) if len(figures.balances) == instalments else 0


def _fixed_principal(terms: Terms, balance: int, factors: RateFactors, principal_free: int, part: int) -> Figures:
    """The same principal every period (nil for interest only), the rest with the last one."""
    figures = Figures([], [], [])
    last = len(factors.numerators) - 1
    for index, numerator in enumerate(factors.numerators):
        interest = round_ratio(balance * numerator, factors.denominator, terms.interest_rounding)
        principal = 0 if index < principal_free else min(part, balance)
        if index == last:
            principal = balance
        balance -= principal
        figures.append(principal, interest, balance)
        if balance == 0:
            break
    return figures


def _flat(
    terms: Terms, balance: int, factors: RateFactors, principal_free: int, payment: int | None
) -> tuple[Figures, int]:
    """Interest on the original principal in every period."""
    interests = [
        round_ratio(balance * numerator, factors.denominator, terms.interest_rounding)
        for numerator in factors.numerators
    ]
    if terms.round_total:
        total = round_ratio(balance * sum(factors.numerators), factors.denominator, terms.interest_rounding)
        interests[-1] += total - sum(interests)
        part = round_ratio(balance, len(interests) - principal_free, terms.rounding)
        figures = _fixed_principal(terms, balance, factors, principal_free, part)
        figures.interests[:] = interests[: len(figures.interests)]
        return figures, figures.payment(principal_free)
    return flat_figures(terms, balance, interests, principal_free, payment)


def flat_figures(
    terms: Terms, balance: int, interests: Sequence[int], principal_free: int = 0, payment: int | None = None
) -> tuple[Figures, int]:
    """Figures with the interest given for each period; the level payment is (balance + all interest) / periods."""
    paying = len(interests) - principal_free
    level = payment
    if level is None:
        total = balance + sum(interests[principal_free:])
        level = _round_to_multiple(total, paying, terms.multiple or 1, terms.rounding)
    figures = Figures([], [], [])
    for index, interest in enumerate(interests):
        principal = 0 if index < principal_free else min(max(level - interest, 0), balance)
        if index == len(interests) - 1:
            principal = balance
        balance -= principal
        figures.append(principal, interest, balance)
        if balance == 0:
            break
    return figures, level


def _bullet(terms: Terms, last_day: date) -> Schedule:
    """One payment at the end: the principal and simple interest for the whole term, rounded once."""
    interest = _bullet_interest(terms, terms.principal, terms.start_date)
    line = InstalmentLine(1, last_day, terms.start_date, terms.principal, interest, 0)
    return Schedule((line,), line.payment, _broken_interest(terms))


def _bullet_interest(terms: Terms, balance: int, start: date) -> int:
    """Simple interest on ``balance`` from ``start`` to the end of the term, as its part of the whole term by days."""
    dates = (terms.start_date, *due_dates(terms))
    whole = sum((period_fraction(terms, earlier, later) for earlier, later in pairwise(dates)), Fraction(0))
    part = whole * Fraction((dates[-1] - start).days, (dates[-1] - terms.start_date).days)
    exact = balance * Fraction(terms.annual_rate) * part
    return round_ratio(exact.numerator, exact.denominator, terms.interest_rounding)


def _broken_interest(terms: Terms) -> int:
    """Interest for the odd days of the first period, P * r * days / 365; nil when that period is interest-free."""
    days = broken_days(terms)
    if not days or terms.interest_free_periods:
        return 0
    numerator, denominator = terms.annual_rate.as_integer_ratio()
    return round_ratio(terms.principal * numerator * days, denominator * 365, terms.interest_rounding)
