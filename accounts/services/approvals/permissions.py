"""Duties of staff that a service checks itself, whatever page or command it was called from."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.enums.people import Role
from accounts.models import User
from p2plending.lib.errors import NotPermitted


class StaffOnly(NotPermitted):
    """A step that staff take."""

    code = "staff_only"
    default_message = _("Only staff can do this.")


class MissingPermission(NotPermitted):
    """Another group of staff does this."""

    code = "not_your_duty"
    default_message = _("Your group of staff can't do this. Ask somebody whose job it is.")


def require_staff(actor: User | None) -> None:
    """Raises StaffOnly for anybody but staff; None is a job of the platform."""
    if actor is not None and not (actor.role == Role.STAFF and actor.is_active):
        raise StaffOnly


def require_staff_permission(actor: User | None, duty: str) -> None:
    """Raises StaffOnly, MissingPermission unless a group of `actor` has the duty; None is a job of the platform."""
    require_staff(actor)
    if actor is not None and not actor.has_perm(duty):
        raise MissingPermission
