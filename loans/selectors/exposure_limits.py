"""How much one lender may still lend to one loan, limit by limit."""

from __future__ import annotations

import dataclasses

from django.db.models import Sum

from accounts.models import User
from loans.enums.loan import CommitmentStatus, NoteStatus
from loans.models import Commitment, Loan, Note
from p2plending.lib.money import floor_percent_of
from p2plending.lib.rules.values import PlatformRules


@dataclasses.dataclass(frozen=True, slots=True)
class Headroom:
    """Minor units that each limit leaves; `total` is None when the platform sets no total."""

    remaining: int
    loan_share: int
    with_borrower: int
    total: int | None

    @property
    def smallest(self) -> int:
        """The amount that passes every limit, never below zero."""
        limits = [self.remaining, self.loan_share, self.with_borrower]
        if self.total is not None:
            limits.append(self.total)
        return max(min(limits), 0)


def headroom_of(loan: Loan, lender: User, rules: PlatformRules) -> Headroom:
    """The room under every cap, from the lender's reserved amounts and running notes: two queries."""
    reserved = list(
        Commitment.objects.filter(lender=lender, status__in=CommitmentStatus.holding())
        .values("loan_id", "loan__borrower_id")
        .annotate(amount=Sum("amount"))
        .order_by()
    )
    lent = list(
        Note.objects.filter(owner=lender, status__in=NoteStatus.open())
        .values("loan__borrower_id")
        .annotate(amount=Sum("principal_outstanding"))
        .order_by()
    )
    in_loan = sum(row["amount"] for row in reserved if row["loan_id"] == loan.pk)
    with_borrower = sum(row["amount"] for row in [*reserved, *lent] if row["loan__borrower_id"] == loan.borrower_id)
    in_total = sum(row["amount"] for row in [*reserved, *lent])
    return Headroom(
        remaining=loan.remaining_amount,
        loan_share=floor_percent_of(loan.principal, rules.loan_share_cap) - in_loan,
        with_borrower=rules.lender_borrower_cap - with_borrower,
        total=rules.lender_total_cap - in_total if rules.lender_total_cap else None,
    )
