"""Limits and switches, and jobs."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django_q.models import OrmQ, Schedule

from accounts.selectors.people import waiting_about
from adminpanel.forms.settings import SettingsForm
from adminpanel.permissions import (
    CHANGE_SETTINGS,
    RUN_JOBS,
    VIEW_JOBS,
    permission_required,
)
from adminpanel.selectors import scheduled_jobs, setting_changes
from adminpanel.services.scheduler import run_job_now
from adminpanel.services.settings import SUBJECT, request_settings
from adminpanel.views.pages import asked_words, decide, desk_page
from p2plending.lib import clock
from p2plending.lib.rules.values import platform_rules
from p2plending.lib.web.decorators import get_only, get_or_post, post_only
from p2plending.lib.web.requests import AuthenticatedRequest

HISTORY_LENGTH = 20


@get_or_post
@permission_required(CHANGE_SETTINGS)
def settings(request: AuthenticatedRequest) -> HttpResponse:
    if request.method != "POST":
        return _settings_page(request, SettingsForm(rules=platform_rules()), 200)
    form = SettingsForm(request.POST, rules=platform_rules())
    return decide(
        request,
        form,
        lambda cleaned: request_settings(
            values=form.values(), reason=cleaned["reason"], actor=request.user, today=clock.business_date()
        ),
        done=asked_words(),
        target=lambda: reverse("admin:settings"),
        again=lambda status: _settings_page(request, form, status),
    )


def _settings_page(request: AuthenticatedRequest, form: SettingsForm, status: int) -> HttpResponse:
    ctx = {
        "title": _("Limits and switches"),
        "form": form,
        "history": setting_changes()[:HISTORY_LENGTH],
        "waiting_second": waiting_about("settings", SUBJECT).first(),
    }
    return desk_page(request, "settings", ctx, status)


@get_only
@permission_required(VIEW_JOBS)
def jobs(request: AuthenticatedRequest) -> HttpResponse:
    ctx = {
        "title": _("Jobs"),
        "jobs": scheduled_jobs(),
        "waiting": OrmQ.objects.count(),
        "may_run": request.user.has_perm(RUN_JOBS),
    }
    return desk_page(request, "jobs", ctx)


@post_only
@permission_required(RUN_JOBS)
def run_job(request: AuthenticatedRequest, schedule_id: int) -> HttpResponse:
    try:
        name = run_job_now(schedule_id=schedule_id, actor=request.user)
    except Schedule.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("%(job)s is queued and runs now.") % {"job": name})
    return redirect("admin:jobs")
