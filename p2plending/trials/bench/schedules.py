"""Schedules of 36 and 60 months in whole minor units, against Decimal and against numpy-financial.

Two things are compared. The whole schedule: from the terms of a loan to its numbered lines, each with the period's
first day, due date, principal, interest and balance; both sides find the dates, ours for all months at once, the
Decimal one month by month with `add_months`. And the figures alone: rate, level payment, and principal, interest and
balance of each month, no dates and no lines on either side. numpy-financial's are floats, not rounded, without the
balance. Checking the terms is outside both, because both take them ready.
"""

from __future__ import annotations

import datetime as dt
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from importlib.util import find_spec
from typing import NamedTuple

from loans.finance import Terms, build_schedule
from loans.finance.daycount import add_months
from loans.finance.schedule import Figures, amortise, rate_factors
from p2plending.trials.bench.measure import say, verdict

TERMS = (36, 60)
LOANS = 10_000
TIMED = 500
ROUNDS = 15
FIRST_START = dt.date(2025, 1, 1)
CENT = Decimal("0.01")
Way = Callable[[Terms], object]


class DecimalLine(NamedTuple):
    """A line as Decimal code has it: amounts in whole units, with cents."""

    number: int
    due_date: dt.date
    period_start: dt.date
    principal: Decimal
    interest: Decimal
    balance_after: Decimal


def run(_pid: int) -> None:
    """Print that they agree to the cent, and what each takes. Ends the bench if a loan differs."""
    for months in TERMS:
        say(f"\nSchedule of {months} months")
        cases = random_terms(months, LOANS)
        different = sum(our_lines(terms) != reference_lines(terms) for terms in cases)
        say(f"  {LOANS:,} random loans against Decimal: {different} differ in a date or by a cent or more")
        verdict("loans that differ", different, most=0)
        if different:
            sys.exit("Schedules differ from the Decimal reference.")
        compare(cases[:TIMED])


def compare(cases: Sequence[Terms]) -> None:
    """What each way takes for a loan, and the ratios."""
    ways: dict[str, Way] = {
        "ours": build_schedule,
        "Decimal": decimal_schedule,
        "our figures": our_figures,
        "Decimal figures": decimal_figures,
    }
    if find_spec("numpy_financial"):
        ways["numpy-financial figures"] = numpy_figures
    else:
        say("  numpy-financial is missing: pip install -r p2plending/trials/bench/requirements.txt")
    medians = microseconds(ways, cases)
    say("  CPU µs a loan: " + ", ".join(f"{name} {found:.1f}" for name, found in medians.items()))
    verdict("whole schedule, ours / Decimal", medians["ours"] / medians["Decimal"], most=0.5)
    verdict("figures alone, ours / Decimal", medians["our figures"] / medians["Decimal figures"], most=0.5)
    if "numpy-financial figures" in medians:
        verdict(
            "figures alone, ours / numpy-financial", medians["our figures"] / medians["numpy-financial figures"], most=1
        )


def microseconds(ways: Mapping[str, Way], cases: Sequence[Terms]) -> dict[str, float]:
    """Medians of CPU per loan, over rounds in which every way has its turn."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _round in range(ROUNDS):
        for name, way in ways.items():
            started = time.process_time()
            for terms in cases:
                way(terms)
            found[name].append(time.process_time() - started)
    return {name: statistics.median(seconds) / len(cases) * 1e6 for name, seconds in found.items()}


def random_terms(months: int, loans: int) -> list[Terms]:
    """Loans of 500.00 to 50,000.00 at 0.01 to 36 %, paid out on any day of five years."""
    draw = random.Random(months)
    plain = Terms(principal=1, annual_rate=Decimal(0), instalments=months, start_date=FIRST_START)
    return [
        replace(
            plain,
            principal=draw.randint(500_00, 50_000_00),
            annual_rate=Decimal(draw.randint(1, 3_600)) / 10_000,
            start_date=FIRST_START + dt.timedelta(days=draw.randrange(5 * 365)),
        )
        for _loan in range(loans)
    ]


def decimal_schedule(terms: Terms) -> list[DecimalLine]:
    """The textbook in Decimal: the context's 28 digits, multiplied before divided, every figure rounded half up."""
    principal, rate, months = Decimal(terms.principal) / 100, terms.annual_rate, terms.instalments
    payment = decimal_payment(principal, rate, months)
    balance, start = principal, terms.start_date
    lines = []
    for number in range(1, months + 1):
        due = add_months(terms.start_date, number)
        interest = (balance * rate / 12).quantize(CENT, ROUND_HALF_UP)
        part = balance if number == months else min(payment - interest, balance)
        balance -= part
        lines.append(DecimalLine(number, due, start, part, interest, balance))
        start = due
    return lines


def decimal_payment(principal: Decimal, rate: Decimal, months: int) -> Decimal:
    """The level payment by the annuity formula."""
    monthly = rate / 12
    return (principal * monthly / (1 - (1 + monthly) ** -months)).quantize(CENT, ROUND_HALF_UP)


def decimal_figures(terms: Terms) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Principal, interest and balance of `decimal_schedule`, by the same arithmetic."""
    principal, rate, months = Decimal(terms.principal) / 100, terms.annual_rate, terms.instalments
    payment = decimal_payment(principal, rate, months)
    balance = principal
    figures = []
    for number in range(1, months + 1):
        interest = (balance * rate / 12).quantize(CENT, ROUND_HALF_UP)
        part = balance if number == months else min(payment - interest, balance)
        balance -= part
        figures.append((part, interest, balance))
    return figures


def our_figures(terms: Terms) -> Figures:
    """Our figures alone. The periods of these loans are all alike, so that their dates do not matter."""
    periods = [terms.start_date] * terms.instalments
    figures, _level = amortise(terms, terms.principal, rate_factors(terms, periods, periods))
    return figures


def numpy_figures(terms: Terms) -> list[tuple[float, float]]:
    """Principal and interest in floats, not rounded: what many loan calculators show."""
    import numpy_financial

    principal, rate = float(terms.principal), float(terms.annual_rate) / 12
    months = list(range(1, terms.instalments + 1))
    parts = numpy_financial.ppmt(rate, months, terms.instalments, -principal)
    interests = numpy_financial.ipmt(rate, months, terms.instalments, -principal)
    return list(zip(parts, interests, strict=True))


def our_lines(terms: Terms) -> list[tuple[object, ...]]:
    """Our lines as plain tuples, to compare."""
    return [tuple(line) for line in build_schedule(terms).lines]


def reference_lines(terms: Terms) -> list[tuple[object, ...]]:
    """The Decimal lines with their amounts in minor units, to compare."""
    return [(*line[:3], *(int(amount * 100) for amount in line[3:])) for line in decimal_schedule(terms)]
