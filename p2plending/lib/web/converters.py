"""A day in a path: 2026-01-31."""

from __future__ import annotations

import datetime as dt


class IsoDay:
    """`<iso_day:start>`; what is not a day of the calendar does not match."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> dt.date:
        return dt.date.fromisoformat(value)

    def to_url(self, value: dt.date) -> str:
        return value.isoformat()
