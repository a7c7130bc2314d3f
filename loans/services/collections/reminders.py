"""Reminders of payments: each exactly once, none for what is paid; none asks for what was paid ahead."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.services.mail.notifications import notify
from loans.account.state import live_instalments
from loans.account.unapplied_funds import left_to_pay
from loans.enums.loan import REMINDER_DAYS, InstalmentStatus, LoanStatus, ReminderKind
from loans.models import HardshipRequest, Instalment, Loan, ReminderSent
from loans.selectors.collections import open_help
from loans.services.servicing.locking import lock_current_loan
from p2plending.lib.database.transactions import run_money
from p2plending.lib.formatting import format_day, format_money

logger = logging.getLogger(__name__)

INSTALMENTS_PER_PAGE = 500


@dataclasses.dataclass(frozen=True, slots=True)
class RemindersSent:
    """How many reminders went out, and the ids of instalments whose reminder failed."""

    sent: int
    failed: tuple[int, ...]


def send_reminders(*, today: dt.date) -> RemindersSent:
    """Send every reminder that is due on `today` and was not sent: 3 days before, on the day, 1 day late.

    A day that was missed is caught up while the reminder still makes sense: "before" until the day itself, "late" as
    long as it is late. Running it twice, or in two workers at once, sends nothing twice. None is sent while a request
    for help waits for our answer, or in a pause that our answer gave.
    """
    sent = 0
    failed: list[int] = []
    for kind in ReminderKind:
        for page in _instalments_to_remind(kind, today):
            for instalment_id, loan_id in page:
                try:
                    sent += send_reminder(instalment_id=instalment_id, loan_id=loan_id, kind=kind, today=today)
                except Exception:  # one reminder must not stop the others
                    logger.exception("reminder failed", extra={"instalment_id": instalment_id, "kind": kind})
                    failed.append(instalment_id)
    logger.info("reminders", extra={"business_date": str(today), "sent": sent, "failed": len(failed)})
    return RemindersSent(sent, tuple(failed))


def send_reminder(*, instalment_id: int, loan_id: int, kind: ReminderKind, today: dt.date) -> bool:
    """Send one reminder unless it was sent or the instalment is paid by now; says whether it was sent."""

    def run() -> bool:
        loan = lock_current_loan(loan_id, today)
        row = Instalment.objects.get(pk=instalment_id)
        if loan.status not in LoanStatus.owing() or row.status not in InstalmentStatus.unpaid():
            return False
        if (loan.collections_paused_until and today <= loan.collections_paused_until) or open_help(loan):
            return False
        if ReminderSent.objects.filter(instalment=row, kind=kind).exists():
            return False
        ReminderSent.objects.create(instalment=row, kind=kind, business_date=today)
        _tell(loan, row, kind)
        return True

    return run_money(run)


def _instalments_to_remind(kind: ReminderKind, today: dt.date) -> Iterator[list[tuple[int, int]]]:
    last = 0
    rule = _due_dates(kind, today) & Q(status__in=InstalmentStatus.unpaid(), loan__status__in=LoanStatus.owing())
    rule &= Q(loan__collections_paused_until__isnull=True) | Q(loan__collections_paused_until__lt=today)
    waits_for_us = HardshipRequest.objects.filter(open_key=OuterRef("loan_id"))
    while True:
        rows = Instalment.objects.filter(rule, ~Exists(waits_for_us), pk__gt=last).exclude(reminders__kind=kind)
        page = list(rows.order_by("pk").values_list("pk", "loan_id")[:INSTALMENTS_PER_PAGE])
        if not page:
            return
        yield page
        last = page[-1][0]


def _due_dates(kind: ReminderKind, today: dt.date) -> Q:
    day = today - dt.timedelta(days=REMINDER_DAYS[kind])
    if kind == ReminderKind.BEFORE_3:
        return Q(due_date__gt=today, due_date__lte=day)
    if kind == ReminderKind.ON_THE_DAY:
        return Q(due_date=today)
    return Q(due_date__lte=day)


def _tell(loan: Loan, row: Instalment, kind: ReminderKind) -> None:
    left = _left_to_pay(loan, row)
    figures = {
        "amount": format_money(left),
        "day": format_day(row.due_date, "long"),
        "loan": loan.reference,
    }
    if kind == ReminderKind.LATE_1:
        title = _("Your payment has not arrived")
        body = _(
            "%(amount)s was due on %(day)s for loan %(loan)s. If you paid today, do nothing. "
            "If you can't pay all of it, pay a part or write to us; asking costs nothing."
        )
    elif not left:
        title = _("Your payment on %(day)s is covered")
        body = _("What you paid ahead for loan %(loan)s pays it on the day. You need not do anything.")
    else:
        title = _("Payment due on %(day)s")
        body = _("%(amount)s for loan %(loan)s. Is it hard this month? Tell us before %(day)s.")
    notify(
        user=loan.borrower,
        key=f"reminder:{loan.reference}:{row.schedule_version}:{row.number}:{kind.value}",
        event=f"reminder_{kind.value}",
        title=title % figures,
        body=body % figures,
        link=reverse("loans:pay", args=[loan.reference]),
        is_required=kind == ReminderKind.LATE_1,
    )


def _left_to_pay(loan: Loan, row: Instalment) -> int:
    if not loan.credit_held:
        return row.total_unpaid
    return next(left for one, left in left_to_pay(live_instalments(loan), loan.credit_held) if one.pk == row.pk)
