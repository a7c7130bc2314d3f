"""Risk profile and auto-invest: what a lender wants, and what was done about it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.enums.people import Role
from accounts.models import User
from accounts.selectors.eligibility import Action, blocking_refusal
from ledger.selectors import wallet_summary
from matching.enums.mandates import MandateStatus, RiskTolerance
from matching.forms import ActivateForm, MandateForm, RiskProfileForm
from matching.models import LendingMandate
from matching.selectors.mandates import decisions_of, expected_losses, mandate_of, risk_profile_of
from matching.services.mandates import activate_mandate, pause_mandate, save_mandate
from matching.services.profiles import set_risk_profile
from matching.wording import consent_text
from p2plending.lib.rules.values import platform_rules
from p2plending.lib.web.actions import run_action, run_or_say
from p2plending.lib.web.decorators import get_only, get_or_post, post_only, role_required
from p2plending.lib.web.forms import KeyedForm
from p2plending.lib.web.requests import AuthenticatedRequest

LOG_PAGE_SIZE = 25
LATEST_DECISIONS = 5
FIRST_MIN_RATE = Decimal("0.06")
FIRST_LONGEST = 36


@get_or_post
@role_required(Role.LENDER)
def risk_profile(request: AuthenticatedRequest) -> HttpResponse:
    profile = risk_profile_of(request.user)
    form = RiskProfileForm(
        request.POST if request.method == "POST" else None,
        initial={"tolerance": profile.tolerance if profile else None},
    )
    if request.method == "POST" and form.is_valid():
        chosen = set_risk_profile(lender=request.user, tolerance=form.cleaned_data["tolerance"], actor=request.user)
        name = chosen.get_tolerance_display()
        messages.success(request, _("Your risk profile is “%(name)s”.") % {"name": name})
        return redirect("matching:suggestions")
    chosen = form["tolerance"].value()
    losses = expected_losses()
    options = [
        {
            "value": tolerance.value,
            "words": tolerance.label,
            "mix": tolerance.target_mix,
            "loss": sum(share * losses.get(letter, 0) for letter, share in tolerance.target_mix.items()),
            "is_chosen": chosen == tolerance,
        }
        for tolerance in RiskTolerance
    ]
    context = {"form": form, "options": options}
    return render(request, "matching/risk_profile.html", context, status=422 if form.errors else 200)


@get_only
@role_required(Role.LENDER)
def auto_invest(request: AuthenticatedRequest) -> HttpResponse:
    return render(request, "matching/auto_invest.html", _auto_invest_context(request.user, ActivateForm()))


def _auto_invest_context(lender: User, form: ActivateForm) -> dict[str, Any]:
    mandate = mandate_of(lender)
    wallet = wallet_summary(lender)
    return {
        "form": form,
        "mandate": mandate,
        "is_on": mandate is not None and mandate.status == MandateStatus.ACTIVE,
        "pause_form": KeyedForm(),
        "gate": blocking_refusal(lender, Action.LEND),
        "wallet": wallet,
        "free": max(wallet.available - mandate.keep_available, 0) if mandate else 0,
        "latest": list(decisions_of(lender)[:LATEST_DECISIONS]),
    }


@get_or_post
@role_required(Role.LENDER)
def auto_invest_edit(request: AuthenticatedRequest) -> HttpResponse:
    mandate = mandate_of(request.user)
    form = MandateForm(
        request.POST if request.method == "POST" else None, initial=_mandate_initial(request.user, mandate)
    )
    was_on = mandate is not None and mandate.status == MandateStatus.ACTIVE
    context = {"form": form, "mandate": mandate, "was_on": was_on}

    def save(told: dict[str, Any]) -> LendingMandate:
        figures = dict(told)
        key = figures.pop("form_key")
        return save_mandate(lender=request.user, actor=request.user, idempotency_key=key, **figures)

    return run_action(
        request,
        form,
        save,
        done=_("Your rule is saved. It lends while it is on."),
        then=lambda _saved: redirect("matching:auto_invest"),
        again=lambda status: render(request, "matching/auto_invest_edit.html", context, status=status),
    )


def _mandate_initial(lender: User, mandate: LendingMandate | None) -> dict[str, Any]:
    if mandate is not None:
        names = ("min_rate", "max_term_months", "amount_per_loan", "keep_available")
        return {"grades": mandate.grade_letters} | {name: getattr(mandate, name) for name in names}
    profile = risk_profile_of(lender)
    tolerance = RiskTolerance(profile.tolerance if profile else RiskTolerance.CONSERVATIVE)
    return {
        "grades": tuple(tolerance.target_mix),
        "min_rate": FIRST_MIN_RATE,
        "max_term_months": FIRST_LONGEST,
        "amount_per_loan": platform_rules().min_commitment,
        "keep_available": 0,
    }


def _mandate_or_404(request: AuthenticatedRequest) -> LendingMandate:
    mandate = mandate_of(request.user)
    if mandate is None:
        raise Http404
    return mandate


@post_only
@role_required(Role.LENDER)
def auto_invest_activate(request: AuthenticatedRequest) -> HttpResponse:
    mandate = _mandate_or_404(request)
    form = ActivateForm(request.POST)
    return run_action(
        request,
        form,
        lambda told: activate_mandate(
            mandate_id=mandate.pk,
            consent_text=consent_text(mandate),
            actor=request.user,
            idempotency_key=told["form_key"],
        ),
        done=_("Auto-invest is on. It looks at each new loan, and at all open loans at night."),
        then=lambda _activated: redirect("matching:auto_invest"),
        again=lambda status: render(
            request, "matching/auto_invest.html", _auto_invest_context(request.user, form), status=status
        ),
    )


@post_only
@role_required(Role.LENDER)
def auto_invest_pause(request: AuthenticatedRequest) -> HttpResponse:
    mandate = _mandate_or_404(request)
    form = KeyedForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This page was out of date. Try again."))
        return redirect("matching:auto_invest")
    key = form.cleaned_data["form_key"]
    return run_or_say(
        request,
        lambda: pause_mandate(mandate_id=mandate.pk, actor=request.user, idempotency_key=key),
        done=_("Auto-invest is paused. What is reserved or lent stays as it is."),
        then=lambda: redirect("matching:auto_invest"),
    )


@get_only
@role_required(Role.LENDER)
def auto_invest_log(request: AuthenticatedRequest) -> HttpResponse:
    page = Paginator(decisions_of(request.user), LOG_PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "matching/auto_invest_log.html", {"page": page})
