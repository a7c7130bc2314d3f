"""CPU of this process and of the database server, and medians of runs that take turns."""

from __future__ import annotations

import dataclasses
import os
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from django.db import connection

TICKS = os.sysconf("SC_CLK_TCK")
HEADINGS = ("what", "wanted", "measured")
# Name, target, measured and whether it was met, in the order of the run.
VERDICTS: list[tuple[str, str, str, bool]] = []


@dataclasses.dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU of client and server, and of the wall."""

    cpu: float
    wall: float


def say(words: str = "") -> None:
    """A line of the report."""
    os.write(1, f"{words}\n".encode())


def server_pid() -> int:
    """The process of the database server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@pid_file")
        return int(Path(cursor.fetchone()[0]).read_text())


def make_durable() -> None:
    """Let the server do what a server of books must: every commit on the disk, pages in memory."""
    with connection.cursor() as cursor:
        cursor.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
        cursor.execute("SET GLOBAL innodb_buffer_pool_size = 1024 * 1024 * 1024")


def server_seconds(pid: int) -> float:
    """CPU of the server so far, to a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def cost_of(step: Callable[[], object], pid: int) -> Cost:
    """What one call costs."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    before, server, started = usage.ru_utime + usage.ru_stime, server_seconds(pid), time.perf_counter()
    step()
    wall = time.perf_counter() - started
    usage = resource.getrusage(resource.RUSAGE_SELF)
    client = usage.ru_utime + usage.ru_stime - before
    return Cost(client + server_seconds(pid) - server, wall)


def interleaved(ways: Mapping[str, Callable[[], Callable[[], object]]], runs: int, pid: int) -> dict[str, Cost]:
    """Medians of `runs` rounds in which every way has its turn, so that a busy machine is busy for all of them.

    A way sets its scene, which is not measured, and returns the step that is.
    """
    found: dict[str, list[Cost]] = {name: [] for name in ways}
    for _round in range(runs):
        for name, way in ways.items():
            found[name].append(cost_of(way(), pid))
    return {
        name: Cost(statistics.median(cost.cpu for cost in costs), statistics.median(cost.wall for cost in costs))
        for name, costs in found.items()
    }


def verdict(name: str, value: float, *, most: float | None = None, least: float | None = None) -> None:
    """One ratio beside its target, kept for the table at the end."""
    is_met = (most is None or value <= most) and (least is None or value >= least)
    target = f"≤ {most:g}" if most is not None else f"≥ {least:g}"
    VERDICTS.append((name, target, f"{value:.2f}", is_met))
    say(f"  {'ok  ' if is_met else 'MISS'} {name}: {value:.2f} (target {target})")


def say_table() -> None:
    """Every target of this run: wanted, measured, met or missed."""
    lines = [(*HEADINGS, ""), *((*figures, "met" if is_met else "MISSED") for *figures, is_met in VERDICTS)]
    widths = [max(len(str(line[column])) for line in lines) for column in range(3)]
    say()
    for name, target, value, outcome in lines:
        say(f"  {name:<{widths[0]}}  {target:>{widths[1]}}  {value:>{widths[2]}}  {outcome}")
    missed = sum(not is_met for *_figures, is_met in VERDICTS)
    say(f"  {len(VERDICTS) - missed} of {len(VERDICTS)} met, {missed} missed.")
