"""One person on one page, and what staff may change about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import AUDIT_EVENTS, NOTIFICATIONS, USERS
from accounts.enums import Role
from accounts.models import User
from accounts.permissions import SUSPEND_USERS
from accounts.selectors import email_is_verified, verification_of
from accounts.services.suspension import lift_suspension, suspend_user
from adminpanel.forms.people import GroupsForm, SuspensionForm
from adminpanel.permissions import GIVE_GROUPS, VIEW_USERS, permission_required
from adminpanel.selectors import audit_about_person
from adminpanel.services.staff_groups import set_staff_groups
from adminpanel.views.pages import Decision, decide, desk_page, with_tried
from ledger.access import WALLETS
from ledger.selectors import wallet_summary
from loans.access import LOANS, NOTES
from p2plending.lib.decorators import get_only, post_only

LIST_LENGTH = 10
HISTORY_LENGTH = 20


@get_only
@permission_required(VIEW_USERS)
def person(request: HttpRequest, member_number: str) -> HttpResponse:
    return _page(request, _person(request, member_number))


@post_only
@permission_required(SUSPEND_USERS)
def suspend(request: HttpRequest, member_number: str) -> HttpResponse:
    user = _person(request, member_number)
    return _step(
        request,
        user,
        "suspend",
        SuspensionForm(request.POST, auto_id="suspend_%s"),
        lambda cleaned: suspend_user(user_id=user.pk, reason=cleaned["reason"], actor=request.user),
        _("%(who)s is suspended and was told.") % {"who": member_number},
    )


@post_only
@permission_required(SUSPEND_USERS)
def release(request: HttpRequest, member_number: str) -> HttpResponse:
    user = _person(request, member_number)
    return _step(
        request,
        user,
        "release",
        SuspensionForm(request.POST, auto_id="release_%s"),
        lambda cleaned: lift_suspension(user_id=user.pk, reason=cleaned["reason"], actor=request.user),
        _("The suspension of %(who)s has ended.") % {"who": member_number},
    )


@post_only
@permission_required(GIVE_GROUPS)
def groups(request: HttpRequest, member_number: str) -> HttpResponse:
    user = _person(request, member_number)
    form = GroupsForm(request.POST, person=user, auto_id="groups_%s")
    return _step(
        request,
        user,
        "groups",
        form,
        lambda cleaned: set_staff_groups(
            user_id=user.pk, groups=form.chosen(), reason=cleaned["reason"], actor=request.user
        ),
        _("Groups of %(who)s changed.") % {"who": member_number},
    )


def _person(request: HttpRequest, member_number: str) -> User:
    return get_object_or_404(USERS.visible_to(request.user).prefetch_related("groups"), member_number=member_number)


def _step(
    request: HttpRequest,
    user: User,
    name: str,
    form: forms.Form,
    step: Callable[[dict[str, Any]], object],
    done: str,
) -> HttpResponse:
    return decide(
        request,
        form,
        step,
        done=done,
        target=lambda: reverse("admin:user", args=[user.member_number]),
        again=lambda status: _page(request, _person(request, user.member_number), name, form, status),
    )


def _decisions(request: HttpRequest, user: User) -> list[Decision]:
    def path(name: str) -> str:
        return reverse(f"admin:user_{name}", args=[user.member_number])

    if user.pk == request.user.pk:
        return []
    found = []
    if request.user.has_perm(SUSPEND_USERS):
        if user.is_suspended:
            form = SuspensionForm(auto_id="release_%s")
            found.append(Decision("release", _("End the suspension"), _("End suspension"), path("release"), form))
        else:
            form = SuspensionForm(auto_id="suspend_%s")
            found.append(
                Decision("suspend", _("Suspend this person"), _("Suspend"), path("suspend"), form, danger=True)
            )
    if user.role == Role.STAFF and request.user.has_perm(GIVE_GROUPS):
        form = GroupsForm(person=user, auto_id="groups_%s")
        found.append(Decision("groups", _("Groups"), _("Change groups"), path("groups"), form))
    return found


def _may_see_wallet(viewer: User, user: User) -> bool:
    return user.role != Role.STAFF and WALLETS.is_duty_of(viewer)


def _page(
    request: HttpRequest, user: User, tried: str = "", form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    ctx = {
        "title": user.full_name or user.email,
        "person": user,
        "verification": verification_of(user),
        "email_verified": email_is_verified(user),
        "wallet": wallet_summary(user) if _may_see_wallet(request.user, user) else None,
        "loans": LOANS.visible_to(request.user).filter(borrower=user)[:LIST_LENGTH],
        "notes": NOTES.visible_to(request.user).filter(owner=user).select_related("loan")[:LIST_LENGTH],
        "told": NOTIFICATIONS.visible_to(request.user).filter(user=user).order_by("-id")[:LIST_LENGTH],
        "history": audit_about_person(user)[:HISTORY_LENGTH] if AUDIT_EVENTS.is_duty_of(request.user) else None,
        "decisions": with_tried(_decisions(request, user), tried, form),
        "tried": tried,
        "failed": form,
    }
    return desk_page(request, "user", ctx, status)
