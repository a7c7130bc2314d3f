"""Records of the runs of scheduled jobs: begun, ended, failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from p2plending.lib import clock
from p2plending.models import JobRun

MOST_WORDS = 300


def record_run(name: str, run: Callable[[], Any]) -> Any:
    """Run a job and write down when it began and how it ended; returns its result, raises what it raises.

    A run that is killed leaves `started_at` later than both ends: it was cut short, and the next one goes on.
    """
    JobRun.objects.update_or_create(name=name, defaults={"started_at": clock.machine_now()})
    try:
        result = run()
    except Exception as error:
        words = f"{type(error).__name__}: {error}"[:MOST_WORDS]
        JobRun.objects.filter(name=name).update(failed_at=clock.machine_now(), words=words)
        raise
    words = "" if result is None else str(result)[:MOST_WORDS]
    JobRun.objects.filter(name=name).update(finished_at=clock.machine_now(), failed_at=None, words=words)
    return result
