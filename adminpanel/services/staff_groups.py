"""Which groups a member of staff is in."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from accounts.enums import Role, StaffGroup
from accounts.models import User
from accounts.services.audit import record
from adminpanel.permissions import GIVE_GROUPS
from p2plending.lib.db import run_money
from p2plending.lib.errors import NotPermitted, Refused


class OwnGroups(NotPermitted):
    """Nobody gives rights to themselves."""

    code = "own_groups"
    default_message = _("Somebody else must change your groups.")


class NotStaff(Refused):
    """Groups are for staff only."""

    code = "not_staff"
    default_message = _("Only staff can be in groups.")


def set_staff_groups(*, user_id: int, groups: Sequence[StaffGroup], reason: str, actor: User) -> User:
    """Put a member of staff into exactly these groups. Raises NotPermitted, OwnGroups, NotStaff."""
    if not actor.has_perm(GIVE_GROUPS):
        raise NotPermitted
    if actor.pk == user_id:
        raise OwnGroups

    def change() -> User:
        user = User.objects.select_for_update().get(pk=user_id)
        if user.role != Role.STAFF:
            raise NotStaff
        before = sorted(user.groups.values_list("name", flat=True))
        after = sorted(group.value for group in groups)
        user.groups.set(Group.objects.filter(name__in=after))
        record(
            action="adminpanel.user.groups_changed",
            actor=actor,
            subject_type="user",
            subject_reference=user.member_number,
            reason=reason,
            data={"before": before, "after": after},
        )
        return user

    return run_money(change)
