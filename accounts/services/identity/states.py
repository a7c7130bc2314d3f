"""The state machine of the identity check: one function moves it, and every move is in the audit trail."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.enums.people import VERIFICATION_TRANSITIONS, VerificationEvent, VerificationStatus
from accounts.models import IdentityVerification, User
from accounts.selectors.people import IDENTITY_SUBJECT
from accounts.services import audit
from p2plending.lib.errors import InvalidTransition


class IdentityStepNotPossible(InvalidTransition):
    """The check is not in a state from which this step leads anywhere."""

    code = "identity_step_not_possible"
    default_message = _("This step is no longer possible. The page was out of date.")


def require_step(verification: IdentityVerification, event: VerificationEvent) -> VerificationStatus:
    """The state that `event` leads to. Raises IdentityStepNotPossible when it leads nowhere from here."""
    before = VerificationStatus(verification.status)
    after = VERIFICATION_TRANSITIONS.get((before, event))
    if after is None:
        raise IdentityStepNotPossible(state=before.value, step=event.value)
    return after


def move_verification(
    verification: IdentityVerification,
    event: VerificationEvent,
    *,
    actor: User | None,
    reason: str = "",
    data: dict[str, Any] | None = None,
    **fields: Any,
) -> IdentityVerification:
    """Move along `VERIFICATION_TRANSITIONS`, set `fields`, write the audit row. Call under the check's guard.

    `data` must hold names of fields and references, never personal data. Raises IdentityStepNotPossible.
    """
    before = VerificationStatus(verification.status)
    after = require_step(verification, event)
    verification.status = after
    for name, value in fields.items():
        setattr(verification, name, value)
    verification.save()
    audit.record(
        action=f"accounts.identity.{event.value}",
        actor=actor,
        subject_type=IDENTITY_SUBJECT,
        subject_reference=verification.user.member_number,
        reason=reason,
        data={"from": before.value, "to": after.value} | (data or {}),
    )
    return verification
