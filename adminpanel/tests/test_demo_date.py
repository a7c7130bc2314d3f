"""The date of the demo: who may move it, how far, one move at a time, and one that is cut short goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ

from accounts.enums.people import StaffGroup
from accounts.models import AuditEvent, Notification, User
from adminpanel.models import DateMove
from adminpanel.services.demo_date import (
    CLAIM_LASTS,
    DaysNotPossible,
    MoveUnderWay,
    NothingToContinue,
    OnlyInDemo,
    begin_move,
    continue_move,
    take_up,
)
from adminpanel.tests import scenes
from loans.models import Loan, ReminderSent
from p2plending.demo import days as demo_days
from p2plending.lib import clock
from p2plending.lib.errors import NotPermitted
from p2plending.lib.rules.values import platform_rules
from p2plending.tests.support import world
from p2plending.tests.support.queue import carry_out_tasks

ClientOf = Callable[[User], Client]
PAGE = reverse("admin:demo_clock")
DAY = dt.timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def compliance(db: None) -> User:
    return scenes.staff_of(StaffGroup.COMPLIANCE)


@pytest.fixture
def demo(settings: LazySettings) -> None:
    settings.DEMO_MODE = True
    OrmQ.objects.all().delete()


@pytest.fixture
def loan(alice: User, bob: User) -> Loan:
    return world.active_loan(alice, {bob: 500_00}, today=clock.business_date())


def test_outside_the_demo_the_date_can_t_be_moved(
    compliance: User, client_of: ClientOf, settings: LazySettings
) -> None:
    settings.DEMO_MODE = False
    assert client_of(compliance).post(PAGE, {"days": "3"}).status_code == 404
    with pytest.raises(OnlyInDemo):
        begin_move(days=3, today=clock.business_date(), actor=compliance)
    assert not DateMove.objects.exists()


def test_staff_without_the_right_move_nothing(demo: None, bob: User, eve: User, client_of: ClientOf) -> None:
    for person in (bob, eve):
        assert client_of(person).post(PAGE, {"days": "3"}).status_code == 403
        with pytest.raises(NotPermitted):
            begin_move(days=3, today=clock.business_date(), actor=person)
    assert not DateMove.objects.exists()


@pytest.mark.parametrize("days", ["", "0", "-1", "91", "many", "1e30", "3.5"])
def test_impossible_numbers_of_days_are_refused(demo: None, days: str, compliance: User, client_of: ClientOf) -> None:
    answer = client_of(compliance).post(PAGE, {"days": days})
    assert answer.status_code == 422
    assert "Enter a number of days from 1 to 90." in answer.content.decode()
    assert not DateMove.objects.exists()
    assert not OrmQ.objects.exists()


def test_the_service_knows_its_limits_too(demo: None, compliance: User) -> None:
    for days in (0, 91):
        with pytest.raises(DaysNotPossible):
            begin_move(days=days, today=clock.business_date(), actor=compliance)
    assert platform_rules().demo_days_ahead == 0


def test_the_date_goes_day_by_day_and_the_page_says_how_far(demo: None, compliance: User, client_of: ClientOf) -> None:
    client, before = client_of(compliance), clock.business_date()
    assert client.post(PAGE, {"days": "3"}).status_code == 302
    assert clock.business_date() == before
    page = client.get(PAGE)
    assert page["Refresh"] == "5"
    assert "Day 0 of 3 is over" in page.content.decode()

    assert carry_out_tasks() == 1
    assert clock.business_date() == before + 3 * DAY
    move = DateMove.objects.get()
    assert (move.reached, move.open_key, move.asked_by) == (before + 3 * DAY, None, compliance)
    event = AuditEvent.objects.get(action="adminpanel.demo_date.moved")
    assert event.data == {"from": str(before), "to": str(before + 3 * DAY)}
    page = client.get(PAGE)
    assert "Refresh" not in page
    assert "3 days" in page.content.decode()


def test_a_second_move_waits_for_the_first(demo: None, compliance: User, client_of: ClientOf) -> None:
    begin_move(days=3, today=clock.business_date(), actor=compliance)
    with pytest.raises(MoveUnderWay):
        begin_move(days=1, today=clock.business_date(), actor=compliance)
    answer = client_of(compliance).post(PAGE, {"days": "1"})
    assert answer.status_code == 422
    assert "The date is being moved already." in answer.content.decode()
    assert DateMove.objects.count() == 1


def test_to_the_next_payment_of_a_loan(demo: None, loan: Loan, compliance: User, client_of: ClientOf) -> None:
    client = client_of(compliance)
    for reference in ("", "LN-00000000"):
        assert client.post(PAGE, {"loan": reference}).status_code == 422
    assert not DateMove.objects.exists()
    client.post(PAGE, {"loan": f" {loan.reference.lower()} "})
    carry_out_tasks()
    assert clock.business_date() == loan.next_due_on
    assert loan.instalments.get(number=1).status == "due"


def test_days_that_pass_are_told_in_the_app_and_only_the_last_by_mail(
    demo: None, loan: Loan, compliance: User, client_of: ClientOf
) -> None:
    mail.outbox.clear()
    Notification.objects.all().delete()
    client_of(compliance).post(PAGE, {"loan": loan.reference})
    carry_out_tasks()
    assert list(ReminderSent.objects.order_by("pk").values_list("kind", flat=True)) == ["before_3", "on_the_day"]
    told = Notification.objects.filter(user=loan.borrower).order_by("pk")
    assert [row.email_status for row in told] == ["not_wanted", "waiting"]
    dates = [row.created_at.date() for row in told]
    assert dates == [loan.next_due_on - 3 * DAY, loan.next_due_on]
    assert mail.outbox == []


def test_a_move_that_was_cut_short_goes_on_where_it_stopped(
    demo: None, compliance: User, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As a worker ends that is killed: nobody catches it."""

    before = clock.business_date()
    move = begin_move(days=5, today=clock.business_date(), actor=compliance)
    lived = []

    def remind(day: dt.date) -> None:
        lived.append(day)
        if len(lived) == 3:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(demo_days, "remind", remind)
        with pytest.raises(Killed):
            demo_days.go_on(move.pk)
    move.refresh_from_db()
    assert (move.reached, move.open_key) == (before + 2 * DAY, 1)
    assert "Killed" in move.failure

    demo_days.go_on(move.pk)
    carry_out_tasks()
    move.refresh_from_db()
    assert (move.reached, move.open_key, move.failure) == (before + 5 * DAY, None, "")
    assert clock.business_date() == before + 5 * DAY
    assert demo_days.go_on(move.pk) == "nothing to do"


def test_a_worker_that_vanished_is_waited_for_and_then_replaced(
    demo: None, compliance: User, client_of: ClientOf
) -> None:
    move = begin_move(days=2, today=clock.business_date(), actor=compliance)
    assert take_up(move.pk) is not None
    assert take_up(move.pk) is None
    with pytest.raises(NothingToContinue):
        continue_move(actor=compliance)
    assert "The worker has been silent" not in client_of(compliance).get(PAGE).content.decode()

    DateMove.objects.update(worked_at=clock.machine_now() - CLAIM_LASTS - dt.timedelta(seconds=1))
    assert "The worker has been silent" in client_of(compliance).get(PAGE).content.decode()
    assert client_of(compliance).post(PAGE, {"go_on": "1"}).status_code == 302
    carry_out_tasks()
    assert DateMove.objects.get().finished_at is not None


def test_a_long_move_is_many_tasks(demo: None, compliance: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_days, "SECONDS_PER_TASK", 0)
    before = clock.business_date()
    move = begin_move(days=4, today=clock.business_date(), actor=compliance)
    demo_days.go_on(move.pk)
    assert clock.business_date() == before + DAY
    assert carry_out_tasks() == 3
    assert clock.business_date() == before + 4 * DAY
