"""The calendar acting on a loan: the one place where a date changes anything (docs/architecture.md, time)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections.abc import Iterator

from django.db.models import Q

from loans.enums.loan import LoanStatus
from loans.models import Loan
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.services.servicing.end_of_day_failures import clear_failures, record_failure
from p2plending.lib import clock

logger = logging.getLogger(__name__)

LOANS_PER_PAGE = 500


@dataclasses.dataclass(frozen=True, slots=True)
class EndOfDay:
    """How many loans were brought up to date, and the references of those that failed and were left for a person."""

    done: int
    failed: tuple[str, ...]


def loans_due(today: dt.date) -> Iterator[list[int]]:
    """Ids of the loans for which `today` may change something, in pages by primary key.

    Each rule reads its own index, so the cost follows what is due and not the number of loans.
    """
    for rule in _due_rules(today):
        last = 0
        while page := list(
            Loan.objects.filter(rule, pk__gt=last).order_by("pk").values_list("pk", flat=True)[:LOANS_PER_PAGE]
        ):
            yield page
            last = page[-1]


def count_loans_due(today: dt.date) -> int:
    """How many loans the end of `today` has not reached: for people, who want to know what a run left."""
    return sum(Loan.objects.filter(rule).count() for rule in _due_rules(today))


def run_end_of_day(*, today: dt.date) -> EndOfDay:
    """Bring every loan up to date that has something due, one transaction each.

    A loan that fails is left as it was, written down for staff (`EndOfDayFailure`) and logged with its traceback; the
    others go on. Running it again does what is left, and clears what failed before and is up to date now.
    """
    started = clock.now()
    done = 0
    failed: list[int] = []
    for page in loans_due(today):
        for loan_id in page:
            try:
                bring_loan_forward(loan_id=loan_id, today=today)
                done += 1
            except Exception as error:  # one loan must not stop the others
                failed.append(loan_id)
                _leave_behind(loan_id, error, today)
    clear_failures(before=started)
    references = tuple(Loan.objects.filter(pk__in=failed).values_list("reference", flat=True))
    logger.info("end of day", extra={"business_date": str(today), "done": done, "failed": references})
    return EndOfDay(done, references)


def _leave_behind(loan_id: int, error: Exception, today: dt.date) -> None:
    reference = ""
    try:
        reference = record_failure(loan_id=loan_id, error=error, today=today).reference
    except Exception:  # the log says it at least, and the others go on
        logger.exception("failure of a loan could not be kept", extra={"loan_id": loan_id})
    logger.error(
        "loan could not be brought up to date", exc_info=error, extra={"loan_id": loan_id, "failure": reference}
    )


def _due_rules(today: dt.date) -> list[Q]:
    return [
        Q(status__in=LoanStatus.owing(), next_due_on__lte=today)
        & (Q(rolled_forward_to__lt=today) | Q(rolled_forward_to__isnull=True)),
        Q(status=LoanStatus.INFO_REQUESTED, info_due_on__lt=today),
        Q(status=LoanStatus.OFFERED, offer_expires_on__lt=today),
        Q(status=LoanStatus.LISTED, listing_ends_on__lt=today),
        Q(status=LoanStatus.PARTIAL_OFFER, partial_offer_ends_on__lt=today),
        Q(status=LoanStatus.FUNDED, signed_at__isnull=True, signing_ends_on__lt=today),
    ]
