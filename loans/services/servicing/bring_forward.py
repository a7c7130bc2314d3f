"""Bringing a loan forward: the one place where a date changes anything (docs/architecture.md, time)."""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from loans.account.accrual import oldest_unpaid_due_date, servicing_columns
from loans.account.state import live_instalments
from loans.account.terms import LoanTerms
from loans.enums.loan import LoanStatus
from loans.models import Loan
from loans.services.servicing import autopay, expiry
from loans.services.servicing.apply_payment import accrue_until
from loans.services.servicing.cure import cure_if_paid
from loans.services.servicing.delinquency import track_lateness
from p2plending.lib.database.transactions import lock_guard, require_transaction, run_money

_EXPIRIES = {
    LoanStatus.INFO_REQUESTED: expiry.expire_information_request,
    LoanStatus.OFFERED: expiry.expire_offer,
    LoanStatus.LISTED: expiry.end_listing,
    LoanStatus.PARTIAL_OFFER: expiry.end_partial_offer,
    LoanStatus.FUNDED: expiry.end_signing,
}


def bring_forward(loan: Loan, *, today: dt.date, actor: User | None = None) -> Loan:
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
        accrue_until(loan, terms, rows, until=day, actor=actor)
        short = autopay.pay_what_is_due(loan, rows, on=day, today=today)
        if loan.status not in LoanStatus.owing():
            return loan
        cure_if_paid(loan, actor=None, today=day)
        rows = live_instalments(loan)
    if short:
        autopay.notify_short(loan, short)
    accrue_until(loan, terms, rows, until=today, actor=actor)
    columns = servicing_columns(loan, rows, terms, today)
    track_lateness(loan, terms, oldest_unpaid_due_date(rows), today)
    columns["rolled_forward_to"] = max(loan.rolled_forward_to or today, today)
    changed = {name: value for name, value in columns.items() if getattr(loan, name) != value}
    if loan.credit_held != stored_credit:
        changed["credit_held"] = loan.credit_held
    if changed:
        for name, value in changed.items():
            setattr(loan, name, value)
        loan.save(update_fields=[*changed, "updated_at"])
    return loan


def bring_loan_forward(*, loan_id: int, today: dt.date) -> Loan:
    """Lock one loan and roll it forward to `today`, in its own transaction. Raises Busy when the database is."""

    def run() -> Loan:
        return bring_forward(lock_guard(Loan.objects.filter(pk=loan_id)), today=today)

    return run_money(run)
