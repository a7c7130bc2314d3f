"""The first page of the desk, and the search over references."""

from __future__ import annotations

from django.contrib import messages
from django.db import models
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors.access import USERS
from adminpanel.permissions import desk_required
from adminpanel.selectors import lights, queue_cards
from adminpanel.views.pages import desk_page
from ledger.selectors.access import DEPOSITS, ENTRIES, WITHDRAWALS
from loans.selectors.access import COMMITMENTS, LOANS, NOTES, REPAYMENTS
from matching.selectors.access import MANDATES
from p2plending.lib import clock
from p2plending.lib.access import AccessRule
from p2plending.lib.text import one_line
from p2plending.lib.web.decorators import get_only
from p2plending.lib.web.requests import AuthenticatedRequest

# Where a reference leads: a desk page that takes the reference, or the row in the registry.
FOUND_BY_REFERENCE: tuple[tuple[AccessRule, str], ...] = (
    (LOANS, "loan_review"),
    (DEPOSITS, "deposit"),
    (WITHDRAWALS, "withdrawal"),
    (REPAYMENTS, "repayment"),
    (ENTRIES, ""),
    (COMMITMENTS, ""),
    (NOTES, ""),
    (MANDATES, ""),
)


@get_only
@desk_required
def today(request: AuthenticatedRequest) -> HttpResponse:
    now = clock.now()
    ctx = {
        "title": _("Today"),
        "queues": queue_cards(request.user, now),
        "lights": lights(clock.machine_now()),
        "now": now,
    }
    return desk_page(request, "today", ctx)


@get_only
@desk_required
def find(request: AuthenticatedRequest) -> HttpResponse:
    wanted = one_line(request.GET.get("q", ""))[:254]
    url = _place_of(wanted, request.user)
    if url:
        return redirect(url)
    messages.warning(request, _("Nothing has the reference, e-mail address or member number “%(q)s”.") % {"q": wanted})
    return redirect("admin:index")


def _place_of(wanted: str, viewer: User) -> str:
    """The page of what has this reference, among what the viewer may see; empty when there is none."""
    if not wanted:
        return ""
    named = models.Q(email=wanted.lower()) | models.Q(member_number=wanted.upper())
    person = USERS.visible_to(viewer).filter(named).first()
    if person:
        return reverse("admin:user", args=[person.member_number])
    for rule, page in FOUND_BY_REFERENCE:
        row = rule.visible_to(viewer).filter(reference=wanted.upper()).first()
        if row:
            if page:
                return reverse(f"admin:{page}", args=[row.reference])
            return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return ""
