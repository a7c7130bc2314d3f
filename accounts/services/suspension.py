"""Stopping an account, and letting it go on."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import SUSPEND_USERS
from accounts.services import audit
from accounts.services.notifications import notify
from p2plending.lib.db import run_money
from p2plending.lib.errors import InvalidTransition, NotPermitted, Refused


class ReasonNeeded(Refused):
    """Nobody is stopped, or let go on, without a reason in writing."""

    code = "reason_needed"
    default_message = gettext_lazy("Enter a reason.")


def suspend_user(*, user_id: int, reason: str, actor: User) -> User:
    """Let the person sign in and pay back, but not lend, borrow or take money out; staff open no desk page.

    Raises NotPermitted for oneself or without the permission, ReasonNeeded, InvalidTransition when already suspended.
    """
    return _change(user_id, True, reason, actor)


def lift_suspension(*, user_id: int, reason: str, actor: User) -> User:
    """Undo `suspend_user`; raises the same."""
    return _change(user_id, False, reason, actor)


def _change(user_id: int, is_suspended: bool, reason: str, actor: User) -> User:
    if actor.pk == user_id or not actor.has_perm(SUSPEND_USERS):
        raise NotPermitted
    reason = reason.strip()
    if not reason:
        raise ReasonNeeded

    def change() -> User:
        user = User.objects.select_for_update().get(pk=user_id)
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

    return run_money(change)


def _words(is_suspended: bool) -> tuple[str, str]:
    if is_suspended:
        return (
            _("Your account is suspended"),
            _("You can sign in and pay back. You can't borrow, lend or take money out. Write to us for help."),
        )
    return _("Your account is open again"), _("You can use everything as before.")
