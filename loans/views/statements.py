"""Reading about a loan that is being paid back: plan, early pay-off, certificate, how a payment came about."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from accounts.enums.people import Role
from loans.enums.loan import LoanStatus
from loans.forms.servicing import QUOTE_DAYS, QuoteDayForm
from loans.selectors.charges import charges_of
from loans.selectors.explanations.late_charges import late_charges_of
from loans.selectors.explanations.repayment import explain_repayment as explain
from loans.selectors.reprocessing import taken_back
from loans.selectors.servicing import (
    PlanLine,
    earlier_plans,
    paid_totals,
    payment_plan,
    payoff_figure,
    repayments_of,
    schedule_versions,
)
from loans.views.own import own_loan
from loans.wording.schedule import schedule_wording
from p2plending.lib.clock import business_date
from p2plending.lib.documents.csv_files import csv_response, plain
from p2plending.lib.web.decorators import get_only, role_required
from p2plending.lib.web.requests import AuthenticatedRequest

PLAN_HEADER = ("payment", "due", "state", "principal", "interest", "late_fee", "total", "paid", "paid_on", "left")


@get_only
@role_required(Role.BORROWER)
def early(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = own_loan(request, reference, LoanStatus.owing())
    today = business_date()
    form = QuoteDayForm(request.GET if "date" in request.GET else {"date": today}, today=today)
    status = 200 if form.is_valid() else 422
    day = form.cleaned_data["date"] if status == 200 else today
    context = {
        "loan": loan,
        "form": form,
        "day": day,
        "today": today,
        "payoff": payoff_figure(loan, day),
        "words": schedule_wording(loan),
        "last_day": today + dt.timedelta(days=QUOTE_DAYS),
    }
    return render(request, "loans/servicing/early.html", context, status=status)


@get_only
@role_required(Role.BORROWER)
def plan(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = own_loan(request, reference, LoanStatus.disbursed())
    context = {
        "loan": loan,
        "lines": payment_plan(loan, business_date()),
        "versions": schedule_versions(loan),
        "earlier": earlier_plans(loan),
        "totals": paid_totals(loan),
        "repayments": repayments_of(loan),
        "words": schedule_wording(loan),
        "charges": charges_of(loan, business_date()),
        "late_charges": late_charges_of(loan),
    }
    return render(request, "loans/servicing/plan.html", context)


@get_only
@role_required(Role.BORROWER)
def plan_csv(request: AuthenticatedRequest, reference: str) -> StreamingHttpResponse:
    loan = own_loan(request, reference, LoanStatus.disbursed())
    rows = (_plan_row(line) for line in payment_plan(loan, business_date()))
    return csv_response(f"plan-{loan.reference}.csv", PLAN_HEADER, rows)


def _plan_row(line: PlanLine) -> list[Any]:
    amounts = (line.principal, line.interest, line.charges, line.total, line.paid_total)
    return [
        line.position,
        line.row.due_date,
        line.state,
        *(plain(amount) for amount in amounts),
        line.row.settled_on or "",
        plain(line.left),
    ]


@get_only
@role_required(Role.BORROWER)
def certificate(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = own_loan(request, reference, [LoanStatus.REPAID])
    context = {
        "loan": loan,
        "totals": paid_totals(loan),
        "repayments": repayments_of(loan),
        "words": schedule_wording(loan),
    }
    return render(request, "loans/servicing/certificate.html", context)


@get_only
@role_required(Role.BORROWER, Role.LENDER, Role.STAFF)
def explain_repayment(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    explanation = explain(reference, request.user)
    if explanation is None:
        raise Http404
    context = {
        "explanation": explanation,
        "undone": taken_back(explanation.repayment),
        "late_charges": late_charges_of(
            explanation.repayment.loan, of=[line.instalment_id for line in explanation.allocations if line.late_fee]
        ),
        "words": schedule_wording(explanation.repayment.loan),
    }
    return render(request, "loans/servicing/explained.html", context)
