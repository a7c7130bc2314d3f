"""The worker's sign of life."""

from __future__ import annotations

import datetime as dt

from django.db.models import Max

from p2plending.models import WorkerHeartbeat

BEAT_SECONDS = 5
SILENT_AFTER = dt.timedelta(seconds=60)
FORGOTTEN_AFTER = dt.timedelta(days=1)


def beat(name: str, *, started_at: dt.datetime, now: dt.datetime) -> None:
    """Write that the worker `name` lives and takes tasks."""
    WorkerHeartbeat.objects.update_or_create(name=name, defaults={"started_at": started_at, "beat_at": now})


def end_beat(name: str) -> None:
    """The worker ended in order: nobody waits for its next beat."""
    WorkerHeartbeat.objects.filter(name=name).delete()


def forget_dead_workers(now: dt.datetime) -> int:
    """Remove the rows of workers that were killed long ago; returns how many."""
    return WorkerHeartbeat.objects.filter(beat_at__lt=now - FORGOTTEN_AFTER).delete()[0]


def last_beat() -> dt.datetime | None:
    """The latest beat of any worker; None when none runs or all ended in order."""
    return WorkerHeartbeat.objects.aggregate(latest=Max("beat_at"))["latest"]
