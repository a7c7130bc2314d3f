"""Who may read a loan's agreement, and what stands beside it."""

from __future__ import annotations

import dataclasses
import hashlib

from django.db.models import Sum

from accounts.enums.people import Role
from accounts.models import User
from loans.models import Commitment, Loan, LoanAgreement
from loans.selectors.access import AGREEMENTS, PARTIES


@dataclasses.dataclass(frozen=True, slots=True)
class ReadableAgreement:
    """An agreement as one reader may see it. `own_part` is what a lender lent by it, in minor units; None for others.

    `is_intact` says that the stored text still has the fingerprint that was signed.
    """

    agreement: LoanAgreement
    own_part: int | None
    is_intact: bool

    @property
    def loan(self) -> Loan:
        return self.agreement.loan


def agreement_for(user: User, reference: str) -> ReadableAgreement | None:
    """The agreement of a loan, or None when there is none for this reader.

    Its borrower reads it as soon as it is written; once it is signed so do the loan's lenders, and staff who see loans.
    """
    rows = AGREEMENTS.visible_to(user).select_related("loan", "loan__borrower")
    found = rows.filter(loan__reference=reference).first()
    if found is None or (found.signed_at is None and found.loan.borrower_id != user.pk):
        return None
    own_part = _own_part(found.loan, user)
    is_intact = hashlib.sha256(found.body.encode()).hexdigest() == found.sha256
    return ReadableAgreement(found, own_part, is_intact)


def _own_part(loan: Loan, user: User) -> int | None:
    if user.role != Role.LENDER:
        return None
    parts = Commitment.objects.filter(loan=loan, lender=user, status__in=PARTIES)
    return parts.aggregate(total=Sum("amount"))["total"]
