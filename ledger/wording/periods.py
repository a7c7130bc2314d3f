"""The periods that people usually want a statement of."""

from __future__ import annotations

import dataclasses
import datetime as dt

MOST_MONTHS = 12
MOST_YEARS = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Periods:
    """First and last days, newest first."""

    months: list[tuple[dt.date, dt.date]]
    quarters: list[tuple[dt.date, dt.date]]
    years: list[tuple[dt.date, dt.date]]


def usual_periods(first: dt.date, today: dt.date) -> Periods:
    """Months, quarters and years from the one with `today` back to the one with `first`, at most a few."""
    return Periods(
        months=_spans(first, today, months=1, most=MOST_MONTHS),
        quarters=_spans(first, today, months=3, most=MOST_MONTHS // 3),
        years=_spans(first, today, months=12, most=MOST_YEARS),
    )


def _spans(first: dt.date, today: dt.date, *, months: int, most: int) -> list[tuple[dt.date, dt.date]]:
    """Calendar spans of 1, 3 or 12 months that touch first…today, newest first."""
    spans: list[tuple[dt.date, dt.date]] = []
    number = today.year * 12 + today.month - 1
    number -= number % months
    while len(spans) < most:
        start, after = _month(number), _month(number + months)
        if after <= first:
            break
        spans.append((start, after - dt.timedelta(days=1)))
        number -= months
    return spans


def _month(number: int) -> dt.date:
    return dt.date(number // 12, number % 12 + 1, 1)
