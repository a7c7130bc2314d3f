"""A borrower who can't pay as planned: ask for help, answer a new plan, pay an agreed amount, pay after a loss."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.enums.people import Role
from accounts.views.kept_answers import answers_to_check, first_values, open_check_page, open_done_page, sent_before
from ledger.selectors import wallet_summary
from loans.account.hardship_choices import help_choices
from loans.account.restructure import NewPlan, PlanTerms
from loans.account.terms import LoanTerms
from loans.enums.collections import HardshipCause, PlanOption
from loans.enums.loan import LoanStatus, RepaymentMethod
from loans.forms.collections import HardshipForm, PayLossForm
from loans.models import Loan
from loans.selectors import collections as read
from loans.selectors.explanations.changes import explain_change as explain
from loans.services.collections.hardship import preview_help, request_help, withdraw_help
from loans.services.collections.recovery import missing_amount, preview_recovery, record_recovery
from loans.services.collections.restructuring import accept_plan, decline_plan, plan_terms_of, preview_plan
from loans.services.collections.settlement import pay_settlement, preview_settlement
from loans.services.servicing.cure import current_cure
from loans.views.own import own_loan
from p2plending.lib.clock import business_date
from p2plending.lib.errors import Refused
from p2plending.lib.rules.values import platform_rules
from p2plending.lib.web.actions import refusals_on, run_action, who_and_when
from p2plending.lib.web.decorators import get_only, get_or_post, post_only, role_required
from p2plending.lib.web.forms import KeyedForm
from p2plending.lib.web.requests import AuthenticatedRequest

ACCEPT_PAGE = "loans/collections/accept_plan.html"


@get_or_post
@role_required(Role.BORROWER)
def ask(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = own_loan(request, reference, LoanStatus.owing())
    waiting = read.open_help(loan)
    if waiting is not None or loan.status != LoanStatus.ACTIVE:
        return _status_page(request, loan)
    if request.method != "POST":
        return _form_page(request, loan, _hardship_form(loan, initial=first_values(request)))
    form = _hardship_form(loan, request.POST)
    if _plan(loan, form) is None:
        return _form_page(request, loan, form, status=422)
    return open_check_page(request, "loans:help_send", reference)


@get_or_post
@role_required(Role.BORROWER)
def send(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    if (sent := sent_before(request)) is not None:
        return sent
    loan = own_loan(request, reference, LoanStatus.owing())
    answers = answers_to_check(request)
    if answers is None:
        return redirect("loans:help", reference)
    form = _hardship_form(loan, answers)
    if request.method != "POST":
        plan = _plan(loan, form)
        if plan is None:
            return _form_page(request, loan, form, status=422)
        return render(request, "loans/collections/help_check.html", {"loan": loan, "form": form, "plan": plan})
    return run_action(
        request,
        form,
        lambda told: request_help(
            loan_id=loan.pk,
            cause=HardshipCause(told["cause"]),
            story=told["story"],
            expected_months=told["expected_months"],
            affordable_amount=told["affordable_amount"],
            asked=form.plan_terms(),
            **who_and_when(request, told),
        ),
        then=lambda _asked: open_done_page(request, form.cleaned_data["form_key"], "loans:help", reference),
        again=lambda status: _form_page(request, loan, form, status),
    )


@post_only
@role_required(Role.BORROWER)
def withdraw_request(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = own_loan(request, reference, LoanStatus.owing())
    form = KeyedForm(request.POST)
    waiting = read.latest_help(loan)
    if waiting is None:
        raise Http404
    return run_action(
        request,
        form,
        lambda told: withdraw_help(request_id=waiting.pk, **who_and_when(request, told)),
        then=lambda _withdrawn: redirect("loans:loan", reference),
        again=lambda status: _status_page(request, loan, form, status),
    )


@get_only
@role_required(Role.BORROWER)
def new_plan(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = own_loan(request, reference, LoanStatus.disbursed())
    if loan.status not in LoanStatus.owing():
        return redirect("loans:loan", reference)  # an earlier message leads here
    return _proposal_page(request, loan)


@get_or_post
@role_required(Role.BORROWER)
def accept_new_plan(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    """The check page, and the acceptance."""
    if request.method != "POST":
        return _proposal_page(request, own_loan(request, reference, LoanStatus.disbursed()), template=ACCEPT_PAGE)
    words = _("You accepted the new plan. It counts from today.")
    return _decide_plan(request, reference, accept_plan, "loans:plan", words)


@post_only
@role_required(Role.BORROWER)
def decline_new_plan(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    words = _("Your plan stays as it is.")
    return _decide_plan(request, reference, decline_plan, "loans:loan", words)


@get_or_post
@role_required(Role.BORROWER)
def settlement(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = own_loan(request, reference, LoanStatus.disbursed())
    offers = loan.settlement_offers.order_by("-pk")
    offer = get_object_or_404(offers[:1])
    form = KeyedForm(request.POST if request.method == "POST" else None)
    return run_action(
        request,
        form,
        lambda told: pay_settlement(
            settlement_id=offer.pk, method=RepaymentMethod.WALLET, **who_and_when(request, told)
        ),
        then=lambda _paid: redirect("loans:loan", reference),
        again=lambda status: _settlement_page(request, loan, form, status),
    )


@get_or_post
@role_required(Role.BORROWER)
def pay_loss(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    if (sent := sent_before(request)) is not None:
        return sent
    loan = own_loan(request, reference, LoanStatus.disbursed())
    if read.loss_of(loan) is None:
        raise Http404
    form = PayLossForm(answers_to_check(request))

    def check(told: dict[str, Any]) -> HttpResponse | None:
        if told["confirmed"]:
            return None
        plan = preview_recovery(loan_id=loan.pk, amount=told["amount"])
        if request.method == "POST":
            return open_check_page(request, "loans:pay_loss", reference)
        return _loss_page(request, loan, form, plan=plan)

    return run_action(
        request,
        form,
        lambda told: record_recovery(
            loan_id=loan.pk,
            amount=told["amount"],
            method=RepaymentMethod.WALLET,
            value_date=business_date(),
            **who_and_when(request, told),
        ),
        then=lambda recovery: open_done_page(
            request, form.cleaned_data["form_key"], "loans:explain_recovery", recovery.reference
        ),
        again=lambda status: _loss_page(request, loan, form, status=status),
        check=check,
    )


@get_only
@role_required(Role.BORROWER, Role.LENDER, Role.STAFF)
def explain_recovery(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    explanation = read.explain_recovery(reference, request.user)
    if explanation is None:
        raise Http404
    return render(request, "loans/collections/recovery.html", {"explanation": explanation})


@get_only
@role_required(Role.BORROWER, Role.LENDER, Role.STAFF)
def explain_change(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    explanation = explain(reference, request.user)
    if explanation is None:
        raise Http404
    return render(request, "loans/collections/change.html", {"explanation": explanation})


def trouble_context(loan: Loan, today: dt.date) -> dict[str, Any]:
    """What `loans/collections/_notes.html` shows on the page of a loan that is being paid back."""
    return {
        "help_request": read.open_help(loan),
        "proposal": read.open_proposal(loan, today),
        "settlement_offer": read.open_offer(loan, today),
        "default_notice": read.open_notice(loan),
        "loan_default": read.open_default(loan),
        "cure": current_cure(loan, today) if platform_rules().allow_cure else None,
    }


def _plan(loan: Loan, form: HardshipForm) -> NewPlan | None:
    """The plan that was asked for; None, with the form's errors, when there is none."""
    if not form.is_valid():
        return None
    with refusals_on(form):
        return preview_help(loan, form.plan_terms(), business_date())
    return None


