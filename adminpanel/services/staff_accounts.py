"""Staff accounts made on the desk: asked for by one person, made when another agrees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from accounts.enums.people import ApprovalKind, ApprovalState, StaffGroup
from accounts.models import ApprovalRequest, User
from accounts.models.user import new_member_number
from accounts.services.approvals.permissions import require_staff_permission
from accounts.services.approvals.requests import AlreadyAsked, request_approval
from accounts.services.people.staff_accounts import make_staff, require_possible
from adminpanel.permissions import GIVE_GROUPS
from p2plending.lib.database.transactions import run_money


def request_staff_account(
    *, email: str, full_name: str, groups: Sequence[StaffGroup], reason: str, actor: User, today: dt.date
) -> ApprovalRequest:
    """Ask a second person to make a staff account. Nothing is made yet, and no mail is sent.

    Raises StaffOnly, MissingPermission, EmailInvalid, EmailTaken, NameMissing, GroupMissing, AlreadyAsked for an
    address that waits already.
    """
    require_staff_permission(actor, GIVE_GROUPS)

    def run() -> ApprovalRequest:
        address, name = require_possible(email, full_name, groups)
        waiting = ApprovalRequest.objects.filter(kind=ApprovalKind.STAFF, state=ApprovalState.PENDING)
        if any(row.payload["email"] == address for row in waiting):
            raise AlreadyAsked().at("email")
        payload = {"email": address, "full_name": name, "groups": sorted(group.value for group in groups)}
        # The number is the account's from now on, so that its history begins with the request.
        return request_approval(
            ApprovalKind.STAFF, new_member_number(), payload, reason=reason, actor=actor, today=today
        )

    return run_money(run)


def apply_staff_account(_subject: User | None, request: ApprovalRequest, *, actor: User, today: dt.date) -> User:
    """Make the account that was approved and invite the person. Raises EmailTaken."""
    asked = request.payload
    return make_staff(
        email=asked["email"],
        full_name=asked["full_name"],
        groups=[StaffGroup(name) for name in asked["groups"]],
        actor=actor,
        member_number=request.subject_reference,
        reason=request.reason,
    )
