"""What each process does, in memory that all of them see and none of them locks: a killed process leaves no lock."""

from __future__ import annotations

import multiprocessing.sharedctypes
import time

COLUMNS = 3
ROW, SINCE, LOOKED = range(COLUMNS)


class Slot:
    """One process's line on the board: the task in hand, since when, and when it last looked for one.

    `died_with` is told to a new process: the task that its predecessor was killed over, or 0.
    """

    def __init__(self, numbers: multiprocessing.sharedctypes.SynchronizedArray[int], index: int) -> None:
        self._numbers = numbers
        self._start = index * COLUMNS
        self.died_with = 0

    def look(self) -> None:
        """The process is alive and looks for a task."""
        self._numbers[self._start + LOOKED] = time.monotonic_ns()

    def begin(self, row_id: int) -> None:
        """The process has a task in hand."""
        self._numbers[self._start + SINCE] = time.monotonic_ns()
        self._numbers[self._start + ROW] = row_id

    def end(self) -> None:
        """The task is done with."""
        self._numbers[self._start + ROW] = 0
        self.look()

    @property
    def task_in_hand(self) -> int:
        """The row of the task that the process works on, or 0."""
        return self._numbers[self._start + ROW]

    def busy_seconds(self) -> int:
        """For how long it has worked on its task; 0 without one."""
        return _seconds_since(self._numbers[self._start + SINCE]) if self.task_in_hand else 0

    def silent_seconds(self) -> int:
        """How long ago it last looked for a task; 0 while it works on one."""
        return 0 if self.task_in_hand else _seconds_since(self._numbers[self._start + LOOKED])


def _seconds_since(moment: int) -> int:
    return (time.monotonic_ns() - moment) // 1_000_000_000
