"""Deposits that wait for staff: found, not found, or a whole page of them found at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from adminpanel.forms.decisions import ConfirmMoneyForm
from adminpanel.permissions import DECIDE_DEPOSITS, VIEW_DEPOSITS, permission_required
from adminpanel.selectors import deposit_queue
from adminpanel.views.money.receipts import ReceiptPages
from adminpanel.views.pages import PAGE_SIZE, desk_page
from ledger.enums.books import DepositStatus
from ledger.models import Deposit
from ledger.selectors.access import DEPOSITS
from ledger.services.deposits import confirm_deposit, reject_deposit
from p2plending.lib import clock
from p2plending.lib.errors import Refused
from p2plending.lib.web.actions import INVALID
from p2plending.lib.web.decorators import get_or_post
from p2plending.lib.web.requests import AuthenticatedRequest


class DepositPages(ReceiptPages[Deposit]):
    """Money that people add to their wallets."""

    page_name = subject = "deposit"
    queue_name = "deposit_queue"
    queue_title = gettext_lazy("Deposits waiting")
    rule = DEPOSITS
    related = ("user", "entry", "decided_by")
    states = DepositStatus
    duty = DECIDE_DEPOSITS
    confirm_words = gettext_lazy("Confirm deposit")
    confirmed_words = gettext_lazy("Deposit %(reference)s confirmed. The money is in the wallet.")
    rejected_words = gettext_lazy("Deposit %(reference)s marked as not found. The person is told.")

    def waiting(self) -> QuerySet[Deposit]:
        return deposit_queue()

    def is_own(self, request: AuthenticatedRequest, row: Deposit) -> bool:
        return row.user_id == request.user.pk

    def declared_on(self, row: Deposit) -> dt.date:
        return row.sent_on

    def listed(self, request: AuthenticatedRequest) -> dict[str, Any]:
        return {**super().listed(request), "may_decide": request.user.has_perm(DECIDE_DEPOSITS)}

    def confirm_it(self, row: Deposit, **told: Any) -> Deposit:
        return confirm_deposit(deposit_id=row.pk, **told)

    def reject_it(self, row: Deposit, **told: Any) -> object:
        return reject_deposit(deposit_id=row.pk, **told)


PAGES = DepositPages()

queue = PAGES.queue_view(VIEW_DEPOSITS)
deposit = PAGES.row_view(VIEW_DEPOSITS)
confirm = PAGES.confirm_view()
reject = PAGES.reject_view()


@get_or_post
@permission_required(DECIDE_DEPOSITS)
def batch(request: AuthenticatedRequest) -> HttpResponse:
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


def _confirm_each(request: AuthenticatedRequest, rows: list[Deposit], form: ConfirmMoneyForm) -> None:
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
