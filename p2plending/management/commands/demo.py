"""`manage.py demo`: made-up people with months of loans behind them, to look around in and to try things on."""

from __future__ import annotations

import io
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from adminpanel.services.demo_date import begin_move, open_move, take_up
from p2plending.demo.days import live_days
from p2plending.demo.logins import LOGINS, PASSWORD
from p2plending.demo.stories import FEWEST_LENDERS, FEWEST_MONTHS
from p2plending.demo.world import Plan, is_complete, make_world, open_world, plan_of_world
from p2plending.lib import clock
from p2plending.lib.errors import Refused

BAR_WIDTH = 30


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
        parser.add_argument("--lenders", type=int, default=14)
        parser.add_argument("--loans", type=int, default=36, help="drawn loans of the past, beside one in every state")
        parser.add_argument("--months", type=int, default=12, help="how far the history goes back")

        parser.add_argument(
            "--advance",
            type=int,
            metavar="DAYS",
            help="move the date of the world by 1 to 90 days, each of which is lived",
        )

    def handle(self, *_arguments: Any, **options: Any) -> None:
        if not settings.DEMO_MODE:
            raise CommandError("The demo has passwords that everybody knows. To make it, set DEMO_MODE=on in .env.")
        if options["advance"] is not None:
            self._advance(options["advance"])
            return
        if is_complete():
            self.stdout.write("The demo world is there and is kept.")
        else:
            self._make(options)
        self._print_logins()

    def _advance(self, days: int) -> None:
        """Move the date, or go on with a move that was cut short."""
        try:
            move = open_move() or begin_move(days=days, today=clock.business_date(), actor=None)
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        taken = take_up(move.pk)
        if taken is None:
            raise CommandError(f"The worker is moving the date to {move.last_day}. Wait until it is there.")
        progress = Progress(self.stdout, taken.last_day.toordinal() - taken.reached.toordinal())
        live_days(taken, tick=lambda day: progress.tick(f"{day:%d %b}"))
        progress.finish()
        self.stdout.write(f"It is {taken.last_day} now.")
        self._require_sound_books()

    def _make(self, options: dict[str, Any]) -> None:
        _require_size(options)
        chosen = {name: options[name] for name in ("seed", "lenders", "loans", "months")}
        plan = plan_of_world() or Plan(**chosen, opens_on=clock.business_date())
        started = time.monotonic()
        self.stdout.write(f"Making the demo world: {plan.lenders} lenders, {plan.months} months of loans.")
        progress = Progress(self.stdout, plan.days)
        refused = make_world(plan, tick=progress.tick)
        progress.finish()
        self.stdout.write("".join(f"Not possible: {line}\n" for line in refused), ending="")
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


def _require_size(options: dict[str, Any]) -> None:
    for name, least in (("lenders", FEWEST_LENDERS), ("loans", 1), ("months", FEWEST_MONTHS)):
        if options[name] < least:
            raise CommandError(f"--{name} must be {least} or more, so that every state has its people.")
