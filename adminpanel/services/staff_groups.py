"""Which groups a member of staff is in: asked for by one person, changed when another agrees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import ApprovalKind, Role, StaffGroup
from accounts.models import ApprovalRequest, User
from accounts.services.approvals.permissions import require_staff_permission
from accounts.services.approvals.requests import StartingPointChanged, request_approval
from accounts.services.audit import record
from adminpanel.permissions import GIVE_GROUPS
from adminpanel.services.settings import NothingChanged
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import NotPermitted, Refused


class OwnGroups(NotPermitted):
    """Nobody gives rights to themselves."""

    code = "own_groups"
    default_message = _("Somebody else must change your groups.")


class NotStaff(Refused):
    """Groups are for staff only."""

    code = "not_staff"
    default_message = _("Only staff can be in groups.")


def request_groups(
    *, user_id: int, groups: Sequence[StaffGroup], reason: str, actor: User, today: dt.date
) -> ApprovalRequest:
    """Ask a second person to put a member of staff into exactly these groups. Nothing is changed yet.

    Raises StaffOnly, MissingPermission, OwnGroups, NotStaff, NothingChanged, AlreadyAsked.
    """
    require_staff_permission(actor, GIVE_GROUPS)
    if actor.pk == user_id:
        raise OwnGroups

    def run() -> ApprovalRequest:
        user = User.objects.select_for_update().get(pk=user_id)
        if user.role != Role.STAFF:
            raise NotStaff
        before, after = groups_of(user), sorted(group.value for group in groups)
        if before == after:
            raise NothingChanged
        return request_approval(
            ApprovalKind.GROUPS,
            user.member_number,
            {"groups": after},
            before={"groups": before},
            about=user,
            reason=reason,
            actor=actor,
            today=today,
        )

    return run_money(run)


def groups_of(user: User) -> list[str]:
    """The names of a person's groups, in order."""
    return sorted(user.groups.values_list("name", flat=True))


def lock_person(request: ApprovalRequest, _today: dt.date) -> User | None:
    """The person whose account a request is about, locked; None for an account that is to be made."""
    return User.objects.select_for_update().filter(member_number=request.subject_reference).first()


def apply_groups(user: User, request: ApprovalRequest, *, actor: User, today: dt.date) -> None:
    """Put the person into the groups that were approved. Raises StartingPointChanged when they changed meanwhile."""
    before, after = groups_of(user), request.payload["groups"]
    if before != request.before["groups"]:
        raise StartingPointChanged
    user.groups.set(Group.objects.filter(name__in=after))
    record(
        action="adminpanel.user.groups_changed",
        actor=actor,
        subject_type="user",
        subject_reference=user.member_number,
        reason=request.reason,
        data={"before": before, "after": after, "asked_by": request.maker.member_number},
    )
