"""Settling for less: the offer that a second person agrees to, and the money that closes the loan."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _

from adminpanel.forms.collections import SettlementForm, SettlementPaidForm
from adminpanel.views.lending.actions.base import Call, CaseAction, Figures, is_owing
from loans.enums.collections import SettlementStatus
from loans.enums.loan import RepaymentMethod
from loans.enums.permissions import RECORD_RECOVERIES, WORK_COLLECTIONS
from loans.models import Loan, SettlementOffer
from loans.selectors.collections import agreed_offer
from loans.services.approvals.approved_figures import require_no_waiting_payment
from loans.services.collections.settlement import (
    SettlementEnded,
    offer_settlement,
    pay_settlement,
    preview_settlement,
    require_payable,
)


class OfferSettlement(CaseAction):
    """Ask a second person to settle the loan for less than it owes."""

    slug = "settlement"
    label = _("Settle for less")
    submit = _("Check the offer")
    done = _("A second person is asked.")
    permission = WORK_COLLECTIONS
    form_class = SettlementForm

    def applies(self, loan: Loan, today: dt.date) -> bool:
        return is_owing(loan)

    def form_needs(self, loan: Loan, today: dt.date, *, is_sent: bool) -> dict[str, Any]:
        return {"today": today}

    def figures(self, call: Call) -> Figures:
        owed = preview_settlement(call.loan, call.today)
        amount = call.cleaned["amount"]
        return [(_("Owed in all"), owed.total), (_("To pay"), amount), (_("Waived"), max(owed.total - amount, 0))]

    def run(self, call: Call) -> object:
        return offer_settlement(loan_id=call.loan.pk, **call.picked("amount", "pay_by", "reason"), **call.common)


class RecordSettlement(CaseAction):
    """The agreed amount came by transfer: it closes the loan."""

    slug = "settlement-paid"
    label = _("The agreed amount arrived")
    submit = _("Check the settlement")
    done = _("Settled. Everybody is told.")
    permission = RECORD_RECOVERIES
    form_class = SettlementPaidForm

    def applies(self, loan: Loan, today: dt.date) -> bool:
        # An offer that ran out takes money that had arrived in time.
        offer = agreed_offer(loan) if is_owing(loan) else None
        return offer is not None and offer.status in (SettlementStatus.OPEN, SettlementStatus.EXPIRED)

    def form_needs(self, loan: Loan, today: dt.date, *, is_sent: bool) -> dict[str, Any]:
        return {"today": today}

    def figures(self, call: Call) -> Figures:
        offer = _agreed(call.loan)
        require_payable(offer, call.cleaned["arrived_on"], call.today)
        require_no_waiting_payment(call.loan)
        owed = preview_settlement(call.loan, call.today)
        return [
            (_("Owed in all"), owed.total),
            (_("Arrived"), offer.amount),
            (_("Waived"), max(owed.total - offer.amount, 0)),
        ]

    def run(self, call: Call) -> object:
        return pay_settlement(
            settlement_id=_agreed(call.loan).pk,
            method=RepaymentMethod.DECLARED,
            **call.picked("bank_reference", "arrived_on"),
            **call.common,
        )


def _agreed(loan: Loan) -> SettlementOffer:
    """The offer that was agreed to. Raises SettlementEnded when there is none any more."""
    offer = agreed_offer(loan)
    if offer is None:
        raise SettlementEnded
    return offer
