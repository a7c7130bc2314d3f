"""The supervisor of a worker's processes: it starts them, replaces those that end or hang, and ends them all.

It never touches the database itself, so nothing that happens there can hold it. Its processes share memory without
locks and no pipe: one that is killed, idle or busy, takes nothing with it.
"""

from __future__ import annotations

import dataclasses
import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from multiprocessing.context import ForkProcess
from multiprocessing.sharedctypes import RawArray

from django.db import connections

from accounts.enums.people import MAIL_QUEUE
from p2plending.lib.processes import end_with_parent
from p2plending.operations.worker.board import COLUMNS, Slot
from p2plending.operations.worker.runner import Runner
from p2plending.operations.worker.ticker import Ticker

logger = logging.getLogger(__name__)

GENERAL_QUEUE = "p2plending"
LOOK_EVERY_SECONDS = 0.5
STOP_PATIENCE_SECONDS = 15.0
# One mail takes 15 seconds at most and a sweep a minute; a job of the night takes what it takes.
LONGEST_MAIL_SECONDS = 120
LONGEST_TASK_SECONDS = 12 * 3600
SILENT_SECONDS = 120
SHORT_LIFE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 30.0


@dataclasses.dataclass(slots=True)
class Place:
    """One process of the pool: what it works on, and the process that does it now."""

    name: str
    queue: str
    longest_seconds: int
    slot: Slot
    process: ForkProcess | None = None
    started: float = 0.0
    short_lives: int = 0
    not_before: float = 0.0


class Pool:
    """`general` and `mail` processes for the two queues, and one for the clock."""

    def __init__(self, *, general: int = 2, mail: int = 2) -> None:
        wanted = [("task", GENERAL_QUEUE, LONGEST_TASK_SECONDS)] * general
        wanted += [("mail", MAIL_QUEUE, LONGEST_MAIL_SECONDS)] * mail
        wanted += [("clock", "", LONGEST_TASK_SECONDS)]
        board = RawArray("q", COLUMNS * len(wanted))
        self.places = [
            Place(f"{name} {index + 1}", queue, longest, Slot(board, index))
            for index, (name, queue, longest) in enumerate(wanted)
        ]
        self.name = f"{socket.gethostname()}:{os.getpid()}"[:120]
        self.context = multiprocessing.get_context("fork")

    def run(self, stop: threading.Event) -> None:
        """Keep every process alive until `stop` is set; then let running tasks end, and leave nothing behind."""
        try:
            while True:
                for place in self.places:
                    self.look_after(place)
                if stop.wait(LOOK_EVERY_SECONDS):
                    return
        finally:
            self.end()

    def look_after(self, place: Place) -> None:
        """Start the process of a place when there is none, and end one that hangs."""
        process = place.process
        if process is not None and process.is_alive():
            busy, silent = place.slot.busy_seconds(), place.slot.silent_seconds()
            if busy <= place.longest_seconds and silent <= SILENT_SECONDS:
                return
            logger.error("process hangs and is replaced", extra={"place": place.name, "busy": busy, "silent": silent})
            process.kill()
            process.join()
        if process is not None:
            self.bury(place, process)
        if time.monotonic() >= place.not_before:
            self.start(place)

    def bury(self, place: Place, process: ForkProcess) -> None:
        """Take note of a process that has ended: its task in hand, and whether it lived for a moment only."""
        logger.error("process of the worker ended", extra={"place": place.name, "code": process.exitcode})
        is_short = time.monotonic() - place.started < SHORT_LIFE_SECONDS
        place.short_lives = place.short_lives + 1 if is_short else 0
        pause = min(2.0**place.short_lives, LONGEST_PAUSE_SECONDS) if is_short else 0.0
        place.not_before = time.monotonic() + pause
        place.slot.died_with = place.slot.task_in_hand
        place.process = None

    def start(self, place: Place) -> None:
        """Fork a process for a place. No connection may be open in here: both would speak over it."""
        connections.close_all()
        place.slot.end()
        place.started = time.monotonic()
        process = self.context.Process(target=self.live, args=(place,), name=place.name)
        process.start()
        place.process = process

    def live(self, place: Place) -> None:
        """The life of a process of the pool."""
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        # Ctrl-C reaches the whole group of the terminal; the supervisor decides.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        ask_the_kernel = end_with_parent()
        if ask_the_kernel:
            ask_the_kernel()
        parent = multiprocessing.parent_process()
        if parent is None or os.getppid() != parent.pid:
            return  # the supervisor died before the kernel knew
        if place.queue:
            Runner(place.queue, place.slot, stop.is_set).run()
        else:
            others = [one.slot for one in self.places if one.queue == GENERAL_QUEUE]
            Ticker(self.name, place.slot, others).run(stop)

    def end(self) -> None:
        """End every process: those with a task in hand may finish it within the patience."""
        running = [place.process for place in self.places if place.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_PATIENCE_SECONDS
        for process in running:
            process.join(max(0.0, deadline - time.monotonic()))
        for process in running:
            if process.is_alive():
                logger.warning("process did not end in time and is killed", extra={"place": process.name})
                process.kill()
                process.join()
