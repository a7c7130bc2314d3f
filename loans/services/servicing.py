"""The calendar acting on a loan: the one place where a date changes anything (docs/architecture.md, time)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections.abc import Iterator

from django.db.models import Q

from accounts.models import User
from loans.enums import LoanStatus
from loans.falling_due import late_since, servicing_columns
from loans.models import Loan
from loans.services import autopay, expiry
from loans.services.credit import pass_days
from loans.services.delinquency import track_lateness
from loans.services.left_behind import clear_failures, keep_failure
from loans.snapshots import live_instalments
from loans.terms import LoanTerms
from p2plending.lib import clock
from p2plending.lib.db import lock_guard, require_transaction, run_money

logger = logging.getLogger(__name__)

LOANS_PER_PAGE = 500
_EXPIRIES = {
    LoanStatus.INFO_REQUESTED: expiry.expire_information_request,
    LoanStatus.OFFERED: expiry.expire_offer,
    LoanStatus.LISTED: expiry.end_listing,
    LoanStatus.PARTIAL_OFFER: expiry.end_partial_offer,
    LoanStatus.FUNDED: expiry.end_signing,
}


@dataclasses.dataclass(frozen=True, slots=True)
class EndOfDay:
    """How many loans were brought up to date, and the references of those that failed and were left for a person."""

    done: int
    failed: tuple[str, ...]


def roll_forward(loan: Loan, *, today: dt.date, actor: User | None = None) -> Loan:
    """Do all that the calendar owes the loan up to `today`, in order; again it changes nothing.

    A loan that is being paid back: instalments fall due (rule ACC) and are paid by money paid ahead (rule PRE-a),
    automatic payment, late fees (rule LATE), lateness and its history. Days that nobody saw pass one after another, so
    that looking late changes no figure.
    Before that: offers, listings, partial offers and signing end. Call under the loan's guard.
    """
    require_transaction()
    if loan.status not in LoanStatus.owing():
        expire = _EXPIRIES.get(LoanStatus(loan.status))
        if expire is not None:
            expire(loan, today=today, actor=actor)
        return loan
    terms = LoanTerms.from_json(loan.frozen_terms)
    rows = live_instalments(loan)
    stored_credit = loan.credit_held
    short = None
    while (day := autopay.next_try(loan, rows, today)) is not None:
        pass_days(loan, terms, rows, until=day, actor=actor)
        short = autopay.pay_what_is_due(loan, rows, on=day, today=today)
        if loan.status not in LoanStatus.owing():
            return loan
        _cure(loan, day)
        rows = live_instalments(loan)
    if short:
        autopay.tell_short(loan, short)
    pass_days(loan, terms, rows, until=today, actor=actor)
    columns = servicing_columns(loan, rows, terms, today)
    track_lateness(loan, terms, late_since(rows), today)
    columns["rolled_forward_to"] = max(loan.rolled_forward_to or today, today)
    changed = {name: value for name, value in columns.items() if getattr(loan, name) != value}
    if loan.credit_held != stored_credit:
        changed["credit_held"] = loan.credit_held
    if changed:
        for name, value in changed.items():
            setattr(loan, name, value)
        loan.save(update_fields=[*changed, "updated_at"])
    return loan


def _cure(loan: Loan, today: dt.date) -> None:
    from loans.services.default import cure_if_paid  # which brings loans to the day by this module

    cure_if_paid(loan, actor=None, today=today)


def bring_up_to_date(*, loan_id: int, today: dt.date) -> Loan:
    """Lock one loan and roll it forward to `today`, in its own transaction. Raises Busy when the database is."""

    def run() -> Loan:
        return roll_forward(lock_guard(Loan.objects.filter(pk=loan_id)), today=today)

    return run_money(run)


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
                bring_up_to_date(loan_id=loan_id, today=today)
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
        reference = keep_failure(loan_id=loan_id, error=error, today=today).reference
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
