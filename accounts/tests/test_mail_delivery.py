"""E-mails wait as rows: a bad one stops no other, a server that is away is waited for, and nobody's request fails."""

from __future__ import annotations

import datetime as dt
import smtplib
from collections.abc import Callable

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.enums.people import DeliveryStatus
from accounts.models import Notification, OutgoingMail, User
from accounts.services.mail import delivery
from accounts.services.mail.notifications import notify
from accounts.tasks import send_notification_email, sweep_notifications
from p2plending.tests.support.queue import carry_out_tasks

START = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


class DeadServer(EmailBackend):
    """A mail server that hangs up."""

    tried = 0

    def send_messages(self, messages: list[EmailMessage]) -> int:
        type(self).tried += 1
        raise smtplib.SMTPServerDisconnected("gone")


class PickyServer(EmailBackend):
    """A mail server that refuses whatever has "refuse" in its subject, for now or for ever."""

    def send_messages(self, messages: list[EmailMessage]) -> int:
        for message in messages:
            if "later" in message.subject:
                raise smtplib.SMTPRecipientsRefused({message.to[0]: (450, b"greylisted alice@example.org")})
            if "refuse" in message.subject:
                raise smtplib.SMTPDataError(554, b"no alice@example.org")
            if "break" in message.subject:
                raise ValueError("can't be encoded")
        return super().send_messages(messages)


def tell(user: User, title: str) -> Notification:
    with transaction.atomic():
        return notify(user=user, key=f"{title}:{user.pk}", event="offer", title=title, body="Read & decide.")


def use(settings: Settings, server: type) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.{server.__name__}"


def status(row: Notification | OutgoingMail) -> tuple[str, int, str]:
    row.refresh_from_db()
    return row.email_status, row.email_attempts, row.email_error


@pytest.mark.parametrize("word", ["refuse", "break", "later"])
def test_one_bad_mail_stops_no_other_and_is_tried_later_and_later(
    alice: User, bob: User, settings: Settings, word: str
) -> None:
    use(settings, PickyServer)
    with time_machine.travel(START, tick=False) as traveller:
        bad, good = tell(alice, f"Please {word}"), tell(bob, "Your offer")
        assert sweep_notifications() == 1
        assert [message.subject for message in mail.outbox] == ["Your offer"]
        assert (status(bad)[:2], status(good)[0]) == ((DeliveryStatus.FAILED, 1), DeliveryStatus.SENT)
        tries = []
        for minute in range(1, 20):
            traveller.move_to(START + dt.timedelta(minutes=minute), tick=False)
            before = status(bad)[1]
            sweep_notifications()
            if status(bad)[1] > before:
                tries.append(minute)
        assert tries == [1, 3, 7, 15]
    given_up = DeliveryStatus.FAILED if word == "later" else DeliveryStatus.PARKED
    errors = {"refuse": "SMTPDataError 554", "break": "ValueError", "later": "SMTPRecipientsRefused 450"}
    assert status(bad) == (given_up, 5, errors[word])


def test_mails_that_were_given_up_get_another_round(alice: User, settings: Settings) -> None:
    row = tell(alice, "refuse")
    Notification.objects.update(email_status=DeliveryStatus.PARKED, email_attempts=5)
    assert sweep_notifications() == 0
    assert delivery.try_again() == 1
    assert sweep_notifications() == 1
    assert status(row)[0] == DeliveryStatus.SENT


def test_a_server_that_is_away_is_asked_once_a_sweep_and_costs_no_mail_its_tries(
    alice: User, bob: User, settings: Settings
) -> None:
    good = settings.EMAIL_BACKEND
    use(settings, DeadServer)
    DeadServer.tried = 0
    with time_machine.travel(START, tick=False) as traveller:
        rows = [tell(person, f"Offer {number}") for number in range(4) for person in (alice, bob)]
        assert delivery.sweep().is_server_away
        assert DeadServer.tried == 1
        # Tasks that come meanwhile hold no worker for a server that has just failed.
        assert [send_notification_email(row.pk) for row in rows[1:]] == ["nothing"] * 7
        assert DeadServer.tried == 1
        for hour in range(1, 40):
            traveller.move_to(START + dt.timedelta(hours=hour), tick=False)
            delivery.sweep()
        assert DeadServer.tried == 40
        assert {status(row)[0] for row in rows} <= {DeliveryStatus.WAITING, DeliveryStatus.FAILED}
        settings.EMAIL_BACKEND = good
        traveller.shift(dt.timedelta(minutes=2))
        assert sweep_notifications() == 8
    assert len(mail.outbox) == 8


def reset_password(client: Client, _alice: User) -> None:
    client.post(reverse("account_reset_password"), {"email": "alice@example.org"})


def add_address(client: Client, alice: User) -> None:
    client.force_login(alice)
    client.post(reverse("account_email"), {"action_add": "", "email": "second@example.org"})


def register(client: Client, _alice: User) -> None:
    form = {"email": "frank@example.org", "password": "a long enough phrase", "full_name": "Frank", "role": "lender"}
    client.post(reverse("accounts:register"), form | {"terms": "on", "accept": "on", "agree": "on"})


@pytest.mark.parametrize("act", [reset_password, register], ids=lambda act: act.__name__)
def test_pages_that_send_mail_answer_while_the_server_is_away_and_the_mail_waits(
    alice: User, client: Client, settings: Settings, act: Callable[[Client, User], None]
) -> None:
    good = settings.EMAIL_BACKEND
    use(settings, DeadServer)
    DeadServer.tried = 0
    with time_machine.travel(START, tick=False) as traveller:
        act(client, alice)
        assert DeadServer.tried == 0
        carry_out_tasks()
        assert OutgoingMail.objects.get().email_status == DeliveryStatus.FAILED
        assert "http" in OutgoingMail.objects.get().text
        settings.EMAIL_BACKEND = good
        traveller.shift(dt.timedelta(minutes=2))
        assert sweep_notifications() == 1
    row = OutgoingMail.objects.get()
    assert (row.email_status, row.text, row.html) == (DeliveryStatus.SENT, "", "")
    assert "http" in mail.outbox[0].body


def test_the_words_of_a_waiting_mail_are_in_no_table_that_staff_or_a_backup_can_read(
    alice: User, client: Client, settings: Settings
) -> None:
    reset_password(client, alice)
    row = OutgoingMail.objects.get()
    link = row.text[row.text.index("/accounts/password/reset/key/") :].split()[0]
    from django.db import connection  # the stored form, which the model would decrypt

    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM accounts_outgoingmail")
        stored = cursor.fetchone()[0]
    assert link not in stored
    assert [queued.task["args"] for queued in OrmQ.objects.all()] == [(row.pk,)]


def test_mails_have_a_queue_of_their_own(alice: User) -> None:
    tell(alice, "Your offer")
    assert list(OrmQ.objects.values_list("key", flat=True)) == ["mail"]