def _form_page(request: AuthenticatedRequest, loan: Loan, form: HardshipForm, status: int = 200) -> HttpResponse:
    today = business_date()
    context = {"loan": loan, "form": form, "examples": _examples(loan, today), "today": today}
    return render(request, "loans/collections/help.html", context, status=status)


def _hardship_form(loan: Loan, *args: Any, **kwargs: Any) -> HardshipForm:
    return HardshipForm(*args, terms=LoanTerms.from_json(loan.frozen_terms), **kwargs)


def _examples(loan: Loan, today: dt.date) -> list[NewPlan]:
    """What each change of this loan would cost: another day, the longest pause, half the payment for longest."""
    half = (loan.instalment_amount or 0) // 2
    day = (loan.next_due_on.day + 14) % 28 + 1 if loan.next_due_on else 1
    found = []
    for choice in help_choices(LoanTerms.from_json(loan.frozen_terms)):
        terms = PlanTerms(
            choice.option,
            due_day=day if choice.option == PlanOption.NEW_DUE_DAY else None,
            payments=choice.high or None,
            amount=half if choice.option == PlanOption.LOWER else None,
        )
        try:
            found.append(preview_plan(loan, terms, today))
        except Refused:
            continue
    return found


def _status_page(
    request: AuthenticatedRequest, loan: Loan, form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    context = {"loan": loan, "asked": read.latest_help(loan), "form": form or KeyedForm()}
    return render(request, "loans/collections/help_sent.html", context, status=status)


def _decide_plan(request: AuthenticatedRequest, reference: str, service: Any, target: str, words: str) -> HttpResponse:
    loan = own_loan(request, reference, LoanStatus.disbursed())
    form = KeyedForm(request.POST)
    proposal = loan.plan_proposals.order_by("-pk").first()
    if proposal is None:
        raise Http404
    return run_action(
        request,
        form,
        lambda told: service(proposal_id=proposal.pk, **who_and_when(request, told)),
        done=words,
        then=lambda _decided: redirect(target, reference),
        again=lambda status: _proposal_page(request, loan, form, status=status),
    )


def _proposal_page(
    request: AuthenticatedRequest,
    loan: Loan,
    form: forms.Form | None = None,
    *,
    template: str = "loans/collections/new_plan.html",
    status: int = 200,
) -> HttpResponse:
    today = business_date()
    proposal = read.open_proposal(loan, today)
    plan, refused = None, ""
    if proposal is not None and loan.status in LoanStatus.owing():
        try:
            plan = preview_plan(loan, plan_terms_of(proposal), today)
        except Refused as refusal:
            refused = refusal.message
    context = {"loan": loan, "proposal": proposal, "plan": plan, "refused": refused, "form": form or KeyedForm()}
    if template == ACCEPT_PAGE and plan is None:
        return redirect("loans:new_plan" if refused else "loans:plan", loan.reference)
    return render(request, template, context, status=status)


def _settlement_page(request: AuthenticatedRequest, loan: Loan, form: forms.Form, status: int = 200) -> HttpResponse:
    today = business_date()
    offer = read.open_offer(loan, today) if loan.status in LoanStatus.owing() else None
    owed = preview_settlement(loan, today) if offer else None
    wallet = wallet_summary(request.user)
    context = {
        "loan": loan,
        "offer": offer,
        "owed": owed,
        "waived": owed.total - offer.amount if owed and offer else 0,
        "wallet": wallet,
        "is_short": offer is not None and wallet.available < offer.amount,
        "form": form,
    }
    return render(request, "loans/collections/settlement.html", context, status=status)


def _loss_page(
    request: AuthenticatedRequest, loan: Loan, form: PayLossForm, *, plan: Any = None, status: int = 200
) -> HttpResponse:
    context = {
        "loan": loan,
        "form": form,
        "plan": plan,
        "missing": missing_amount(loan),
        "wallet": wallet_summary(request.user),
    }
    return render(request, "loans/collections/pay_loss.html", context, status=status)
