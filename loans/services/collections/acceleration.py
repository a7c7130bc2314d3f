"""The whole balance falls due: what was to come is replaced by one payment due now, without interest to come."""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from ledger.enums.books import EntryKind
from ledger.services.posting import post_entry
from loans.account.balances import (
    REPLACED_COLUMNS,
    OutstandingBalance,
    next_number,
    outstanding_balance,
    replace_rows,
    unpaid_rows,
)
from loans.account.state import live_instalments
from loans.account.terms import LoanTerms
from loans.enums.loan import InstalmentStatus
from loans.journal.collections import recognition_lines
from loans.models import Instalment, Loan
from loans.services.servicing.apply_payment import accrue_until
from loans.services.servicing.state import store_version
from p2plending.lib.database.transactions import require_transaction


def accelerate(loan: Loan, *, reason: str, actor: User | None, today: dt.date) -> OutstandingBalance:
    """Make the whole balance due on `today` as the next schedule version; returns what was to come, as it is due now.

    Interest earned up to today is recognised (rule ACC), interest of later days is not charged. Money paid ahead pays
    of it at once. From now on no late fee is added to anything unpaid, nor default interest unless the product says so.
    Call under the loan's guard,
    rolled forward to `today`.
    """
    require_transaction()
    rows = live_instalments(loan)
    unpaid = unpaid_rows(rows)
    ahead = [row for row in unpaid if row.due_date > today]
    claims = outstanding_balance(ahead, today)
    terms = LoanTerms.from_json(loan.frozen_terms)
    stops_interest = terms.stops_default_interest
    _end_charges([row for row in unpaid if row.due_date <= today], today, stops_interest=stops_interest)
    if not ahead:
        return claims
    _recognise(loan, claims, actor, today)
    replace_rows(ahead, loan.schedule_version + 1)
    Instalment.objects.bulk_update(ahead, REPLACED_COLUMNS)
    kept = [row for row in rows if row.status != InstalmentStatus.SUPERSEDED]
    due_now = _due_now(loan, claims, next_number(kept), stops_interest=stops_interest)
    store_version(loan, reason, [due_now], actor=actor, today=today)
    accrue_until(loan, terms, live_instalments(loan), until=today, actor=actor)
    return claims


def _due_now(loan: Loan, claims: OutstandingBalance, number: int, *, stops_interest: bool) -> Instalment:
    # Its interest is all earned on its one day, so the period ends there and begins the day before.
    return Instalment(
        loan=loan,
        schedule_version=loan.schedule_version + 1,
        number=number,
        period_start=claims.on - dt.timedelta(days=1),
        due_date=claims.on,
        status=InstalmentStatus.DUE,
        principal_due=claims.principal,
        interest_due=claims.interest,
        interest_posted=claims.interest,
        late_fee_due=claims.late_fee,
        late_fee_charged_on=claims.on,
        default_interest_until=claims.on if stops_interest else None,
    )


def _end_charges(overdue: list[Instalment], today: dt.date, *, stops_interest: bool) -> None:
    for row in overdue:
        row.late_fee_charged_on = row.late_fee_charged_on or today
        row.default_interest_until = today if stops_interest else None
    Instalment.objects.bulk_update(overdue, ["late_fee_charged_on", "default_interest_until"])


def _recognise(loan: Loan, claims: OutstandingBalance, actor: User | None, today: dt.date) -> None:
    if not claims.interest_recognised:
        return
    post_entry(
        kind=EntryKind.INTEREST_DUE,
        key=f"accelerate:{loan.reference}:{loan.schedule_version + 1}",
        value_date=today,
        lines=recognition_lines(loan.reference, claims.interest_recognised),
        actor=actor,
        narrative=f"Interest earned on loan {loan.reference} up to the day on which all fell due",
        subject_type="loan",
        subject_reference=loan.reference,
    )
