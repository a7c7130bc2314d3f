"""The first line of each borrower's view: their own loan, or nothing."""

from __future__ import annotations

from django.http import Http404

from loans.models import Loan
from loans.selectors.borrower import loan_for_borrower
from p2plending.lib.web.requests import AuthenticatedRequest


def own_loan(request: AuthenticatedRequest, reference: str) -> Loan:
    """The signed-in borrower's loan; anybody else's is not found."""
    try:
        return loan_for_borrower(request.user, reference)
    except Loan.DoesNotExist as error:
        raise Http404 from error
