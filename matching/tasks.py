"""Work of the queue: load, call one service, log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from loans.enums.loan import LoanStatus
from loans.models import Loan
from matching.enums.mandates import Occasion
from matching.models import AllocationRun
from matching.services.allocation import carry_out, run_mandates, unfinished_runs
from matching.services.proposals import propose_loan
from p2plending.lib import clock

logger = logging.getLogger(__name__)


def loan_listed(loan_id: int) -> None:
    """A loan opened: rules first, then suggestions to the others. May run twice."""
    today = clock.business_date()
    run = run_mandates(loan_id=loan_id, occasion=Occasion.LISTED, today=today)
    suggested = propose_loan(loan_id=loan_id, today=today)
    logger.info("loan matched", extra={"run": run.key, "allocated": run.allocated, "suggested": suggested})


def run_all_mandates() -> None:
    """Nightly: end runs that were cut short, then offer every open loan to the rules, the oldest listing first.

    A loan that fails is logged and left for the next night; the others go on.
    """
    today = clock.business_date()
    for run in unfinished_runs():
        _guarded(partial(carry_out, run), run.loan_id)
    open_loans = Loan.objects.filter(status=LoanStatus.LISTED, listing_ends_on__gte=today)
    for loan_id in list(open_loans.order_by("listed_at", "pk").values_list("pk", flat=True)):
        _guarded(partial(run_mandates, loan_id=loan_id, occasion=Occasion.NIGHTLY, today=today), loan_id)


def _guarded(act: Callable[[], AllocationRun], loan_id: int) -> None:
    try:
        run = act()
    except Exception:
        logger.exception("auto-invest failed for a loan", extra={"loan_id": loan_id})
    else:
        logger.info("rules looked at a loan", extra={"run": run.key, "allocated": run.allocated})
