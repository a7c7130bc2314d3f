"""What every story ends with: what is in the wallets, and that the books are sound."""

from __future__ import annotations

from accounts.models import User
from ledger.models import JournalEntry
from ledger.selectors import wallet_summary
from ledger.selectors.invariants import CHECKS as LEDGER_CHECKS
from loans.selectors.invariants import CHECKS as LOAN_CHECKS


def available(*people: User) -> list[int]:
    """What each person could take out now, in minor units."""
    return [wallet_summary(person).available for person in people]


def totals(*people: User) -> list[int]:
    """All money of each person that is with us: available, reserved and on its way out."""
    return [wallet_summary(person).total for person in people]


def assert_sound_books() -> None:
    """Every invariant that `check_books` proves, over what the test did."""
    assert JournalEntry.objects.exists()
    breaks = [found for check in (*LEDGER_CHECKS, *LOAN_CHECKS) for found in check.function()]
    assert breaks == []


def money_mark() -> tuple[int, list[tuple[int, int, int]]]:
    """A mark to compare: nothing moved when it is the same afterwards."""
    people = User.objects.order_by("pk")
    parts = [wallet_summary(person) for person in people]
    return JournalEntry.objects.count(), [(part.available, part.reserved, part.withdrawing) for part in parts]
