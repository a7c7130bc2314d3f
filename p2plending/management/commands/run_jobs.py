"""`manage.py run_jobs`: run the scheduled jobs by hand, all of them or one, for today or for a date."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from p2plending.operations.scheduler import JOBS, run_job


class Command(BaseCommand):
    help = "Run the scheduled jobs now, in the order of their table."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", metavar="NAME", choices=[job.name for job in JOBS], help="run this job alone")
        parser.add_argument("--date", metavar="YYYY-MM-DD", help="business date for the jobs that take one")

    def handle(self, *args: Any, **options: Any) -> None:
        today = _date(options["date"])
        for job in JOBS:
            if options["only"] in (None, job.name):
                result = run_job(job, today)
                self.stdout.write(f"{job.name}: {job.what} {'' if result is None else result}".rstrip())


def _date(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise CommandError("--date must be a date like 2026-11-22.") from error
