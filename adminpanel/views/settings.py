"""Settings, loan products and jobs."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django_q.models import OrmQ, Schedule

from adminpanel.forms.products import ProductForm, grade_forms
from adminpanel.forms.settings import SettingsForm
from adminpanel.permissions import (
    CHANGE_SETTINGS,
    RUN_JOBS,
    VIEW_JOBS,
    VIEW_PRODUCTS,
    permission_required,
    require_permission,
)
from adminpanel.selectors import scheduled_jobs, setting_changes
from adminpanel.services.clockwork import run_job_now
from adminpanel.services.settings import change_product, change_settings
from adminpanel.views.pages import decide, desk_page
from loans.models import LoanProduct
from p2plending.lib import clock
from p2plending.lib.decorators import get_only, get_or_post, post_only
from p2plending.lib.rules import platform_rules

HISTORY_LENGTH = 20


@get_or_post
@permission_required(CHANGE_SETTINGS)
def settings(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _settings_page(request, SettingsForm(rules=platform_rules()), 200)
    form = SettingsForm(request.POST, rules=platform_rules())
    return decide(
        request,
        form,
        lambda cleaned: change_settings(
            values=form.values(), reason=cleaned["reason"], actor=request.user, today=clock.business_date()
        ),
        done=_("Settings changed. They count from now on."),
        target=lambda: reverse("admin:settings"),
        again=lambda status: _settings_page(request, form, status),
    )


def _settings_page(request: HttpRequest, form: SettingsForm, status: int) -> HttpResponse:
    ctx = {"title": _("Limits and switches"), "form": form, "history": setting_changes()[:HISTORY_LENGTH]}
    return desk_page(request, "settings", ctx, status)


@get_only
@permission_required(VIEW_PRODUCTS)
def products(request: HttpRequest) -> HttpResponse:
    rows = LoanProduct.objects.prefetch_related("grades")
    return desk_page(request, "products", {"title": _("Loan products"), "products": rows})


@get_or_post
@permission_required(VIEW_PRODUCTS)
def product(request: HttpRequest, code: str) -> HttpResponse:
    row = get_object_or_404(LoanProduct, code=code)
    if request.method != "POST":
        return _product_page(request, row, ProductForm(instance=row), grade_forms(row), 200)
    require_permission(request, CHANGE_SETTINGS)
    form, grades = ProductForm(request.POST, instance=row), grade_forms(row, request.POST)
    if not all([form.is_valid(), *[one.is_valid() for one in grades]]):
        return _product_page(request, row, form, grades, 422)
    return decide(
        request,
        form,
        lambda cleaned: change_product(
            product=row,
            values=form.values(),
            grades={one.grade: one.cleaned_data for one in grades},
            reason=cleaned["reason"],
            actor=request.user,
            today=clock.business_date(),
        ),
        done=_("Product changed. Loans made before keep their terms."),
        target=lambda: reverse("admin:products"),
        again=lambda status: _product_page(request, row, form, grades, status),
    )


def _product_page(
    request: HttpRequest, row: LoanProduct, form: ProductForm, grades: list[forms.Form], status: int
) -> HttpResponse:
    failed = next((one for one in (form, *grades) if one.errors), None)
    ctx = {
        "title": row.code,
        "form": form,
        "grades": grades,
        "failed": failed,
        "may_change": request.user.has_perm(CHANGE_SETTINGS),
    }
    return desk_page(request, "product", ctx, status)


@get_only
@permission_required(VIEW_JOBS)
def jobs(request: HttpRequest) -> HttpResponse:
    ctx = {
        "title": _("Jobs"),
        "jobs": scheduled_jobs(),
        "waiting": OrmQ.objects.count(),
        "may_run": request.user.has_perm(RUN_JOBS),
    }
    return desk_page(request, "jobs", ctx)


@post_only
@permission_required(RUN_JOBS)
def run_job(request: HttpRequest, schedule_id: int) -> HttpResponse:
    try:
        name = run_job_now(schedule_id=schedule_id, actor=request.user)
    except Schedule.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("%(job)s is queued and runs now.") % {"job": name})
    return redirect("admin:jobs")
