"""Withdrawals: approved by one, paid by our bank and then marked, or refused."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.selectors.people import audit_trail, waiting_about
from adminpanel.forms.decisions import ApproveWithdrawalForm, NotFoundForm, PayWithdrawalForm
from adminpanel.permissions import DECIDE_WITHDRAWALS, VIEW_WITHDRAWALS, permission_required
from adminpanel.selectors import withdrawal_queue
from adminpanel.views.pages import Decision, asked_words, decide, desk_page, page_of, with_tried
from ledger.enums.books import WithdrawalStatus
from ledger.models import Withdrawal
from ledger.selectors.access import WITHDRAWALS
from ledger.services.withdrawal_checks import Outlook, withdrawal_outlook
from ledger.services.withdrawals import approve_withdrawal, pay_withdrawal, reject_withdrawal
from p2plending.lib import clock
from p2plending.lib.web.decorators import get_only, post_only
from p2plending.lib.web.requests import AuthenticatedRequest

HISTORY_LENGTH = 20


@get_only
@permission_required(VIEW_WITHDRAWALS)
def queue(request: HttpRequest) -> HttpResponse:
    ctx = {"title": _("Withdrawals waiting"), "page": page_of(request, withdrawal_queue()), "now": clock.now()}
    return desk_page(request, "withdrawal_queue", ctx)


@get_only
@permission_required(VIEW_WITHDRAWALS)
def withdrawal(request: HttpRequest, reference: str) -> HttpResponse:
    return _page(request, _withdrawal(request, reference))


@post_only
@permission_required(DECIDE_WITHDRAWALS)
def approve(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    row = _withdrawal(request, reference)
    form = ApproveWithdrawalForm(request.POST, to_send=row.on_its_way, auto_id="approve_%s")
    return decide(
        request,
        form,
        lambda cleaned: approve_withdrawal(
            withdrawal_id=row.pk,
            confirmed=cleaned["confirmed"],
            actor=request.user,
            idempotency_key=cleaned["form_key"],
            today=clock.business_date(),
        ),
        done=lambda result: (
            _("Withdrawal %(reference)s approved. Send the money, then mark it as paid.") % {"reference": reference}
            if result.status == WithdrawalStatus.APPROVED
            else asked_words()
        ),
        target=lambda: reverse("admin:withdrawal", args=[reference]),
        again=lambda status: _page(request, _withdrawal(request, reference), "approve", form, status),
    )


@post_only
@permission_required(DECIDE_WITHDRAWALS)
def pay(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    row = _withdrawal(request, reference)
    form = PayWithdrawalForm(request.POST, today=clock.business_date(), to_send=row.on_its_way, auto_id="pay_%s")
    return decide(
        request,
        form,
        lambda cleaned: pay_withdrawal(
            withdrawal_id=row.pk,
            paid_on=cleaned["paid_on"],
            bank_reference=cleaned["bank_reference"],
            confirmed=cleaned["confirmed"],
            actor=request.user,
            idempotency_key=cleaned["form_key"],
            today=clock.business_date(),
        ),
        done=_("Withdrawal %(reference)s marked as paid.") % {"reference": reference},
        target=_following,
        again=lambda status: _page(request, _withdrawal(request, reference), "pay", form, status),
    )


@post_only
@permission_required(DECIDE_WITHDRAWALS)
def reject(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    row = _withdrawal(request, reference)
    form = NotFoundForm(request.POST, auto_id="reject_%s")
    return decide(
        request,
        form,
        lambda cleaned: reject_withdrawal(
            withdrawal_id=row.pk,
            note=cleaned["note"],
            actor=request.user,
            idempotency_key=cleaned["form_key"],
            today=clock.business_date(),
        ),
        done=_("Withdrawal %(reference)s refused. The money is back in the wallet.") % {"reference": reference},
        target=_following,
        again=lambda status: _page(request, _withdrawal(request, reference), "reject", form, status),
    )


def _withdrawal(request: HttpRequest, reference: str) -> Withdrawal:
    rows = WITHDRAWALS.visible_to(request.user).select_related("user", "approved_by", "decided_by")
    return get_object_or_404(rows, reference=reference)


def _following() -> str:
    row = withdrawal_queue().first()
    return reverse("admin:withdrawal", args=[row.reference]) if row else reverse("admin:withdrawal_queue")


def _decisions(row: Withdrawal, outlook: Outlook, *, is_asked: bool) -> list[Decision]:
    to_send = outlook.to_send
    paths = {name: reverse(f"admin:withdrawal_{name}", args=[row.reference]) for name in ("approve", "pay", "reject")}
    refuse = Decision(
        "reject",
        _("It can't be sent"),
        _("Refuse withdrawal"),
        paths["reject"],
        NotFoundForm(auto_id="reject_%s"),
        danger=True,
    )
    if row.status in WithdrawalStatus.open() and (is_asked or outlook.refusal or not to_send):
        return [refuse]
    if row.status == WithdrawalStatus.REQUESTED:
        form = ApproveWithdrawalForm(to_send=to_send, auto_id="approve_%s")
        return [Decision("approve", _("It may be sent"), _("Approve withdrawal"), paths["approve"], form), refuse]
    if row.status == WithdrawalStatus.APPROVED:
        form = PayWithdrawalForm(today=clock.business_date(), to_send=to_send, auto_id="pay_%s")
        return [Decision("pay", _("Our bank has sent it"), _("Mark as paid"), paths["pay"], form), refuse]
    return []


def _page(
    request: HttpRequest, row: Withdrawal, tried: str = "", form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    is_own = row.user_id == request.user.pk
    may_decide = request.user.has_perm(DECIDE_WITHDRAWALS)
    outlook = withdrawal_outlook(row)
    asked = waiting_about("withdrawal", row.reference).first()
    decisions = _decisions(row, outlook, is_asked=asked is not None)
    if isinstance(form, ApproveWithdrawalForm):
        form.show_again(outlook.to_send)
    ctx = {
        "title": row.reference,
        "row": row,
        "decisions": with_tried(decisions, tried, form) if may_decide and not is_own else [],
        "outlook": outlook if row.status in WithdrawalStatus.open() else None,
        "tried": tried,
        "failed": form,
        "is_own": is_own,
        "shows_account": may_decide and row.status in WithdrawalStatus.open(),
        "waiting_second": asked,
        "history": audit_trail("withdrawal", row.reference)[:HISTORY_LENGTH],
    }
    return desk_page(request, "withdrawal", ctx, status)
