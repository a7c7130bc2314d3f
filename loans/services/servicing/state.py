"""What services write to a loan that is being paid back: its status with its columns, its schedule, its notes."""

from __future__ import annotations

import datetime as dt

from django.db.models import F

from accounts.models import User
from loans.account.accrual import oldest_unpaid_due_date, pauses_of, servicing_columns
from loans.account.state import live_instalments
from loans.account.terms import LoanTerms
from loans.enums.loan import InstalmentStatus, LoanEvent, NoteStatus
from loans.models import Instalment, Loan, Note, ScheduleVersion
from loans.services.servicing.delinquency import track_lateness
from loans.services.servicing.lifecycle import move_loan
from p2plending.lib import clock


def move_with_columns(loan: Loan, event: LoanEvent, *, actor: User | None, today: dt.date, reason: str = "") -> Loan:
    """Move the loan, and write what its instalments say now with it; a closed loan gets its day.

    Call under the loan's guard, after its instalments were stored.
    """
    terms = LoanTerms.from_json(loan.frozen_terms)
    rows = live_instalments(loan)
    track_lateness(loan, terms, oldest_unpaid_due_date(rows), today)
    columns = servicing_columns(loan, rows, terms, today)
    columns["schedule_version"] = loan.schedule_version
    columns["rolled_forward_to"] = max(loan.rolled_forward_to or today, today)
    if event in (LoanEvent.SETTLE, LoanEvent.WRITE_OFF, LoanEvent.REPAY_ALL):
        columns |= {"closed_on": today, "collections_paused_until": None}
    return move_loan(loan, event, actor=actor, today=today, reason=reason, **columns)


def store_version(loan: Loan, reason: str, added: list[Instalment], *, actor: User | None, today: dt.date) -> None:
    """Write the next schedule version of the loan with its instalments. Call under the loan's guard."""
    loan.schedule_version += 1
    ScheduleVersion.objects.create(loan=loan, number=loan.schedule_version, reason=reason, starts_on=today, actor=actor)
    Instalment.objects.bulk_create(added)


def close_notes(loan: Loan, status: NoteStatus, today: dt.date) -> None:
    """End every open note; what it still had outstanding is lost. One statement for any number of notes."""
    Note.objects.filter(loan=loan, status__in=NoteStatus.open()).update(
        principal_lost=F("principal_outstanding"),
        principal_outstanding=0,
        status=status,
        closed_on=today,
        updated_at=clock.now(),
    )


def pause_collections(loan: Loan, until: dt.date, *, today: dt.date) -> None:
    """No reminder up to and including `until`, and neither late fee nor default interest for the days from now to then.

    A pause that runs gets this end; `until` today ends it. Call under the loan's guard, rolled forward to `today`.
    """
    loan.collections_paused_until = until
    pauses = pauses_of(loan)
    if pauses and pauses[-1][1] >= today:
        pauses.append((pauses.pop()[0], until))
    else:
        pauses.append((today, until))
    loan.charge_pauses = [[str(first), str(last)] for first, last in pauses if first < last]
    loan.save(update_fields=["collections_paused_until", "charge_pauses", "updated_at"])


def close_if_nothing_is_owed(loan: Loan, *, actor: User | None, today: dt.date) -> bool:
    """Close a loan on which, after a waiver, nothing is left to pay; says whether it did."""
    if any(row.total_unpaid for row in live_instalments(loan)):
        return False
    close_notes(loan, NoteStatus.REPAID, today)
    move_with_columns(loan, LoanEvent.REPAY_ALL, actor=actor, today=today)
    return True


def settled_status(row: Instalment) -> InstalmentStatus:
    """What an instalment is called from which everything unpaid was waived."""
    was_paid = row.principal_paid or row.interest_paid or row.late_fee_paid
    return InstalmentStatus.PAID if was_paid else InstalmentStatus.WAIVED
