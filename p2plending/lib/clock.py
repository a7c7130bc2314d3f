"""The only reader of the clock.

`now()` is the instant on the platform's calendar and `business_date()` its date in the platform's time zone. In demo
mode both are moved forward by the number of days that staff chose. Services never call `business_date()`: views, tasks
and commands do, and pass dates down. `machine_now()` is never moved: it is for what only the machine waits for, such as
the claim on a task or on an e-mail.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.utils import timezone

from p2plending.lib.rules.values import demo_days_ahead

# What the days of the demo world are lived on: a moment and when, for the machine, it was set; or a number of days.
_moment: ContextVar[tuple[dt.datetime, dt.datetime] | None] = ContextVar("moment", default=None)
_days_ahead: ContextVar[int | None] = ContextVar("days_ahead", default=None)


def machine_now() -> dt.datetime:
    """The current instant, time-zone aware, whatever the date of the demo."""
    return timezone.now()


def machine_date() -> dt.date:
    """Today's date in the platform's time zone, whatever the date of the demo."""
    return timezone.localdate()


def now() -> dt.datetime:
    """The current instant on the platform's calendar, time-zone aware.

    Without demo mode this reads no database; with it, the number of days in one query.
    """
    chosen = _moment.get()
    if chosen is not None:
        moment, set_at = chosen
        return moment + (machine_now() - set_at)
    days = _current_days_ahead()
    if not days:
        return machine_now()
    # The same time of the day, also where summer time begins or ends in between.
    local = timezone.localtime()
    return dt.datetime.combine(local.date() + dt.timedelta(days=days), local.timetz()).astimezone(dt.UTC)


def business_date() -> dt.date:
    """Today's date for every lending rule. It reads the database as `now()` does."""
    if _moment.get() is not None:
        return timezone.localdate(now())
    return machine_date() + dt.timedelta(days=_current_days_ahead())


@contextmanager
def set_to(moment: dt.datetime) -> Iterator[None]:
    """Inside, the calendar stands at `moment` and goes on from there. For the past of the demo world only."""
    token = _moment.set((moment, machine_now()))
    try:
        yield
    finally:
        _moment.reset(token)


@contextmanager
def moved_ahead(days: int) -> Iterator[None]:
    """Inside, the calendar is `days` ahead, whatever the setting says by now. For the days that the demo lives."""
    token = _days_ahead.set(days)
    try:
        yield
    finally:
        _days_ahead.reset(token)


def _current_days_ahead() -> int:
    days = _days_ahead.get()
    if days is not None:
        return days
    return demo_days_ahead() if settings.DEMO_MODE else 0
