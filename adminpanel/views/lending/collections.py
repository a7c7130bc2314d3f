"""Loans in trouble: the list, one case with everything about it, and its steps, each with its figures first."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import ApprovalRequest
from accounts.selectors.people import audit_trail
from adminpanel.permissions import VIEW_LOANS, VIEW_REPAYMENTS, permission_required, require_permission
from adminpanel.views.lending.actions.base import Call, CaseAction
from adminpanel.views.lending.actions.registry import ACTIONS
from adminpanel.views.pages import Decision, asked_words, decide, desk_page, page_of, with_tried
from loans.enums.loan import LoanStatus
from loans.enums.permissions import WORK_COLLECTIONS
from loans.models import Loan
from loans.selectors import collections as read
from loans.selectors.access import LOANS
from loans.selectors.charges import charges_of
from loans.selectors.explanations.changes import changes_of
from loans.selectors.servicing import instalments_on, repayments_of, schedule_versions
from loans.services.servicing.cure import current_cure
from p2plending.lib import clock
from p2plending.lib.web.decorators import get_only, post_only
from p2plending.lib.web.requests import AuthenticatedRequest

HISTORY_LENGTH = 30


@get_only
@permission_required(VIEW_LOANS)
def late(request: AuthenticatedRequest) -> HttpResponse:
    today = clock.business_date()
    ctx = {"title": _("Loans in trouble"), "page": page_of(request, read.late_loans(today)), "today": today}
    return desk_page(request, "late_queue", ctx | {"proposed": read.default_proposals(today).count()})


@get_only
@permission_required(VIEW_LOANS)
def proposed(request: AuthenticatedRequest) -> HttpResponse:
    today = clock.business_date()
    ctx = {"title": _("Defaults to declare"), "page": page_of(request, read.proposed_defaults(today)), "today": today}
    return desk_page(request, "late_queue", ctx)


@get_only
@permission_required(VIEW_LOANS)
def losses(request: AuthenticatedRequest) -> HttpResponse:
    ctx = {"title": _("Losses and recoveries"), "page": page_of(request, read.closed_with_loss())}
    return desk_page(request, "losses", ctx)


@get_only
@permission_required(VIEW_LOANS)
def case(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    return _case_page(request, reference)


@post_only
@permission_required(VIEW_LOANS)
def step(request: AuthenticatedRequest, reference: str, name: str) -> HttpResponse:
    """The first POST shows the figures; the second, from there, does it."""
    if name not in ACTIONS:
        raise Http404
    action = ACTIONS[name]
    require_permission(request, action.permission)
    loan, today = _loan(request, reference), clock.business_date()
    form = action.form(loan, today, request.POST, auto_id=f"{name}_%s")
    call = Call(loan, form, request.user, today)
    return decide(
        request,
        form,
        lambda _cleaned: action.run(call),
        done=lambda result: asked_words() if isinstance(result, ApprovalRequest) else action.done,
        target=lambda: reverse("admin:case", args=[reference]),
        again=lambda status: _case_page(request, reference, name, form, status),
        check=lambda cleaned: None if cleaned["confirmed"] else _check_page(request, action, call),
    )


def _loan(request: AuthenticatedRequest, reference: str) -> Loan:
    rows = LOANS.visible_to(request.user).select_related("borrower", "product")
    return get_object_or_404(rows, reference=reference, status__in=LoanStatus.disbursed())


def _check_page(request: AuthenticatedRequest, action: CaseAction, call: Call) -> HttpResponse:
    ctx = {
        "title": action.label,
        "loan": call.loan,
        "step": action,
        "action": reverse("admin:case_step", args=[call.loan.reference, action.slug]),
        "form": call.form,
        **action.preview(call),
    }
    return desk_page(request, "case_check", ctx)


def _case_page(
    request: AuthenticatedRequest, reference: str, tried: str = "", form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    loan, today = _loan(request, reference), clock.business_date()
    is_own = loan.borrower_id == request.user.pk
    ctx = {
        "title": loan.reference,
        "loan": loan,
        "decisions": [] if is_own else with_tried(_decisions(request, loan, today), tried, form),
        "tried": tried,
        "failed": form,
        "is_own": is_own,
        "repayments": repayments_of(loan) if request.user.has_perm(VIEW_REPAYMENTS) else [],
        "sees_story": request.user.has_perm(WORK_COLLECTIONS),
        "history": audit_trail("loan", loan.reference)[:HISTORY_LENGTH],
        **_facts(loan, today),
    }
    return desk_page(request, "case", ctx, status)


def _facts(loan: Loan, today: dt.date) -> dict[str, Any]:
    rows = instalments_on(loan, today)
    owing = loan.status in LoanStatus.owing()
    return {
        "rows": [row for row in rows if row.due_date <= today and row.total_unpaid],
        "cure": current_cure(loan, today) if owing else None,
        "help": read.latest_help(loan),
        "proposals": read.proposals_of(loan),
        "offers": loan.settlement_offers.order_by("-pk"),
        "proposed_on": read.default_proposed_on(loan, today),
        "notices": loan.default_notices.order_by("-pk"),
        "defaults": loan.defaults.order_by("-pk"),
        "loss": read.loss_of(loan),
        "recoveries": read.recoveries_of(loan),
        "changes": changes_of(loan),
        "waivers": read.waivers_of(loan),
        "charges": charges_of(loan, today),
        "versions": schedule_versions(loan),
    }


def _decisions(request: AuthenticatedRequest, loan: Loan, today: dt.date) -> list[Decision]:
    return [
        Decision(
            action.slug,
            str(action.label),
            str(action.submit),
            reverse("admin:case_step", args=[loan.reference, action.slug]),
            action.form(loan, today, auto_id=f"{action.slug}_%s"),
            danger=action.danger,
        )
        for action in ACTIONS.values()
        if request.user.has_perm(action.permission) and action.applies(loan, today)
    ]
