"""Months of history make hundreds of tasks that must not be carried out today."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django_q.brokers import Broker
from django_q.conf import Conf


class NoQueue(Broker):
    """Takes tasks and drops them: the demo does the work itself, on the day of its history on which it falls."""

    def enqueue(self, task: Any) -> str:
        return ""


@contextmanager
def nothing_queued() -> Iterator[None]:
    """Inside, this process queues no task: no e-mail, and no payout on the wrong date by a worker that runs already.

    Lines about every entry would bury the progress bar, so that only warnings are logged.
    """
    before = Conf.BROKER_CLASS, Conf.SYNC
    logging.disable(logging.INFO)
    Conf.BROKER_CLASS, Conf.SYNC = f"{__name__}.NoQueue", False
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        Conf.BROKER_CLASS, Conf.SYNC = before
