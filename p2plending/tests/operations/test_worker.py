"""`manage.py worker` with real processes on a SQLite file of its own, and its parts by themselves."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.sharedctypes import RawArray
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import OperationalError
from django_q.models import Failure, OrmQ, Schedule, Success
from django_q.tasks import async_task
from pytest_django import Settings

from accounts.models import AuditEvent
from p2plending.lib import clock
from p2plending.lib.context import current_request
from p2plending.lib.processes import end_process, members_of_session, start_process
from p2plending.models import JobRun
from p2plending.operations.scheduler import ensure_schedules
from p2plending.operations.worker import leases, runner
from p2plending.operations.worker.board import COLUMNS, Slot
from p2plending.operations.worker.leases import LEASE, take_task
from p2plending.operations.worker.pool import Pool
from p2plending.scripts.environment import ROOT

BERLIN = ZoneInfo("Europe/Berlin")


def slot() -> Slot:
    return Slot(RawArray("q", COLUMNS), 0)


def work_off(queue: str = "p2plending") -> int:
    """What one process does until nothing is due; returns how many tasks it took."""
    worker = runner.Runner(queue, slot(), lambda: False)
    done = 0
    while worker._work_once():
        done += 1
    return done


# --- one task --------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_task_is_done_stored_and_removed() -> None:
    async_task("math.factorial", 5)
    assert work_off() == 1
    stored = Success.objects.get()
    assert (stored.func, stored.result, stored.attempt_count) == ("math.factorial", 120, 1)
    assert OrmQ.objects.count() == 0


@pytest.mark.django_db
def test_what_a_task_writes_carries_its_id_and_nothing_after_it_does() -> None:
    task = async_task("p2plending.tests.support.worker_tasks.write_audit_event")
    assert work_off() == 1
    assert AuditEvent.objects.get(subject_reference="LN-1").request_id == task
    assert current_request().request_id == ""


@pytest.mark.django_db
def test_each_process_takes_tasks_of_its_own_queue_only() -> None:
    async_task("math.factorial", 5, q_options={"cluster": "mail"})
    assert work_off("p2plending") == 0
    assert work_off("mail") == 1


@pytest.mark.django_db
def test_a_task_in_hand_is_taken_by_nobody_else_until_its_lease_ends() -> None:
    async_task("math.factorial", 5)
    with time_machine.travel(clock.now(), tick=False) as traveller:
        held = take_task("p2plending")
        assert held is not None
        assert take_task("p2plending") is None
        traveller.shift(LEASE - dt.timedelta(seconds=1))
        assert take_task("p2plending") is None
        keeper = leases.LeaseKeeper()
        keeper.hold(held.pk)
        keeper._renew()
        traveller.shift(dt.timedelta(seconds=2))
        assert take_task("p2plending") is None
        traveller.shift(LEASE)
        assert take_task("p2plending").pk == held.pk


def test_the_task_of_a_machine_that_is_gone_is_taken_up_within_30_seconds() -> None:
    assert dt.timedelta(seconds=leases.RENEW_SECONDS * 3) < LEASE < dt.timedelta(seconds=25)


@pytest.mark.django_db
def test_a_task_that_fails_is_tried_five_times_later_and_later_and_stays_as_a_failure() -> None:
    async_task("math.factorial", -1)
    start = clock.now()
    tries = []
    with time_machine.travel(start, tick=False) as traveller:
        for second in range(0, 1_000, 10):
            traveller.move_to(start + dt.timedelta(seconds=second + 1), tick=False)
            tries += [second] * work_off()
    assert tries == [0, 30, 90, 210, 450]
    assert Failure.objects.get().attempt_count == 5
    assert OrmQ.objects.count() == 0


@pytest.mark.django_db
def test_the_task_of_a_killed_process_is_counted_and_taken_up_at_once() -> None:
    async_task("math.factorial", 5)
    for _killed in range(4):
        runner.record_death(take_task("p2plending").pk)
    assert (Failure.objects.get().attempt_count, OrmQ.objects.count()) == (4, 1)
    runner.record_death(take_task("p2plending").pk)
    assert OrmQ.objects.count() == 0, "a task that kills five processes is given up"


@pytest.mark.django_db
def test_a_task_signed_with_another_key_is_kept_and_stops_nothing() -> None:
    OrmQ.objects.create(key="p2plending", payload="nonsense", lock=clock.now())
    async_task("math.factorial", 5)
    assert work_off() == 2
    assert Success.objects.count() == 1
    assert OrmQ.objects.get().payload == "nonsense"


@pytest.mark.django_db
def test_a_result_waits_for_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async_task("math.factorial", 5)
    row = take_task("p2plending")
    store, failures = runner.store_result, [OperationalError(2006, "gone"), OperationalError(2013, "lost")]

    def store_when_back(*arguments: Any, **options: Any) -> None:
        if failures:
            raise failures.pop()
        store(*arguments, **options)

    monkeypatch.setattr(runner, "store_result", store_when_back)
    monkeypatch.setattr(runner, "DATABASE_PAUSE_SECONDS", 0)
    monkeypatch.setattr(runner.connection, "close", lambda: None)
    runner.store_patiently(row, row.task, 120, is_done=True)
    assert Success.objects.get().result == 120


@pytest.mark.django_db
def test_a_scheduled_job_leaves_its_record_when_it_ends_and_when_it_fails() -> None:
    async_task("loans.tasks.end_of_day", group="clockwork.end_of_day")
    async_task("math.factorial", -1, group="clockwork.reminders")
    work_off()
    ended, failed = JobRun.objects.get(name="end_of_day"), JobRun.objects.get(name="reminders")
    assert ended.finished_at >= ended.started_at
    assert ended.failed_at is None
    assert (failed.finished_at, failed.words) == (None, "ValueError: factorial() not defined for negative values")


# --- local time ------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("around", [dt.date(2027, 3, 28), dt.date(2027, 10, 31)], ids=str)
def test_daily_jobs_stay_at_their_local_time_when_summer_time_begins_and_ends(around: dt.date) -> None:
    first = around - dt.timedelta(days=3)
    with time_machine.travel(dt.datetime.combine(first, dt.time(12), tzinfo=BERLIN), tick=False):
        Schedule.objects.all().delete()
        ensure_schedules()
        for name, at in (("end_of_day", dt.time(6)), ("check_books", dt.time(3)), ("identity_expiry", dt.time(5, 45))):
            schedule = Schedule.objects.get(name=f"clockwork.{name}")
            moments = [schedule.next_run]
            for _day in range(6):
                moments.append(schedule.calculate_next_run(moments[-1]))
            local = [moment.astimezone(BERLIN) for moment in moments]
            assert {moment.time() for moment in local} == {at}
            assert [moment.date() for moment in local] == [first + dt.timedelta(days=1 + day) for day in range(7)]


@pytest.mark.django_db
def test_a_schedule_that_went_wrong_by_an_hour_is_put_right(settings: Settings) -> None:
    schedule = Schedule.objects.get(name="clockwork.end_of_day")
    right = schedule.next_run
    Schedule.objects.filter(pk=schedule.pk).update(next_run=right + dt.timedelta(hours=1))
    ensure_schedules()
    assert Schedule.objects.get(pk=schedule.pk).next_run.astimezone(BERLIN).time() == dt.time(6)


# --- the processes ---------------------------------------------------------------------------------------------------
def environment_in(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return kept | {
        "VAR_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder / 'worker.sqlite3'}",
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "for-a-worker-of-its-own-" + "0123456789" * 4,
        "FIELD_KEYS": "test:" + "A" * 43 + "=",
        "LOG_LEVEL": "INFO",
    }


def manage(folder: Path, *arguments: str, **changes: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    environment = environment_in(folder) | changes
    outcome = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


@pytest.fixture(scope="session")
def migrated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("migrated")
    manage(folder, "migrate", "-v0")
    manage(folder, "createcachetable", "-v0")
    return folder


@pytest.fixture
def working_folder(migrated_folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(migrated_folder, tmp_path, dirs_exist_ok=True)
    return tmp_path


Started = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start_worker(working_folder: Path) -> Iterator[Started]:
    running: list[subprocess.Popen[bytes]] = []

    def start(**changes: str) -> subprocess.Popen[bytes]:
        with (working_folder / "worker.log").open("ab") as output:
            command = [sys.executable, str(ROOT / "manage.py"), "worker"]
            running.append(start_process(command, log=output, environment=environment_in(working_folder) | changes))
        return running[-1]

    yield start
    for process in running:
        end_process(process, patience_seconds=20)


SCRIPT = """
import os, signal, time
from django_q.models import Failure, OrmQ, Success
from django_q.tasks import async_task
from p2plending.operations.heartbeat import last_beat

