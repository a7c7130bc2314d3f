"""Lenders' reserved money on its way back, when a loan or one reservation does not come to anything."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import User
from ledger.enums.books import EntryKind
from ledger.services.posting import post_entry
from loans.enums.loan import CommitmentStatus, LoanEvent
from loans.journal.funding import release_lines
from loans.models import Commitment, Loan
from loans.services.notices.origination import notify_released
from loans.services.servicing.lifecycle import move_loan, require_state
from p2plending.lib.database.transactions import require_transaction


def end_funding(
    loan: Loan, event: LoanEvent, *, actor: User | None, today: dt.date, reason: str, **fields: Any
) -> Loan:
    """Move the loan out of funding by `event` and give lenders back what is reserved. Call under the loan's guard."""
    require_state(loan, event)
    release_commitments(loan, actor=actor, today=today, narrative=f"{loan.reference}: {reason}")
    return move_loan(loan, event, actor=actor, today=today, reason=reason, funded_amount=0, lender_count=0, **fields)


def release_commitments(loan: Loan, *, actor: User | None, today: dt.date, narrative: str) -> list[Commitment]:
    """Return every reserved amount of the loan in one entry and tell the lenders.

    Call under the loan's guard and set `funded_amount` and `lender_count` to 0 in the same transaction
    (`end_funding` does).
    """
    require_transaction()
    held = list(loan.commitments.filter(status__in=CommitmentStatus.holding()).select_related("lender").order_by("pk"))
    if not held:
        return []
    post_release(loan, held, actor, today, key=f"release:{loan.reference}:{loan.version}", narrative=narrative)
    ids = [commitment.pk for commitment in held]
    Commitment.objects.filter(pk__in=ids).update(status=CommitmentStatus.RELEASED, ended_on=today)
    notify_released(loan, held)
    return held


def post_release(
    loan: Loan,
    commitments: list[Commitment],
    actor: User | None,
    today: dt.date,
    *,
    key: str,
    narrative: str = "",
) -> None:
    """Post rule REL for the reservations, in one entry. Call under the loan's guard."""
    post_entry(
        kind=EntryKind.COMMIT_RELEASE,
        key=key,
        value_date=today,
        lines=release_lines(commitments),
        actor=actor,
        narrative=narrative or f"Reservation for {loan.reference} ended",
        subject_type="loan",
        subject_reference=loan.reference,
    )
