"""Who may decide about somebody's money."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.enums import Role
from accounts.models import User
from p2plending.lib.errors import NotPermitted


class StaffOnly(NotPermitted):
    """Somebody who is not staff tried to decide."""

    code = "staff_only"
    default_message = _("Only staff can do this.")


class OwnRequest(NotPermitted):
    """Staff can't decide about their own money."""

    code = "own_request"
    default_message = _("This is your own money. Somebody else must decide.")


def require_decider(actor: User | None, owner_id: int) -> None:
    """Refuse people who are not staff (StaffOnly) or who own the money (OwnRequest). No actor is a system job."""
    if actor is None:
        return
    if actor.role != Role.STAFF:
        raise StaffOnly
    if actor.pk == owner_id:
        raise OwnRequest
