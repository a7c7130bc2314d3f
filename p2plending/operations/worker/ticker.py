"""The clock of a worker: queues what the schedules say, and writes the sign of life."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from django.db import Error, close_old_connections, connection
from django_q.brokers import get_broker
from django_q.scheduler import scheduler

from p2plending.lib import clock
from p2plending.operations.heartbeat import BEAT_SECONDS, beat, end_beat, forget_dead_workers
from p2plending.operations.worker.board import Slot

logger = logging.getLogger(__name__)

# A process that neither works nor looks for work for so long does not live, whatever its state.
SILENT_SECONDS = 30


class Ticker:
    """Beats as `name` while one of the processes of `others` takes tasks."""

    def __init__(self, name: str, slot: Slot, others: Sequence[Slot]) -> None:
        self.name = name
        self.slot = slot
        self.others = others
        self.started_at = clock.machine_now()

    def run(self, stop: threading.Event) -> None:
        """Tick until told to stop; then say goodbye, so that nobody takes the end for a death."""
        while True:
            self.slot.look()
            self.tick()
            if stop.wait(BEAT_SECONDS):
                break
        try:
            end_beat(self.name)
        except Error:
            logger.warning("no goodbye written: the database does not answer")

    def tick(self) -> None:
        """Queue due jobs and write the beat; without a database try again with the next tick."""
        try:
            close_old_connections()
            scheduler(broker=get_broker())
            if any(slot.silent_seconds() < SILENT_SECONDS for slot in self.others):
                beat(self.name, started_at=self.started_at, now=clock.machine_now())
                forget_dead_workers(clock.machine_now())
        except Error as error:
            logger.warning("the clock waits for the database", extra={"error": type(error).__name__})
            connection.close()
