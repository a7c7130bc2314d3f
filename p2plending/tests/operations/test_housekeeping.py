"""Housekeeping removes what is older than its setting says, and never a fact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import models
from django_q.models import Task
from pytest_django import Settings
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts.enums.people import DeliveryStatus
from accounts.models import AuditEvent, LimitCount, Notification, OperationKey, OutgoingMail, User
from ledger.models import JournalEntry
from p2plending.lib import clock
from p2plending.operations.housekeeping import KINDS, run_housekeeping, tidy_up
from p2plending.tests.support import world

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
Make = Callable[[User, dt.datetime], models.Model]


def session(_user: User, moment: dt.datetime) -> models.Model:
    return Session.objects.create(session_key=f"s{moment.timestamp():.0f}", session_data="", expire_date=moment)


def listed(user: User, moment: dt.datetime) -> models.Model:
    row = UserSession.objects.create(user=user, session_key=f"u{moment.timestamp():.0f}", ip="10.0.0.1", user_agent="x")
    UserSession.objects.filter(pk=row.pk).update(last_seen_at=moment)
    return row


def token(user: User, moment: dt.datetime) -> models.Model:
    return OutstandingToken.objects.create(
        user=user, jti=f"{moment.timestamp():.0f}", token="t", created_at=moment, expires_at=moment
    )


def key(_user: User, moment: dt.datetime) -> models.Model:
    row = OperationKey.objects.create(scope="s", operation="o", key=str(moment), fingerprint="f")
    OperationKey.objects.filter(pk=row.pk).update(created_at=moment)
    return row


def notice(user: User, moment: dt.datetime) -> models.Model:
    row = Notification.objects.create(
        user=user, key=str(moment), event="e", title="t", body="b", read_at=moment, email_status=DeliveryStatus.SENT
    )
    Notification.objects.filter(pk=row.pk).update(created_at=moment)
    return row


def sent_mail(user: User, moment: dt.datetime) -> models.Model:
    row = OutgoingMail.objects.create(
        recipient=user.email, kind="k", subject="s", email_status=DeliveryStatus.SENT, emailed_at=moment
    )
    OutgoingMail.objects.filter(pk=row.pk).update(created_at=moment)
    return row


def result(_user: User, moment: dt.datetime) -> models.Model:
    return Task.objects.create(
        id=f"{moment.timestamp():.0f}", name="n", func="f", started=moment, stopped=moment, success=False
    )


MAKERS: dict[str, Make] = {
    "sessions": session,
    "session list": listed,
    "API tokens": token,
    "operation keys": key,
    "notifications": notice,
    "e-mails": sent_mail,
    "task results": result,
}


def test_every_kind_is_tried() -> None:
    assert {kind.name for kind in KINDS} == set(MAKERS)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.name in MAKERS], ids=lambda kind: kind.name)
def test_what_is_older_than_its_setting_goes_and_the_rest_stays(bob: User, settings: Settings, kind: object) -> None:
    settings.__setattr__(kind.setting, 100)
    now = clock.now()
    old, young = (MAKERS[kind.name](bob, now - days * DAY) for days in (101, 99))
    assert tidy_up(now)[kind.name] == 1
    assert not type(old).objects.filter(pk=old.pk).exists()
    assert type(young).objects.filter(pk=young.pk).exists()
    assert tidy_up(now)[kind.name] == 0


@pytest.mark.parametrize(
    "changes",
    [{"read_at": None}, {"is_required": True}, {"email_status": DeliveryStatus.WAITING}],
    ids=["not read", "required", "its mail waits"],
)
def test_a_notification_that_is_still_of_use_is_kept(bob: User, changes: dict[str, object]) -> None:
    row = notice(bob, clock.now() - 5_000 * DAY)
    Notification.objects.filter(pk=row.pk).update(**changes)
    assert tidy_up(clock.now())["notifications"] == 0


def test_a_mail_that_still_waits_is_kept_however_old(bob: User) -> None:
    row = sent_mail(bob, clock.now() - 5_000 * DAY)
    OutgoingMail.objects.filter(pk=row.pk).update(email_status=DeliveryStatus.FAILED)
    assert tidy_up(clock.now())["e-mails"] == 0


def test_the_books_and_the_audit_trail_are_never_touched(bob: User) -> None:
    world.fund_wallet(bob, 100_00)
    before = JournalEntry.objects.count(), AuditEvent.objects.count()
    tidy_up(clock.now() + 20_000 * DAY)
    assert (JournalEntry.objects.count(), AuditEvent.objects.count()) == before
    ours = {kind.older_than(clock.now()).model._meta.app_label for kind in KINDS}
    assert not ours & {"ledger", "loans", "matching"}


def test_counts_of_sign_ins_that_have_ended_go_and_others_stay(db: None) -> None:
    now = clock.machine_now()
    for name, ends in (("ended", now - DAY), ("counts", now + DAY)):
        LimitCount.objects.create(key=name, value="1", expires_at=ends)
    assert tidy_up(now)["sign-in limits"] == 1
    assert LimitCount.objects.get().key == "counts"


def test_more_rows_than_fit_into_one_transaction_all_go(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("p2plending.operations.housekeeping.ROWS_AT_ONCE", 2)
    for number in range(5):
        result(bob, clock.now() - (400 + number) * DAY)
    assert run_housekeeping() == "5 task results"
