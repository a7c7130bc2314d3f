"""Loans for you: with a score and why."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.enums.people import Role
from matching.selectors.access import PROPOSALS
from matching.selectors.mandates import risk_profile_of
from matching.services.proposals import dismiss_proposal, propose_matches
from matching.views.market import rows_of
from matching.wording import reasons_in_words
from p2plending.lib.clock import business_date
from p2plending.lib.web.decorators import get_only, post_only, role_required
from p2plending.lib.web.requests import AuthenticatedRequest

SHOWN = 10


@get_only
@role_required(Role.LENDER)
def suggestions(request: AuthenticatedRequest) -> HttpResponse:
    today = business_date()
    proposals = propose_matches(lender=request.user, today=today)
    shown = proposals[:SHOWN]
    rows = rows_of([proposal.loan for proposal in shown], today)
    context = {
        "profile": risk_profile_of(request.user),
        "count": len(proposals),
        "matches": [
            {"proposal": proposal, "row": row, "reasons": reasons_in_words(proposal.reasons, proposal.loan)}
            for proposal, row in zip(shown, rows, strict=True)
        ],
    }
    return render(request, "matching/suggestions.html", context)


@post_only
@role_required(Role.LENDER)
def dismiss_suggestion(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    proposal = get_object_or_404(PROPOSALS.own_of(request.user), reference=reference)
    dismiss_proposal(proposal_id=proposal.pk, actor=request.user)
    messages.success(request, _("We will not suggest this loan again."))
    return redirect("matching:suggestions")
