"""Loan products: what is offered, and changes and additions that are shown before they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.enums.people import ApprovalKind
from accounts.selectors.people import waiting_about
from adminpanel.forms.products import GradeForm, NewProductForm, ProductForm, grade_forms, new_grade_forms
from adminpanel.permissions import CHANGE_SETTINGS, VIEW_PRODUCTS, permission_required, require_permission
from adminpanel.services.changes import changes_of_terms
from adminpanel.services.products import changed_terms, request_product, require_changed
from adminpanel.views.control.product_effects import effect_on_loans
from adminpanel.views.pages import asked_words, decide, desk_page
from loans.models import LoanProduct
from p2plending.lib import clock
from p2plending.lib.web.actions import INVALID
from p2plending.lib.web.decorators import get_only, get_or_post
from p2plending.lib.web.requests import AuthenticatedRequest


@get_only
@permission_required(VIEW_PRODUCTS)
def products(request: AuthenticatedRequest) -> HttpResponse:
    ctx = {
        "title": _("Loan products"),
        "products": LoanProduct.objects.prefetch_related("grades"),
        "may_change": request.user.has_perm(CHANGE_SETTINGS),
    }
    return desk_page(request, "products", ctx)


@get_or_post
@permission_required(VIEW_PRODUCTS)
def product(request: AuthenticatedRequest, code: str) -> HttpResponse:
    row = get_object_or_404(LoanProduct, code=code)
    if request.method != "POST":
        return _page(request, row, ProductForm(instance=row), grade_forms(row), 200)
    require_permission(request, CHANGE_SETTINGS)
    form = ProductForm(request.POST, instance=get_object_or_404(LoanProduct, code=code))
    return _ask(request, row, code, form, grade_forms(row, request.POST))


@get_or_post
@permission_required(CHANGE_SETTINGS)
def new_product(request: AuthenticatedRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request, None, NewProductForm(), new_grade_forms(), 200)
    form = NewProductForm(request.POST)
    return _ask(request, None, request.POST.get("code", ""), form, new_grade_forms(request.POST))


def _ask(
    request: AuthenticatedRequest, row: LoanProduct | None, code: str, form: ProductForm, grades: list[GradeForm]
) -> HttpResponse:
    """The first POST shows what the change does; the second, from there, asks a second person."""
    if not all([form.is_valid(), *[one.is_valid() for one in grades]]):
        return _page(request, row, form, grades, INVALID)
    told = {one.grade: one.values() for one in grades if one.is_wanted()}
    if "edit" in request.POST:
        return _page(request, row, form, grades, 200)

    def check(_told: dict[str, Any]) -> HttpResponse | None:
        if "confirmed" in request.POST:
            return None
        require_changed(row, form.values(), told, code=code, today=clock.business_date())
        return _check_page(request, row, code, form, grades, told)

    return decide(
        request,
        form,
        lambda cleaned: request_product(
            code=code,
            product=row,
            values=form.values(),
            grades=told,
            reason=cleaned["reason"],
            actor=request.user,
            today=clock.business_date(),
        ),
        done=lambda _request: asked_words(),
        target=lambda: reverse("admin:products"),
        again=lambda status: _page(request, row, form, grades, status),
        check=check,
    )


def _page(
    request: AuthenticatedRequest, row: LoanProduct | None, form: ProductForm, grades: list[GradeForm], status: int
) -> HttpResponse:
    failed = next((one for one in (form, *grades) if one.errors), None)
    ctx = {
        "title": row.code if row else _("Add a product"),
        "product": row,
        "form": form,
        "grades": grades,
        "failed": failed,
        "may_change": request.user.has_perm(CHANGE_SETTINGS),
        "waiting_second": waiting_about("product", row.code).filter(kind=ApprovalKind.PRODUCT).first() if row else None,
    }
    return desk_page(request, "product", ctx, status)


def _check_page(
    request: AuthenticatedRequest,
    row: LoanProduct | None,
    code: str,
    form: ProductForm,
    grades: Sequence[forms.Form],
    told: dict[str, dict[str, Any]],
) -> HttpResponse:
    before, after = changed_terms(row, form.values(), told)
    ctx = {
        "title": _("What this change does") if row else _("What this product would be"),
        "product": row,
        "code": code,
        "form": form,
        "sent": [(name, value) for name, values in request.POST.lists() for value in values if name not in _OWN],
        "changes": changes_of_terms(before, after),
        **effect_on_loans(row, form.values(), told),
    }
    return desk_page(request, "product_check", ctx)


# Fields of the check page itself: not sent along a second time.
_OWN = ("csrfmiddlewaretoken", "confirmed", "edit")
