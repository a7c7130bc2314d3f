"""Who may decide about somebody's money."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.approvals.permissions import require_staff
from p2plending.lib.errors import NotPermitted


class OwnRequest(NotPermitted):
    """Staff can't decide about their own money."""

    code = "own_request"
    default_message = _("This is your own money. Somebody else must decide.")


def require_decider(actor: User | None, owner_id: int) -> None:
    """Refuse people who are not staff (StaffOnly) or who own the money (OwnRequest). No actor is a system job."""
    require_staff(actor)
    if actor is not None and actor.pk == owner_id:
        raise OwnRequest
