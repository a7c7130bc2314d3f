"""Tell people what happened: in the app at once, by e-mail from a task."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from django.db.models import QuerySet
from django_q.tasks import async_task

from accounts.enums.people import MAIL_QUEUE, DeliveryStatus
from accounts.models import Notification, User
from p2plending.lib import clock
from p2plending.lib.database.transactions import require_transaction

_email_status: ContextVar[DeliveryStatus] = ContextVar("email_status", default=DeliveryStatus.WAITING)


@contextmanager
def in_app_only() -> Iterator[None]:
    """Inside, people are told in the app and get no e-mail: the day on which it would have been sent is over."""
    token = _email_status.set(DeliveryStatus.NOT_WANTED)
    try:
        yield
    finally:
        _email_status.reset(token)


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
        user=user,
        key=key,
        event=event,
        title=title,
        body=body,
        link=link,
        is_required=is_required,
        email_status=_email_status.get(),
    )
    if notification.email_status == DeliveryStatus.WAITING:
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
        Notification(**{name: getattr(notice, name) for name in fields}, email_status=_email_status.get())
        for notice in notices
        if notice.key not in told
    )
    if _email_status.get() == DeliveryStatus.WAITING:
        async_task("accounts.tasks.sweep_notifications", q_options={"cluster": MAIL_QUEUE})


def mark_read(notifications: QuerySet[Notification]) -> int:
    """Mark as read what is not yet; returns how many that were."""
    return notifications.filter(read_at__isnull=True).update(read_at=clock.now())
