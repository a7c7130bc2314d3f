"""Payments on loans that people say to have sent: found or not found."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.enums.people import ApprovalKind
from accounts.models import ApprovalRequest
from accounts.selectors.people import audit_trail, waiting_about
from adminpanel.forms.decisions import ConfirmMoneyForm, NotFoundForm
from adminpanel.permissions import DECIDE_REPAYMENTS, VIEW_REPAYMENTS, permission_required
from adminpanel.selectors import repayment_queue
from adminpanel.views.pages import Decision, asked_words, decide, desk_page, page_of, with_tried
from loans.enums.loan import RepaymentStatus
from loans.models import Repayment
from loans.selectors.access import REPAYMENTS
from loans.selectors.collections import waiting_request
from loans.services.corrections.reversal_request import payment_to_undo
from loans.services.repayments.record import confirm_repayment, reject_repayment
from p2plending.lib import clock
from p2plending.lib.web.decorators import get_only, post_only
from p2plending.lib.web.requests import AuthenticatedRequest

HISTORY_LENGTH = 20


@get_only
@permission_required(VIEW_REPAYMENTS)
def queue(request: HttpRequest) -> HttpResponse:
    ctx = {"title": _("Loan payments waiting"), "page": page_of(request, repayment_queue()), "now": clock.now()}
    return desk_page(request, "repayment_queue", ctx)


@get_only
@permission_required(VIEW_REPAYMENTS)
def repayment(request: HttpRequest, reference: str) -> HttpResponse:
    return _page(request, _repayment(request, reference))


@post_only
@permission_required(DECIDE_REPAYMENTS)
def confirm(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    row = _repayment(request, reference)
    form = ConfirmMoneyForm(request.POST, today=clock.business_date(), told_on=row.value_date, auto_id="confirm_%s")
    return decide(
        request,
        form,
        lambda cleaned: confirm_repayment(
            repayment_id=row.pk,
            value_date=cleaned["value_date"],
            actor=request.user,
            idempotency_key=cleaned["form_key"],
            today=clock.business_date(),
        ),
        done=lambda result: (
            _("Payment %(reference)s confirmed and passed on to the lenders.") % {"reference": reference}
            if result.status == RepaymentStatus.CONFIRMED
            else asked_words()
        ),
        target=_following,
        again=lambda status: _page(request, _repayment(request, reference), "confirm", form, status),
    )


@post_only
@permission_required(DECIDE_REPAYMENTS)
def reject(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    row = _repayment(request, reference)
    form = NotFoundForm(request.POST, auto_id="reject_%s")
    return decide(
        request,
        form,
        lambda cleaned: reject_repayment(
            repayment_id=row.pk,
            note=cleaned["note"],
            actor=request.user,
            idempotency_key=cleaned["form_key"],
            today=clock.business_date(),
        ),
        done=_("Payment %(reference)s marked as not found. The person is told.") % {"reference": reference},
        target=_following,
        again=lambda status: _page(request, _repayment(request, reference), "reject", form, status),
    )


def _repayment(request: HttpRequest, reference: str) -> Repayment:
    rows = REPAYMENTS.visible_to(request.user).select_related("loan", "payer", "entry", "decided_by")
    return get_object_or_404(rows, reference=reference)


def _asked_to_undo(row: Repayment) -> ApprovalRequest | None:
    """The request to undo this payment that waits for a second person."""
    request = waiting_request(row.loan, ApprovalKind.REVERSAL)
    return request if request is not None and payment_to_undo(request).pk == row.pk else None


def _following() -> str:
    row = repayment_queue().first()
    return reverse("admin:repayment", args=[row.reference]) if row else reverse("admin:repayment_queue")


def _page(
    request: HttpRequest, row: Repayment, tried: str = "", form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    is_own = row.payer_id == request.user.pk
    waits = row.status == RepaymentStatus.DECLARED and request.user.has_perm(DECIDE_REPAYMENTS)
    second = waiting_about("repayment", row.reference).first()
    confirm_form = ConfirmMoneyForm(today=clock.business_date(), told_on=row.value_date, auto_id="confirm_%s")
    decisions = [
        Decision(
            "confirm",
            _("The money arrived"),
            _("Confirm payment"),
            reverse("admin:repayment_confirm", args=[row.reference]),
            confirm_form,
        ),
        Decision(
            "reject",
            _("We could not find it"),
            _("Mark as not found"),
            reverse("admin:repayment_reject", args=[row.reference]),
            NotFoundForm(auto_id="reject_%s"),
            danger=True,
        ),
    ]
    ctx = {
        "title": row.reference,
        "row": row,
        "decisions": with_tried(decisions[1:] if second else decisions, tried, form) if waits and not is_own else [],
        "tried": tried,
        "failed": form,
        "is_own": is_own,
        "asked": _asked_to_undo(row),
        "waiting_second": second,
        "history": audit_trail("repayment", row.reference)[:HISTORY_LENGTH],
    }
    return desk_page(request, "repayment", ctx, status)
