"""Stopping a loan while something about it is looked into, and letting it go on."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from adminpanel.forms.people import FreezeForm, ReasonForm
from adminpanel.permissions import permission_required
from adminpanel.views.lending.applications import PAGES
from loans.enums.permissions import FREEZE_LOANS
from loans.models import Loan
from loans.services.collections.freezing import freeze_loan, unfreeze_loan
from p2plending.lib import clock
from p2plending.lib.web.decorators import post_only


@post_only
@permission_required(FREEZE_LOANS)
def freeze(request: HttpRequest, reference: str) -> HttpResponse:
    form = FreezeForm(request.POST, auto_id="freeze_%s")
    return _switch(request, reference, "freeze", form, freeze_loan, _("%(reference)s is frozen."))


@post_only
@permission_required(FREEZE_LOANS)
def unfreeze(request: HttpRequest, reference: str) -> HttpResponse:
    form = ReasonForm(request.POST, auto_id="unfreeze_%s")
    return _switch(request, reference, "unfreeze", form, unfreeze_loan, _("%(reference)s goes on."))


def _switch(
    request: HttpRequest, reference: str, name: str, form: ReasonForm, service: Callable[..., Loan], done: str
) -> HttpResponse:
    loan = PAGES.row(request, reference)
    return PAGES.decide(
        request,
        loan,
        name,
        form,
        lambda told: service(loan_id=loan.pk, reason=told["reason"], actor=request.user, today=clock.business_date()),
        done % {"reference": reference},
        target=lambda: PAGES.address(loan),
    )
