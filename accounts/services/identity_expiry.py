"""Identity documents run out; the check runs out with them."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.enums import VerificationEvent, VerificationStatus
from accounts.models import IdentityVerification
from accounts.services.identity_states import move_verification
from accounts.services.notifications import notify
from p2plending.lib.db import lock_guard, run_money


def expire_identities(*, today: dt.date) -> int:
    """Move every approved check whose document ended before today to EXPIRED; returns how many. Safe to run again.

    Business that was begun goes on (`accounts.gates`): paying back and taking money out stay open.
    """
    over = IdentityVerification.objects.filter(status=VerificationStatus.APPROVED, id_expires_on__lt=today)
    return sum(run_money(lambda pk=pk: _expire(pk, today)) for pk in over.order_by("pk").values_list("pk", flat=True))


def _expire(verification_id: int, today: dt.date) -> int:
    verification = lock_guard(IdentityVerification.objects.filter(pk=verification_id))
    ends_on = verification.id_expires_on
    if verification.status != VerificationStatus.APPROVED or ends_on is None or ends_on >= today:
        return 0  # decided or renewed while this run was on its way
    move_verification(verification, VerificationEvent.EXPIRE, actor=None)
    notify(
        user=verification.user,
        key=f"identity.expired:{verification.pk}:{ends_on}",
        event="identity.expired",
        title=_("Your document has expired"),
        body=_("Send a new one to borrow or lend again. You can still pay back and take money out."),
        link=reverse("accounts:identity"),
    )
    return 1
