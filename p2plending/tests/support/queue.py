"""The worker's part, done at once: tests that look at people and not at the queue."""

from __future__ import annotations

from django.utils.module_loading import import_string
from django_q.models import OrmQ


def carry_out_tasks() -> int:
    """Do every queued task, and those that they queue, in order; returns how many there were.

    A task that fails fails the test.
    """
    done = 0
    while (row := OrmQ.objects.order_by("pk").first()) is not None:
        task = row.task
        row.delete()
        function = task["func"] if callable(task["func"]) else import_string(task["func"])
        function(*task["args"], **task["kwargs"])
        done += 1
    return done
