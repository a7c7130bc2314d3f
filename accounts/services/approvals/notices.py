"""What the person who asked is told about a request for a second person."""

from __future__ import annotations

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import ApprovalState
from accounts.models import ApprovalRequest
from accounts.services.mail.notifications import notify
from p2plending.lib.formatting import format_day

TITLES: dict[str, str | Promise] = {
    ApprovalState.APPROVED: _("Your request was approved"),
    ApprovalState.REFUSED: _("Your request was refused"),
    ApprovalState.EXPIRED: _("Your request was not decided in time"),
    ApprovalState.WITHDRAWN: _("Your request is no longer needed"),
}
BODIES: dict[str, str | Promise] = {
    ApprovalState.APPROVED: _("%(what)s (%(reference)s): a second person agreed, and it is done."),
    ApprovalState.REFUSED: _("%(what)s (%(reference)s): a second person did not agree. Nothing was done."),
    ApprovalState.EXPIRED: _(
        "%(what)s (%(reference)s): nobody decided by %(day)s, so nothing was done. Ask again if it is still needed."
    ),
    ApprovalState.WITHDRAWN: _("%(what)s (%(reference)s): this was decided in another way. Nothing more is done."),
}


def notify_maker(request: ApprovalRequest) -> None:
    """Tell who asked how their request ended; a decision of their own needs no message. Call in its transaction."""
    if request.decided_alone:
        return
    words = {
        "what": request.get_kind_display(),
        "reference": request.reference,
        "day": format_day(request.expires_on),
    }
    body = str(BODIES[request.state]) % words
    notify(
        user=request.maker,
        key=f"approval-{request.state}:{request.reference}",
        event=f"approval_{request.state}",
        title=str(TITLES[request.state]),
        body=f"{body} {request.decision_note}".strip(),
        link=reverse("admin:approval", args=[request.reference]),
    )
