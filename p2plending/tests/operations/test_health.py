"""What `/readyz` and Today say: what is missing, and which work stands still."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from pytest_django import Settings

from accounts.enums.people import DeliveryStatus
from accounts.models import Notification, User
from ledger.currency import WrongCurrency, books_currency
from ledger.models import BooksCurrency, JournalEntry
from p2plending import __version__
from p2plending.lib import clock
from p2plending.models import JobRun
from p2plending.operations.heartbeat import beat, end_beat
from p2plending.operations.start import require_sound_start
from p2plending.tests.support import world
from p2plending.tests.support.cast import sign_in_fully

pytestmark = pytest.mark.django_db
# A Tuesday, 12:00 in Berlin; the end of day had to run at 06:00.
NOON = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)


@pytest.fixture
def noon() -> Any:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def healthy(noon: Any) -> None:
    """A worker that beats and an end of day that ran this morning."""
    beat("here:1", started_at=NOON, now=NOON)
    ran = NOON - dt.timedelta(hours=6)
    JobRun.objects.create(name="end_of_day", started_at=ran, finished_at=ran + dt.timedelta(minutes=2))


def ready(client: Client) -> dict[str, Any]:
    response = client.get("/readyz")
    assert response.status_code == 200, response.json()
    return response.json()


def today_light(client: Client, dora: User, label: str) -> tuple[str, str]:
    sign_in_fully(client, dora)
    lights = client.get(reverse("admin:index")).context["lights"]
    found = next(light for light in lights if str(light.label) == label)
    return found.kind, found.words


def test_a_healthy_site_is_ready_and_says_what_it_looked_at(client: Client, healthy: None) -> None:
    answer = ready(client)
    assert answer.pop("node").keys() == ({"node"} if connection.vendor == "mysql" else set())
    assert answer == {
        "status": "ready",
        "version": "0.1.0",
        "troubled": [],
        "checks": {
            "database": "ok",
            "migrations": "ok",
            "cache": "ok",
            "currency": "ok",
            "worker": "Running",
            "end_of_day": "Done",
            "mail": "0 waiting, 0 given up",
        },
    }


def no_worker() -> None:
    end_beat("here:1")


def silent_worker() -> None:
    beat("here:1", started_at=NOON, now=NOON - dt.timedelta(minutes=3))


def waiting_tasks() -> None:
    OrmQ.objects.create(key="p2plending", payload="", lock=NOON - dt.timedelta(minutes=5))


def end_of_day_of_yesterday() -> None:
    ran = NOON - dt.timedelta(hours=30)
    JobRun.objects.update(started_at=ran, finished_at=ran)


def end_of_day_cut_short() -> None:
    JobRun.objects.update(started_at=NOON - dt.timedelta(hours=3), finished_at=NOON - dt.timedelta(hours=30))


def end_of_day_failed() -> None:
    JobRun.objects.update(failed_at=NOON, words="ValueError: no")


def end_of_day_never_ran() -> None:
    JobRun.objects.all().delete()
    Schedule.objects.filter(name="clockwork.end_of_day").update(next_run=NOON - dt.timedelta(days=2))


@pytest.mark.parametrize(
    ("break_it", "name", "label", "words"),
    [
        (no_worker, "worker", "Worker", "No worker runs. Start: python manage.py worker"),
        (silent_worker, "worker", "Worker", "No sign of life for 3\xa0minutes"),
        (waiting_tasks, "worker", "Worker", "Tasks have waited for 5\xa0minutes"),
        (
            end_of_day_of_yesterday,
            "end_of_day",
            "End of day",
            "Stands still: last run 1\xa0day, 6\xa0hours ago",
        ),
        (end_of_day_cut_short, "end_of_day", "End of day", "Began 3\xa0hours ago and has not ended"),
        (end_of_day_failed, "end_of_day", "End of day", "Ended with an error: ValueError: no"),
        (end_of_day_never_ran, "end_of_day", "End of day", "Never ran"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_stands_still_is_told_while_pages_are_served(
    client: Client, dora: User, healthy: None, break_it: Callable[[], None], name: str, label: str, words: str
) -> None:
    assert today_light(client, dora, label)[0] == "success"
    break_it()
    answer = ready(client)
    assert (answer["status"], answer["troubled"], answer["checks"][name]) == ("degraded", [name], words)
    assert today_light(client, dora, label) == ("danger", words)


def test_what_the_end_of_day_did_not_reach_is_counted(client: Client, alice: User, bob: User, healthy: None) -> None:
    world.active_loan(alice, {bob: 1_000_00})
    end_of_day_of_yesterday()
    assert ready(client)["checks"]["end_of_day"].endswith("; 1 loan not reached")


def test_mail_that_was_given_up_or_waits_for_long_is_told(client: Client, alice: User, healthy: None) -> None:
    row = Notification.objects.create(user=alice, key="k", event="e", title="t", body="b")
    assert ready(client)["status"] == "ready"
    Notification.objects.update(created_at=NOON - dt.timedelta(minutes=40))
    assert ready(client)["checks"]["mail"] == "1 waiting, 0 given up; the oldest for 40\xa0minutes"
    Notification.objects.filter(pk=row.pk).update(email_status=DeliveryStatus.PARKED)
    assert ready(client)["troubled"] == ["mail"]


def test_missing_tables_are_named_with_the_command_that_makes_them(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'p2plending'")
    answer = client.get("/readyz")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json()["missing"].endswith("migrations are waiting. Run: python manage.py migrate")


def test_a_missing_cache_table_is_named(client: Client, settings: Settings) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "not_made_yet"}
    }
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["missing"] == "The table of the cache is missing. Run: python manage.py createcachetable"


# --- probes ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("host", ["10.0.0.5", "10.0.0.5:8000", "[fd00::5]", "site.internal", "not a host!"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_probes_are_answered_by_any_name_and_address(
    client: Client, healthy: None, host: str, path: str, method: str
) -> None:
    response = getattr(client, method)(path, headers={"host": host})
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["X-Request-ID"]


def test_pages_are_still_answered_by_the_names_of_the_site_only(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["lend.example.org"]
    assert client.get("/", headers={"host": "10.0.0.5"}).status_code == 400


def test_probes_are_not_sent_on_to_https(client: Client, healthy: None, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/readyz", headers={"host": "10.0.0.5"}).status_code == 200


# --- currency --------------------------------------------------------------------------------------------------------
def test_the_currency_is_written_with_the_first_entry_and_never_again(bob: User, carol: User) -> None:
    assert books_currency() is None
    world.fund_wallet(bob, 100_00)
    assert books_currency() == "EUR"
    world.fund_wallet(carol, 100_00)
    assert BooksCurrency.objects.count() == 1


def test_books_of_another_currency_stop_the_start_the_probe_and_every_new_account(
    bob: User, carol: User, client: Client, settings: Settings
) -> None:
    world.fund_wallet(bob, 100_00)
    entries = JournalEntry.objects.count()
    settings.CURRENCY = "JPY"
    words = "The books are kept in EUR, but CURRENCY is JPY. Set CURRENCY=EUR."
    with pytest.raises(ImproperlyConfigured, match=words):
        require_sound_start()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, words)
    with pytest.raises(WrongCurrency):
        world.fund_wallet(carol, 100_00)
    assert JournalEntry.objects.count() == entries


def test_books_without_entries_take_any_currency(client: Client, settings: Settings) -> None:
    settings.CURRENCY = "JPY"
    require_sound_start()
    assert client.get("/readyz").status_code == 200


def test_jobs_by_hand_leave_the_same_record_as_the_worker() -> None:
    before = clock.now()
    call_command("run_jobs", only="end_of_day", verbosity=0)
    run = JobRun.objects.get(name="end_of_day")
    assert run.started_at >= before
    assert run.finished_at >= run.started_at
    assert timezone.is_aware(run.finished_at)


@pytest.mark.one_database
@pytest.mark.parametrize("asked", ["version", "--version"])
def test_the_command_line_says_the_version_of_the_platform(asked: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", asked], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{__version__}\n"


def test_every_page_ends_with_the_version(client: Client, db: None) -> None:
    assert f"{settings.SITE_NAME} {__version__}" in " ".join(client.get("/").content.decode().split())
