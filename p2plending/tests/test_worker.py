"""`manage.py worker` with a real cluster on a SQLite file of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ
from pytest_django import Settings

from p2plending.management.commands import worker
from p2plending.management.commands.worker import ClusterWontStart, WatchedCluster, keep_cluster_alive
from p2plending.scripts.processes import end_process, members_of_session, start_process

ROOT = Path(__file__).resolve().parents[2]
READ_SIGNS = """
import os, signal, time
from django_q.models import Success
from django_q.status import Stat
from django_q.tasks import async_task

def wait_for(condition, seconds):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds} s in vain")
        time.sleep(0.2)
    return found

wait_for(Stat.get_all, 60)
"""
BUSY_THEN_KILLED = (
    READ_SIGNS
    + """
for seconds in (10, 10, 0):
    async_task("time.sleep", seconds)
wait_for(lambda: Success.objects.count() == 3, 60)
print("long tasks done")

for idle in Stat.get_all()[0].workers:
    os.kill(idle, signal.SIGKILL)
started = time.monotonic()
for number in range(5):
    async_task("math.factorial", number)
wait_for(lambda: Success.objects.filter(func="math.factorial").count() == 5, 60)
assert time.monotonic() - started < 30, time.monotonic() - started
print("tasks after the kill done")
"""
)


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


def manage(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    outcome = subprocess.run(command, cwd=ROOT, env=environment_in(folder), capture_output=True, text=True, timeout=240)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


@pytest.fixture
def working_folder(tmp_path: Path) -> Path:
    manage(tmp_path, "migrate", "-v0")
    manage(tmp_path, "createcachetable", "-v0")
    return tmp_path


@pytest.mark.slow
def test_long_tasks_are_left_alone_killed_idle_workers_are_replaced_and_term_ends_all(working_folder: Path) -> None:
    log = working_folder / "worker.log"
    with log.open("wb") as output:
        process = start_process(
            [sys.executable, str(ROOT / "manage.py"), "worker"], log=output, environment=environment_in(working_folder)
        )
    try:
        assert manage(working_folder, "shell", "-v0", "-c", BUSY_THEN_KILLED).splitlines() == [
            "long tasks done",
            "tasks after the kill done",
        ]
        said = log.read_text()
        assert said.count("task cluster restarted") == 1
        assert "tasks wait and no worker takes them" in said
        process.terminate()
        assert process.wait(30) == 0
        assert members_of_session(process.pid) == []
    finally:
        end_process(process, patience_seconds=20)


@pytest.fixture
def replaced_cluster(settings: Settings, tmp_path: Path) -> Path:
    """The program that the watchdog starts as its cluster, to be written by the test."""
    settings.BASE_DIR = tmp_path
    return tmp_path / "manage.py"


@pytest.mark.django_db(transaction=True)
def test_a_cluster_that_always_ends_at_once_is_given_up(
    replaced_cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced_cluster.write_text("raise SystemExit(5)")
    monkeypatch.setattr(worker, "LOOK_EVERY_SECONDS", 0.1)

    with pytest.raises(ClusterWontStart, match=r"ended 5 times right after its start: it ended with code 5\."):
        keep_cluster_alive(threading.Event())


@pytest.fixture
def watched(replaced_cluster: Path) -> Iterator[WatchedCluster]:
    replaced_cluster.write_text("import time; time.sleep(600)")
    cluster = WatchedCluster()
    yield cluster
    cluster.end(patience_seconds=0)
    assert cluster.process.returncode == -9


@pytest.mark.django_db
def test_only_what_the_dead_cluster_had_taken_is_put_back(watched: WatchedCluster) -> None:
    retry = timedelta(seconds=Conf.RETRY)
    long_taken = OrmQ.objects.create(key=Conf.CLUSTER_NAME, payload="", lock=watched.idle_at - timedelta(1) + retry)
    just_taken = OrmQ.objects.create(key=Conf.CLUSTER_NAME, payload="", lock=watched.idle_at + retry)
    of_another_queue = OrmQ.objects.create(key="reports", payload="", lock=watched.idle_at + retry)

    assert watched.release_tasks() == 1

    locks = dict(OrmQ.objects.values_list("pk", "lock"))
    assert locks[just_taken.pk] <= timezone.now()
    assert locks[long_taken.pk] == long_taken.lock
    assert locks[of_another_queue.pk] == of_another_queue.lock


def test_a_worker_is_known_to_work_between_its_two_signs_even_when_they_arrive_in_pieces(
    watched: WatchedCluster,
) -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.dup2(reader, watched.signs)

    os.write(writer, b"cluster 5e1f\nstart 4711\nst")
    watched.read_signs()
    assert (watched.cluster_id, watched.working) == ("5e1f", {4711})

    os.write(writer, b"art 4712\nend 4711\n")
    watched.read_signs()
    assert watched.working == {4712}
    os.close(reader)
    os.close(writer)
