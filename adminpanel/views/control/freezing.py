"""Stopping a loan while something about it is looked into, and letting it go on."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from adminpanel.forms.people import FreezeForm, ReasonForm
from adminpanel.views.lending.applications import PAGES
from adminpanel.views.rows import Step
from loans.enums.permissions import FREEZE_LOANS
from loans.models import Loan
from loans.services.collections.freezing import freeze_loan, unfreeze_loan
from p2plending.lib import clock
from p2plending.lib.web.requests import AuthenticatedRequest


@PAGES.decision("freeze", FREEZE_LOANS)
def freeze(request: AuthenticatedRequest, loan: Loan) -> Step:
    form = FreezeForm(request.POST, auto_id="freeze_%s")
    return _switch(request, loan, form, freeze_loan, _("%(reference)s is frozen."))


@PAGES.decision("unfreeze", FREEZE_LOANS)
def unfreeze(request: AuthenticatedRequest, loan: Loan) -> Step:
    form = ReasonForm(request.POST, auto_id="unfreeze_%s")
    return _switch(request, loan, form, unfreeze_loan, _("%(reference)s goes on."))


def _switch(
    request: AuthenticatedRequest, loan: Loan, form: ReasonForm, service: Callable[..., Loan], done: str
) -> Step:
    return Step(
        form,
        lambda told: service(loan_id=loan.pk, reason=told["reason"], actor=request.user, today=clock.business_date()),
        done % {"reference": loan.reference},
        stays=True,
    )
