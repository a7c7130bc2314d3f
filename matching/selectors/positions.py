"""Where lenders stand: wallet, reservations and notes, read for many lenders at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models import QuerySet, Sum

from ledger.chart import WALLET_AVAILABLE
from ledger.models import Account
from loans.enums.loan import CommitmentStatus, NoteStatus
from loans.finance import net_rate
from loans.models import Commitment, Loan, Note
from matching.engine.allocation import Position
from matching.engine.eligibility import LoanFacts
from matching.engine.scoring import Holdings
from matching.enums.mandates import DecisionReason
from matching.models import AllocationDecision
from p2plending.lib.errors import required


def held_commitments() -> QuerySet[Commitment]:
    """Commitments whose money is set aside now."""
    return Commitment.objects.filter(status__in=CommitmentStatus.holding())


def open_notes() -> QuerySet[Note]:
    """Notes that are still being paid back."""
    return Note.objects.filter(status__in=NoteStatus.open())


def facts_of(loan: Loan) -> LoanFacts:
    """A priced loan as the engine sees it."""
    return LoanFacts(
        grade=loan.grade,
        annual_rate=required(loan.annual_rate, "annual_rate"),
        net_rate=net_rate(
            required(loan.annual_rate, "annual_rate"),
            required(loan.servicing_fee_rate, "servicing_fee_rate"),
            required(loan.expected_loss_rate, "expected_loss_rate"),
        ),
        term_months=loan.term_months,
        purpose=loan.purpose,
        borrower_id=loan.borrower_id,
        principal=loan.principal,
        remaining=loan.remaining_amount,
    )


def available_of(lender_ids: Collection[int]) -> dict[int, int]:
    """Available money by lender; a lender whose wallet was never used is not in it. One query."""
    return dict(
        Account.objects.filter(code=WALLET_AVAILABLE, owner_id__in=lender_ids).values_list("owner_id", "balance")
    )


def planned_of(lender_ids: Collection[int]) -> dict[int, int]:
    """Money that unfinished runs have given to loans and not reserved yet, by lender. One query."""
    return dict(
        AllocationDecision.objects.filter(
            reason=DecisionReason.LENT, commitment__isnull=True, mandate__lender_id__in=lender_ids
        )
        .order_by()
        .values_list("mandate__lender_id")
        .annotate(Sum("amount"))
    )


def positions_for(loan: Loan, lender_ids: Collection[int]) -> dict[int, Position]:
    """Every lender's position for a loan; six queries whatever their number."""
    commitments = held_commitments().filter(lender_id__in=lender_ids).order_by()
    notes = open_notes().filter(owner_id__in=lender_ids).order_by()
    available, planned = available_of(lender_ids), planned_of(lender_ids)
    in_loan = dict(commitments.filter(loan=loan).values_list("lender_id").annotate(Sum("amount")))
    reserved_by_borrower = _sums(commitments.values_list("lender_id", "loan__borrower_id").annotate(Sum("amount")))
    lent_by_borrower = _sums(notes.values_list("owner_id", "loan__borrower_id").annotate(Sum("principal_outstanding")))
    positions = {}
    for lender_id in lender_ids:
        reserved, lent = reserved_by_borrower[lender_id], lent_by_borrower[lender_id]
        waiting = planned.get(lender_id, 0)
        positions[lender_id] = Position(
            available=max(available.get(lender_id, 0) - waiting, 0),
            in_loan=in_loan.get(lender_id, 0),
            with_borrower=reserved.get(loan.borrower_id, 0) + lent.get(loan.borrower_id, 0),
            in_total=sum(reserved.values()) + sum(lent.values()) + waiting,
        )
    return positions


def holdings_of(lender_ids: Collection[int]) -> dict[int, Holdings]:
    """What each lender has reserved and lent, by grade, purpose and borrower. Two queries."""
    fields = ("loan__grade", "loan__purpose", "loan__borrower_id")
    commitments = held_commitments().filter(lender_id__in=lender_ids).order_by()
    notes = open_notes().filter(owner_id__in=lender_ids).order_by()
    sums: dict[int, tuple[dict[str, int], dict[str, int], dict[int, int]]] = defaultdict(
        lambda: (defaultdict(int), defaultdict(int), defaultdict(int))
    )
    rows = [
        *commitments.values_list("lender_id", *fields).annotate(Sum("amount")),
        *notes.values_list("owner_id", *fields).annotate(Sum("principal_outstanding")),
    ]
    for lender_id, grade, purpose, borrower_id, amount in rows:
        by_grade, by_purpose, by_borrower = sums[lender_id]
        by_grade[grade] += amount
        by_purpose[purpose] += amount
        by_borrower[borrower_id] += amount
    return {lender_id: Holdings(*sums[lender_id]) for lender_id in lender_ids}


def _sums(rows: QuerySet) -> dict[int, dict[int, int]]:
    sums: dict[int, dict[int, int]] = defaultdict(dict)
    for lender_id, borrower_id, amount in rows:
        sums[lender_id][borrower_id] = amount
    return sums
