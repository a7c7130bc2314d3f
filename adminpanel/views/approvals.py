"""What waits for a second person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.selectors import audit_trail
from adminpanel.forms.collections import ApproveForm, RefuseForm
from adminpanel.permissions import VIEW_APPROVALS, permission_required
from adminpanel.views.pages import Decision, decide, desk_page, page_of, with_tried
from adminpanel.views.replay import shown_replay
from loans.collection_enums import ApprovalKind, ApprovalState
from loans.models import ApprovalRequest
from loans.permissions import DECIDE_APPROVALS
from loans.selectors.collections import approval_queue
from loans.services.approvals import approve_request, refuse_request
from loans.services.replay_preview import preview_reversal
from loans.services.reversal_request import payment_to_undo
from p2plending.lib import clock
from p2plending.lib.decorators import get_only, post_only

HISTORY_LENGTH = 20


@get_only
@permission_required(VIEW_APPROVALS)
def queue(request: HttpRequest) -> HttpResponse:
    ctx = {"title": _("Waiting for a second person"), "page": page_of(request, approval_queue())}
    return desk_page(request, "approval_queue", ctx)


@get_only
@permission_required(VIEW_APPROVALS)
def approval(request: HttpRequest, reference: str) -> HttpResponse:
    return _page(request, _approval(reference))


@post_only
@permission_required(DECIDE_APPROVALS)
def approve(request: HttpRequest, reference: str) -> HttpResponse:
    row = _approval(reference)
    form = ApproveForm(request.POST, auto_id="approve_%s")
    return decide(
        request,
        form,
        lambda cleaned: approve_request(
            approval_id=row.pk,
            note=cleaned["note"],
            actor=request.user,
            idempotency_key=cleaned["form_key"],
            today=clock.business_date(),
        ),
        done=_("%(reference)s approved and done.") % {"reference": reference},
        target=lambda: reverse("admin:approval_queue"),
        again=lambda status: _page(request, _approval(reference), "approve", form, status),
    )


@post_only
@permission_required(DECIDE_APPROVALS)
def refuse(request: HttpRequest, reference: str) -> HttpResponse:
    row = _approval(reference)
    form = RefuseForm(request.POST, auto_id="refuse_%s")
    return decide(
        request,
        form,
        lambda cleaned: refuse_request(
            approval_id=row.pk,
            note=cleaned["note"],
            actor=request.user,
            idempotency_key=cleaned["form_key"],
            today=clock.business_date(),
        ),
        done=_("%(reference)s refused. Nothing was done.") % {"reference": reference},
        target=lambda: reverse("admin:approval_queue"),
        again=lambda status: _page(request, _approval(reference), "refuse", form, status),
    )


def _approval(reference: str) -> ApprovalRequest:
    rows = ApprovalRequest.objects.select_related("loan", "loan__borrower", "maker", "checker")
    return get_object_or_404(rows, reference=reference)


def _page(
    request: HttpRequest, row: ApprovalRequest, tried: str = "", form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    is_own = row.maker_id == request.user.pk
    waits = row.state == ApprovalState.PENDING and request.user.has_perm(DECIDE_APPROVALS) and not is_own
    path = {name: reverse(f"admin:approval_{name}", args=[row.reference]) for name in ("approve", "refuse")}
    decisions = [
        Decision("approve", _("Agree"), _("Approve and do it"), path["approve"], ApproveForm(auto_id="approve_%s")),
        Decision(
            "refuse", _("Do not agree"), _("Refuse"), path["refuse"], RefuseForm(auto_id="refuse_%s"), danger=True
        ),
    ]
    money = ("principal", "interest", "late_fee", "amount", "owed")
    labels = {
        "principal": _("Principal"),
        "interest": _("Interest"),
        "late_fee": _("Late fees"),
        "amount": _("To pay"),
        "owed": _("Owed in all"),
    }
    ctx = {
        "title": row.reference,
        "row": row,
        "figures": [
            (labels[name], row.payload[name]) for name in money if name in row.payload and not _is_reversal(row)
        ],
        "decisions": with_tried(decisions, tried, form) if waits or form else [],
        "tried": tried,
        "failed": form,
        "is_own": is_own,
        **_reversal(request, row),
        "history": audit_trail("loan", row.loan.reference)[:HISTORY_LENGTH],
    }
    return desk_page(request, "approval", ctx, status)


def _is_reversal(row: ApprovalRequest) -> bool:
    return row.kind == ApprovalKind.REVERSAL


def _reversal(request: HttpRequest, row: ApprovalRequest) -> dict[str, Any]:
    """The payment to undo, and what it changes as long as nobody has decided."""
    if not _is_reversal(row):
        return {}
    payment = payment_to_undo(row)
    if row.state != ApprovalState.PENDING:
        return {"payment": payment}
    shown = shown_replay(
        lambda: preview_reversal(
            repayment_id=payment.pk, reason=row.reason, actor=request.user, today=clock.business_date()
        )
    )
    return {"payment": payment, **shown}
