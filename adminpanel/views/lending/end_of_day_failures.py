"""Loans that the end of day could not bring up to date."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _

from adminpanel.permissions import VIEW_LOANS, permission_required
from adminpanel.views.pages import desk_page, page_of
from loans.selectors.servicing import end_of_day_failure_count, end_of_day_failures
from p2plending.lib.web.decorators import get_only
from p2plending.lib.web.requests import AuthenticatedRequest


@get_only
@permission_required(VIEW_LOANS)
def queue(request: AuthenticatedRequest) -> HttpResponse:
    ctx = {
        "title": _("Loans left behind"),
        "page": page_of(request, end_of_day_failures()),
        "count": end_of_day_failure_count(),
    }
    return desk_page(request, "left_behind", ctx)
