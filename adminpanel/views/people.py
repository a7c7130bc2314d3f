"""One person on one page, and what staff may change about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.enums.people import Role, VerificationStatus
from accounts.enums.permissions import SUSPEND_USERS
from accounts.models import User
from accounts.selectors.access import AUDIT_EVENTS, NOTIFICATIONS, USERS
from accounts.selectors.people import email_is_verified, verification_of, waiting_about_person
from accounts.services.identity.suspicion import raise_suspicion, request_clearing, request_confirming
from accounts.services.people.suspension import request_release, suspend_user
from adminpanel.forms.people import GroupsForm, ReasonForm, SuspensionForm, SuspicionForm
from adminpanel.permissions import GIVE_GROUPS, VIEW_USERS, permission_required
from adminpanel.selectors import audit_about_person
from adminpanel.services.staff_groups import request_groups
from adminpanel.views.pages import Decision, asked_words, decide, desk_page, with_tried
from ledger.selectors import wallet_summary
from ledger.selectors.access import WALLETS
from loans.selectors.access import LOANS, NOTES
from p2plending.lib import clock
from p2plending.lib.web.decorators import get_only, post_only
from p2plending.lib.web.requests import AuthenticatedRequest

LIST_LENGTH = 10
HISTORY_LENGTH = 20


@get_only
@permission_required(VIEW_USERS)
def person(request: AuthenticatedRequest, member_number: str) -> HttpResponse:
    return _page(request, _person(request, member_number))


@post_only
@permission_required(SUSPEND_USERS)
def suspend(request: AuthenticatedRequest, member_number: str) -> HttpResponse:
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
def release(request: AuthenticatedRequest, member_number: str) -> HttpResponse:
    user = _person(request, member_number)
    return _step(
        request,
        user,
        "release",
        ReasonForm(request.POST, auto_id="release_%s"),
        lambda cleaned: request_release(
            user_id=user.pk, reason=cleaned["reason"], actor=request.user, today=clock.business_date()
        ),
        asked_words(),
    )


@post_only
@permission_required(SUSPEND_USERS)
def suspect(request: AuthenticatedRequest, member_number: str) -> HttpResponse:
    user = _person(request, member_number)
    return _step(
        request,
        user,
        "suspect",
        SuspicionForm(request.POST, auto_id="suspect_%s"),
        lambda cleaned: raise_suspicion(user_id=user.pk, reason=cleaned["reason"], actor=request.user),
        _("The identity of %(who)s is suspended until two of you have looked at it.") % {"who": member_number},
    )


@post_only
@permission_required(SUSPEND_USERS)
def clear(request: AuthenticatedRequest, member_number: str) -> HttpResponse:
    return _settle_suspicion(request, member_number, "clear", request_clearing)


@post_only
@permission_required(SUSPEND_USERS)
def confirm_suspicion(request: AuthenticatedRequest, member_number: str) -> HttpResponse:
    return _settle_suspicion(request, member_number, "confirm_suspicion", request_confirming)


def _settle_suspicion(
    request: AuthenticatedRequest, member_number: str, name: str, service: Callable[..., object]
) -> HttpResponse:
    user = _person(request, member_number)
    return _step(
        request,
        user,
        name,
        ReasonForm(request.POST, auto_id=f"{name}_%s"),
        lambda cleaned: service(
            user_id=user.pk, reason=cleaned["reason"], actor=request.user, today=clock.business_date()
        ),
        asked_words(),
    )


@post_only
@permission_required(GIVE_GROUPS)
def groups(request: AuthenticatedRequest, member_number: str) -> HttpResponse:
    user = _person(request, member_number)
    form = GroupsForm(request.POST, person=user, auto_id="groups_%s")
    return _step(
        request,
        user,
        "groups",
        form,
        lambda cleaned: request_groups(
            user_id=user.pk,
            groups=form.chosen(),
            reason=cleaned["reason"],
            actor=request.user,
            today=clock.business_date(),
        ),
        asked_words(),
    )


def _person(request: HttpRequest, member_number: str) -> User:
    return get_object_or_404(USERS.visible_to(request.user).prefetch_related("groups"), member_number=member_number)


def _step(
    request: AuthenticatedRequest,
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
            form = ReasonForm(auto_id="release_%s")
            words = _("Ask a second person")
            found.append(Decision("release", _("End the suspension"), words, path("release"), form))
        else:
            form = SuspensionForm(auto_id="suspend_%s")
            found.append(
                Decision("suspend", _("Suspend this person"), _("Suspend"), path("suspend"), form, danger=True)
            )
        found += _suspicion(user, path)
    if user.role == Role.STAFF and request.user.has_perm(GIVE_GROUPS):
        groups = GroupsForm(person=user, auto_id="groups_%s")
        found.append(Decision("groups", _("Groups"), _("Ask a second person"), path("groups"), groups))
    return found


def _may_see_wallet(viewer: User, user: User) -> bool:
    return user.role != Role.STAFF and WALLETS.is_permitted_to(viewer)


def _suspicion(user: User, path: Callable[[str], str]) -> list[Decision]:
    """What can be done about doubts in the person's identity."""
    status = verification_of(user).status
    if status == VerificationStatus.APPROVED:
        form = SuspicionForm(auto_id="suspect_%s")
        label = _("Raise a suspicion about the identity")
        return [Decision("suspect", label, _("Suspend the identity check"), path("suspect"), form, danger=True)]
    if status != VerificationStatus.SUSPENDED:
        return []
    clear_form, confirm_form = ReasonForm(auto_id="clear_%s"), ReasonForm(auto_id="confirm_suspicion_%s")
    ask = _("Ask a second person")
    return [
        Decision("clear", _("The suspicion was wrong"), ask, path("clear"), clear_form),
        Decision(
            "confirm_suspicion", _("The suspicion was right"), ask, path("confirm_suspicion"), confirm_form, danger=True
        ),
    ]


def _page(
    request: AuthenticatedRequest, user: User, tried: str = "", form: forms.Form | None = None, status: int = 200
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
        "waiting": waiting_about_person(user),
        "history": audit_about_person(user)[:HISTORY_LENGTH] if AUDIT_EVENTS.is_permitted_to(request.user) else None,
        "decisions": with_tried(_decisions(request, user), tried, form),
        "tried": tried,
        "failed": form,
    }
    return desk_page(request, "user", ctx, status)
