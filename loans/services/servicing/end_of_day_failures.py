"""Loans that the end of day could not bring up to date: kept for staff to see, and cleared when a later run does it."""

from __future__ import annotations

import datetime as dt
import traceback

from django.urls import reverse
from django.utils.translation import gettext as _t

from accounts.enums.people import Role
from accounts.models import User
from accounts.services.mail.notifications import Notice, notify_many
from loans.enums.permissions import RUN_JOBS
from loans.finance import FinanceError
from loans.models import EndOfDayFailure, Loan
from p2plending.lib import clock
from p2plending.lib.database.references import new_reference
from p2plending.lib.database.transactions import lock_guard, run_money
from p2plending.lib.errors import Refused

OUR_PACKAGES = ("accounts", "ledger", "loans", "matching", "p2plending")


def record_failure(*, loan_id: int, error: Exception, today: dt.date) -> EndOfDayFailure:
    """Write down that the loan failed on `today`, and tell the staff who run the jobs, once a day and loan.

    A loan that failed before keeps its row: the same reference, counted once more. Raises Busy.
    """

    def keep() -> EndOfDayFailure:
        loan = lock_guard(Loan.objects.filter(pk=loan_id))
        failure = EndOfDayFailure.objects.filter(open_key=loan.pk).first()
        if failure is None:
            failure = EndOfDayFailure(reference=new_reference("EF"), loan=loan, open_key=loan.pk, first_on=today)
        failure.times += 1
        failure.last_on, failure.last_at = today, clock.now()
        failure.error, failure.place, failure.words = type(error).__qualname__[:100], _place(error), _words(error)
        failure.save()
        _notify_staff(loan, failure, today)
        return failure

    return run_money(keep)


def clear_failures(*, before: dt.datetime) -> int:
    """Clear what has not failed again since `before`, the beginning of a run: those loans are up to date. Counts them.

    Raises Busy.
    """
    waiting = EndOfDayFailure.objects.filter(open_key__isnull=False, last_at__lt=before)
    return run_money(lambda: waiting.update(open_key=None, cleared_at=clock.now()))


def _place(error: Exception) -> str:
    """Module, line and function of ours in which the error came up, never its values."""
    ours = [
        f"{frame.f_globals['__name__']}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_globals.get("__name__", "").split(".")[0] in OUR_PACKAGES
    ]
    return ours[-1][:160] if ours else ""


def _words(error: Exception) -> str:
    if isinstance(error, Refused):
        return error.message[:300]
    return str(error)[:300] if isinstance(error, FinanceError) else ""


def _notify_staff(loan: Loan, failure: EndOfDayFailure, today: dt.date) -> None:
    staff = User.objects.filter(role=Role.STAFF, is_active=True).order_by("pk")
    body = _t("Loan %(loan)s could not be brought up to date. It is tried again with every run; see %(reference)s.")
    notify_many(
        [
            Notice(
                user=person,
                key=f"left-behind:{loan.reference}:{today}:{person.pk}",
                event="loan_left_behind",
                title=_t("A loan was left behind"),
                body=body % {"loan": loan.reference, "reference": failure.reference},
                link=reverse("admin:left_behind"),
                is_required=True,
            )
            for person in staff
            if person.has_perm(RUN_JOBS)
        ]
    )
