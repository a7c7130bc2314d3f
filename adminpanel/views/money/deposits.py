"""Deposits that wait for staff: found, not found, or a whole page of them found at once."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.selectors.people import audit_trail, waiting_about
from adminpanel.forms.decisions import ConfirmMoneyForm, NotFoundForm
from adminpanel.permissions import DECIDE_DEPOSITS, VIEW_DEPOSITS, permission_required
from adminpanel.selectors import deposit_queue
from adminpanel.views.pages import PAGE_SIZE, Decision, asked_words, decide, desk_page, page_of, with_tried
from ledger.enums.books import DepositStatus
from ledger.models import Deposit
from ledger.selectors.access import DEPOSITS
from ledger.services.deposits import confirm_deposit, reject_deposit
from p2plending.lib import clock
from p2plending.lib.errors import Refused
from p2plending.lib.web.actions import INVALID
from p2plending.lib.web.decorators import get_only, get_or_post, post_only

HISTORY_LENGTH = 20


@get_only
@permission_required(VIEW_DEPOSITS)
def queue(request: HttpRequest) -> HttpResponse:
    ctx = {
        "title": _("Deposits waiting"),
        "page": page_of(request, deposit_queue()),
        "now": clock.now(),
        "may_decide": request.user.has_perm(DECIDE_DEPOSITS),
    }
    return desk_page(request, "deposit_queue", ctx)


@get_only
@permission_required(VIEW_DEPOSITS)
def deposit(request: HttpRequest, reference: str) -> HttpResponse:
    return _page(request, _deposit(request, reference))


@post_only
@permission_required(DECIDE_DEPOSITS)
def confirm(request: HttpRequest, reference: str) -> HttpResponse:
    row = _deposit(request, reference)
    form = ConfirmMoneyForm(request.POST, today=clock.business_date(), told_on=row.sent_on, auto_id="confirm_%s")
    return decide(
        request,
        form,
        lambda cleaned: confirm_deposit(
            deposit_id=row.pk,
            value_date=cleaned["value_date"],
            actor=request.user,
            idempotency_key=cleaned["form_key"],
            today=clock.business_date(),
        ),
        done=lambda result: (
            _("Deposit %(reference)s confirmed. The money is in the wallet.") % {"reference": reference}
            if result.status == DepositStatus.CONFIRMED
            else asked_words()
        ),
        target=_following,
        again=lambda status: _page(request, _deposit(request, reference), "confirm", form, status),
    )


@post_only
@permission_required(DECIDE_DEPOSITS)
def reject(request: HttpRequest, reference: str) -> HttpResponse:
    row = _deposit(request, reference)
    form = NotFoundForm(request.POST, auto_id="reject_%s")
    return decide(
        request,
        form,
        lambda cleaned: reject_deposit(
            deposit_id=row.pk,
            note=cleaned["note"],
            actor=request.user,
            idempotency_key=cleaned["form_key"],
            today=clock.business_date(),
        ),
        done=_("Deposit %(reference)s marked as not found. The person is told.") % {"reference": reference},
        target=_following,
        again=lambda status: _page(request, _deposit(request, reference), "reject", form, status),
    )


@get_or_post
@permission_required(DECIDE_DEPOSITS)
def batch(request: HttpRequest) -> HttpResponse:
    """GET shows what would be confirmed, with its sum; POST confirms each on its own."""
    picked = (request.POST if request.method == "POST" else request.GET).getlist("pick")[:PAGE_SIZE]
    rows = list(deposit_queue().filter(reference__in=picked))
    data = request.POST if request.method == "POST" else None
    form = ConfirmMoneyForm(data, today=clock.business_date())
    if request.method == "POST" and form.is_valid() and rows:
        _confirm_each(request, rows, form)
        return redirect("admin:deposit_queue")
    if not rows:
        messages.warning(request, _("Choose the deposits to confirm."))
        return redirect("admin:deposit_queue")
    ctx = {
        "title": _("Confirm deposits"),
        "rows": rows,
        "total": sum(row.amount for row in rows),
        "form": form,
    }
    return desk_page(request, "deposit_batch", ctx, INVALID if form.errors else 200)


def _confirm_each(request: HttpRequest, rows: list[Deposit], form: ConfirmMoneyForm) -> None:
    confirmed = asked = 0
    for row in rows:
        try:
            found = confirm_deposit(
                deposit_id=row.pk,
                value_date=form.cleaned_data["value_date"],
                actor=request.user,
                idempotency_key=f"{form.cleaned_data['form_key']}:{row.reference}",
                today=clock.business_date(),
            )
        except Refused as refusal:
            words = _("%(reference)s was not confirmed: %(why)s") % {
                "reference": row.reference,
                "why": refusal.message,
            }
            messages.error(request, words)
        else:
            confirmed += found.status == DepositStatus.CONFIRMED
            asked += found.status == DepositStatus.DECLARED
    if confirmed:
        words = ngettext("%(count)s deposit confirmed.", "%(count)s deposits confirmed.", confirmed)
        messages.success(request, words % {"count": confirmed})
    if asked:
        words = ngettext(
            "%(count)s deposit waits for a second person.", "%(count)s deposits wait for a second person.", asked
        )
        messages.warning(request, words % {"count": asked})


def _deposit(request: HttpRequest, reference: str) -> Deposit:
    rows = DEPOSITS.visible_to(request.user).select_related("user", "entry", "decided_by")
    return get_object_or_404(rows, reference=reference)


def _following() -> str:
    row = deposit_queue().first()
    return reverse("admin:deposit", args=[row.reference]) if row else reverse("admin:deposit_queue")


def _page(
    request: HttpRequest, row: Deposit, tried: str = "", form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    is_own = row.user_id == request.user.pk
    waits = row.status == DepositStatus.DECLARED and request.user.has_perm(DECIDE_DEPOSITS)
    asked = waiting_about("deposit", row.reference).first()
    decisions = [
        Decision(
            "confirm",
            _("The money arrived"),
            _("Confirm deposit"),
            reverse("admin:deposit_confirm", args=[row.reference]),
            ConfirmMoneyForm(today=clock.business_date(), told_on=row.sent_on, auto_id="confirm_%s"),
        ),
        Decision(
            "reject",
            _("We could not find it"),
            _("Mark as not found"),
            reverse("admin:deposit_reject", args=[row.reference]),
            NotFoundForm(auto_id="reject_%s"),
            danger=True,
        ),
    ]
    ctx = {
        "title": row.reference,
        "row": row,
        "decisions": with_tried(decisions[1:] if asked else decisions, tried, form) if waits and not is_own else [],
        "waiting_second": asked,
        "tried": tried,
        "failed": form,
        "is_own": is_own,
        "history": audit_trail("deposit", row.reference)[:HISTORY_LENGTH],
    }
    return desk_page(request, "deposit", ctx, status)
