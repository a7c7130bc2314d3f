"""What waits for a second person."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.selectors import audit_trail
from adminpanel.forms.collections import ApproveForm, RefuseForm
from adminpanel.permissions import VIEW_APPROVALS, permission_required
from adminpanel.views.pages import Decision, decide, desk_page, page_of, with_tried
from adminpanel.views.replay import shown_replay
from loans.access import APPROVALS
from loans.collection_enums import ApprovalKind, ApprovalState
from loans.models import ApprovalRequest
from loans.permissions import DECIDE_APPROVALS, WORK_COLLECTIONS
from loans.selectors.collections import approval_queue
from loans.services.approvals import approve_request, ask_again, owed_today, refuse_request
from loans.services.asked_figures import PARTS, figures_of, waiting_payment
from loans.services.recovery_reversal import recovery_to_undo
from loans.services.replay_preview import preview_reversal
from loans.services.reversal_request import payment_to_undo
from loans.services.standing import LoanNotOwing
from p2plending.lib import clock
from p2plending.lib.decorators import get_only, post_only
from p2plending.lib.forms import KeyedForm

HISTORY_LENGTH = 20
PART_WORDS = {
    "principal": gettext_lazy("Principal"),
    "interest": gettext_lazy("Interest"),
    "late_fee": gettext_lazy("Late fees"),
}


@get_only
@permission_required(VIEW_APPROVALS)
def queue(request: HttpRequest) -> HttpResponse:
    ctx = {"title": _("Waiting for a second person"), "page": page_of(request, approval_queue())}
    return desk_page(request, "approval_queue", ctx)


@get_only
@permission_required(VIEW_APPROVALS)
def approval(request: HttpRequest, reference: str) -> HttpResponse:
    return _page(request, _approval(request, reference))


@post_only
@permission_required(DECIDE_APPROVALS)
def approve(request: HttpRequest, reference: str) -> HttpResponse:
    row = _approval(request, reference)
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
        again=lambda status: _page(request, _approval(request, reference), "approve", form, status),
    )


@post_only
@permission_required(DECIDE_APPROVALS)
def refuse(request: HttpRequest, reference: str) -> HttpResponse:
    row = _approval(request, reference)
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
        again=lambda status: _page(request, _approval(request, reference), "refuse", form, status),
    )


@post_only
@permission_required(WORK_COLLECTIONS)
def ask_anew(request: HttpRequest, reference: str) -> HttpResponse:
    row = _approval(request, reference)
    form = KeyedForm(request.POST, auto_id="again_%s")
    return decide(
        request,
        form,
        lambda cleaned: ask_again(
            approval_id=row.pk,
            actor=request.user,
            idempotency_key=cleaned["form_key"],
            today=clock.business_date(),
        ),
        done=_("Asked again with today's figures. Another person decides."),
        target=lambda: reverse("admin:case", args=[row.loan.reference]),
        again=lambda status: _page(request, _approval(request, reference), "ask_again", form, status),
    )


def _approval(request: HttpRequest, reference: str) -> ApprovalRequest:
    rows = APPROVALS.visible_to(request.user).select_related("loan", "loan__borrower", "maker", "checker")
    return get_object_or_404(rows, reference=reference)


def _page(
    request: HttpRequest, row: ApprovalRequest, tried: str = "", form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    is_own = row.maker_id == request.user.pk
    asked = _asked(row, clock.business_date())
    ctx = {
        "title": row.reference,
        "row": row,
        **asked,
        "decisions": with_tried(_decisions(request, row, is_changed=asked["is_changed"]), tried, form),
        "tried": tried,
        "failed": form,
        "is_own": is_own,
        **_reversal(request, row),
        "history": audit_trail("loan", row.loan.reference)[:HISTORY_LENGTH],
    }
    return desk_page(request, "approval", ctx, status)


def _decisions(request: HttpRequest, row: ApprovalRequest, *, is_changed: bool) -> list[Decision]:
    """What this member of staff may do about a request that waits: agree or not, or ask again when figures changed."""
    if row.state != ApprovalState.PENDING or request.user.pk == row.loan.borrower_id:
        return []
    path = {
        name: reverse(f"admin:approval_{name}", args=[row.reference]) for name in ("approve", "refuse", "ask_again")
    }
    agree = Decision("approve", _("Agree"), _("Approve and do it"), path["approve"], ApproveForm(auto_id="approve_%s"))
    say_no = Decision(
        "refuse", _("Do not agree"), _("Refuse"), path["refuse"], RefuseForm(auto_id="refuse_%s"), danger=True
    )
    again = Decision(
        "ask_again",
        _("Ask again with today's figures"),
        _("Ask again"),
        path["ask_again"],
        KeyedForm(auto_id="again_%s"),
    )
    found = [again] if is_changed and request.user.has_perm(WORK_COLLECTIONS) else []
    if request.user.has_perm(DECIDE_APPROVALS) and row.maker_id != request.user.pk:
        found += [say_no] if is_changed else [agree, say_no]
    return found


def _asked(row: ApprovalRequest, today: dt.date) -> dict[str, Any]:
    """The figures that were asked for, and beside them what is owed today as long as nobody has decided."""
    if row.kind in (ApprovalKind.REVERSAL, ApprovalKind.RECOVERY):
        return {"is_changed": False}
    asked = {part: row.payload.get(part, 0) for part in PARTS}
    now = _owed_today(row, today)
    figures = [(PART_WORDS[part], asked[part], now and now[part]) for part in PARTS]
    figures.append((_("Owed in all"), sum(asked.values()), now and sum(now.values())))
    return {
        "figures": figures,
        "agreed_amount": row.payload.get("amount"),
        "is_changed": now is not None and now != asked,
        "has_today": now is not None,
        "waiting_payment": waiting_payment(row.loan) if now is not None else None,
    }


def _owed_today(row: ApprovalRequest, today: dt.date) -> dict[str, int] | None:
    if row.state != ApprovalState.PENDING:
        return None
    try:
        return figures_of(owed_today(row, today))
    except LoanNotOwing:
        return None


def _reversal(request: HttpRequest, row: ApprovalRequest) -> dict[str, Any]:
    """The payment or recovery to undo, and what it changes as long as nobody has decided."""
    if row.kind == ApprovalKind.RECOVERY:
        return {"recovery": recovery_to_undo(row)}
    if row.kind != ApprovalKind.REVERSAL:
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
