"""The clockwork at work: schedules kept equal to the table of jobs, and jobs run by hand (`manage.py run_jobs`)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import Schedule

from ledger.services import snapshots
from p2plending.lib import clock
from p2plending.operations.job_runs import record_run
from p2plending.operations.job_table import JOBS, PREFIX, Job

__all__ = ["JOBS", "PREFIX", "Job", "ensure_schedules", "run_job", "take_snapshots"]


def ensure_schedules(**_signal: Any) -> None:
    """Make the worker's schedules equal to the table: new ones added, changed ones changed, others of ours removed.

    Running it again changes nothing, and a schedule that did not change keeps its next run.
    """
    jobs = [job for job in JOBS if settings.DEMO_MODE or not job.only_in_demo]
    with transaction.atomic():
        stored = {row.name: row for row in Schedule.objects.filter(name__startswith=PREFIX).order_by("pk")}
        Schedule.objects.filter(name__startswith=PREFIX).exclude(
            pk__in=[row.pk for name, row in stored.items() if name in {job.schedule_name for job in jobs}]
        ).delete()
        for job in jobs:
            _store(job, stored.get(job.schedule_name))


def run_job(job: Job, today: dt.date | None = None) -> Any:
    """Run one job now, for a business date when it takes one."""
    function = import_string(job.function)
    return record_run(job.name, lambda: function(today) if job.takes_date and today is not None else function())


def take_snapshots() -> None:
    """Add up the accounts that keep no running balance.

    Not in the demo: an entry may commit after its time only by as much as a transaction takes, and a moved date breaks
    that. Sums without snapshots are the same.
    """
    if settings.DEMO_MODE:
        return
    snapshots.take_snapshots(clock.now())


def _store(job: Job, row: Schedule | None) -> None:
    minutes = job.minutes or (job.demo_minutes if settings.DEMO_MODE else 0)
    wanted = {
        "func": job.function,
        "schedule_type": Schedule.MINUTES if minutes else Schedule.DAILY,
        "minutes": minutes or None,
        "repeats": -1,
        # The scheduler of django-q2 reads the queue from here.
        "kwargs": str({"q_options": {"cluster": job.queue}}) if job.queue else "",
    }
    is_same = row is not None and all((getattr(row, name) or None) == (value or None) for name, value in wanted.items())
    if row is not None and is_same and (minutes or timezone.localtime(row.next_run).time() == job.at):
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
