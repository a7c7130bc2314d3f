"""The clock: the date of the demo moves everything that people see, and nothing that only the machine waits for."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.conf import LazySettings
from django.db import models

from accounts.models import AuditEvent, Notification, User
from accounts.services.mail.notifications import in_app_only, notify
from accounts.services.people.registration import register_user
from ledger.models import JournalEntry
from p2plending.lib import clock
from p2plending.lib.database.transactions import run_money
from p2plending.lib.models import MomentField
from p2plending.tests.support.world import fund_wallet, set_rules

SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def month_ahead(db: None, settings: LazySettings) -> dt.timedelta:
    settings.DEMO_MODE = True
    set_rules(DEMO_DAYS_AHEAD=31)
    return dt.timedelta(days=31)


def test_outside_the_demo_nothing_is_moved_whatever_is_stored(
    month_ahead: dt.timedelta, settings: LazySettings
) -> None:
    settings.DEMO_MODE = False
    assert abs(clock.now() - clock.machine_now()) < SECOND
    assert clock.business_date() == clock.now().astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def test_under_a_moved_date_the_instant_and_the_date_go_together(
    month_ahead: dt.timedelta, settings: LazySettings
) -> None:
    local, machine = (moment.astimezone(ZoneInfo(settings.TIME_ZONE)) for moment in (clock.now(), clock.machine_now()))
    assert local.date() == clock.business_date() == machine.date() + month_ahead
    assert (local.hour, local.minute) == (machine.hour, machine.minute)


def test_what_happens_under_a_moved_date_carries_that_date(month_ahead: dt.timedelta, bob: User) -> None:
    fund_wallet(bob, 100_00, today=clock.business_date())
    user = register_user(
        email="ines@example.org", password="", password_hash="x", role="lender", full_name="Ines", ip_address=None
    ).user
    moments = [
        JournalEntry.objects.latest("pk").posted_at,
        AuditEvent.objects.latest("pk").created_at,
        user.date_joined,
        user.terms_acceptances.first().accepted_at,
        Notification.objects.filter(user=bob).latest("pk").created_at,
    ]
    assert all(abs(moment - clock.now()) < 60 * SECOND for moment in moments), moments


def test_a_chosen_moment_goes_on_and_ends_with_its_block() -> None:
    moment = dt.datetime(2026, 3, 5, 9, 30, tzinfo=dt.UTC)
    with clock.set_to(moment):
        assert moment <= clock.now() < moment + SECOND
        assert clock.business_date() == dt.date(2026, 3, 5)
        with clock.set_to(moment + 60 * SECOND):
            assert clock.now() >= moment + 60 * SECOND
        assert clock.now() < moment + 60 * SECOND
    assert abs(clock.now() - clock.machine_now()) < SECOND


def test_days_ahead_that_are_given_need_no_setting() -> None:
    with clock.moved_ahead(7):
        assert abs(clock.now() - clock.machine_now() - dt.timedelta(days=7)) <= dt.timedelta(hours=1) + SECOND


def test_every_time_stamp_of_ours_is_of_the_platform_s_clock() -> None:
    ours = {"accounts", "ledger", "loans", "matching", "adminpanel"}
    stamps = [
        field
        for model in apps.get_models()
        if model._meta.app_label in ours
        for field in model._meta.local_fields
        if isinstance(field, models.DateTimeField) and (field.auto_now or field.auto_now_add)
    ]
    assert len(stamps) > 30
    assert [field for field in stamps if not isinstance(field, MomentField)] == []


@pytest.mark.django_db
def test_a_day_that_is_over_is_told_in_the_app_only(bob: User) -> None:
    def tell(key: str) -> Notification:
        return run_money(lambda: notify(user=bob, key=key, event="test", title="Told", body="Told."))

    with in_app_only():
        past = tell("past")
    assert (past.email_status, tell("now").email_status) == ("not_wanted", "waiting")
