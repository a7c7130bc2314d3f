"""Starting and ending child processes so that none is ever left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

POLL_SECONDS = 0.05
PR_SET_PDEATHSIG = 1


def end_with_parent(ending: signal.Signals = signal.SIGTERM) -> Callable[[], None] | None:
    """Return a `preexec_fn` that makes Linux send `ending` to the child when its parent dies, even by kill -9."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask_the_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, int(ending))

    return ask_the_kernel


def start_process(
    command: Sequence[str], *, log: IO[bytes] | int | None, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own: a Ctrl-C in the terminal reaches it only through us."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT if log is not None else None,
        env=environment,
        start_new_session=True,
        preexec_fn=end_with_parent(),
    )


def members_of_session(session: int) -> list[int]:
    """Return the process ids that belong to a session, its leader included; empty where /proc does not exist."""
    members = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) == session and not is_zombie(folder):
                members.append(int(folder.name))
        except (ProcessLookupError, FileNotFoundError):
            continue
    return members


def is_zombie(folder: Path) -> bool:
    """Say whether a /proc folder belongs to a process that has ended and only waits to be collected."""
    return (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"


def end_process(process: subprocess.Popen[bytes], *, patience_seconds: float) -> None:
    """Ask a process started by `start_process` to end; after the patience, or for what it leaves behind, insist."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    kill_session(process.pid)


def kill_session(session: int) -> None:
    """Kill -9 whatever still runs in a session and wait until it is gone."""
    deadline = time.monotonic() + 5
    while (left := members_of_session(session)) and time.monotonic() < deadline:
        for member in left:
            try:
                os.kill(member, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(POLL_SECONDS)


class StopRequested(Exception):
    """Somebody pressed Ctrl-C, closed the terminal or sent TERM."""


def raise_stop(_number: int, _frame: FrameType | None) -> None:
    """Signal handler: leave whatever is running through its `finally` blocks."""
    raise StopRequested


def stop_on_signals() -> None:
    """From now on INT, TERM and HUP raise StopRequested in the main thread."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, raise_stop)


def ignore_further_signals() -> None:
    """While cleaning up: a second Ctrl-C must not leave processes behind."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
