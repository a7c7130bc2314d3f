"""What is owed on a day, and instalments that are replaced or given up. In memory: services post and store the same."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from loans.account.state import instalment_state
from loans.enums.loan import InstalmentStatus
from loans.finance import AllocationPart, interest_owed
from loans.models import Instalment

REPLACED_COLUMNS = ("status", "superseded_by")
REMOVED_COLUMNS = ("status", "principal_removed", "interest_removed", "late_fee_removed", "interest_posted")


@dataclasses.dataclass(frozen=True, slots=True)
class OutstandingBalance:
    """What the borrower owes on `on`, in minor units: principal, interest earned by then, late fees.

    `interest_recognised` is the part of the interest that is not in the books yet, `interest_to_come` what the plan
    would still charge, `interest_ahead` what was paid of interest that is not earned yet.
    """

    on: dt.date
    principal: int
    interest: int
    late_fee: int
    interest_recognised: int
    interest_to_come: int
    interest_ahead: int

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.late_fee

    def less_credit(self, credit: int, order: Sequence[AllocationPart]) -> OutstandingBalance:
        """What is left of the claims once `credit` (minor units), paid ahead, has paid of them in this order."""
        left = {}
        for part in order:
            claim = getattr(self, part.value)
            paid = min(claim, credit)
            left[part.value], credit = claim - paid, credit - paid
        return dataclasses.replace(self, **left)


def unpaid_rows(rows: Sequence[Instalment]) -> list[Instalment]:
    """Those with anything left to pay."""
    return [row for row in rows if row.total_unpaid]


def outstanding_balance(rows: Sequence[Instalment], on: dt.date) -> OutstandingBalance:
    """Add up what `rows`, brought to `on` by the calendar, ask for on that day: no interest of days to come."""
    unpaid = unpaid_rows(rows)
    earned = [interest_owed(instalment_state(row), on) for row in unpaid]
    in_books = [row.interest_posted - row.interest_paid for row in unpaid]
    interest = sum(earned)
    return OutstandingBalance(
        on=on,
        principal=sum(row.principal_unpaid for row in unpaid),
        interest=interest,
        late_fee=sum(row.late_fee_unpaid for row in unpaid),
        interest_recognised=sum(max(due - posted, 0) for due, posted in zip(earned, in_books, strict=True)),
        interest_to_come=sum(row.interest_unpaid for row in unpaid) - interest,
        interest_ahead=sum(_paid_ahead(row, on) for row in unpaid),
    )


def replace_rows(rows: Sequence[Instalment], version: int) -> None:
    """Mark unpaid instalments as replaced by a schedule version. What was paid on them stays on them."""
    for row in rows:
        row.status = InstalmentStatus.SUPERSEDED
        row.superseded_by = version


def cancel_rows(rows: Sequence[Instalment], status: InstalmentStatus) -> None:
    """Mark everything unpaid on the instalments as no longer owed: written off or waived."""
    for row in rows:
        row.principal_removed += row.principal_unpaid
        row.interest_removed += row.interest_unpaid
        row.late_fee_removed += row.late_fee_unpaid
        row.interest_posted = row.interest_paid
        row.status = status


def next_number(rows: Sequence[Instalment]) -> int:
    """The number after the largest among instalments that count."""
    return max((row.number for row in rows), default=0) + 1


def _paid_ahead(row: Instalment, on: dt.date) -> int:
    state = dataclasses.replace(instalment_state(row), interest_paid=0)
    return max(row.interest_paid - interest_owed(state, on), 0)
