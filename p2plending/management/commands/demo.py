"""`manage.py demo`: made-up people with months of loans behind them, to look around in and to try things on."""

from __future__ import annotations

import io
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from p2plending.demo.logins import LOGINS, PASSWORD
from p2plending.demo.stories import FEWEST_BORROWERS, FEWEST_LENDERS, FEWEST_MONTHS
from p2plending.demo.world import Size, is_complete, make_world, open_world
from p2plending.lib import clock

BAR_WIDTH = 30
DAYS_IN_MONTH = 31


class Progress:
    """A bar that is drawn over itself on a terminal, and a line at every quarter elsewhere."""

    def __init__(self, stream: OutputWrapper, total: int) -> None:
        self.stream = stream
        self.total = max(total, 1)
        self.done = 0
        self.shown = -1

    def tick(self, text: str) -> None:
        """One step further; `text` says at what."""
        self.done = min(self.done + 1, self.total)
        percent = self.done * 100 // self.total
        if percent == self.shown:
            return
        if self.stream.isatty():
            filled = BAR_WIDTH * percent // 100
            self.stream.write(f"\r  {'█' * filled}{'░' * (BAR_WIDTH - filled)} {percent:3} % {text:<10}", ending="")
        elif percent // 25 > self.shown // 25:
            self.stream.write(f"  {percent:3} % {text}")
        self.stream.flush()
        self.shown = percent

    def finish(self) -> None:
        """Leave the bar behind."""
        self.done = self.total - 1
        self.shown = -1
        self.tick("")
        if self.stream.isatty():
            self.stream.write("")


class Command(BaseCommand):
    help = (
        "Make the demo world, through the services that pages use: people, loans in every state, and months of"
        " payments. A world that is there is kept. Prints the logins."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=2026, help="the same seed makes the same people and loans")
        parser.add_argument("--borrowers", type=int, default=FEWEST_BORROWERS)
        parser.add_argument("--lenders", type=int, default=14)
        parser.add_argument("--loans", type=int, default=34)
        parser.add_argument("--months", type=int, default=9, help="how far the history goes back")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        if not settings.DEMO_MODE:
            raise CommandError("The demo has passwords that everybody knows. To make it, set DEMO_MODE=on in .env.")
        if is_complete():
            self.stdout.write("The demo world is there and is kept.")
        else:
            self._make(Size(**{name: options[name] for name in Size.__slots__}), options["seed"])
        self._print_logins()

    def _make(self, size: Size, seed: int) -> None:
        _require_size(size)
        started = time.monotonic()
        self.stdout.write(
            f"Making the demo world: {size.borrowers} borrowers, {size.lenders} lenders, {size.months} months."
        )
        progress = Progress(self.stdout, size.people + size.months * DAYS_IN_MONTH)
        make_world(size, seed=seed, today=clock.business_date(), tick=progress.tick)
        progress.finish()
        self._require_sound_books()
        open_world()
        self.stdout.write(f"Done in {time.monotonic() - started:.0f} s. The books are sound.")

    def _require_sound_books(self) -> None:
        report = io.StringIO()
        try:
            call_command("check_books", stdout=report)
        except CommandError:
            self.stderr.write(report.getvalue())
            raise

    def _print_logins(self) -> None:
        width = max(len(email) for email, _who in LOGINS)
        lines = [f"  {email:<{width}}  {who}" for email, who in LOGINS]
        self.stdout.write("\n".join(["", f"Demo logins, all with the password {PASSWORD}", *lines]))


def _require_size(size: Size) -> None:
    least = Size(FEWEST_BORROWERS, FEWEST_LENDERS, 1, FEWEST_MONTHS)
    for name in Size.__slots__:
        if getattr(size, name) < getattr(least, name):
            raise CommandError(f"--{name} must be {getattr(least, name)} or more, so that every state has its people.")
