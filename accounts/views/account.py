"""Profile, security, notifications."""

from __future__ import annotations

from itertools import groupby

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums.people import Role
from accounts.forms.people import NameForm
from accounts.selectors.people import email_is_verified, notifications_of, verification_of
from accounts.services.mail.notifications import mark_read
from accounts.services.people.profile import rename_user
from p2plending.lib.web.decorators import get_only, get_or_post, post_only, role_required
from p2plending.lib.web.requests import AuthenticatedRequest

EVERYBODY = (Role.BORROWER, Role.LENDER, Role.STAFF)
PAGE_SIZE = 25


@get_or_post
@role_required(*EVERYBODY)
def profile(request: AuthenticatedRequest) -> HttpResponse:
    form = NameForm(request.POST or None, initial={"full_name": request.user.full_name})
    if form.is_valid():
        rename_user(user=request.user, full_name=form.cleaned_data["full_name"])
        messages.success(request, _("Your name is saved."))
        return redirect("accounts:profile")
    context = {
        "form": form,
        "verification": verification_of(request.user),
        "email_is_verified": email_is_verified(request.user),
    }
    return render(request, "accounts/profile.html", context, status=422 if form.errors else 200)


@get_only
@role_required(*EVERYBODY)
def security(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/security.html", {"has_second_step": is_mfa_enabled(request.user)})


@get_only
@role_required(*EVERYBODY)
def notifications(request: AuthenticatedRequest) -> HttpResponse:
    page = Paginator(notifications_of(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    days = [(day, list(group)) for day, group in groupby(rows, lambda row: timezone.localdate(row.created_at))]
    has_unread = any(row.read_at is None for row in rows)
    return render(request, "accounts/notifications.html", {"page": page, "days": days, "has_unread": has_unread})


@post_only
@role_required(*EVERYBODY)
def notifications_read(request: AuthenticatedRequest) -> HttpResponse:
    """One notification (`id`), or all without it. Ids of other people's match nothing."""
    rows = notifications_of(request.user)
    number = request.POST.get("id", "")
    if number:
        rows = rows.filter(pk=int(number)) if number.isdecimal() and len(number) < 19 else rows.none()
    mark_read(rows)
    return redirect("accounts:notifications")
