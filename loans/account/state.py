"""Rows of a loan as the plain figures that the lending maths takes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import starmap
from typing import NamedTuple

from loans.account.terms import LoanTerms, schedule_terms
from loans.enums.loan import InstalmentStatus, NoteStatus
from loans.finance import InstalmentState, NoteShare, NoteState, Terms
from loans.models import Instalment, Loan, Note
from p2plending.lib.errors import required


def live_instalments(loan: Loan) -> list[Instalment]:
    """The instalments that count, oldest first: those of earlier plans that fell due or were paid, and the plan now."""
    rows = Instalment.objects.filter(loan=loan).exclude(status=InstalmentStatus.SUPERSEDED)
    return list(rows.order_by("due_date", "number", "schedule_version"))


def instalment_state(row: Instalment) -> InstalmentState:
    """One instalment; what was waived or written off is no longer due."""
    return InstalmentState(
        number=row.number,
        period_start=row.period_start,
        due_date=row.due_date,
        principal_due=row.principal_due - row.principal_removed,
        interest_due=row.interest_due - row.interest_removed,
        late_fee_due=row.late_fee_due - row.late_fee_removed,
        principal_paid=row.principal_paid,
        interest_paid=row.interest_paid,
        late_fee_paid=row.late_fee_paid,
        interest_to_date=row.interest_to_date,
    )


def instalment_states(rows: Sequence[Instalment]) -> list[InstalmentState]:
    """Several instalments, in their order."""
    return [instalment_state(row) for row in rows]


class HeldNote(NamedTuple):
    """What sharing out needs of a note, without the price of a model instance each."""

    pk: int
    owner_id: int
    principal: int
    capitalised: int
    principal_outstanding: int
    interest_carry: Decimal
    late_fee_carry: Decimal


def open_notes(loan: Loan) -> list[HeldNote]:
    """The notes that payments are shared among, by id."""
    rows = Note.objects.filter(loan=loan, status__in=NoteStatus.open()).order_by("pk")
    return list(starmap(HeldNote, rows.values_list(*HeldNote._fields)))


def notes_after(notes: Sequence[HeldNote], shares: Sequence[NoteShare]) -> list[HeldNote]:
    """The notes as they are once they received `shares`: one for each, in the same order, or none at all."""
    if not shares:
        return list(notes)
    return [
        note._replace(
            principal_outstanding=note.principal_outstanding - share.principal,
            interest_carry=share.interest_carry,
            late_fee_carry=share.late_fee_carry,
        )
        for note, share in zip(notes, shares, strict=True)
    ]


def note_states(notes: Sequence[HeldNote | Note]) -> list[NoteState]:
    """Several notes, in their order."""
    return [
        NoteState(
            note_id=note.pk,
            principal_outstanding=note.principal_outstanding,
            interest_carry=note.interest_carry,
            late_fee_carry=note.late_fee_carry,
            principal=note.principal + note.capitalised,
        )
        for note in notes
    ]


def finance_terms(loan: Loan, terms: LoanTerms) -> Terms:
    """The terms from which the loan's schedule was built, for rebuilding what is left of it."""
    return schedule_terms(
        terms,
        annual_rate=required(loan.annual_rate, "annual_rate"),
        principal=loan.principal,
        term_months=loan.term_months,
        start_date=required(loan.disbursed_on, "disbursed_on"),
        due_day=loan.due_day,
    )
