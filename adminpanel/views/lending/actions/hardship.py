"""A borrower who can't pay as planned: a new plan, or the answer that none is possible."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _

from adminpanel.forms.collections import DeclineHardshipForm, ProposePlanForm
from adminpanel.views.lending.actions.base import Call, CaseAction, Figures
from loans.enums.loan import LoanStatus
from loans.enums.permissions import WORK_COLLECTIONS
from loans.models import Loan
from loans.selectors.collections import latest_help, open_help
from loans.services.collections.hardship import HelpDecided, approve_help, decline_help
from loans.services.collections.restructuring import preview_plan, propose_plan


class ProposePlan(CaseAction):
    """Propose a new plan, which answers the request for help if there is one."""

    slug = "plan"
    label = _("Propose a new plan")
    submit = _("See the plan")
    done = _("Proposed. The borrower is told.")
    permission = WORK_COLLECTIONS
    form_class = ProposePlanForm

    def applies(self, loan: Loan, today: dt.date) -> bool:
        return loan.status == LoanStatus.ACTIVE

    def form_needs(self, loan: Loan, today: dt.date, *, is_sent: bool) -> dict[str, Any]:
        return {"request": open_help(loan)}

    def figures(self, call: Call) -> Figures:
        plan = preview_plan(call.loan, call.form.plan_terms(), call.today)
        return [
            (_("First payment"), plan.first.total_unpaid),
            (_("Usual payment after that"), plan.usual_payment),
            (_("Added to the loan"), plan.capitalised),
            (_("Stays due now"), plan.carried.total_unpaid if plan.carried else 0),
            (_("Waived"), plan.waived),
            (_("To pay in all by the plan today"), plan.before),
            (_("To pay in all by the new plan"), plan.total),
        ]

    def run(self, call: Call) -> object:
        # The request that the form was made for: by the second click it is not open any more.
        asked = call.form.plan_terms()
        request = call.loan.hardship_requests.filter(reference=call.cleaned["answers"]).first() or open_help(call.loan)
        if request is not None:
            return approve_help(request_id=request.pk, asked=asked, note=call.cleaned["reason"], **call.common)
        return propose_plan(loan_id=call.loan.pk, asked=asked, reason=call.cleaned["reason"], **call.common)


class DeclineHelp(CaseAction):
    """Answer a request for help: no plan is possible."""

    slug = "decline-help"
    label = _("Answer that no plan is possible")
    submit = _("Check the answer")
    done = _("Answered. The borrower is told.")
    permission = WORK_COLLECTIONS
    form_class = DeclineHardshipForm
    danger = True

    def applies(self, loan: Loan, today: dt.date) -> bool:
        return loan.status == LoanStatus.ACTIVE and open_help(loan) is not None

    def run(self, call: Call) -> object:
        request = latest_help(call.loan)
        if request is None:
            raise HelpDecided
        return decline_help(request_id=request.pk, note=call.cleaned["note"], **call.common)
