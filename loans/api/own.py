"""A borrower's own loan, as every call about one begins."""

from __future__ import annotations

from collections.abc import Collection

from django.http import Http404

from loans.enums.loan import LoanStatus
from loans.models import Loan
from loans.selectors.borrower import loan_for_borrower
from p2plending.lib.api.views import AuthenticatedApiRequest


def own_loan(request: AuthenticatedApiRequest, reference: str, states: Collection[str] | None = None) -> Loan:
    """The caller's loan, if need be in one of some states; anybody else's is not found (Http404)."""
    loan = loan_for_borrower(request.user, reference, states)
    if loan is None:
        raise Http404
    return loan


def paid_out_loan(request: AuthenticatedApiRequest, reference: str) -> Loan:
    """The caller's loan once it was paid out; before that it is not found (Http404)."""
    return own_loan(request, reference, LoanStatus.disbursed())
