"""A schedule of 36 months in whole minor units, against Decimal and against numpy-financial."""

from __future__ import annotations

import datetime as dt
import random
import statistics
import time
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from importlib.util import find_spec

from loans.finance import Terms, build_schedule
from p2plending.bench.measure import say, verdict

MONTHS = 36
LOANS = 10_000
TIMED = 1_000
ROUNDS = 5
START = dt.date(2026, 1, 15)
Case = tuple[int, Decimal]


def run(_pid: int) -> None:
    """Print that they agree to the cent, and what each takes."""
    say("\nSchedule of 36 months")
    draw = random.Random(36)
    cases = [(draw.randint(500_00, 50_000_00), Decimal(draw.randint(1, 3_600)) / 10_000) for _case in range(LOANS)]
    different = sum(ours(case) != decimal_reference(case) for case in cases)
    say(f"  {LOANS:,} random loans against Decimal: {different} differ by a cent or more")
    verdict("loans that differ", different, most=0)
    ways: dict[str, Callable[[Case], object]] = {"ours": ours, "Decimal": decimal_reference}
    if find_spec("numpy_financial"):
        ways["numpy-financial"] = numpy_reference
    else:
        say("  numpy-financial is missing: pip install -r p2plending/bench/requirements.txt")
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _round in range(ROUNDS):
        for name, way in ways.items():
            started = time.process_time()
            for case in cases[:TIMED]:
                way(case)
            seconds[name].append(time.process_time() - started)
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    say("  CPU µs a loan: " + ", ".join(f"{name} {found / TIMED * 1e6:.1f}" for name, found in medians.items()))
    verdict("ours / Decimal", medians["ours"] / medians["Decimal"], most=0.5)
    if "numpy-financial" in medians:
        verdict("ours / numpy-financial", medians["ours"] / medians["numpy-financial"], most=1)


def ours(case: Case) -> list[tuple[int, int]]:
    """Principal and interest of each month."""
    principal, rate = case
    schedule = build_schedule(Terms(principal=principal, annual_rate=rate, instalments=MONTHS, start_date=START))
    return [(line.principal, line.interest) for line in schedule.lines]


def decimal_reference(case: Case) -> list[tuple[int, int]]:
    """The same by the textbook: 28 digits, multiplied before divided, half-up, dates and lines like ours."""
    principal, rate = case
    cent = Decimal(1)
    with localcontext() as context:
        context.prec = 40
        monthly = rate / 12
        payment = (principal * monthly / (1 - (1 + monthly) ** -MONTHS)).quantize(cent, ROUND_HALF_UP)
        balance, lines = Decimal(principal), []
        for month in range(1, MONTHS + 1):
            interest = (balance * rate / 12).quantize(cent, ROUND_HALF_UP)
            part = balance if month == MONTHS else min(payment - interest, balance)
            balance -= part
            lines.append((int(part), int(interest)))
    return lines


def numpy_reference(case: Case) -> list[tuple[float, float]]:
    """Principal and interest in floats, not rounded: what many loan calculators show."""
    import numpy_financial

    principal, rate = float(case[0]), float(case[1]) / 12
    months = range(1, MONTHS + 1)
    parts = numpy_financial.ppmt(rate, list(months), MONTHS, -principal)
    interests = numpy_financial.ipmt(rate, list(months), MONTHS, -principal)
    return list(zip(parts, interests, strict=True))
