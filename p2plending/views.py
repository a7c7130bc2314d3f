"""Pages of the building itself: home by role, theme, health, errors."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import Role
from accounts.first_steps import steps_context
from loans.first_steps import borrower_steps
from matching.first_steps import lender_steps
from p2plending.gallery import gallery_context
from p2plending.lib.decorators import get_only, role_required

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
def home(request: HttpRequest) -> HttpResponse:
    return redirect(HOME_BY_ROLE[Role(request.user.role)])


@get_only
@role_required(Role.BORROWER, Role.LENDER)
def getting_started(request: HttpRequest) -> HttpResponse:
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


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive."""
    return JsonResponse({"status": "ok"})


@require_GET
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can serve: the database answers and its tables are those of this code."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
        cache.get("readyz")
    except DatabaseError:
        logger.exception("not ready: the database does not answer")
        return JsonResponse({"status": "no database"}, status=503)
    if waiting:
        return JsonResponse({"status": "migrations are waiting", "count": len(waiting)}, status=503)
    return JsonResponse({"status": "ready"})


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", {"reason": str(exception)}, status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        body = {"type": "about:blank", "title": "Not found", "status": 404, "code": "not_found"}
        return JsonResponse(body, status=404, content_type="application/problem+json")
    return render(request, "404.html", {}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        body = {"type": "about:blank", "title": "Something broke", "status": 500, "code": "server_error"}
        return JsonResponse(body, status=500, content_type="application/problem+json")
    return render(None, "500.html", {"request_id": getattr(request, "request_id", "")}, status=500)
