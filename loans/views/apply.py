"""The application, saved at each step."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums.people import Role
from accounts.selectors.eligibility import Action, blocking_refusal
from loans.account.pricing import assumed_grade_terms, priced_terms
from loans.enums.loan import LoanStatus
from loans.forms.application import AmountForm, IncomeForm, PurposeForm, SendForm
from loans.models import GradeTerms, Loan, LoanProduct
from loans.selectors.borrower import application_of
from loans.selectors.products import chosen_product, offered_products
from loans.services.origination.application import NEEDED_FIELDS, create_draft, submit_application, update_draft
from loans.services.origination.underwriting import Outcome, largest_passing_amount, preview_outcome
from loans.views.own import own_loan
from loans.views.quote import plans_context, start_of
from p2plending.lib.clock import business_date
from p2plending.lib.errors import Refused, required
from p2plending.lib.web.decorators import get_only, get_or_post, role_required
from p2plending.lib.web.requests import AuthenticatedRequest

STEPS = (
    gettext_lazy("Amount"),
    gettext_lazy("Purpose"),
    gettext_lazy("Income"),
    gettext_lazy("Check and send"),
)


@get_only
@role_required(Role.BORROWER)
def start(request: AuthenticatedRequest) -> HttpResponse:
    application = application_of(request.user)
    if application is None:
        return redirect("loans:apply_amount")
    if application.status != LoanStatus.DRAFT:
        return redirect("loans:loan", application.reference)
    return redirect(_first_open_step(application))


@get_or_post
@role_required(Role.BORROWER)
def amount(request: AuthenticatedRequest) -> HttpResponse:
    draft = application_of(request.user)
    if draft is not None and draft.status != LoanStatus.DRAFT:
        return _has_application(request, draft)
    products = offered_products()
    given = request.POST if request.method == "POST" else request.GET
    product = chosen_product(products, given.get("product") or (draft.product.code if draft else None))
    if product is None:
        return render(request, "loans/not_offered.html", {})
    form = AmountForm(
        request.POST if request.method == "POST" else None,
        product=product,
        products=products,
        initial=_amount_initial(request, draft, product),
    )
    if form.is_valid() and "update" not in request.POST:
        try:
            _save_amount(request, draft, product, form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            return redirect("loans:apply_purpose")
    asked = form.cleaned_data if form.is_bound else form.initial
    context: dict[str, Any] = {"form": form, "product": product, "steps": STEPS, "step": 1}
    if not form.errors:
        outcome = preview_outcome(draft, today=business_date()) if draft else None
        context |= plans_context(product, _grade_terms(product, outcome), asked)
        context["is_assumed"] = outcome is None or outcome.grade_terms is None
    return render(request, "loans/apply/amount.html", context, status=422 if form.errors else 200)


@get_or_post
@role_required(Role.BORROWER)
def purpose(request: AuthenticatedRequest) -> HttpResponse:
    return _answers_step(request, PurposeForm, "purpose", 2, "loans:apply_income")


@get_or_post
@role_required(Role.BORROWER)
def income(request: AuthenticatedRequest) -> HttpResponse:
    return _answers_step(request, IncomeForm, "income", 3, "loans:apply_check")


@get_or_post
@role_required(Role.BORROWER)
def check(request: AuthenticatedRequest) -> HttpResponse:
    draft = _open_draft(request)
    if draft is None:
        return redirect("loans:apply_start")
    if _first_open_step(draft) != "loans:apply_check":
        return redirect(_first_open_step(draft))
    form = SendForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            sent = submit_application(
                loan_id=draft.pk,
                actor=request.user,
                idempotency_key=form.cleaned_data["form_key"],
                today=business_date(),
            )
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            return redirect("loans:apply_sent", sent.reference)
    outcome = required(preview_outcome(draft, today=business_date()), "monthly_income")
    context = {
        "form": form,
        "loan": draft,
        "product": draft.product,
        "steps": STEPS,
        "step": 4,
        "outcome": outcome,
        "smaller": None if outcome.grade_terms else largest_passing_amount(draft, today=business_date()),
        "blocked": blocking_refusal(request.user, Action.APPLY),
    }
    context |= _card(draft, outcome)
    return render(request, "loans/apply/check.html", context, status=422 if form.errors else 200)


@get_only
@role_required(Role.BORROWER)
def sent(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = own_loan(request, reference)
    if loan.status not in (LoanStatus.SUBMITTED, LoanStatus.UNDER_REVIEW):
        return redirect("loans:loan", loan.reference)
    return render(request, "loans/apply/sent.html", {"loan": loan})


def _answers_step(
    request: AuthenticatedRequest, form_class: type[forms.Form], name: str, number: int, following: str
) -> HttpResponse:
    draft = _open_draft(request)
    if draft is None:
        return redirect("loans:apply_start")
    initial = {field: getattr(draft, field) for field in form_class.base_fields}
    form = form_class(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            update_draft(loan_id=draft.pk, fields=form.cleaned_data, actor=request.user)
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            return redirect(following)
    outcome = preview_outcome(draft, today=business_date())
    context = {"form": form, "loan": draft, "product": draft.product, "steps": STEPS, "step": number}
    context |= _card(draft, outcome)
    return render(request, f"loans/apply/{name}.html", context, status=422 if form.errors else 200)


def _open_draft(request: AuthenticatedRequest) -> Loan | None:
    """The application that is still being written. Without one, the start leads to what became of the last."""
    draft = application_of(request.user)
    return draft if draft is not None and draft.status == LoanStatus.DRAFT else None


def _has_application(request: HttpRequest, application: Loan) -> HttpResponse:
    messages.info(request, _("You have an open application. Finish it or take it back first."))
    return redirect("loans:loan", application.reference)


def _amount_initial(request: HttpRequest, draft: Loan | None, product: LoanProduct) -> dict[str, Any]:
    if draft is not None and draft.product_id == product.pk:
        initial = {name: getattr(draft, name) for name in ("requested_amount", "term_months", "due_day")}
    else:
        amount, months = start_of(product)
        initial = {"requested_amount": amount, "term_months": months, "due_day": None}
    asked = AmountForm(request.GET or None, product=product)
    return initial | asked.cleaned_data if asked.is_valid() else initial


def _save_amount(
    request: AuthenticatedRequest, draft: Loan | None, product: LoanProduct, answers: dict[str, Any]
) -> None:
    # A product that is not paid by the month has no day of it.
    answers = {"due_day": None} | answers | {"product": product}
    if draft is not None:
        update_draft(loan_id=draft.pk, fields=answers, actor=request.user)
        return
    create_draft(
        borrower=request.user,
        product=product,
        amount=answers["requested_amount"],
        term_months=answers["term_months"],
        due_day=answers.get("due_day"),
        actor=request.user,
        today=business_date(),
    )


def _grade_terms(product: LoanProduct, outcome: Outcome | None) -> GradeTerms:
    """The grade that the answers so far lead to, else the assumed one."""
    found = outcome.grade_terms if outcome else None
    if found is not None and found.product_id != product.pk:
        found = product.grades.filter(grade=found.grade).first()
    return required(found or assumed_grade_terms(product), "grade_terms")


def _card(draft: Loan, outcome: Outcome | None) -> dict[str, Any]:
    terms = _grade_terms(draft.product, outcome)
    [chosen] = priced_terms(draft.product, terms, draft.principal, [draft.term_months], business_date(), draft.due_day)
    left = None
    if outcome is not None:
        left = outcome.affordability.disposable - outcome.instalment_amount
    return {"chosen": chosen, "is_assumed": outcome is None or outcome.grade_terms is None, "left_each_month": left}


def _first_open_step(draft: Loan) -> str:
    missing = {name for name in NEEDED_FIELDS if getattr(draft, name) in ("", None)}
    if missing & {"purpose", "title", "region"}:
        return "loans:apply_purpose"
    return "loans:apply_income" if missing else "loans:apply_check"
