"""`manage.py worker`: carries out queued and scheduled tasks."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from p2plending.operations.start import require_sound_start
from p2plending.operations.worker.pool import Pool

MOST_PROCESSES = 32


class Command(BaseCommand):
    help = "Run scheduled and queued tasks until INT or TERM; a process that ends or hangs is replaced."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--processes", type=int, default=2, metavar="N", help="for tasks and jobs (2)")
        parser.add_argument("--mail-processes", type=int, default=2, metavar="N", help="for e-mails (2)")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        for name in ("processes", "mail_processes"):
            if not 1 <= options[name] <= MOST_PROCESSES:
                raise CommandError(f"--{name.replace('_', '-')} must be a number from 1 to {MOST_PROCESSES}.")
        require_sound_start()
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        Pool(general=options["processes"], mail=options["mail_processes"]).run(stop)
