"""E-mails that did not go out."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.selectors.people import undelivered_mails
from adminpanel.permissions import RUN_JOBS, VIEW_JOBS, permission_required
from adminpanel.services.scheduler import retry_mails
from adminpanel.views.pages import desk_page
from p2plending.lib.web.decorators import get_only, post_only
from p2plending.lib.web.requests import AuthenticatedRequest

MOST_SHOWN = 200


@get_only
@permission_required(VIEW_JOBS)
def mails(request: AuthenticatedRequest) -> HttpResponse:
    rows = undelivered_mails(MOST_SHOWN)
    ctx = {"title": _("E-mails not sent"), "rows": rows, "may_run": request.user.has_perm(RUN_JOBS)}
    return desk_page(request, "mails", ctx)


@post_only
@permission_required(RUN_JOBS)
def retry(request: AuthenticatedRequest) -> HttpResponse:
    count = retry_mails(actor=request.user)
    words = ngettext("%(count)s e-mail is tried again.", "%(count)s e-mails are tried again.", count)
    messages.success(request, words % {"count": count})
    return redirect("admin:mails")
