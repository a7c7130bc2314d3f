"""The daily round over loans in trouble: what ran out ends, notices go out, defaults follow when the rules say so."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections.abc import Callable, Iterator
from functools import partial

from django.db.models import Model, QuerySet

from accounts.enums.people import ApprovalState
from accounts.models import ApprovalRequest
from accounts.services.approvals.requests import expire_request
from loans.account.terms import LoanTerms
from loans.enums.collections import NOTICE_DAYS, DefaultCause, PlanProposalStatus, SettlementStatus
from loans.enums.loan import LoanStatus
from loans.models import DefaultNotice, Loan, PlanProposal, SettlementOffer
from loans.services.collections.default import declare_default, send_default_notice
from loans.services.collections.restructuring import expire_proposal
from loans.services.collections.settlement import end_settlement_unpaid
from p2plending.lib.errors import Refused, required
from p2plending.lib.rules.values import platform_rules

logger = logging.getLogger(__name__)

ROWS_PER_PAGE = 500


@dataclasses.dataclass(slots=True)
class CollectionsRun:
    """How much the round did, and what failed and waits for a person."""

    ended: int = 0
    notices: int = 0
    defaults: int = 0
    failed: list[str] = dataclasses.field(default_factory=list)


def run_collections(*, today: dt.date) -> CollectionsRun:
    """End what ran out; send the notice 14 days before a default; declare defaults if the platform does so by itself.

    Each thing in its own transaction: one that fails is logged and left, the others go on. Running it again does what
    is left.
    """
    run = CollectionsRun()
    for rows, end in _running_out(today):
        for pk in rows:
            run.ended += _try(run, f"row {pk}", partial(end, pk))
    declares = platform_rules().auto_default
    for loan, notice in _late_loans(today):
        terms = LoanTerms.from_json(loan.frozen_terms)
        days = (today - required(loan.next_due_on, "next_due_on")).days
        if notice is None and days > terms.default_after_days - NOTICE_DAYS:
            run.notices += _try(run, loan.reference, partial(_notify, loan, today))
        elif notice is not None and declares and days > terms.default_after_days and today > notice.pay_by:
            run.defaults += _try(run, loan.reference, partial(_declare, loan, today))
    figures = {"ended": run.ended, "notices": run.notices, "defaults": run.defaults, "failed": run.failed}
    logger.info("collections", extra={"business_date": str(today), **figures})
    return run


def _running_out(today: dt.date) -> list[tuple[Iterator[int], Callable[[int], bool]]]:
    waiting = ApprovalRequest.objects.filter(state=ApprovalState.PENDING, expires_on__lt=today)
    proposed = PlanProposal.objects.filter(status=PlanProposalStatus.PROPOSED)
    offered = SettlementOffer.objects.filter(status=SettlementStatus.OPEN)
    owing = LoanStatus.owing()
    return [
        (_ids(waiting), lambda pk: expire_request(approval_id=pk, today=today)),
        (
            _ids(proposed.filter(expires_on__lt=today) | proposed.exclude(loan__status__in=owing)),
            lambda pk: expire_proposal(proposal_id=pk, today=today),
        ),
        (
            _ids(offered.filter(pay_by__lt=today) | offered.exclude(loan__status__in=owing)),
            lambda pk: end_settlement_unpaid(settlement_id=pk, today=today),
        ),
    ]


def _ids(rows: QuerySet[Model]) -> Iterator[int]:
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:ROWS_PER_PAGE]):
        yield from page
        last = page[-1]


def _late_loans(today: dt.date) -> Iterator[tuple[Loan, DefaultNotice | None]]:
    """Loans late for so long that a notice may be due, each with the notice about this lateness, if there is one."""
    last = 0
    late = Loan.objects.filter(status=LoanStatus.ACTIVE, next_due_on__lt=today - dt.timedelta(days=NOTICE_DAYS))
    while page := list(late.filter(pk__gt=last).order_by("pk")[:ROWS_PER_PAGE]):
        open_notices = DefaultNotice.objects.filter(open_key__in=[loan.pk for loan in page])
        notices = {notice.open_key: notice for notice in open_notices}
        for loan in page:
            notice = notices.get(loan.pk)
            yield (
                loan,
                notice if notice is not None and notice.sent_on > required(loan.next_due_on, "next_due_on") else None,
            )
        last = page[-1].pk


def _notify(loan: Loan, today: dt.date) -> bool:
    key = f"default_notice:{loan.reference}:{loan.next_due_on}"
    send_default_notice(loan_id=loan.pk, actor=None, idempotency_key=key, today=today)
    return True


def _declare(loan: Loan, today: dt.date) -> bool:
    key = f"default:{loan.reference}:{loan.next_due_on}"
    cause = DefaultCause.DAYS_LATE
    declare_default(loan_id=loan.pk, cause=cause, note="", actor=None, idempotency_key=key, today=today)
    return True


def _try(run: CollectionsRun, name: str, step: Callable[[], bool]) -> bool:
    try:
        return step()
    except Refused as refusal:
        # The rules say no for today, for example because the borrower has asked for help.
        logger.info("collections step refused", extra={"subject": name, "code": refusal.code})
    except Exception:  # one loan must not stop the others
        logger.exception("collections step failed", extra={"subject": name})
        run.failed.append(name)
    return False
