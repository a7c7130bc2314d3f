"""Work that a worker does for loans: ids and dates in, one service call each, safe to run twice."""

from __future__ import annotations

import datetime as dt
import logging

from loans.enums.loan import LoanStatus
from loans.models import Loan
from loans.services.collections.daily_run import CollectionsRun, run_collections
from loans.services.collections.reminders import RemindersSent, send_reminders
from loans.services.corrections import reversal
from loans.services.funding.disbursement import disburse_loan
from loans.services.notices import repayments
from loans.services.servicing.end_of_day import EndOfDay, run_end_of_day
from p2plending.lib.clock import business_date
from p2plending.lib.errors import Refused

logger = logging.getLogger(__name__)

SWEEP_SIZE = 200


def end_of_day(today: dt.date | None = None) -> EndOfDay:
    """Bring every loan that has something due up to today's business date."""
    return run_end_of_day(today=today or business_date())


def collect(today: dt.date | None = None) -> CollectionsRun:
    """End what ran out and send default notices of today's business date."""
    return run_collections(today=today or business_date())


def remind(today: dt.date | None = None) -> RemindersSent:
    """Send the reminders of today's business date."""
    return send_reminders(today=today or business_date())


def notify_of_payments() -> int:
    """Tell borrowers of payments that were posted since the last run; returns how many."""
    return repayments.notify_of_payments()


def notify_lenders_of_reversal(repayment_id: int) -> None:
    """Tell each lender whose share of a payment was taken back; once, however often it is called."""
    reversal.notify_lenders_of_reversal(repayment_id)


def disburse_signed_loan(loan_id: int, today: dt.date | None = None) -> None:
    """Pay out a loan whose agreement was signed; once, however often it is called."""
    loan = Loan.objects.get(pk=loan_id)
    if loan.status != LoanStatus.FUNDED or loan.signed_at is None:
        return
    disburse_loan(
        loan_id=loan.pk, actor=None, idempotency_key=f"disburse:{loan.reference}", today=today or business_date()
    )


def sweep_disbursements(today: dt.date | None = None) -> int:
    """Pay out signed loans whose task was lost; returns how many. One that is refused is logged and waits for staff."""
    waiting = Loan.objects.filter(status=LoanStatus.FUNDED, signed_at__isnull=False, is_frozen=False)
    done = 0
    for loan_id in list(waiting.order_by("pk").values_list("pk", flat=True)[:SWEEP_SIZE]):
        try:
            disburse_signed_loan(loan_id, today)
            done += 1
        except Refused as refusal:
            logger.warning("signed loan not paid out", extra={"loan_id": loan_id, "code": refusal.code})
    return done
