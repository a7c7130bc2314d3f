"""The first page of the desk, and the search over references."""

from __future__ import annotations

from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.enums import Role
from accounts.models import User
from adminpanel.selectors import lights, queue_cards
from adminpanel.views.pages import desk_page
from ledger.models import Deposit, JournalEntry, Withdrawal
from loans.models import Commitment, Loan, Note, Repayment
from matching.models import LendingMandate
from p2plending.lib import clock
from p2plending.lib.decorators import get_only, role_required
from p2plending.lib.text import one_line

# Where a reference leads: a desk page that takes the reference, or the row in the registry.
FOUND_BY_REFERENCE: tuple[tuple[type[models.Model], str], ...] = (
    (Loan, "loan_review"),
    (Deposit, "deposit"),
    (Withdrawal, "withdrawal"),
    (Repayment, "repayment"),
    (JournalEntry, ""),
    (Commitment, ""),
    (Note, ""),
    (LendingMandate, ""),
)


@get_only
@role_required(Role.STAFF)
def today(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    ctx = {
        "title": _("Today"),
        "queues": queue_cards(request.user, now),
        "lights": lights(clock.machine_now()),
        "now": now,
    }
    return desk_page(request, "today", ctx)


@get_only
@role_required(Role.STAFF)
def find(request: HttpRequest) -> HttpResponse:
    wanted = one_line(request.GET.get("q", ""))[:254]
    url = _place_of(wanted)
    if url:
        return redirect(url)
    messages.warning(request, _("Nothing has the reference, e-mail address or member number “%(q)s”.") % {"q": wanted})
    return redirect("admin:index")


def _place_of(wanted: str) -> str:
    if not wanted:
        return ""
    person = User.objects.filter(models.Q(email=wanted.lower()) | models.Q(member_number=wanted.upper())).first()
    if person:
        return reverse("admin:user", args=[person.member_number])
    for model, page in FOUND_BY_REFERENCE:
        row = model._default_manager.filter(reference=wanted.upper()).first()
        if row:
            if page:
                return reverse(f"admin:{page}", args=[row.reference])
            return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
    return ""
