"""Identity checks run out, with their document or two years after the approval, and people are told beforehand."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections.abc import Iterator
from functools import partial

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.enums.people import VerificationEvent, VerificationStatus
from accounts.identity.validity import approved_before, is_lapsed, lapses_after
from accounts.models import IdentityVerification
from accounts.services.identity.states import move_verification
from accounts.services.mail.notifications import notify
from p2plending.lib.database.transactions import lock_guard, run_money

logger = logging.getLogger(__name__)

# Days before the last day of a check, the first reminder first.
REMINDER_STEPS = (30, 7, 1)
ROWS_PER_PAGE = 500


@dataclasses.dataclass(slots=True)
class IdentityExpiry:
    """How many checks ended, how many people were reminded, and how many rows failed and are tried again."""

    expired: int = 0
    reminded: int = 0
    failed: int = 0

    def __str__(self) -> str:
        return f"{self.expired} expired, {self.reminded} reminded, {self.failed} failed"


def run_identity_expiry(*, today: dt.date) -> IdentityExpiry:
    """End every approved check that has run out before today, and remind 30, 7 and 1 day before. Safe to run again.

    A day that was missed is caught up: a check ends whenever this runs, and the gate looks at the date itself
    (`accounts.selectors.eligibility`). Business that was begun goes on: paying back and taking money out stay open.
    """
    run = IdentityExpiry()
    for pk in _running_out(today):
        try:
            expired, reminded = run_money(partial(_look_at, pk, today))
        except Exception:  # one person's row must not stop the others
            logger.exception("identity check could not be looked at", extra={"verification_id": pk})
            run.failed += 1
        else:
            run.expired += expired
            run.reminded += reminded
    logger.info("identity expiry", extra={"business_date": str(today), **dataclasses.asdict(run)})
    return run


def _running_out(today: dt.date) -> Iterator[int]:
    soon = today + dt.timedelta(days=REMINDER_STEPS[0])
    ends = Q(id_expires_on__lte=soon) | Q(decided_at__lt=approved_before(soon))
    rows = IdentityVerification.objects.filter(ends, status=VerificationStatus.APPROVED)
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:ROWS_PER_PAGE]):
        yield from page
        last = page[-1]


def _look_at(verification_id: int, today: dt.date) -> tuple[bool, bool]:
    verification = lock_guard(IdentityVerification.objects.filter(pk=verification_id))
    last_day = lapses_after(verification)
    if verification.status != VerificationStatus.APPROVED or last_day is None:
        return False, False  # decided or renewed while this run was on its way
    if is_lapsed(verification, today):
        _expire(verification, last_day)
        return True, False
    days = (last_day - today).days
    step = min((step for step in REMINDER_STEPS if days <= step), default=None)
    return False, step is not None and _remind(verification, last_day, days, step)


def _expire(verification: IdentityVerification, last_day: dt.date) -> None:
    move_verification(verification, VerificationEvent.EXPIRE, actor=None)
    notify(
        user=verification.user,
        key=f"identity.expired:{verification.pk}:{last_day}",
        event="identity.expired",
        title=_("Your identity check has expired"),
        body=_("Send a valid document to borrow or lend again. You can still pay back and take money out."),
        link=reverse("accounts:identity"),
    )


def _remind(verification: IdentityVerification, last_day: dt.date, days: int, step: int) -> bool:
    key = f"identity.ends_soon:{verification.pk}:{last_day}:{step}"
    if verification.user.notifications.filter(key=key).exists():
        return False
    title = ngettext("Your identity check ends in %(days)s day", "Your identity check ends in %(days)s days", days) % {
        "days": days
    }
    notify(
        user=verification.user,
        key=key,
        event="identity.ends_soon",
        title=title if days else _("Your identity check ends today"),
        body=_("Send a valid document before that, and you can go on to borrow or lend without a break."),
        link=reverse("accounts:identity"),
    )
    return True
