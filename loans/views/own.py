"""The first line of each borrower's view: their own loan, or nothing."""

from __future__ import annotations

from collections.abc import Collection

from django.http import Http404

from loans.models import Loan
from loans.selectors.borrower import loan_for_borrower
from p2plending.lib.web.requests import AuthenticatedRequest


def own_loan(request: AuthenticatedRequest, reference: str, states: Collection[str] | None = None) -> Loan:
    """The signed-in borrower's loan, if need be in one of some states; anybody else's is not found (Http404)."""
    loan = loan_for_borrower(request.user, reference, states)
    if loan is None:
        raise Http404
    return loan
