"""How the site is: every fact that `/readyz`, the staff's Today page and an operator look at, from one place.

A fact that `blocks` means that this process can't serve: `/readyz` answers 503. Others stand for work that waits while
pages are served; they are told, and pages go on being served.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial

from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext
from django_q.models import OrmQ, Schedule

from accounts.enums.people import DeliveryStatus
from accounts.models import Notification, OutgoingMail
from ledger.currency import currency_problem
from loans.services.servicing.end_of_day import count_loans_due
from p2plending.lib import clock
from p2plending.models import JobRun
from p2plending.operations.heartbeat import SILENT_AFTER, last_beat
from p2plending.operations.job_table import JOBS, last_due
from p2plending.operations.nodes import database_node, node_report

TASKS_WAIT_TOO_LONG = dt.timedelta(minutes=2)
MAIL_WAITS_TOO_LONG = dt.timedelta(minutes=15)
# What a job may need before people are told that it has not ended.
JOB_GRACE = dt.timedelta(hours=1)
JOB_GRACE_IN_DEMO = dt.timedelta(minutes=10)
END_OF_DAY = "end_of_day"


@dataclasses.dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was looked at. `words` say how it is, or what is wrong and what to do."""

    name: str
    is_fine: bool
    words: str
    blocks: bool = False
    details: Mapping[str, str | int | bool] = dataclasses.field(default_factory=dict)


def site_facts(now: dt.datetime) -> list[Fact]:
    """Everything, in the order in which it matters. Without a database nothing else can be asked, and nothing is."""
    facts = [database_fact()]
    for ask in BLOCKING:
        if not facts[-1].is_fine:
            return facts
        facts.append(_asked(ask))
    if all(fact.is_fine for fact in facts):
        facts += [_asked(partial(ask, now)) for ask in TELLING]
    return facts


def _asked(ask: Callable[[], Fact]) -> Fact:
    try:
        return ask()
    except Error as error:
        return _no_database(error)


def _no_database(error: Exception) -> Fact:
    return Fact(
        "database", False, f"The database of DATABASE_URL does not answer: {type(error).__name__}.", blocks=True
    )


def database_fact() -> Fact:
    """Whether the database answers a question, and its server takes writes; in a cluster, how that server is."""
    try:
        connection.ensure_connection()
        node = database_node()
        if node is not None and not node.is_fit:
            words = f"The database takes no writes at {node.name}: {node.words}."
            return Fact("database", False, words, blocks=True, details=node_report(node))
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Error as error:
        return _no_database(error)
    words = f"{node.name}: {node.words}" if node is not None and node.is_in_cluster else "ok"
    return Fact("database", True, words, blocks=True, details=node_report(node))


def migrations_fact() -> Fact:
    """Whether the tables are those of this code."""
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    words = f"{len(waiting)} migrations are waiting. Run: python manage.py migrate"
    return Fact("migrations", not waiting, words if waiting else "ok", blocks=True)


def cache_fact() -> Fact:
    """Whether the table of the cache was made; other troubles of the cache are misses, and nothing stops for them."""
    table = settings.CACHES["default"].get("LOCATION", "")
    is_table = settings.CACHES["default"]["BACKEND"].endswith("DatabaseCache")
    is_there = not is_table or table in connection.introspection.table_names()
    words = "The table of the cache is missing. Run: python manage.py createcachetable"
    if is_there:
        cache.get("readyz")
    return Fact("cache", is_there, "ok" if is_there else words, blocks=True)


def currency_fact() -> Fact:
    """Whether the books are kept in the currency of the settings."""
    problem = currency_problem()
    return Fact("currency", not problem, problem or "ok", blocks=True)


def worker_fact(now: dt.datetime) -> Fact:
    """Whether a worker lives, and takes what waits."""
    beat = last_beat()
    if beat is None:
        return Fact("worker", False, _t("No worker runs. Start: python manage.py worker"))
    if now - beat > SILENT_AFTER:
        return Fact("worker", False, _t("No sign of life for %(time)s") % {"time": timesince(beat, now)})
    oldest = OrmQ.objects.filter(lock__lte=now - TASKS_WAIT_TOO_LONG).aggregate(oldest=Min("lock"))["oldest"]
    if oldest is not None:
        return Fact("worker", False, _t("Tasks have waited for %(time)s") % {"time": timesince(oldest, now)})
    return Fact("worker", True, _t("Running"))


def end_of_day_fact(now: dt.datetime) -> Fact:
    """Whether the end of day ran when it had to, ended, and reached every loan."""
    job = next(one for one in JOBS if one.name == END_OF_DAY)
    grace = JOB_GRACE_IN_DEMO if settings.DEMO_MODE else JOB_GRACE
    due = last_due(job, timezone.localtime(now - grace), is_demo=settings.DEMO_MODE)
    run = JobRun.objects.filter(name=END_OF_DAY).first()
    if run is None:
        schedule = Schedule.objects.filter(name=job.schedule_name).first()
        if schedule is not None and schedule.next_run > now - grace:
            return Fact(END_OF_DAY, True, _t("Not run yet"))
        return Fact(END_OF_DAY, False, _t("Never ran") + _left())
    if run.failed_at is not None:
        return Fact(END_OF_DAY, False, _t("Ended with an error: %(words)s") % {"words": run.words} + _left())
    if run.finished_at is None or run.finished_at < run.started_at:
        if now - run.started_at > grace:
            words = _t("Began %(time)s ago and has not ended") % {"time": timesince(run.started_at, now)}
            return Fact(END_OF_DAY, False, words + _left())
        return Fact(END_OF_DAY, True, _t("Running"))
    if run.finished_at < due:
        words = _t("Stands still: last run %(time)s ago") % {"time": timesince(run.finished_at, now)}
        return Fact(END_OF_DAY, False, words + _left())
    return Fact(END_OF_DAY, True, _t("Done"))


def _left() -> str:
    left = count_loans_due(clock.business_date())
    if not left:
        return ""
    return "; " + ngettext("%(count)s loan not reached", "%(count)s loans not reached", left) % {"count": left}


def mail_fact(now: dt.datetime) -> Fact:
    """Whether e-mails go out: none given up, none waiting for long."""
    waiting = given_up = 0
    oldest: dt.datetime | None = None
    for model in (Notification, OutgoingMail):
        wanted = Q(email_status__in=DeliveryStatus.open())
        found = model.objects.filter(wanted | Q(email_status=DeliveryStatus.PARKED)).aggregate(
            waiting=Count("pk", filter=wanted),
            given_up=Count("pk", filter=Q(email_status=DeliveryStatus.PARKED)),
            oldest=Min("created_at", filter=wanted),
        )
        waiting, given_up = waiting + found["waiting"], given_up + found["given_up"]
        oldest = min((moment for moment in (oldest, found["oldest"]) if moment), default=None)
    words = _t("%(waiting)s waiting, %(given_up)s given up") % {"waiting": waiting, "given_up": given_up}
    is_late = oldest is not None and now - oldest > MAIL_WAITS_TOO_LONG
    if oldest is not None and is_late:
        words += _t("; the oldest for %(time)s") % {"time": timesince(oldest, now)}
    return Fact("mail", not given_up and not is_late, words)


# Without these nothing can be served, and the first that fails is told alone.
BLOCKING: tuple[Callable[[], Fact], ...] = (migrations_fact, cache_fact, currency_fact)
TELLING: tuple[Callable[[dt.datetime], Fact], ...] = (worker_fact, end_of_day_fact, mail_fact)
