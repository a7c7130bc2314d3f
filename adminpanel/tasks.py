"""Work that a worker does for the staff desk."""

from __future__ import annotations

import datetime as dt

from adminpanel.services.books_check import check_books as run_check
from loans.tasks import end_of_day, remind
from matching.tasks import run_all_mandates


def check_books() -> str:
    """Prove the books; says how many checks hold. The breaks stand in the audit trail and in the log."""
    data = run_check(actor=None).data
    return f"{data['checks'] - len(data['red'])} of {data['checks']} checks hold"


def live_through(first: str, last: str) -> str:
    """What the calendar does on each day from `first` to `last` (ISO dates): the demo's date was moved.

    Each day's work may be done again, so the jobs of the clockwork do no harm beside it.
    """
    day, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    loans = reminders = failed = 0
    while day <= end:
        moved, reminded = end_of_day(day), remind(day)
        loans += moved.done
        reminders += reminded.sent
        failed += len(moved.failed) + len(reminded.failed)
        day += dt.timedelta(days=1)
    run_all_mandates()
    return f"{loans} loans brought up to date, {reminders} reminders sent, {failed} failed"
