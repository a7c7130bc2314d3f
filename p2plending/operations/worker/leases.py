"""Taking a task and holding it: a lease on its row, renewed while somebody works on it.

The lease is short, so that the task of a process that was killed, or of a machine that is gone, is soon taken up by
another; and it is renewed, so that a job may take as long as it needs.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading

from django.db import Error, connection
from django_q.models import OrmQ

from p2plending.lib import clock

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=20)
RENEW_SECONDS = 5


def take_task(queue: str) -> OrmQ | None:
    """Lease the oldest task of a queue that nobody holds and that is due; None when there is none."""
    while True:
        now = clock.machine_now()
        row = OrmQ.objects.filter(key=queue, lock__lte=now).order_by("lock", "pk").first()
        if row is None:
            return None
        # Somebody else may have been faster: only one of us finds the lock as both have read it.
        if OrmQ.objects.filter(pk=row.pk, lock=row.lock).update(lock=now + LEASE):
            return row


def release_task(row_id: int, *, after: dt.timedelta = dt.timedelta()) -> None:
    """Let a task be taken again, at once or after a while."""
    OrmQ.objects.filter(pk=row_id).update(lock=clock.machine_now() + after)


class LeaseKeeper(threading.Thread):
    """Renews the lease of the task that its process works on, over a connection of its own."""

    def __init__(self) -> None:
        super().__init__(name="lease", daemon=True)
        self._row_id = 0
        self._ended = threading.Event()

    def hold(self, row_id: int) -> None:
        """From now on renew this task's lease."""
        self._row_id = row_id

    def release(self) -> None:
        """The task is done with: nothing is renewed until the next."""
        self._row_id = 0

    def end(self) -> None:
        """Stop for good."""
        self._ended.set()

    def run(self) -> None:
        while not self._ended.wait(RENEW_SECONDS):
            self._renew()
        connection.close()

    def _renew(self) -> None:
        row_id = self._row_id
        if not row_id:
            return
        try:
            OrmQ.objects.filter(pk=row_id).update(lock=clock.machine_now() + LEASE)
        except Error:
            # Another process may take the task up meanwhile: every task may run twice.
            logger.warning("lease of a task not renewed", exc_info=True)
            connection.close()
