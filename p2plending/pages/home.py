"""Pages of the building itself: home by role, theme, health, errors."""

from __future__ import annotations

import logging
import sys

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.enums.people import Role
from accounts.selectors.first_steps import steps_context
from loans.selectors.first_steps import borrower_steps
from matching.selectors.first_steps import lender_steps
from p2plending import __version__
from p2plending.lib import clock
from p2plending.lib.api.errors import CONTENT_TYPE, problem
from p2plending.lib.database.transactions import is_outage
from p2plending.lib.errors import RETRY_AFTER_SECONDS, Busy
from p2plending.lib.web.decorators import get_only, role_required
from p2plending.lib.web.requests import AuthenticatedRequest
from p2plending.operations.health import site_facts
from p2plending.pages.gallery import gallery_context

logger = logging.getLogger(__name__)

HOME_BY_ROLE = {
    Role.BORROWER: "loans:borrowing_home",
    Role.LENDER: "matching:lending_home",
    Role.STAFF: "admin:index",
}
THEMES = ("light", "dark", "auto")
THEME_COOKIE_AGE = 365 * 24 * 3600


@require_GET
@login_required
def home(request: AuthenticatedRequest) -> HttpResponse:
    return redirect(HOME_BY_ROLE[Role(request.user.role)])


@get_only
@role_required(Role.BORROWER, Role.LENDER)
def getting_started(request: AuthenticatedRequest) -> HttpResponse:
    steps = borrower_steps(request.user) if request.user.is_borrower else lender_steps(request.user)
    return render(request, "accounts/getting_started.html", steps_context(request.user, steps))


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    theme = request.POST.get("theme", "auto")
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    response = HttpResponseRedirect(back)
    if theme in THEMES:
        response.set_cookie("theme", theme, max_age=THEME_COOKIE_AGE, samesite="Lax", secure=settings.HTTPS)
    return response


@require_GET
def components(request: HttpRequest) -> HttpResponse:
    return render(request, "components/gallery.html", gallery_context())


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can serve (200), or what is missing (503). Work that stands still is told with status 200."""
    facts = site_facts(clock.machine_now())
    checks = {fact.name: fact.words for fact in facts}
    blocking = [fact for fact in facts if fact.blocks and not fact.is_fine]
    if blocking:
        logger.error("not ready", extra={"check": blocking[0].name, "words": blocking[0].words})
        missing = {"status": "not ready", "missing": blocking[0].words, "checks": checks, "node": facts[0].details}
        return JsonResponse(missing, status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
    troubled = [fact.name for fact in facts if not fact.is_fine]
    status = "degraded" if troubled else "ready"
    told = {"status": status, "version": __version__, "troubled": troubled, "checks": checks, "node": facts[0].details}
    return JsonResponse(told)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", {"reason": str(exception)}, status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        body = {"type": "about:blank", "title": "Not found", "status": 404, "code": "not_found"}
        return JsonResponse(body, status=404, content_type="application/problem+json")
    return render(request, "404.html", {}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """The answer to every error that nobody caught, whichever door it came through: 503 when the database is away.

    Middleware, views, admin and API all end here; no other place has to know what a database says when it is away.
    """
    if is_outage(sys.exc_info()[1]):
        return database_is_away(request)
    if request.path.startswith("/api/"):
        body = {"type": "about:blank", "title": "Something broke", "status": 500, "code": "server_error"}
        return JsonResponse(body, status=500, content_type="application/problem+json")
    return render(None, "500.html", {"request_id": getattr(request, "request_id", "")}, status=500)


def database_is_away(request: HttpRequest) -> HttpResponse:
    """Say that the same may be tried again soon. Nothing here asks the database."""
    logger.error("the database does not answer", extra={"path": request.path})
    request_id = getattr(request, "request_id", "")
    if request.path.startswith("/api/"):
        body = problem(
            503, Busy.code, gettext("The database does not answer. Try again with the same key."), request_id
        )
        response: HttpResponse = JsonResponse(body, status=503, content_type=CONTENT_TYPE)
    else:
        response = render(None, "503.html", {"request_id": request_id}, status=503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response["Cache-Control"] = "no-store, private"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's protection key was stale: ask to send again. Nothing has moved."""
    return render(request, "csrf.html", {}, status=403)
