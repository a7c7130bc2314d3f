"""The borrower's home and the list of their loans."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import Role
from accounts.models import User
from accounts.selectors.eligibility import Action, blocking_refusal
from accounts.selectors.first_steps import steps_context
from loans.account.restructure import NewPlan
from loans.enums.loan import LoanStatus
from loans.models import Loan, PlanProposal
from loans.selectors.borrower import application_of, loans_of, running_loans_of
from loans.selectors.collections import open_proposals
from loans.selectors.first_steps import borrower_steps
from loans.services.collections.restructuring import plan_terms_of, preview_plan
from p2plending.lib.clock import business_date
from p2plending.lib.errors import Refused
from p2plending.lib.web.decorators import get_only, role_required
from p2plending.lib.web.requests import AuthenticatedRequest

PER_PAGE = 25
RECENT = 5
# What the open application asks of its borrower: the sentence and the words of the link.
NEEDS: dict[str, tuple[str | Promise, str | Promise]] = {
    LoanStatus.DRAFT: (_("Your application is not sent yet."), _("Continue your application")),
    LoanStatus.INFO_REQUESTED: (_("We have a question about your application."), _("Read and answer")),
    LoanStatus.OFFERED: (_("Your offer is ready."), _("Read your offer")),
    LoanStatus.PARTIAL_OFFER: (_("Lenders offered a part of the loan."), _("Read and decide")),
    LoanStatus.FUNDED: (_("Your loan is funded. Sign the agreement to receive the money."), _("Read and sign")),
}


@get_only
@role_required(Role.BORROWER)
def borrowing_home(request: AuthenticatedRequest) -> HttpResponse:
    running = running_loans_of(request.user)
    application = application_of(request.user)
    past = loans_of(request.user).filter(status__in=_past())[:RECENT]
    need = None
    if application is not None and not (application.status == LoanStatus.FUNDED and application.signed_at):
        need = NEEDS.get(application.status)
    context = {
        "name": request.user.short_name,
        "running": running,
        "next_loan": _next_due(running),
        "proposals": _proposals(running, business_date()),
        "late": [loan for loan in running if loan.arrears_amount],
        "application": application,
        "need": need,
        "past": past,
        "today": business_date(),
    } | _first_steps(request.user, running, application)
    return render(request, "loans/home.html", context)


def _proposals(running: list[Loan], today: dt.date) -> list[tuple[Loan, PlanProposal, NewPlan]]:
    """The new plans that wait for an answer, each as it would be today."""
    found = []
    waiting = open_proposals(running, today)
    for loan in running:
        if loan.pk not in waiting:
            continue
        try:
            found.append((loan, waiting[loan.pk], preview_plan(loan, plan_terms_of(waiting[loan.pk]), today)))
        except Refused:
            # What it rests on has changed: the loan's page says what can be done.
            continue
    return found


def _first_steps(user: User, running: list[Loan], application: Loan | None) -> dict[str, Any]:
    """The first steps, or for whoever has done them what stands in the way of another loan."""
    if running or (application is not None and application.status != LoanStatus.DRAFT):
        return {"blocked": blocking_refusal(user, Action.APPLY)}
    context = steps_context(user, borrower_steps(user))
    return context | {"blocked": None if context["steps"] else blocking_refusal(user, Action.APPLY)}


@get_only
@role_required(Role.BORROWER)
def loan_list(request: AuthenticatedRequest) -> HttpResponse:
    page = Paginator(loans_of(request.user), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "loans/loan_list.html", {"page": page})


def _next_due(running: list[Loan]) -> Loan | None:
    due = [loan for loan in running if loan.next_due_on is not None]
    return min(due, key=lambda loan: (loan.next_due_on or dt.date.max, loan.pk), default=None)


def _past() -> list[str]:
    return [
        status
        for status in LoanStatus.values
        if status not in LoanStatus.application() and status not in LoanStatus.owing()
    ]
