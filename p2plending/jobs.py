"""The clockwork: every scheduled job in one table, kept equal to the rows that the worker reads.

A job does all that is due up to now, so a missed or repeated run harms nothing. `manage.py run_jobs` runs them by hand.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import Schedule

from ledger.services import snapshots
from p2plending.lib import clock

logger = logging.getLogger(__name__)

PREFIX = "clockwork."


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One scheduled job: every `minutes`, or daily at `at`. In the demo, where staff move the date, daily jobs run
    every `demo_minutes` too (0: they don't). `takes_date` says that the function takes a business date."""

    name: str
    function: str
    what: str
    minutes: int = 0
    at: dt.time | None = None
    demo_minutes: int = 0
    takes_date: bool = False

    @property
    def schedule_name(self) -> str:
        return PREFIX + self.name


JOBS: tuple[Job, ...] = (
    Job(
        "end_of_day",
        "loans.tasks.end_of_day",
        "Payments fall due, late fees, days late; offers and listings end.",
        at=dt.time(6, 0),
        demo_minutes=1,
        takes_date=True,
    ),
    Job(
        "collections",
        "loans.tasks.collect",
        "Default notices; offers, new plans and requests to a second person end.",
        at=dt.time(6, 15),
        demo_minutes=1,
        takes_date=True,
    ),
    Job(
        "reminders",
        "loans.tasks.remind",
        "Remind borrowers: 3 days before, on the day, 1 day late.",
        at=dt.time(7, 0),
        demo_minutes=1,
        takes_date=True,
    ),
    Job(
        "payment_notices",
        "loans.tasks.tell_of_payments",
        "Tell borrowers of the payments that arrived.",
        minutes=1,
    ),
    Job(
        "mandates",
        "matching.tasks.run_all_mandates",
        "Offer open loans to the auto-invest rules again.",
        at=dt.time(6, 30),
        demo_minutes=10,
    ),
    Job(
        "disbursements",
        "loans.tasks.sweep_disbursements",
        "Pay out signed loans whose task was lost.",
        minutes=1,
        takes_date=True,
    ),
    Job(
        "notifications",
        "accounts.tasks.sweep_notifications",
        "Send e-mails that are still waiting.",
        minutes=1,
    ),
    Job("snapshots", "p2plending.jobs.take_snapshots", "Add up the accounts that keep no balance.", minutes=60),
    Job("check_books", "adminpanel.tasks.check_books", "Prove every invariant of the books.", at=dt.time(3, 0)),
)


def ensure_schedules(**_signal: Any) -> None:
    """Make the worker's schedules equal to the table: new ones added, changed ones changed, others of ours removed.

    Running it again changes nothing, and a schedule that did not change keeps its next run.
    """
    with transaction.atomic():
        stored = {row.name: row for row in Schedule.objects.filter(name__startswith=PREFIX).order_by("pk")}
        Schedule.objects.filter(name__startswith=PREFIX).exclude(
            pk__in=[row.pk for name, row in stored.items() if name in {job.schedule_name for job in JOBS}]
        ).delete()
        for job in JOBS:
            _store(job, stored.get(job.schedule_name))


def run_job(job: Job, today: dt.date | None = None) -> Any:
    """Run one job now, for a business date when it takes one."""
    function = import_string(job.function)
    return function(today) if job.takes_date and today is not None else function()


def take_snapshots() -> None:
    """Add up the accounts that keep no running balance."""
    snapshots.take_snapshots(clock.now())


def _store(job: Job, row: Schedule | None) -> None:
    minutes = job.minutes or (job.demo_minutes if settings.DEMO_MODE else 0)
    wanted = {
        "func": job.function,
        "schedule_type": Schedule.MINUTES if minutes else Schedule.DAILY,
        "minutes": minutes or None,
        "repeats": -1,
    }
    if row is not None and all(getattr(row, name) == value for name, value in wanted.items()):
        return
    row = row or Schedule(name=job.schedule_name)
    for name, value in wanted.items():
        setattr(row, name, value)
    row.next_run = timezone.now() if minutes else _next_time(job.at or dt.time(0, 0))
    row.save()


def _next_time(at: dt.time) -> dt.datetime:
    now = timezone.localtime()
    moment = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return moment if moment > now else moment + dt.timedelta(days=1)
