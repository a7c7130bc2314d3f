"""Withdrawals: approved by one, paid by our bank and then marked, or refused."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.selectors.people import waiting_about
from adminpanel.forms.decisions import ApproveWithdrawalForm, NotFoundForm, PayWithdrawalForm
from adminpanel.permissions import DECIDE_WITHDRAWALS, VIEW_WITHDRAWALS
from adminpanel.selectors import withdrawal_queue
from adminpanel.views.pages import Decision, asked_words
from adminpanel.views.rows import QueuePages, Step
from ledger.enums.books import WithdrawalStatus
from ledger.models import Withdrawal
from ledger.selectors.access import WITHDRAWALS
from ledger.services.withdrawal_checks import withdrawal_outlook
from ledger.services.withdrawals import approve_withdrawal, pay_withdrawal, reject_withdrawal
from p2plending.lib import clock
from p2plending.lib.web.actions import who_and_when
from p2plending.lib.web.requests import AuthenticatedRequest


class WithdrawalPages(QueuePages[Withdrawal]):
    """Money that people take out of their wallets."""

    page_name = subject = "withdrawal"
    queue_name = "withdrawal_queue"
    queue_title = gettext_lazy("Withdrawals waiting")
    rule = WITHDRAWALS
    related = ("user", "approved_by", "decided_by")

    def waiting(self) -> QuerySet[Withdrawal]:
        return withdrawal_queue()

    def is_own(self, request: AuthenticatedRequest, row: Withdrawal) -> bool:
        return row.user_id == request.user.pk

    def shown(self, request: AuthenticatedRequest, row: Withdrawal) -> dict[str, Any]:
        outlook, is_open = withdrawal_outlook(row), row.status in WithdrawalStatus.open()
        return {
            "outlook": outlook if is_open else None,
            "to_send": outlook.to_send,
            "shows_account": is_open and request.user.has_perm(DECIDE_WITHDRAWALS),
            "waiting_second": waiting_about("withdrawal", row.reference).first(),
        }

    def before_again(self, form: forms.Form, shown: dict[str, Any]) -> None:
        if isinstance(form, ApproveWithdrawalForm):
            form.show_again(shown["to_send"])

    def offered(self, request: AuthenticatedRequest, row: Withdrawal, shown: dict[str, Any]) -> list[Decision]:
        outlook, to_send = shown["outlook"], shown["to_send"]
        if outlook is None or shown["is_own"] or not request.user.has_perm(DECIDE_WITHDRAWALS):
            return []
        refuse = Decision(
            "reject",
            _("It can't be sent"),
            _("Refuse withdrawal"),
            self.address(row, "withdrawal_reject"),
            NotFoundForm(auto_id="reject_%s"),
            danger=True,
        )
        if shown["waiting_second"] or outlook.refusal or not to_send:
            return [refuse]
        if row.status == WithdrawalStatus.REQUESTED:
            form = ApproveWithdrawalForm(to_send=to_send, auto_id="approve_%s")
            path = self.address(row, "withdrawal_approve")
            return [Decision("approve", _("It may be sent"), _("Approve withdrawal"), path, form), refuse]
        form = PayWithdrawalForm(today=clock.business_date(), to_send=to_send, auto_id="pay_%s")
        path = self.address(row, "withdrawal_pay")
        return [Decision("pay", _("Our bank has sent it"), _("Mark as paid"), path, form), refuse]


PAGES = WithdrawalPages()

queue = PAGES.queue_view(VIEW_WITHDRAWALS)
withdrawal = PAGES.row_view(VIEW_WITHDRAWALS)


@PAGES.decision("approve", DECIDE_WITHDRAWALS)
def approve(request: AuthenticatedRequest, row: Withdrawal) -> Step:

    def words(found: Withdrawal) -> str:
        if found.status == WithdrawalStatus.APPROVED:
            said = _("Withdrawal %(reference)s approved. Send the money, then mark it as paid.")
            return said % {"reference": row.reference}
        return asked_words()

    return Step(
        ApproveWithdrawalForm(request.POST, to_send=row.on_its_way, auto_id="approve_%s"),
        lambda told: approve_withdrawal(
            withdrawal_id=row.pk, confirmed=told["confirmed"], **who_and_when(request, told)
        ),
        words,
        stays=True,
    )


@PAGES.decision("pay", DECIDE_WITHDRAWALS)
def pay(request: AuthenticatedRequest, row: Withdrawal) -> Step:
    return Step(
        PayWithdrawalForm(request.POST, today=clock.business_date(), to_send=row.on_its_way, auto_id="pay_%s"),
        lambda told: pay_withdrawal(
            withdrawal_id=row.pk,
            paid_on=told["paid_on"],
            bank_reference=told["bank_reference"],
            confirmed=told["confirmed"],
            **who_and_when(request, told),
        ),
        _("Withdrawal %(reference)s marked as paid.") % {"reference": row.reference},
    )


@PAGES.decision("reject", DECIDE_WITHDRAWALS)
def reject(request: AuthenticatedRequest, row: Withdrawal) -> Step:
    return Step(
        NotFoundForm(request.POST, auto_id="reject_%s"),
        lambda told: reject_withdrawal(withdrawal_id=row.pk, note=told["note"], **who_and_when(request, told)),
        _("Withdrawal %(reference)s refused. The money is back in the wallet.") % {"reference": row.reference},
    )
