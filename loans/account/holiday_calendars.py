"""Calendars of the countries whose holidays move lateness."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache

import holidays

from loans.finance import HolidayCalendar


class _Days:
    """Holidays of a country, any year; the package works a year out when it is first asked about."""

    def __init__(self, country: str) -> None:
        self._days = holidays.country_holidays(country)

    def __contains__(self, day: object) -> bool:
        return day in self._days

    def __iter__(self) -> Iterator[dt.date]:
        return iter(self._days)

    def __len__(self) -> int:
        return len(self._days)


def countries() -> list[str]:
    """ISO codes of the countries that have a calendar."""
    return sorted(holidays.list_supported_countries())


def first_day_of_lateness(due_date: dt.date, country: str) -> dt.date:
    """The day from which days late are counted: the due date, or the first working day after it.

    Without a country every day is a working day. Interest does not move.
    """
    return _calendar(country).next_working_day(due_date) if country else due_date


@lru_cache(maxsize=32)
def _calendar(country: str) -> HolidayCalendar:
    return HolidayCalendar(holidays=_Days(country))
