"""`manage.py check_books`: prove every invariant of the books over live data."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.invariants import CHECKS as LEDGER_CHECKS
from ledger.invariants import Break, Check
from loans.invariants import CHECKS as LOAN_CHECKS


class Command(BaseCommand):
    help = "Check every invariant of the books. Names each break and ends with 1 when there is one."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = sum(self._run(check) for check in (*LEDGER_CHECKS, *LOAN_CHECKS))
        if broken:
            raise CommandError(f"The books are broken: {broken} of the checks failed.", returncode=1)
        self.stdout.write(self.style.SUCCESS("The books are sound."))

    def _run(self, check: Check) -> bool:
        """Print one check with its breaks; whether it failed."""
        breaks = check.function()
        mark = self.style.ERROR("✗") if breaks else self.style.SUCCESS("✓")
        self.stdout.write(f"{mark} {check.code:<4} {check.title}")
        for found in breaks:
            self.stdout.write(f"      {_sentence(found)}")
        return bool(breaks)


def _sentence(found: Break) -> str:
    return f"{found.code} {found.subject}: expected {found.expected}, found {found.found}"
