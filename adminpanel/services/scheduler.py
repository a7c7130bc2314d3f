"""Scheduled jobs run by hand."""

from __future__ import annotations

from django_q.models import Schedule
from django_q.tasks import async_task

from accounts.models import User
from accounts.services.audit import record
from accounts.services.mail import delivery
from adminpanel.permissions import RUN_JOBS
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import NotPermitted
from p2plending.operations.job_table import job_of_schedule


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
        count = delivery.try_again()
        record(
            action="adminpanel.mails.retried",
            actor=actor,
            subject_type="job",
            subject_reference="mails",
            data={"count": count},
        )
        return count

    return run_money(run)
