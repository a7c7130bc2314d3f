"""The clockwork: every scheduled job in one table.

A job does all that is due up to now, so a missed or repeated run harms nothing.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

from accounts.enums.people import MAIL_QUEUE

PREFIX = "clockwork."


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One scheduled job: every `minutes`, or daily at `at`. In the demo, where staff move the date, daily jobs run
    every `demo_minutes` too (0: they don't). `takes_date` says that the function takes a business date; `queue` is
    empty for the general one. One that is `only_in_demo` has no schedule elsewhere.
    """

    name: str
    function: str
    what: str
    minutes: int = 0
    at: dt.time | None = None
    demo_minutes: int = 0
    takes_date: bool = False
    queue: str = ""
    only_in_demo: bool = False

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
        "loans.tasks.notify_of_payments",
        "Tell borrowers of the payments that arrived.",
        minutes=1,
    ),
    Job(
        "identity_expiry",
        "accounts.tasks.expire_identities",
        "Remind of documents that run out; end identity checks that have.",
        at=dt.time(5, 45),
        demo_minutes=10,
        takes_date=True,
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
        queue=MAIL_QUEUE,
    ),
    Job(
        "housekeeping",
        "p2plending.operations.housekeeping.run_housekeeping",
        "Remove old sessions, tokens, keys, read notifications and results.",
        at=dt.time(4, 0),
    ),
    Job(
        "snapshots",
        "p2plending.operations.scheduler.take_snapshots",
        "Add up the accounts that keep no balance.",
        minutes=60,
    ),
    Job("check_books", "adminpanel.tasks.check_books", "Prove every invariant of the books.", at=dt.time(3, 0)),
    Job(
        "demo_day",
        "p2plending.demo.days.live_today",
        "The people of the demo live a day that came by itself.",
        minutes=10,
        only_in_demo=True,
    ),
)


def job_of_schedule(name: str) -> Job | None:
    """The job behind a schedule's name, or None for a schedule of somebody else."""
    return next((job for job in JOBS if job.schedule_name == name), None)


def last_due(job: Job, now: dt.datetime, *, is_demo: bool) -> dt.datetime:
    """The latest moment, up to `now` (local time), at which the job had to start."""
    minutes = job.minutes or (job.demo_minutes if is_demo else 0)
    if minutes:
        return now - dt.timedelta(minutes=minutes)
    at = job.at or dt.time(0, 0)
    moment = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0, fold=0)
    return moment if moment <= now else moment - dt.timedelta(days=1)
