"""`manage.py worker`: the task cluster of django-q2 under a watchdog.

A worker process that is killed while it waits for work takes the lock of the shared queue with it: the cluster starts
another one, which waits for that lock for ever. Nothing inside the cluster can see this, so it is watched from outside:
tasks are waiting, nobody is working on one, and nothing has moved for a while means that it hangs.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from django_q.cluster import Cluster
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signals import post_execute_in_worker, pre_execute
from django_q.status import Stat

from p2plending.scripts.processes import end_with_parent

logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 1.0
# Longer than any pause between two tasks in a cluster that lives, short enough that a reminder is not late.
HANGS_AFTER_SECONDS = 8.0
# The cluster writes its status every second or so; a busy database may hold one up.
SILENT_AFTER_SECONDS = 60.0
STOP_PATIENCE_SECONDS = 15.0
# Between being marked as taken in the database and being counted as waiting, a task is in nobody's figures.
IN_HAND = timedelta(seconds=10)
# A cluster that ends this soon never worked; so many in a row mean that starting again won't help.
SHORT_LIFE_SECONDS = 20.0
SHORT_LIVES_ALLOWED = 5


class Command(BaseCommand):
    help = "Run scheduled and queued tasks until INT or TERM; a cluster that hangs is started again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--signs", type=int, metavar="FD", help="internal: run the cluster itself and write signs of life here"
        )

    def handle(self, *_arguments: Any, **options: Any) -> None:
        if options["signs"] is not None:
            run_cluster(options["signs"])
            return
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        try:
            keep_cluster_alive(stop)
        except ClusterWontStart as problem:
            raise CommandError(str(problem)) from None


class ClusterWontStart(Exception):
    """The cluster ended right after its start, again and again; its log says why."""


def run_cluster(signs: int) -> None:
    """Run the cluster in this process; every worker tells the watchdog when it starts and ends a task."""

    def tell(text: str) -> None:
        try:
            os.write(signs, f"{text}\n".encode())
        except OSError:
            # The watchdog is gone or far behind. The task matters more; our own end is on its way.
            logger.warning("no watchdog to tell: %s", text)

    def tell_start(**_signal: Any) -> None:
        tell(f"start {os.getpid()}")

    def tell_end(**_signal: Any) -> None:
        tell(f"end {os.getpid()}")

    os.set_blocking(signs, False)
    pre_execute.connect(tell_start)
    post_execute_in_worker.connect(tell_end)
    cluster = Cluster()
    tell(f"cluster {cluster.cluster_id}")
    cluster.start()


def keep_cluster_alive(stop: threading.Event) -> None:
    """Run a cluster until `stop` is set, replacing it when it ends or hangs. Raises ClusterWontStart."""
    short_lives = 0
    while not stop.is_set():
        watched = WatchedCluster()
        try:
            problem = watch(watched, stop)
        finally:
            watched.end(patience_seconds=STOP_PATIENCE_SECONDS if stop.is_set() else 0)
        if problem is None:
            return
        short_lives = short_lives + 1 if watched.age_seconds() < SHORT_LIFE_SECONDS else 0
        if short_lives >= SHORT_LIVES_ALLOWED:
            raise ClusterWontStart(f"The task cluster ended {short_lives} times right after its start: {problem}.")
        logger.error("task cluster restarted: %s", problem)
        put_back_tasks(watched)
        stop.wait(LOOK_EVERY_SECONDS * short_lives)


def put_back_tasks(watched: WatchedCluster) -> None:
    """Release what a dead cluster had taken; without a database the tasks come back by themselves, only later."""
    try:
        logger.info("%d tasks put back", watched.release_tasks())
    except DatabaseError:
        logger.warning("tasks of the dead cluster wait for their retry time", exc_info=True)


def watch(watched: WatchedCluster, stop: threading.Event) -> str | None:
    """Look at the cluster until it has a problem, which is returned, or until `stop` is set."""
    while not stop.wait(LOOK_EVERY_SECONDS):
        try:
            close_old_connections()
            problem = watched.problem()
        except DatabaseError:
            # The cluster can't work without the database either; it is judged again when the database answers.
            logger.warning("the watchdog can't reach the database", exc_info=True)
            watched.forgive()
            continue
        if problem:
            return problem
    return None


class WatchedCluster:
    """One cluster in a process group of its own, and what is known of its health."""

    def __init__(self) -> None:
        self.started = self.last_status = self.last_sign = time.monotonic()
        self.idle_at: datetime = timezone.now()
        self.cluster_id = ""
        self.working: set[int] = set()
        self.unread = b""
        self.signs, for_cluster = os.pipe()
        os.set_blocking(self.signs, False)
        self.process = subprocess.Popen(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "worker", "--signs", str(for_cluster)],
            stdin=subprocess.DEVNULL,
            pass_fds=[for_cluster],
            process_group=0,
            preexec_fn=end_with_parent(),
        )
        os.close(for_cluster)

    def age_seconds(self) -> float:
        """Return how long ago this cluster was started."""
        return time.monotonic() - self.started

    def forgive(self) -> None:
        """Start counting anew: what was not seen can't be held against the cluster."""
        self.last_status = self.last_sign = time.monotonic()

    def problem(self) -> str | None:
        """Return why this cluster must be replaced, or None while it is healthy."""
        if self.process.poll() is not None:
            return f"it ended with code {self.process.returncode}"
        self.read_signs()
        status = Stat.get(pid=self.process.pid, cluster_id=self.cluster_id) if self.cluster_id else None
        now = time.monotonic()
        if status is None or not status.sentinel:
            silent = now - self.last_status > SILENT_AFTER_SECONDS
            return f"no status for {SILENT_AFTER_SECONDS:.0f} s" if silent else None
        self.last_status = now
        working = any(is_running(worker) for worker in self.working)
        waiting = status.task_q_size + status.done_q_size
        if working or not waiting:
            self.last_sign = now
        if not working and not waiting:
            self.idle_at = status.timestamp - IN_HAND
        return f"{waiting} tasks wait and no worker takes them" if now - self.last_sign > HANGS_AFTER_SECONDS else None

    def read_signs(self) -> None:
        """Take in what the workers have told since the last look."""
        while True:
            try:
                chunk = os.read(self.signs, 65536)
            except BlockingIOError:
                return
            if not chunk:
                return
            *lines, self.unread = (self.unread + chunk).split(b"\n")
            for line in lines:
                self.take_in(*line.decode().split(" ", 1))

    def take_in(self, kind: str, subject: str) -> None:
        """Take in one sign: which cluster it is, or a worker that starts or ends a task."""
        self.last_sign = time.monotonic()
        if kind == "cluster":
            self.cluster_id = subject
        elif kind == "start":
            self.working.add(int(subject))
        else:
            self.working.discard(int(subject))

    def end(self, *, patience_seconds: float) -> None:
        """Let running tasks finish within the patience, then kill whatever is left of the process group."""
        if self.process.poll() is None and patience_seconds:
            self.process.terminate()
            try:
                self.process.wait(patience_seconds)
            except subprocess.TimeoutExpired:
                logger.warning("the task cluster did not stop in %.0f s and is killed", patience_seconds)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            logger.debug("nothing left of the task cluster")
        self.process.wait()
        os.close(self.signs)

    def release_tasks(self) -> int:
        """Put back what the dead cluster had taken since it was last idle, so that nothing waits for its retry time.

        Another cluster may be working on one of these; a task may run twice by contract.
        """
        taken_since = self.idle_at + timedelta(seconds=Conf.RETRY)
        return OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__gte=taken_since).update(lock=timezone.now())


def is_running(process: int) -> bool:
    """Say whether a process id is alive."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
