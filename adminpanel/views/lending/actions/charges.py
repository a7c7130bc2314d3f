"""What is charged on top, and what is not charged after all: waivers and charges."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _

from adminpanel.forms.charges import ChargeForm, WaiveChargeForm
from adminpanel.forms.collections import WaiveForm
from adminpanel.views.lending.actions.base import Call, CaseAction, Figures, follows, is_owing
from adminpanel.views.money.reprocessing import shown_replay
from loans.enums.permissions import WAIVE_CHARGES, WORK_COLLECTIONS
from loans.models import Loan
from loans.selectors.charges import charges_of, has_progressive_schedule
from loans.selectors.servicing import instalments_on
from loans.services.collections.charge_preview import preview_charge
from loans.services.collections.charges import add_charge, waive_charge
from loans.services.collections.waivers import waive_charges


class Waive(CaseAction):
    """Waive interest or a late fee of one payment, on a loan whose plan is fixed."""

    slug = "waive"
    label = _("Waive interest or a late fee")
    submit = _("Check the waiver")
    done = _("Waived. The borrower is told.")
    permission = WAIVE_CHARGES
    form_class = WaiveForm

    def applies(self, loan: Loan, today: dt.date) -> bool:
        return is_owing(loan) and not has_progressive_schedule(loan)

    def form_needs(self, loan: Loan, today: dt.date, *, is_sent: bool) -> dict[str, Any]:
        return {"rows": instalments_on(loan, today), "today": today}

    def figures(self, call: Call) -> Figures:
        interest, late_fee = call.cleaned["interest"], call.cleaned["late_fee"]
        return [(_("Interest"), interest), (_("Late fee"), late_fee), (_("Lenders receive less"), interest + late_fee)]

    def run(self, call: Call) -> object:
        asked = call.picked("interest", "late_fee", "reason")
        return waive_charges(loan_id=call.loan.pk, instalment_id=call.cleaned["instalment"], **asked, **call.common)


class AddCharge(CaseAction):
    """Add a fee or a penalty to a loan whose plan follows the money."""

    slug = "charge"
    label = _("Add a charge")
    submit = _("Check the charge")
    done = _("Added. The borrower is told.")
    permission = WORK_COLLECTIONS
    form_class = ChargeForm

    def applies(self, loan: Loan, today: dt.date) -> bool:
        return follows(loan)

    def form_needs(self, loan: Loan, today: dt.date, *, is_sent: bool) -> dict[str, Any]:
        return {"loan": loan, "today": today}

    def preview(self, call: Call) -> dict[str, Any]:
        """The charge, and what it changes in the plan, as it is worked out again from the day it counts."""
        shown = preview_charge(loan_id=call.loan.pk, **call.form.asked(), actor=call.actor, today=call.today)
        figures: Figures = [(_("The charge in all"), shown.total)]
        if call.cleaned["due_on"] is None and call.cleaned["amount"]:
            figures.insert(0, (_("On every payment"), call.cleaned["amount"]))
        return {"figures": figures, **shown_replay(lambda: shown.change)}

    def run(self, call: Call) -> object:
        return add_charge(loan_id=call.loan.pk, **call.form.asked(), **call.common)


class WaiveCharge(CaseAction):
    """Waive what is unpaid of one charge, on a loan whose plan follows the money."""

    slug = "waive-charge"
    label = _("Waive a charge")
    submit = _("Check the waiver")
    done = _("Waived.")
    permission = WAIVE_CHARGES
    form_class = WaiveChargeForm

    def applies(self, loan: Loan, today: dt.date) -> bool:
        return follows(loan) and any(line.unpaid for line in charges_of(loan, today))

    def form_needs(self, loan: Loan, today: dt.date, *, is_sent: bool) -> dict[str, Any]:
        return {"lines": charges_of(loan, today) if has_progressive_schedule(loan) else []}

    def figures(self, call: Call) -> Figures:
        unpaid = call.form.unpaid[call.cleaned["charge"]]
        return [(_("Waived"), unpaid), (_("Lenders receive less"), unpaid)]

    def run(self, call: Call) -> object:
        return waive_charge(charge_id=call.cleaned["charge"], reason=call.cleaned["reason"], **call.common)
