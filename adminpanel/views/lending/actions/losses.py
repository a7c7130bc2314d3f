"""Giving a loan up, money that comes in after that, and such money that goes back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _

from adminpanel.forms.collections import RecoveryBackForm, RecoveryForm, WriteOffForm
from adminpanel.views.lending.actions.base import Call, CaseAction, Figures, is_owing
from adminpanel.views.lending.actions.default import owed_figures
from loans.enums.collections import DefaultCause
from loans.enums.loan import LoanStatus, RepaymentMethod
from loans.enums.permissions import RECORD_RECOVERIES, WORK_COLLECTIONS
from loans.models import Loan
from loans.selectors.collections import counted_recoveries, recoveries_of
from loans.services.approvals.approved_figures import require_no_waiting_payment
from loans.services.approvals.large_payments import TwoPeopleNeeded
from loans.services.collections.recovery import preview_recovery, record_recovery
from loans.services.collections.recovery_request import request_recovery
from loans.services.collections.write_off import request_write_off
from loans.services.corrections.recovery_reversal import request_recovery_reversal

LENDERS_SHOWN = 20


class WriteOff(CaseAction):
    """Ask a second person to write the loan off."""

    slug = "write-off"
    label = _("Write off")
    submit = _("Check the write-off")
    done = _("A second person is asked.")
    permission = WORK_COLLECTIONS
    form_class = WriteOffForm
    danger = True

    def applies(self, loan: Loan, today: dt.date) -> bool:
        return is_owing(loan)

    def figures(self, call: Call) -> Figures:
        require_no_waiting_payment(call.loan)
        return owed_figures(call)

    def run(self, call: Call) -> object:
        cause = DefaultCause(call.cleaned["cause"])
        return request_write_off(loan_id=call.loan.pk, cause=cause, reason=call.cleaned["reason"], **call.common)


class RecordRecovery(CaseAction):
    """Money came after the loss: it is passed on to the lenders. A large sum takes a second person."""

    slug = "recovery"
    label = _("Record a recovery")
    submit = _("Check the recovery")
    done = _("Recorded and passed on to the lenders.")
    permission = RECORD_RECOVERIES
    form_class = RecoveryForm

    def applies(self, loan: Loan, today: dt.date) -> bool:
        return _is_lost(loan)

    def form_needs(self, loan: Loan, today: dt.date, *, is_sent: bool) -> dict[str, Any]:
        return {"today": today}

    def figures(self, call: Call) -> Figures:
        plan = preview_recovery(loan_id=call.loan.pk, amount=call.cleaned["amount"])
        shares = [(note.reference, share) for note, share in plan.shares[:LENDERS_SHOWN]]
        return [
            (_("Received"), plan.amount),
            (_("Collection fee"), plan.fee),
            (_("To lenders"), plan.to_lenders),
            *shares,
        ]

    def run(self, call: Call) -> object:
        asked = call.picked("amount", "value_date", "bank_reference")
        try:
            return record_recovery(loan_id=call.loan.pk, method=RepaymentMethod.DECLARED, **asked, **call.common)
        except TwoPeopleNeeded:
            return request_recovery(loan_id=call.loan.pk, **asked, **call.common)


class UndoRecovery(CaseAction):
    """Ask a second person to undo a recovery whose money came back."""

    slug = "recovery-back"
    label = _("A recovery came back")
    submit = _("Check what goes back")
    done = _("A second person is asked.")
    permission = RECORD_RECOVERIES
    form_class = RecoveryBackForm
    danger = True

    def applies(self, loan: Loan, today: dt.date) -> bool:
        return _is_lost(loan) and counted_recoveries(loan).exists()

    def form_needs(self, loan: Loan, today: dt.date, *, is_sent: bool) -> dict[str, Any]:
        # A recovery that was just undone is still known when the form comes again; the service says that it was.
        return {"rows": recoveries_of(loan) if is_sent else counted_recoveries(loan)}

    def figures(self, call: Call) -> Figures:
        recovery = call.loan.recoveries.get(pk=call.cleaned["recovery"])
        return [
            (_("Came back"), recovery.amount),
            (_("Lenders give back"), recovery.to_lenders),
            (_("We give back our fee"), recovery.fee),
        ]

    def run(self, call: Call) -> object:
        return request_recovery_reversal(
            recovery_id=call.cleaned["recovery"], reason=call.cleaned["reason"], **call.common
        )


def _is_lost(loan: Loan) -> bool:
    return loan.status in (LoanStatus.WRITTEN_OFF, LoanStatus.SETTLED)
