from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.db import transaction
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from accounts.enums.people import DeliveryStatus
from accounts.models import Notification, User
from accounts.services.mail.notifications import Notice, notify, notify_many
from accounts.tasks import send_notification_email, sweep_notifications
from p2plending.lib import clock


def tell(user: User, key: str = "offer:LN-1", **changes: object) -> Notification:
    fields = {"event": "offer", "title": "Your offer is ready", "body": "Read & decide.", "link": "/borrowing/"}
    with transaction.atomic():
        return notify(user=user, key=key, **(fields | changes))


def tasks_waiting() -> list[str]:
    return [row.func() for row in OrmQ.objects.all()]


@pytest.mark.django_db(transaction=True)
def test_telling_outside_a_transaction_is_a_bug() -> None:
    with pytest.raises(RuntimeError):
        notify(user=User(), key="k", event="e", title="t", body="b")
    assert Notification.objects.count() == 0


def test_an_event_is_told_once_and_queues_one_e_mail(alice: User) -> None:
    first = tell(alice)
    again = tell(alice, title="Another title")
    assert again.pk == first.pk
    assert list(Notification.objects.values_list("title", flat=True)) == ["Your offer is ready"]
    assert tasks_waiting() == ["accounts.tasks.send_notification_email"]


def test_the_e_mail_is_plain_text_and_html_with_the_same_words(alice: User) -> None:
    assert send_notification_email(tell(alice).pk) == "sent"
    (message,) = mail.outbox
    assert message.subject == "Your offer is ready"
    assert message.to == ["alice@example.org"]
    assert message.body == (
        "Hello Alice,\n\nRead & decide.\n\nhttp://127.0.0.1:8000/borrowing/\n\n"
        "Plainlend\nWhy you get this: you have an account with us.\n"
    )
    html, kind = message.alternatives[0]
    assert kind == "text/html"
    assert "<p>Read &amp; decide.</p>" in html
    assert 'href="http://127.0.0.1:8000/borrowing/"' in html


def test_a_required_message_gives_no_reason(alice: User) -> None:
    send_notification_email(tell(alice, is_required=True).pk)
    assert "Why you get this" not in mail.outbox[0].body


def test_the_e_mail_goes_out_once_however_often_the_task_runs(alice: User) -> None:
    notification = tell(alice)
    results = [send_notification_email(notification.pk) for _ in range(3)]
    assert results == ["sent", "nothing", "nothing"]
    assert sweep_notifications() == 0
    assert len(mail.outbox) == 1
    notification.refresh_from_db()
    assert (notification.email_status, notification.email_attempts) == (DeliveryStatus.SENT, 1)
    assert notification.emailed_at is not None


def test_an_address_that_was_never_confirmed_gets_no_e_mail(eve: User) -> None:
    notification = tell(eve)
    assert send_notification_email(notification.pk) == "nothing"
    notification.refresh_from_db()
    assert notification.email_status == DeliveryStatus.NOT_WANTED
    assert mail.outbox == []


def test_a_worker_that_died_while_sending_leaves_the_e_mail_to_a_later_sweep(alice: User) -> None:
    notification = tell(alice)
    Notification.objects.filter(pk=notification.pk).update(email_claimed_at=clock.now(), email_attempts=1)
    assert sweep_notifications() == 0
    Notification.objects.update(email_claimed_at=clock.now() - dt.timedelta(minutes=11))
    assert sweep_notifications() == 1


def test_many_people_are_told_with_the_same_number_of_statements(
    alice: User, bob: User, carol: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def notices(day: str, *users: User) -> list[Notice]:
        return [Notice(user, f"paid:{day}:{user.pk}", "paid", "Payments to you", "Two cents.") for user in users]

    with transaction.atomic():
        with django_assert_num_queries(3):
            notify_many(notices("1", alice))
        with django_assert_num_queries(3):
            notify_many(notices("2", alice, bob, carol))
        notify_many(notices("2", alice, bob, carol))
    assert Notification.objects.count() == 4
    assert sweep_notifications() == 4
