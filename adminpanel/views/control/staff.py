"""A new staff account: asked for here, made when a second person agrees."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from adminpanel.forms.people import StaffForm
from adminpanel.permissions import GIVE_GROUPS, permission_required
from adminpanel.services.staff_accounts import request_staff_account
from adminpanel.views.pages import asked_words, decide, desk_page
from p2plending.lib import clock
from p2plending.lib.web.decorators import get_or_post
from p2plending.lib.web.requests import AuthenticatedRequest


@get_or_post
@permission_required(GIVE_GROUPS)
def new_staff(request: AuthenticatedRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request, StaffForm(), 200)
    form = StaffForm(request.POST)
    return decide(
        request,
        form,
        lambda cleaned: request_staff_account(
            email=cleaned["email"],
            full_name=cleaned["full_name"],
            groups=form.chosen(),
            reason=cleaned["reason"],
            actor=request.user,
            today=clock.business_date(),
        ),
        done=asked_words(),
        target=lambda: reverse("admin:approval_queue"),
        again=lambda status: _page(request, form, status),
    )


def _page(request: AuthenticatedRequest, form: StaffForm, status: int) -> HttpResponse:
    return desk_page(request, "staff_new", {"title": _("New staff account"), "form": form}, status)
