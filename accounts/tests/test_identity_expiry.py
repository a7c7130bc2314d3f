"""An identity check counts until its document expires, and for two years at most; people hear of it before."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.enums.people import VerificationStatus
from accounts.identity.validity import lapses_after, status_on
from accounts.models import AuditEvent, IdentityVerification, Notification, User
from accounts.selectors.eligibility import Action, IdentityNotVerified, blocking_refusal
from accounts.tasks import expire_identities
from p2plending.lib import clock
from p2plending.operations.job_table import JOBS
from p2plending.tests.support.figures import assert_links_open

TODAY = dt.date(2026, 11, 23)
DAY = dt.timedelta(days=1)


def check_of(user: User, **fields: object) -> IdentityVerification:
    IdentityVerification.objects.filter(user=user).update(**fields)
    return IdentityVerification.objects.get(user=user)


def approved_on(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time(15, 30)))


def at_noon(day: dt.date) -> time_machine.travel:
    return time_machine.travel(timezone.make_aware(dt.datetime.combine(day, dt.time(12))), tick=False)


@pytest.mark.parametrize(
    ("document", "approved", "last_day"),
    [
        (dt.date(2030, 6, 1), dt.date(2026, 1, 10), dt.date(2028, 1, 10)),
        (dt.date(2026, 12, 1), dt.date(2026, 1, 10), dt.date(2026, 12, 1)),
        (dt.date(2030, 6, 1), dt.date(2024, 2, 29), dt.date(2026, 2, 28)),
        (dt.date(2020, 1, 1), dt.date(2026, 1, 10), dt.date(2020, 1, 1)),
        (None, dt.date(2026, 12, 31), dt.date(2028, 12, 31)),
    ],
)
def test_a_check_counts_until_the_document_ends_or_24_months_after_the_approval(
    bob: User, document: dt.date | None, approved: dt.date, last_day: dt.date
) -> None:
    check = check_of(bob, id_expires_on=document, decided_at=approved_on(approved))
    assert lapses_after(check) == last_day
    assert status_on(check, last_day) == VerificationStatus.APPROVED
    assert status_on(check, last_day + DAY) == VerificationStatus.EXPIRED


@pytest.mark.parametrize(
    "fields",
    [
        {"id_expires_on": TODAY - DAY},
        {"id_expires_on": dt.date(2020, 1, 1)},
        {"decided_at": approved_on(dt.date(2024, 11, 22))},
    ],
    ids=["ran out yesterday", "of 2020", "approved two years ago"],
)
def test_after_the_last_day_nobody_lends_whether_or_not_the_job_has_run(
    bob: User, client: Client, fields: dict[str, object]
) -> None:
    with at_noon(TODAY):
        check = check_of(bob, **({"decided_at": approved_on(TODAY - DAY)} | fields))
        for _before_and_after in range(2):
            refusal = blocking_refusal(bob, Action.LEND)
            assert isinstance(refusal, IdentityNotVerified)
            assert refusal.message == "Your document has expired. Send a new one first."
            for action in (Action.DEPOSIT, Action.WITHDRAW):
                assert blocking_refusal(bob, action) is None
            client.force_login(bob)
            assert client.get(reverse("getting_started")).status_code == 200
            expire_identities()
        check.refresh_from_db()
        assert check.status == VerificationStatus.EXPIRED
        assert AuditEvent.objects.filter(action="accounts.identity.expire").count() == 1
        assert expire_identities() == "0 expired, 0 reminded, 0 failed"
        assert Notification.objects.filter(user=bob, event="identity.expired").count() == 1


def test_on_the_last_day_itself_everything_is_open(bob: User) -> None:
    with at_noon(TODAY):
        check_of(bob, id_expires_on=TODAY)
        assert expire_identities() == "0 expired, 1 reminded, 0 failed"
        assert blocking_refusal(bob, Action.LEND) is None


def test_people_are_reminded_30_7_and_1_day_before_once_each(bob: User) -> None:
    last_day = TODAY + dt.timedelta(days=60)
    check_of(bob, id_expires_on=last_day, decided_at=approved_on(TODAY))
    told = []
    for days in range(40, -3, -1):
        for _twice in range(2):
            expire_identities(last_day - dt.timedelta(days=days))
        titles = list(Notification.objects.filter(user=bob).order_by("pk").values_list("title", flat=True))
        told += [(days, title) for title in titles[len(told) :]]
    assert told == [
        (30, "Your identity check ends in 30 days"),
        (7, "Your identity check ends in 7 days"),
        (1, "Your identity check ends in 1 day"),
        (-1, "Your identity check has expired"),
    ]
    assert_links_open("identity.ends_soon", "identity.expired")


def test_a_reminder_whose_day_was_missed_comes_with_the_next_run_and_no_older_one_after_it(bob: User) -> None:
    check_of(bob, id_expires_on=TODAY + dt.timedelta(days=5), decided_at=approved_on(TODAY))
    assert [expire_identities(TODAY + dt.timedelta(days=days)) for days in (0, 1)] == [
        "0 expired, 1 reminded, 0 failed",
        "0 expired, 0 reminded, 0 failed",
    ]
    assert Notification.objects.get(user=bob).title == "Your identity check ends in 5 days"


def test_a_check_that_staff_suspended_stays_suspended(bob: User, carol: User) -> None:
    for user in (bob, carol):
        check_of(user, id_expires_on=TODAY - DAY)
    check_of(bob, status=VerificationStatus.SUSPENDED)
    assert expire_identities(TODAY) == "1 expired, 0 reminded, 0 failed"
    assert check_of(bob).status == VerificationStatus.SUSPENDED


def test_the_job_is_in_the_table_and_its_run_leaves_the_api_and_the_pages_saying_so(bob: User, client: Client) -> None:
    assert "accounts.tasks.expire_identities" in {job.function for job in JOBS}
    check_of(bob, id_expires_on=clock.business_date() - DAY)
    client.force_login(bob)
    page = client.get(reverse("getting_started")).content.decode()
    expire_identities()
    assert client.get(reverse("accounts:identity")).status_code == 200
    assert "expired" in (page + client.get(reverse("accounts:identity")).content.decode()).lower()
