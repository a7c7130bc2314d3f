"""How figures and dates read: money, rates, days. Pages, charts and e-mails all write them through here.

€1,234.50: symbol first, grouping and decimal mark of the reader's language, minus (U+2212) before the symbol.
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import overload

from django.conf import settings
from django.utils import formats, timezone
from django.utils.dateformat import format as format_date
from django.utils.numberformat import format as format_number
from django.utils.translation import ngettext_lazy

MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"
DAY_STYLES = {"": "j M Y", "short": "j M", "long": "j F Y", "month": "M Y"}


def _grouped(value: Decimal, places: int) -> str:
    return format_number(
        value,
        formats.get_format("DECIMAL_SEPARATOR"),
        decimal_pos=places,
        grouping=formats.get_format("NUMBER_GROUPING"),
        thousand_sep=formats.get_format("THOUSAND_SEPARATOR"),
        force_grouping=True,
        use_l10n=True,
    )


def format_money(minor: int, *, sign: bool = False, whole: bool = False) -> str:
    """Minor units as text: 123450 is "€1,234.50". `sign` adds a plus, `whole` leaves zero cents away."""
    exponent = settings.CURRENCY_EXPONENT
    places = 0 if whole and minor % 10**exponent == 0 else exponent
    before = MINUS if minor < 0 else "+" if sign and minor > 0 else ""
    return f"{before}{settings.CURRENCY_SYMBOL}{_grouped(abs(Decimal(minor)).scaleb(-exponent), places)}"


def format_percent(fraction: Decimal, places: int) -> str:
    """A fraction as per cent, half up: 0.12 with two places is "12.00%"."""
    value = (Decimal(fraction) * 100).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{MINUS if value < 0 else ''}{_grouped(abs(value), places)}%"


_EVERY = {
    "month": ngettext_lazy("a month", "every %(count)d months", "count"),
    "week": ngettext_lazy("a week", "every %(count)d weeks", "count"),
    "day": ngettext_lazy("a day", "every %(count)d days", "count"),
}
_LENGTH = {
    "month": ngettext_lazy("a month", "%(count)d months", "count"),
    "week": ngettext_lazy("a week", "%(count)d weeks", "count"),
    "day": ngettext_lazy("a day", "%(count)d days", "count"),
}


def format_period(every: int, unit: str) -> str:
    """How often something is paid: "a month", "every 2 weeks". `unit` is month, week or day."""
    return _EVERY[unit] % {"count": every}


def format_length(every: int, unit: str) -> str:
    """How long a period is: "a month", "2 weeks"."""
    return _LENGTH[unit] % {"count": every}


@overload
def local(value: dt.datetime) -> dt.datetime: ...
@overload
def local(value: dt.date) -> dt.date: ...
def local(value: dt.date) -> dt.date:
    """An instant in the platform's time zone; a date stays as it is."""
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


def format_day(value: dt.date, style: str = "") -> str:
    """A date that does not break: 22 Nov 2026; "long" 22 November 2026, "short" 22 Nov, "month" Nov 2026."""
    return format_date(local(value), DAY_STYLES[style]).replace(" ", NBSP)
