"""The only reader of the clock.

`now()` is the instant; `business_date()` is today's date in the platform's time zone, moved forward in demo mode by the
number of days that staff chose. Services never call these: views, tasks and commands do, and pass dates down.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils import timezone

from p2plending.lib.rules import platform_rules


def now() -> dt.datetime:
    """The current instant, time-zone aware."""
    return timezone.now()


def business_date() -> dt.date:
    """Today's date for every lending rule.

    Without demo mode this reads no database; with it, the settings in one query.
    """
    today = timezone.localdate()
    if settings.DEMO_MODE:
        return today + dt.timedelta(days=platform_rules().demo_days_ahead)
    return today
