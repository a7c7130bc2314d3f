"""Tell people what happened: in the app at once, by e-mail from a task."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from django.db.models import QuerySet
from django_q.tasks import async_task

from accounts.models import Notification, User
from p2plending.lib import clock
from p2plending.lib.db import require_transaction
from p2plending.operations.job_table import MAIL_QUEUE


@dataclasses.dataclass(frozen=True, slots=True)
class Notice:
    """One message to one person. `key` names the event, the thing and the day, and is used once for ever.

    `link` is a path of the site; `is_required` marks what nobody may switch off (security, contract, arrears).
    """

    user: User
    key: str
    event: str
    title: str
    body: str
    link: str = ""
    is_required: bool = False


def notify(
    *, user: User, key: str, event: str, title: str, body: str, link: str = "", is_required: bool = False
) -> Notification:
    """Tell one person, in the transaction of the event. The same key again gives the first notification.

    The e-mail is sent by a task that is queued in the same transaction.
    """
    require_transaction()
    earlier = Notification.objects.filter(key=key).first()
    if earlier is not None:
        return earlier
    notification = Notification.objects.create(
        user=user, key=key, event=event, title=title, body=body, link=link, is_required=is_required
    )
    async_task("accounts.tasks.send_notification_email", notification.pk, q_options={"cluster": MAIL_QUEUE})
    return notification


def notify_many(notices: Sequence[Notice]) -> None:
    """Tell many people with a constant number of statements; keys that were used before are left out."""
    require_transaction()
    if not notices:
        return
    keys = [notice.key for notice in notices]
    told = set(Notification.objects.filter(key__in=keys).values_list("key", flat=True))
    fields = [field.name for field in dataclasses.fields(Notice)]
    Notification.objects.bulk_create(
        Notification(**{name: getattr(notice, name) for name in fields}) for notice in notices if notice.key not in told
    )
    async_task("accounts.tasks.sweep_notifications", q_options={"cluster": MAIL_QUEUE})


def mark_read(notifications: QuerySet[Notification]) -> int:
    """Mark as read what is not yet; returns how many that were."""
    return notifications.filter(read_at__isnull=True).update(read_at=clock.now())
