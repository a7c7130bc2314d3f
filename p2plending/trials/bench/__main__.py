"""Measure everything and print it. The database is a fresh one: `make bench` starts it."""

from __future__ import annotations

import sys

import django
from django.core.management import call_command

PARTS = ("repayment", "transfers", "schedules", "nightly")


def main() -> None:
    """Migrate, then run the parts that were asked for: all of them, or those named."""
    django.setup()
    call_command("migrate", verbosity=0)
    from p2plending.trials.bench import nightly, repayment, schedules, transfers
    from p2plending.trials.bench.measure import make_durable, say, say_table, server_pid

    say("Ratios of one run on this machine; the medians of runs that took turns.")
    make_durable()
    pid = server_pid()
    modules = {"repayment": repayment, "transfers": transfers, "schedules": schedules, "nightly": nightly}
    for name in sys.argv[1:] or PARTS:
        modules[name].run(pid)
    say_table()


if __name__ == "__main__":
    main()
