"""Rows that nobody needs any more, each kind after a time of its own. Books and audit trail are kept for ever."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Exists, Model, OuterRef, QuerySet
from django_q.models import Task
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts.enums.people import DeliveryStatus
from accounts.models import Notification, OperationKey, OutgoingMail
from accounts.services import rate_limits
from accounts.services.sign_in import tokens
from p2plending.lib import clock
from p2plending.operations.heartbeat import forget_dead_workers

logger = logging.getLogger(__name__)

ROWS_AT_ONCE = 500


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """One kind of rows: how long they are kept (a setting, in days), and which are older than that."""

    name: str
    setting: str
    older_than: Callable[[dt.datetime], QuerySet[Any]]

    @property
    def days(self) -> int:
        return getattr(settings, self.setting)


KINDS: tuple[Kind, ...] = (
    Kind("sessions", "KEEP_SESSIONS_DAYS", lambda moment: Session.objects.filter(expire_date__lt=moment)),
    Kind(
        "session list",
        "KEEP_SESSIONS_DAYS",
        lambda moment: UserSession.objects.filter(
            ~Exists(Session.objects.filter(session_key=OuterRef("session_key"))), last_seen_at__lt=moment
        ),
    ),
    Kind("API tokens", "KEEP_TOKENS_DAYS", lambda moment: OutstandingToken.objects.filter(expires_at__lt=moment)),
    Kind(
        "operation keys", "KEEP_OPERATION_KEYS_DAYS", lambda moment: OperationKey.objects.filter(created_at__lt=moment)
    ),
    Kind(
        "notifications",
        "KEEP_NOTIFICATIONS_DAYS",
        # What nobody may switch off (contract, arrears) was perhaps never read, and stays to be shown.
        lambda moment: Notification.objects.filter(
            created_at__lt=moment, read_at__isnull=False, is_required=False
        ).exclude(email_status__in=DeliveryStatus.open()),
    ),
    Kind(
        "e-mails",
        "KEEP_MAILS_DAYS",
        lambda moment: OutgoingMail.objects.filter(created_at__lt=moment).exclude(
            email_status__in=DeliveryStatus.open()
        ),
    ),
    Kind("task results", "KEEP_TASKS_DAYS", lambda moment: Task.objects.filter(stopped__lt=moment)),
)


def tidy_up(now: dt.datetime) -> dict[str, int]:
    """Remove what is older than its setting says; returns how many rows of each kind went.

    A few hundred rows in a transaction, so that nobody waits for the whole of it. Safe to run again.
    """
    removed = {kind.name: _remove(kind.older_than(now - dt.timedelta(days=kind.days))) for kind in KINDS}
    removed["cached values"] = _remove_expired_cache(now)
    removed["sign-in limits"] = rate_limits.purge_expired()
    removed["refreshed tokens"] = tokens.purge_expired()
    removed["workers"] = forget_dead_workers(now)
    logger.info("housekeeping", extra={"removed": {name: count for name, count in removed.items() if count}})
    return removed


def run_housekeeping() -> str:
    """The job: tidy up now; says what went."""
    removed = tidy_up(clock.machine_now())
    return ", ".join(f"{count} {name}" for name, count in removed.items() if count) or "nothing to remove"


def _remove(rows: QuerySet[Model]) -> int:
    count = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:ROWS_AT_ONCE]):
        rows.model._default_manager.filter(pk__in=keys).delete()
        count += len(keys)
    return count


def _remove_expired_cache(now: dt.datetime) -> int:
    """The database cache removes what has expired only when it is full; here it goes with its day."""
    table = settings.CACHES["default"].get("LOCATION", "")
    if not table or table not in connection.introspection.table_names():
        return 0
    moment = connection.ops.adapt_datetimefield_value(now.replace(microsecond=0))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)} WHERE expires < %s", [moment])  # noqa: S608
        return cursor.rowcount
