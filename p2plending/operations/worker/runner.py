"""One process that carries out the tasks of a queue, one after the other."""

from __future__ import annotations

import datetime as dt
import logging
import time
import traceback
from collections.abc import Callable
from typing import Any

from django.db import Error, close_old_connections, connection
from django.utils.module_loading import import_string
from django_q.models import OrmQ, Task
from django_q.signing import BadSignature, SignedPackage
from django_q.utils import get_func_repr

from p2plending.lib import clock
from p2plending.lib.context import RequestContext, reset_request, set_request
from p2plending.operations.job_runs import record_run
from p2plending.operations.job_table import job_of_schedule
from p2plending.operations.worker.board import Slot
from p2plending.operations.worker.leases import LeaseKeeper, release_task, take_task

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
DATABASE_PAUSE_SECONDS = 1.0
MOST_ATTEMPTS = 5
FIRST_PAUSE = dt.timedelta(seconds=30)
LONGEST_PAUSE = dt.timedelta(minutes=10)
UNREADABLE_PAUSE = dt.timedelta(hours=1)
# How long a result is kept in hand while the database is away; then the task is left to be run again.
RESULT_PATIENCE_SECONDS = 120.0


class Runner:
    """Takes tasks of `queue` until told to stop; `slot` is where its supervisor sees what it does."""

    def __init__(self, queue: str, slot: Slot, should_stop: Callable[[], bool]) -> None:
        self.queue = queue
        self.slot = slot
        self.should_stop = should_stop
        self.keeper = LeaseKeeper()

    def run(self) -> None:
        """Work until told to stop; a task that was begun is ended first."""
        self.keeper.start()
        try:
            while not self.should_stop():
                self.slot.look()
                if not self._work_once():
                    time.sleep(POLL_SECONDS)
        finally:
            self.keeper.end()

    def _work_once(self) -> bool:
        try:
            drop_stale_connection()
            if self.slot.died_with:
                record_death(self.slot.died_with)
                self.slot.died_with = 0
            row = take_task(self.queue)
        except Error as error:
            logger.warning("no task taken: the database does not answer", extra={"error": repr(error)[:200]})
            connection.close()
            time.sleep(DATABASE_PAUSE_SECONDS)
            return False
        if row is None:
            return False
        self._carry_out(row)
        return True

    def _carry_out(self, row: OrmQ) -> None:
        task = read_task(row)
        if task is None:
            return
        self.slot.begin(row.pk)
        self.keeper.hold(row.pk)
        name = get_func_repr(task["func"])
        # Every line and audit row of the work carries the task's id, as those of a page carry the request's.
        context = set_request(RequestContext(request_id=task["id"]))
        logger.info("task begun", extra={"task": name, "group": task.get("group", "")})
        try:
            try:
                result, is_done = call(task), True
            except Exception as error:  # a task that fails must not end the process that runs the others
                logger.exception("task failed", extra={"task": name})
                result, is_done = f"{error} : {traceback.format_exc()}", False
            drop_stale_connection()
            store_patiently(row, task, result, is_done=is_done)
        finally:
            reset_request(context)
            self.keeper.release()
            self.slot.end()


def drop_stale_connection() -> None:
    """Close a connection that is old or broken; a transaction around all of it, as in a test, keeps its own."""
    if not connection.in_atomic_block:
        close_old_connections()


def read_task(row: OrmQ) -> dict[str, Any] | None:
    """What is to be done; None, and put off, when the row was not signed with a key of ours."""
    try:
        return SignedPackage.loads(row.payload)
    except (TypeError, BadSignature):
        logger.exception("task can't be read: was SECRET_KEY changed?", extra={"row": row.pk})
        release_task(row.pk, after=UNREADABLE_PAUSE)
        return None


def call(task: dict[str, Any]) -> Any:
    """Do the work; a scheduled job leaves its record."""
    function = task["func"] if callable(task["func"]) else import_string(task["func"])
    job = job_of_schedule(task.get("group") or "")
    if job is None:
        return function(*task["args"], **task["kwargs"])
    return record_run(job.name, lambda: function(*task["args"], **task["kwargs"]))


def store_patiently(row: OrmQ, task: dict[str, Any], result: Any, *, is_done: bool) -> None:
    """Store the result, waiting for a database that is away; after a while the task is left to be run again."""
    deadline = time.monotonic() + RESULT_PATIENCE_SECONDS
    while True:
        try:
            store_result(row, task, result, is_done=is_done)
            return
        except Error as error:
            connection.close()
            if time.monotonic() > deadline:
                logger.exception("result of a task not stored; it will run again", extra={"row": row.pk})
                return
            logger.warning("result of a task waits for the database", extra={"error": type(error).__name__})
            time.sleep(DATABASE_PAUSE_SECONDS)


def store_result(row: OrmQ, task: dict[str, Any], result: Any, *, is_done: bool) -> None:
    """Keep the outcome as django-q2 does, and remove the task, or put it off for another try.

    A task is given up after `MOST_ATTEMPTS`; its failure stays for staff to see.
    """
    stored = Task.objects.filter(pk=task["id"]).first()
    attempts = (stored.attempt_count if stored else 0) + 1
    if stored is None or not stored.success:
        Task.objects.update_or_create(
            pk=task["id"],
            defaults={
                "name": task["name"],
                "func": get_func_repr(task["func"]),
                "hook": task.get("hook"),
                "args": task["args"],
                "kwargs": task["kwargs"],
                "cluster": row.key,
                "group": task.get("group"),
                "started": task["started"],
                "stopped": clock.machine_now(),
                "result": result,
                "success": is_done,
                "attempt_count": attempts,
            },
        )
    if is_done or attempts >= MOST_ATTEMPTS:
        row.delete()
    else:
        release_task(row.pk, after=min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE))


def record_death(row_id: int) -> None:
    """A process was killed while it worked on this task: count the try, so that no task kills for ever, and go on."""
    row = OrmQ.objects.filter(pk=row_id).first()
    if row is None:
        return  # it had just ended
    task = read_task(row)
    if task is not None:
        store_result(row, task, "The process that worked on it was killed.", is_done=False)
        release_task(row_id)
        logger.warning("task of a killed process is taken up again", extra={"task": get_func_repr(task["func"])})
