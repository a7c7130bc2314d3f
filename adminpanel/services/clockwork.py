"""Scheduled jobs run by hand, and the date of the demo moved forward."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django_q.models import Schedule
from django_q.tasks import async_task

from accounts.models import User
from accounts.services import mail_delivery
from accounts.services.audit import record
from adminpanel.permissions import MOVE_DEMO_DATE, RUN_JOBS
from adminpanel.services.settings import store_setting
from p2plending.lib.db import run_money
from p2plending.lib.errors import NotPermitted, Refused
from p2plending.lib.rules import platform_rules
from p2plending.operations.job_table import job_of_schedule

DAYS_AHEAD = "DEMO_DAYS_AHEAD"
MOST_DAYS = 31
DEMO_TASKS = "demo-date"
LIVE_THROUGH = "adminpanel.tasks.live_through"


class OnlyInDemo(Refused):
    """The calendar of a real platform is not moved."""

    code = "only_in_demo"
    default_message = _("The date can be moved in demo mode only.")


class DaysNotPossible(Refused):
    """Too few or too many days at once."""

    code = "days_not_possible"
    default_message = _("Enter a number of days from 1 to 31.")


def run_job_now(*, schedule_id: int, actor: User) -> str:
    """Queue a scheduled job once, now; its schedule stays as it is. Returns the name of the job.

    Raises NotPermitted, Schedule.DoesNotExist.
    """
    if not actor.has_perm(RUN_JOBS):
        raise NotPermitted

    def run() -> str:
        schedule = Schedule.objects.get(pk=schedule_id)
        job = job_of_schedule(schedule.name)
        queue = {"q_options": {"cluster": job.queue}} if job and job.queue else {}
        async_task(schedule.func, group=schedule.name, **queue)
        record(
            action="adminpanel.job.run_now",
            actor=actor,
            subject_type="job",
            subject_reference=schedule.name[:40],
            data={"function": schedule.func},
        )
        return schedule.name

    return run_money(run)


def retry_mails(*, actor: User) -> int:
    """Give e-mails that were given up another round of tries; returns how many. Raises NotPermitted."""
    if not actor.has_perm(RUN_JOBS):
        raise NotPermitted

    def run() -> int:
        count = mail_delivery.try_again()
        record(
            action="adminpanel.mails.retried",
            actor=actor,
            subject_type="job",
            subject_reference="mails",
            data={"count": count},
        )
        return count

    return run_money(run)


def advance_demo_date(*, days: int, today: dt.date, actor: User) -> dt.date:
    """Move the business date forward and queue what the calendar does on each day passed; returns the new date.

    Raises NotPermitted, OnlyInDemo, DaysNotPossible.
    """
    if not actor.has_perm(MOVE_DEMO_DATE):
        raise NotPermitted
    if not settings.DEMO_MODE:
        raise OnlyInDemo
    if not 1 <= days <= MOST_DAYS:
        raise DaysNotPossible

    def advance() -> dt.date:
        ahead = platform_rules().demo_days_ahead
        store_setting(DAYS_AHEAD, ahead, ahead + days, reason="", actor=actor)
        reached = today + dt.timedelta(days=days)
        first = today + dt.timedelta(days=1)
        async_task(LIVE_THROUGH, first.isoformat(), reached.isoformat(), group=DEMO_TASKS)
        return reached

    return run_money(advance)
