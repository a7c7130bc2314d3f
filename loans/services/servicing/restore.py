"""Instalments and notes as they were on an earlier day, for payments that are worked out again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q

from ledger.enums.books import EntryKind
from ledger.models import JournalEntry
from loans.account.progressive import events_of, picture_of, show_position
from loans.account.terms import LoanTerms
from loans.enums.loan import InstalmentStatus, NoteStatus
from loans.models import (
    DefaultInterest,
    Distribution,
    Instalment,
    Loan,
    LoanCharge,
    Note,
    Repayment,
    RepaymentAllocation,
    ScheduleVersion,
)
from loans.services.servicing.accrual_posting import CALENDAR_COLUMNS, figures_of, row_of_key, store_following
from p2plending.lib.database.bulk import quote_name, update_from

_KEPT = (InstalmentStatus.WAIVED, InstalmentStatus.WRITTEN_OFF)
_RESTORED_COLUMNS = (
    *CALENDAR_COLUMNS,
    "principal_paid",
    "interest_paid",
    "late_fee_paid",
    "settled_on",
    "superseded_by",
)


def restore_instalments(
    rows: Sequence[Instalment], payments: Sequence[Repayment], calendar: Sequence[JournalEntry], to: dt.date
) -> None:
    """Take the payments, the plans that they made, and what the calendar charged after `to` off the instalments.

    Call under the loan's guard.
    """
    by_pk = {row.pk: row for row in rows}
    made = ScheduleVersion.objects.filter(repayment__in=payments)
    gone = set(made.values_list("number", flat=True))
    undo_payments(by_pk, payments)
    for row in rows:
        if row.schedule_version in gone:
            row.status = InstalmentStatus.SUPERSEDED
            row.principal_paid = row.interest_paid = row.late_fee_paid = row.interest_posted = 0
            row.late_fee_due = row.late_fee_removed
            row.late_fee_charged_on = row.late_fee_base = row.settled_on = row.default_interest_to = None
            row.default_interest_carry = 0
        elif row.superseded_by in gone:
            row.status, row.superseded_by = InstalmentStatus.SCHEDULED, None
    _undo_charges(rows, calendar, to)
    for row in rows:
        if row.status != InstalmentStatus.SUPERSEDED and row.status not in _KEPT:
            _set_standing(row, to)
    Instalment.objects.bulk_update(rows, _RESTORED_COLUMNS)


def restore_following(
    loan: Loan,
    terms: LoanTerms,
    rows: list[Instalment],
    payments: Sequence[Repayment],
    calendar: Sequence[JournalEntry],
    to: dt.date,
) -> None:
    """Take the payments off the instalments of a progressive loan, and let these ask for what they did on `to`."""
    before = {row.pk: figures_of(row) for row in rows}
    by_pk = {row.pk: row for row in rows}
    undo_payments(by_pk, payments)
    LoanCharge.objects.filter(loan=loan, entry__in=calendar).update(is_undone=True)
    unposted: dict[tuple[int, int], int] = {}
    for entry in calendar:
        if entry.kind == EntryKind.INTEREST_DUE:
            place = row_of_key(entry.idempotency_key)
            if place is not None:
                unposted[place] = unposted.get(place, 0) + _amount(entry)
    for row in rows:
        row.interest_posted -= unposted.get((row.schedule_version, row.number), 0)
        if row.late_fee_charged_on is not None and row.late_fee_charged_on > to:
            row.late_fee_charged_on = row.late_fee_base = None
        if row.due_date > to:
            # Only what was paid ahead stands in the books before the due date.
            row.interest_posted = row.interest_paid
    live = [row for row in rows if row.status != InstalmentStatus.SUPERSEDED]
    show_position(loan, live, picture_of(loan, terms, events_of(loan), to))
    store_following([*rows, *live], before)


def undo_payments(by_pk: dict[int, Instalment], payments: Sequence[Repayment]) -> None:
    """Take what the payments paid off the instalments, which are given by their key; nothing is stored."""
    for line in RepaymentAllocation.objects.filter(repayment__in=payments):
        row = by_pk[line.instalment_id]
        row.late_fee_paid -= line.late_fee
        row.interest_paid -= line.interest
        row.principal_paid -= line.principal


def _undo_charges(rows: Sequence[Instalment], calendar: Sequence[JournalEntry], to: dt.date) -> None:
    """Late fees and default interest that were charged after `to` are not charged yet."""
    undone = {entry.pk for entry in calendar}
    # Days without a whole minor unit have no entry; they are undone as those with one are.
    unposted = Q(entry=None, to_date__gt=to, instalment__in=[row for row in rows if not row.late_fee_removed])
    charges = list(DefaultInterest.objects.filter(Q(entry__in=undone) | unposted, is_undone=False).order_by("-pk"))
    DefaultInterest.objects.filter(pk__in=[charge.pk for charge in charges]).update(is_undone=True)
    by_pk = {row.pk: row for row in rows if row.status != InstalmentStatus.SUPERSEDED}
    for charge in charges:
        row = by_pk.get(charge.instalment_id)
        if row is not None:
            row.late_fee_due -= charge.amount
            row.default_interest_to, row.default_interest_carry = charge.from_date, charge.carry_before
    interest = {charge.entry_id for charge in charges}
    fees = {
        row_of_key(entry.idempotency_key): entry
        for entry in calendar
        if entry.kind == EntryKind.LATE_FEE_CHARGED and entry.pk not in interest
    }
    for row in by_pk.values():
        is_later = row.late_fee_charged_on is not None and row.late_fee_charged_on > to
        if is_later and not row.late_fee_removed:
            entry = fees.get((row.schedule_version, row.number))
            row.late_fee_due -= _amount(entry) if entry else 0
            row.late_fee_charged_on = row.late_fee_base = None


def _amount(entry: JournalEntry) -> int:
    return sum(entry.postings.values_list("debit", flat=True))


def _set_standing(row: Instalment, to: dt.date) -> None:
    is_paid = bool(row.principal_paid or row.interest_paid or row.late_fee_paid)
    if row.due_date > to and not row.interest_removed:
        # Only what was paid ahead stands in the books before the due date.
        row.interest_posted = row.interest_paid
    # A date of the plan that asks for nothing was never paid.
    if not row.total_unpaid and row.settled_on is not None:
        row.status = InstalmentStatus.PAID
        return
    row.settled_on = None
    if is_paid:
        row.status = InstalmentStatus.PARTIAL
    else:
        row.status = InstalmentStatus.SCHEDULED if row.due_date > to else InstalmentStatus.DUE


def restore_notes(payments: Sequence[Repayment]) -> None:
    """Take from the notes what the payments brought them; their fractions are those before the first of them."""
    ids = [payment.pk for payment in payments]
    shared = Distribution.objects.filter(repayment__in=ids).order_by("repayment__entry_id")
    first = shared.values_list("repayment_id", flat=True).first()
    if first is None:
        return
    table = quote_name(Distribution._meta.db_table)
    places = ", ".join(["%s"] * len(ids))
    sums = ", ".join(f"SUM({part}) AS {part}" for part in ("principal", "interest", "late_fee", "servicing_fee"))
    update_from(
        Note,
        source=(
            f"SELECT d.*, f.interest_carry_before, f.late_fee_carry_before FROM (SELECT note_id, {sums} "  # noqa: S608 - names of our own schema
            f"FROM {table} WHERE repayment_id IN ({places}) GROUP BY note_id) d "
            f"JOIN {table} f ON f.note_id = d.note_id AND f.repayment_id = %s"
        ),
        parameters=[*ids, first],
        match="note_id",
        values={
            "principal_outstanding": "target.principal_outstanding + source.principal",
            "principal_received": "target.principal_received - source.principal",
            "interest_received": "target.interest_received - source.interest",
            "late_fees_received": "target.late_fees_received - source.late_fee",
            "servicing_fees_paid": "target.servicing_fees_paid - source.servicing_fee",
            "interest_carry": "source.interest_carry_before",
            "late_fee_carry": "source.late_fee_carry_before",
            "status": f"CASE WHEN target.status = '{NoteStatus.REPAID.value}' "
            f"THEN '{NoteStatus.ACTIVE.value}' ELSE target.status END",
            "closed_on": "NULL",
        },
    )