def wait_for(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds} s in vain")
        time.sleep(0.1)
    return found

wait_for(last_beat)
"""
KILL_BUSY = """
async_task("p2plending.tests.support.worker_tasks.say_and_sleep", os.environ["MARK"], 2)
mark = os.environ["MARK"]
wait_for(lambda: os.path.exists(mark))
victim = int(open(mark).read())
os.unlink(mark)
started = time.monotonic()
os.kill(victim, signal.SIGKILL)
wait_for(lambda: os.path.exists(mark))
print("taken up again after", round(time.monotonic() - started, 1))
assert time.monotonic() - started < 30
wait_for(lambda: Success.objects.filter(func__endswith="say_and_sleep").exists())
"""
KILL_IDLE = """
import pathlib
worker = os.environ["WORKER"]
children = [int(n) for n in pathlib.Path(f"/proc/{worker}/task/{worker}/children").read_text().split()]
for child in children:
    os.kill(child, signal.SIGKILL)
started = time.monotonic()
for number in range(5):
    async_task("math.factorial", number)
wait_for(lambda: Success.objects.filter(func="math.factorial").count() == 5)
assert time.monotonic() - started < 30, time.monotonic() - started
print("five tasks after the kill of", len(children))
"""


@pytest.mark.slow
@pytest.mark.one_database
def test_killed_processes_busy_and_idle_are_replaced_their_tasks_taken_up_and_term_ends_all(
    working_folder: Path, start_worker: Started
) -> None:
    process = start_worker()
    mark = str(working_folder / "mark")
    said = manage(
        working_folder, "shell", "-v0", "-c", SCRIPT + KILL_BUSY + KILL_IDLE, MARK=mark, WORKER=str(process.pid)
    )
    assert said.splitlines()[-1] == "five tasks after the kill of 5"
    process.terminate()
    assert process.wait(30) == 0
    assert members_of_session(process.pid) == []


SILENT_SERVER = """
import socket, threading
from django.db import transaction
from accounts.models import OutgoingMail
from accounts.services.mail.messages import queue_mail
from django.core.mail import EmailMultiAlternatives

