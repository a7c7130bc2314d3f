"""Closed books: what is entered by a person can't count on a day of a period that is closed."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from p2plending.lib.errors import Refused
from p2plending.lib.formatting import format_day
from p2plending.lib.rules.values import platform_rules


class PeriodClosed(Refused):
    """The books are closed up to a day, and what was given counts on that day or before it."""

    code = "period_closed"
    status = 409
    default_message = _("The books are closed for that day. Give a later date.")


def require_open_period(value_date: dt.date, *, field: str = "value_date") -> None:
    """Refuse a day of the closed books (setting BOOKS_CLOSED_UNTIL); `field` is what the person gave it in.

    Raises PeriodClosed (context: closed_until).
    """
    closed_until = platform_rules().books_closed_until
    if value_date <= closed_until:
        words = _t("The books are closed up to %(day)s. Give a later date.") % {"day": format_day(closed_until, "long")}
        raise PeriodClosed(words, closed_until=closed_until).at(field)
