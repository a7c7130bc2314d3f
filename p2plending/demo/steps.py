"""The steps that people take in a day: each at its own time, and none in the way of the others."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from django.utils import timezone

from p2plending.lib import clock
from p2plending.lib.errors import Refused

logger = logging.getLogger(__name__)

JOBS_AT, PEOPLE_FROM, PEOPLE_UNTIL = dt.time(6, 5), dt.time(8, 30), dt.time(21, 0)
BETWEEN_STEPS = dt.timedelta(minutes=9)


class Steps:
    """Takes the steps of a day. What happens on `real_from` or later carries the moment at which it does; the past is
    dated as if it had been lived, one thing after another. `refused` lists what a visitor's changes made impossible.
    """

    def __init__(self, *, real_from: dt.date) -> None:
        self.real_from = real_from
        self.refused: list[str] = []
        self._last: dt.datetime | None = None

    def in_the_morning(self, day: dt.date) -> AbstractContextManager[None]:
        """Inside it is early on `day`, when the calendar does its part."""
        return self._at(day, _moment(day, JOBS_AT))

    def take(self, day: dt.date, what: str, act: Callable[[], object]) -> None:
        """Let somebody do something on `day`, some minutes after what came before. A refusal is noted and that is all:
        the world goes on, whatever visitors do in it."""
        earliest, latest = _moment(day, PEOPLE_FROM), _moment(day, PEOPLE_UNTIL)
        after = earliest if self._last is None else max(self._last + BETWEEN_STEPS, earliest)
        try:
            with self._at(day, min(after, latest)):
                act()
        except Refused as refusal:
            self.refused.append(f"{day} {what}: {refusal.code}")
            logger.warning("step of the demo refused", extra={"step": what, "code": refusal.code})

    def _at(self, day: dt.date, moment: dt.datetime) -> AbstractContextManager[None]:
        if day >= self.real_from:
            return nullcontext()
        self._last = moment
        return clock.set_to(moment)


def _moment(day: dt.date, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, time, timezone.get_current_timezone())