for number in range(8):
    queue_mail(EmailMultiAlternatives(f"Mail {number}", "text", to=["alice@example.org"]), kind="test")
wait_for(lambda: OutgoingMail.objects.filter(email_claimed_at__isnull=False).exists())
started = time.monotonic()
async_task("math.factorial", 5)
wait_for(lambda: Success.objects.filter(func="math.factorial").exists(), 30)
print("a task beside the mails after", round(time.monotonic() - started, 1))
wait_for(lambda: OutgoingMail.objects.filter(email_status="failed").exists(), 30)
print("held for", round(time.monotonic() - started, 1))
assert time.monotonic() - started < 20
assert OutgoingMail.objects.exclude(email_status__in=["waiting", "failed"]).count() == 0
"""


@pytest.mark.slow
@pytest.mark.one_database
@pytest.mark.parametrize("dribbles", [False, True], ids=["never answers", "sends a byte now and then"])
def test_a_mail_server_that_never_answers_holds_nothing_but_its_own_mail(
    working_folder: Path, start_worker: Started, dribbles: bool
) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    client, _address = server.accept()
                except OSError:
                    return
                held.append(client)
                if dribbles:
                    threading.Thread(target=dribble, args=(client,), daemon=True).start()

        def dribble(client: socket.socket) -> None:
            try:
                while True:
                    client.sendall(b"2")
                    time.sleep(2)
            except OSError:
                return

        threading.Thread(target=accept, daemon=True).start()
        start_worker(EMAIL_URL=f"smtp://127.0.0.1:{server.getsockname()[1]}")
        said = manage(working_folder, "shell", "-v0", "-c", SCRIPT + SILENT_SERVER)
        assert "a task beside the mails" in said
        server.close()


def test_a_process_that_hangs_is_killed_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pool, "live", lambda _pool, _place: time.sleep(600))
    pool = Pool(general=1, mail=1)
    place = pool.places[0]
    pool.start(place)
    first = place.process
    place.slot.begin(4711)
    place.longest_seconds = -1
    pool.look_after(place)
    assert first.exitcode == -signal.SIGKILL
    assert place.slot.died_with == 4711
    pool.end()
    assert [one.process.exitcode for one in pool.places if one.process] == [-signal.SIGTERM] * (
        place.process is not None
    )
