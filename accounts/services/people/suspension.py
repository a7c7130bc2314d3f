"""Stopping an account, and letting it go on."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums.people import ApprovalKind
from accounts.enums.permissions import SUSPEND_USERS
from accounts.models import ApprovalRequest, User
from accounts.services import audit
from accounts.services.approvals.requests import Effect, request_approval
from accounts.services.mail.notifications import notify
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import InvalidTransition, NotPermitted, Refused


class ReasonNeeded(Refused):
    """Nobody is stopped, or let go on, without a reason in writing."""

    code = "reason_needed"
    default_message = gettext_lazy("Enter a reason.")


def suspend_user(*, user_id: int, reason: str, actor: User) -> User:
    """Let the person sign in and pay back, but not lend, borrow or take money out; staff open no desk page.

    Raises NotPermitted for oneself or without the permission, ReasonNeeded, InvalidTransition when already suspended.
    """
    reason = _required(user_id, reason, actor)
    return run_money(lambda: _change(User.objects.select_for_update().get(pk=user_id), True, reason, actor))


def request_release(*, user_id: int, reason: str, actor: User, today: dt.date) -> ApprovalRequest:
    """Ask a second person to end a suspension. Raises as `suspend_user`, AlreadyAsked."""
    reason = _required(user_id, reason, actor)

    def run() -> ApprovalRequest:
        user = User.objects.select_for_update().get(pk=user_id)
        if not user.is_suspended:
            raise InvalidTransition
        return request_approval(
            ApprovalKind.RELEASE,
            user.member_number,
            {"is_suspended": False},
            before={"is_suspended": True, "reason": user.suspended_reason},
            about=user,
            reason=reason[:500],
            actor=actor,
            today=today,
        )

    return run_money(run)


def _lock(request: ApprovalRequest, _today: dt.date) -> User:
    return User.objects.select_for_update().get(member_number=request.subject_reference)


def _release(user: User, request: ApprovalRequest, *, actor: User, today: dt.date) -> User:
    """Let the person go on. Raises InvalidTransition when nobody is stopped any more."""
    return _change(user, False, request.reason, actor)


EFFECTS: dict[ApprovalKind, Effect] = {
    ApprovalKind.RELEASE: Effect("user", "accounts.user", _lock, _release),
}


def _required(user_id: int, reason: str, actor: User) -> str:
    if actor.pk == user_id or not actor.has_perm(SUSPEND_USERS):
        raise NotPermitted
    if not reason.strip():
        raise ReasonNeeded
    return reason.strip()


def _change(user: User, is_suspended: bool, reason: str, actor: User) -> User:
    if user.is_suspended == is_suspended:
        raise InvalidTransition
    user.is_suspended = is_suspended
    user.suspended_reason = reason[:200] if is_suspended else ""
    user.save(update_fields=["is_suspended", "suspended_reason"])
    event = "suspended" if is_suspended else "released"
    audited = audit.record(
        action=f"accounts.user.{event}",
        actor=actor,
        subject_type="user",
        subject_reference=user.member_number,
        reason=reason[:500],
    )
    title, body = _words(is_suspended)
    key = f"user.{event}:{user.pk}:{audited.pk}"
    notify(user=user, key=key, event=f"user.{event}", title=title, body=body, is_required=True)
    return user


def _words(is_suspended: bool) -> tuple[str, str]:
    if is_suspended:
        return (
            _("Your account is suspended"),
            _("You can sign in and pay back. You can't borrow, lend or take money out. Write to us for help."),
        )
    return _("Your account is open again"), _("You can use everything as before.")
