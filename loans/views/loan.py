"""A loan's page for its borrower, and the address that sends each reader to their own page of a loan."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from accounts.enums import Role
from loans.models import Loan
from p2plending.lib.decorators import get_only


@get_only
@login_required
def by_reference(request: HttpRequest, reference: str) -> HttpResponse:
    loan = get_object_or_404(Loan, reference=reference)
    if request.user.role == Role.LENDER:
        return redirect("matching:listing", loan.reference)
    if request.user.role == Role.STAFF:
        return redirect("admin:loans_loan_change", loan.pk)
    if loan.borrower_id != request.user.pk:
        raise Http404
    return redirect("loans:loan", loan.reference)
