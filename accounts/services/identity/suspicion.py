"""Doubt about an identity that was approved: one officer raises it, two settle it."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.enums.people import ApprovalKind, VerificationEvent
from accounts.enums.permissions import SUSPEND_USERS
from accounts.models import ApprovalRequest, IdentityVerification, User
from accounts.services.approvals.permissions import require_staff_permission
from accounts.services.approvals.requests import Effect, OwnAffair, request_approval
from accounts.services.identity.states import move_verification, require_step
from accounts.services.mail.notifications import notify
from accounts.services.people.suspension import ReasonNeeded
from p2plending.lib import clock
from p2plending.lib.database.transactions import lock_guard, run_money


def raise_suspicion(*, user_id: int, reason: str, actor: User) -> IdentityVerification:
    """Suspend an approved identity check at once: no application, loan, deposit or withdrawal until it is settled.

    The person is told that we look again, not why. Raises StaffOnly, MissingPermission, OwnAffair, ReasonNeeded,
    IdentityStepNotPossible unless APPROVED.
    """
    require_staff_permission(actor, SUSPEND_USERS)
    if actor.pk == user_id:
        raise OwnAffair
    words = reason.strip()
    if not words:
        raise ReasonNeeded

    def run() -> IdentityVerification:
        verification = lock_guard(IdentityVerification.objects.filter(user=user_id))
        move_verification(verification, VerificationEvent.SUSPEND, actor=actor, reason=words[:500])
        _tell(
            verification,
            "suspended",
            _("We are looking at your identity again"),
            _("Until we are done you can pay back, and no other money moves. Write to us for help."),
        )
        return verification

    return run_money(run)


def request_clearing(*, user_id: int, reason: str, actor: User, today: dt.date) -> ApprovalRequest:
    """Ask a second officer to end the suspicion: the identity is approved again.

    Raises StaffOnly, MissingPermission, OwnAffair, ReasonNeeded, IdentityStepNotPossible unless SUSPENDED,
    AlreadyAsked.
    """
    return _request(user_id, ApprovalKind.CLEARING, VerificationEvent.CLEAR, reason, actor, today)


def request_confirming(*, user_id: int, reason: str, actor: User, today: dt.date) -> ApprovalRequest:
    """Ask a second officer to confirm the suspicion: the identity is refused for good. Raises as `request_clearing`."""
    return _request(user_id, ApprovalKind.CONFIRMING, VerificationEvent.CONFIRM_SUSPICION, reason, actor, today)


def _request(
    user_id: int, kind: ApprovalKind, event: VerificationEvent, reason: str, actor: User, today: dt.date
) -> ApprovalRequest:
    require_staff_permission(actor, SUSPEND_USERS)
    words = reason.strip()
    if not words:
        raise ReasonNeeded

    def run() -> ApprovalRequest:
        verification = lock_guard(IdentityVerification.objects.filter(user=user_id))
        require_step(verification, event)
        return request_approval(
            kind,
            verification.user.member_number,
            {"event": event.value},
            before={"status": verification.status},
            about=verification.user,
            reason=words[:500],
            actor=actor,
            today=today,
        )

    return run_money(run)


def _lock(request: ApprovalRequest, _today: dt.date) -> IdentityVerification:
    return lock_guard(IdentityVerification.objects.filter(user__member_number=request.subject_reference))


def _clear(verification: IdentityVerification, request: ApprovalRequest, *, actor: User, today: dt.date) -> None:
    move_verification(verification, VerificationEvent.CLEAR, actor=actor, reason=request.reason)
    _tell(verification, "cleared", _("Your identity is confirmed again"), _("You can use everything as before."))


def _confirm(verification: IdentityVerification, request: ApprovalRequest, *, actor: User, today: dt.date) -> None:
    move_verification(
        verification,
        VerificationEvent.CONFIRM_SUSPICION,
        actor=actor,
        reason=request.reason,
        decided_by=actor,
        decided_at=clock.now(),
        is_final=True,
    )
    _tell(
        verification,
        "refused",
        _("We can't confirm your identity"),
        _("You can pay back what you owe, and nothing else. Write to us for help."),
    )


EFFECTS: dict[ApprovalKind, Effect] = {
    ApprovalKind.CLEARING: Effect("identity", "accounts.identity", _lock, _clear, duty=SUSPEND_USERS),
    ApprovalKind.CONFIRMING: Effect("identity", "accounts.identity", _lock, _confirm, duty=SUSPEND_USERS),
}


def _tell(verification: IdentityVerification, event: str, title: str, body: str) -> None:
    notify(
        user=verification.user,
        key=f"identity-{event}:{verification.pk}:{verification.version}",
        event=f"identity_{event}",
        title=title,
        body=body,
        link=reverse("accounts:identity"),
        is_required=True,
    )
