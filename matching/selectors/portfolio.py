"""What a lender holds: parts reserved, running and finished, and what comes back from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, QuerySet, Sum

from accounts.models import User
from loans.account.state import live_instalments
from loans.enums.loan import InstalmentStatus, LoanStatus, RepaymentStatus
from loans.finance import InstalmentLine
from loans.models import Commitment, Distribution, Instalment, Loan, Note
from loans.selectors.access import NOTES
from matching.engine.earnings import PartLine, earnings
from matching.selectors.positions import held_commitments, open_notes
from p2plending.lib.errors import required
from p2plending.lib.money import round_ratio

RUNNING, RESERVED, FINISHED, ALL = "running", "reserved", "finished", "all"
TABS = (RUNNING, RESERVED, FINISHED, ALL)
MONTHS_AHEAD = 12


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the portfolio: a reserved amount or a note. Amounts in minor units."""

    loan: Loan
    reference: str
    status: str
    is_note: bool
    amount: int
    principal_received: int = 0
    interest_received: int = 0
    fees_paid: int = 0
    outstanding: int = 0
    began_on: dt.date | None = None
    ended_on: dt.date | None = None

    @property
    def stake(self) -> int:
        """What stands in the loan: still owed to the lender, or reserved."""
        return self.outstanding if self.is_note else self.amount

    @property
    def next_due_on(self) -> dt.date | None:
        return self.loan.next_due_on if self.outstanding else None


@dataclass(frozen=True, slots=True)
class PortfolioSums:
    """Sums over every part of a tab, not only over a page."""

    count: int = 0
    amount: int = 0
    principal_received: int = 0
    interest_received: int = 0
    fees_paid: int = 0
    outstanding: int = 0
    stake: int = 0

    def __add__(self, other: PortfolioSums) -> PortfolioSums:
        names = self.__dataclass_fields__
        return PortfolioSums(*(getattr(self, name) + getattr(other, name) for name in names))


class Parts(Sequence[Part]):
    """Notes, newest first, and after them reserved amounts: read from the database page by page."""

    def __init__(self, notes: QuerySet[Note], reserved: QuerySet[Commitment]) -> None:
        self.notes = notes
        self.reserved = reserved
        self.note_count = notes.count()
        self.reserved_count = reserved.count()

    def __len__(self) -> int:
        return self.note_count + self.reserved_count

    def __getitem__(self, item: Any) -> Any:
        if not isinstance(item, slice):
            return self[item : item + 1][0]
        start, stop, _step = item.indices(len(self))
        parts = [_part_of_note(note) for note in self.notes[start : min(stop, self.note_count)]]
        first, last = max(start - self.note_count, 0), stop - self.note_count
        if last > first:
            parts += [_part_of_commitment(one) for one in self.reserved[first:last]]
        return parts


def _part_of_note(note: Note) -> Part:
    return Part(
        loan=note.loan,
        reference=note.reference,
        status=note.status,
        is_note=True,
        amount=note.principal,
        principal_received=note.principal_received,
        interest_received=note.interest_received + note.late_fees_received,
        fees_paid=note.servicing_fees_paid,
        outstanding=note.principal_outstanding,
        began_on=note.issued_on,
        ended_on=note.closed_on,
    )


def _part_of_commitment(commitment: Commitment) -> Part:
    return Part(
        loan=commitment.loan,
        reference=commitment.reference,
        status=commitment.status,
        is_note=False,
        amount=commitment.amount,
        began_on=commitment.committed_on,
        ended_on=commitment.ended_on,
    )


def notes_of(lender: User) -> QuerySet[Note]:
    """The lender's notes with their loans, newest first."""
    return NOTES.own_of(lender).select_related("loan").order_by("-pk")


def parts_of(lender: User, tab: str) -> Parts:
    """What one tab of the portfolio lists."""
    notes = notes_of(lender)
    reserved = held_commitments().filter(lender=lender).select_related("loan").order_by("-pk")
    if tab == RUNNING:
        return Parts(notes.filter(pk__in=open_notes().filter(owner=lender)), reserved.none())
    if tab == RESERVED:
        return Parts(notes.none(), reserved)
    if tab == FINISHED:
        return Parts(notes.exclude(pk__in=open_notes().filter(owner=lender)), reserved.none())
    return Parts(notes, reserved)


def sums_of(parts: Parts) -> PortfolioSums:
    """Totals of a tab in at most two queries."""
    notes = parts.notes.order_by().aggregate(
        count=Count("pk"),
        amount=Sum("principal"),
        principal_received=Sum("principal_received"),
        interest_received=Sum(F("interest_received") + F("late_fees_received")),
        fees_paid=Sum("servicing_fees_paid"),
        outstanding=Sum("principal_outstanding"),
    )
    notes["stake"] = notes["outstanding"]
    reserved = parts.reserved.order_by().aggregate(count=Count("pk"), amount=Sum("amount"))
    reserved["stake"] = reserved["amount"]
    return _sums(notes) + _sums(reserved)


def _sums(found: dict[str, int | None]) -> PortfolioSums:
    return PortfolioSums(**{name: int(value or 0) for name, value in found.items()})


def counts_of(lender: User) -> dict[str, int]:
    """How many parts each tab has."""
    total = Note.objects.filter(owner=lender).count()
    running = open_notes().filter(owner=lender).count()
    reserved = held_commitments().filter(lender=lender).count()
    return {RUNNING: running, RESERVED: reserved, FINISHED: total - running, ALL: total + reserved}


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """One payment of the loan's plan and the part of it that belongs to the note; `status` is the payment's."""

    part: PartLine
    status: str


@dataclass(frozen=True, slots=True)
class NotePlan:
    """The own part of every payment of the plan, what should have come by a day, and what came."""

    lines: tuple[PlannedPart, ...]
    planned_principal: int
    planned_interest: int


def note_plan(note: Note, today: dt.date) -> NotePlan:
    """The note's part of every payment that counts, in order, and the sums that were planned by today. One query.

    Parts follow from the share lent, split as payments are split; interest is after the servicing fee.
    """
    rows = live_instalments(note.loan)
    lines = [
        InstalmentLine(row.number, row.due_date, row.period_start, row.principal_due, row.interest_due, 0)
        for row in rows
    ]
    found = earnings(
        lines,
        # With interest that became principal, of which each note has its part.
        amount=note.principal + note.capitalised,
        principal=sum(line.principal for line in lines),
        servicing_fee_rate=required(note.loan.servicing_fee_rate, "servicing_fee_rate"),
        expected_loss_rate=required(note.loan.expected_loss_rate, "expected_loss_rate"),
    )
    parts = [PlannedPart(part, _state(row, today)) for part, row in zip(found.lines, rows, strict=True)]
    past = [planned.part for planned in parts if planned.part.due_date <= today]
    return NotePlan(
        lines=tuple(parts),
        planned_principal=sum(part.principal for part in past),
        planned_interest=sum(part.interest - part.fee for part in past),
    )


def _state(row: Instalment, today: dt.date) -> str:
    if row.status in InstalmentStatus.unpaid() and row.due_date < today:
        return "overdue"
    return row.status


def receipts_of(note: Note) -> QuerySet[Distribution]:
    """What the note received, payment by payment, newest first; without what was taken back with a payment."""
    counting = Distribution.objects.filter(note=note, repayment__status=RepaymentStatus.CONFIRMED)
    return counting.select_related("repayment").order_by("-repayment_id")


@dataclass(frozen=True, slots=True)
class ExpectedPayment:
    """The lender's part of one payment that a borrower is due to make. Interest is before the servicing fee."""

    loan: Loan
    due_date: dt.date
    principal: int
    interest: int

    @property
    def total(self) -> int:
        return self.principal + self.interest


def expected_payments(lender: User, today: dt.date, until: dt.date) -> list[ExpectedPayment]:
    """The lender's part of payments due from today to `until` on loans that are not late, by date. Two queries.

    An estimate: the part is by the share of the principal that is outstanding now.
    """
    notes = list(
        open_notes()
        .filter(owner=lender, loan__status=LoanStatus.ACTIVE, loan__days_past_due=0)
        .select_related("loan")
        .order_by("pk")
    )
    weights: dict[int, int] = {}
    loans = {note.loan_id: note.loan for note in notes}
    for note in notes:
        weights[note.loan_id] = weights.get(note.loan_id, 0) + note.principal_outstanding
    rows = Instalment.objects.filter(
        loan_id__in=loans, status__in=InstalmentStatus.unpaid(), due_date__range=(today, until)
    ).order_by("due_date", "loan_id")
    return [_expected(row, loans[row.loan_id], weights[row.loan_id]) for row in rows if weights[row.loan_id]]


def _expected(row: Instalment, loan: Loan, weight: int) -> ExpectedPayment:
    whole = loan.principal_outstanding
    return ExpectedPayment(
        loan=loan,
        due_date=row.due_date,
        principal=round_ratio(row.principal_unpaid * weight, whole),
        interest=round_ratio(row.interest_unpaid * weight, whole),
    )


@dataclass(frozen=True, slots=True)
class LenderFigures:
    """The lender's home in figures, in minor units, from three queries over all notes."""

    lent_out: int
    running: int
    largest: int
    interest_received: int
    late_fees_received: int
    fees_paid: int
    written_off: int
    recovered: int
    by_grade: dict[str, int]
    by_bucket: dict[str, tuple[int, int]]

    @property
    def fees_change(self) -> int:
        """Servicing fees as what they did to the account: nil or below."""
        return -self.fees_paid

    @property
    def written_off_change(self) -> int:
        """Losses as what they did to the account: nil or below."""
        return -self.written_off

    @property
    def net_received(self) -> int:
        """Interest, late fees and recoveries, less servicing fees and what was written off."""
        gained = self.interest_received + self.late_fees_received + self.recovered
        return gained - self.fees_paid - self.written_off


def lender_figures(lender: User) -> LenderFigures:
    """Sums over all notes of a lender: what is lent out, what came, by grade and by lateness."""
    all_notes = Note.objects.filter(owner=lender).order_by()
    running = open_notes().filter(owner=lender).order_by()
    received = all_notes.aggregate(
        interest=Sum("interest_received"),
        late_fees=Sum("late_fees_received"),
        fees=Sum("servicing_fees_paid"),
        recovered=Sum("recovered"),
    )
    lost = all_notes.filter(loan__status__in=(LoanStatus.WRITTEN_OFF, LoanStatus.SETTLED)).aggregate(
        amount=Sum(F("principal") - F("principal_received"))
    )
    groups = list(
        running.values_list("loan__grade", "loan__bucket", "loan_id").annotate(amount=Sum("principal_outstanding"))
    )
    by_grade: dict[str, int] = {}
    by_bucket: dict[str, tuple[int, int]] = {}
    for grade, bucket, _loan, amount in groups:
        by_grade[grade] = by_grade.get(grade, 0) + amount
        count, sum_before = by_bucket.get(bucket, (0, 0))
        by_bucket[bucket] = (count + 1, sum_before + amount)
    return LenderFigures(
        lent_out=sum(by_grade.values()),
        running=len(groups),
        largest=max((amount for *_rest, amount in groups), default=0),
        interest_received=received["interest"] or 0,
        late_fees_received=received["late_fees"] or 0,
        fees_paid=received["fees"] or 0,
        written_off=lost["amount"] or 0,
        recovered=received["recovered"] or 0,
        by_grade=by_grade,
        by_bucket=by_bucket,
    )


def months_from(today: dt.date, count: int = MONTHS_AHEAD) -> list[dt.date]:
    """The first days of `count` months, beginning with this one."""
    first = today.year * 12 + today.month - 1
    return [dt.date(month // 12, month % 12 + 1, 1) for month in range(first, first + count)]


def by_month(payments: Iterable[ExpectedPayment], months: Sequence[dt.date]) -> list[tuple[dt.date, int, int]]:
    """Principal and interest of expected payments, month by month; months without any have zeros."""
    sums = {month: [0, 0] for month in months}
    for payment in payments:
        month = payment.due_date.replace(day=1)
        if month in sums:
            sums[month][0] += payment.principal
            sums[month][1] += payment.interest
    return [(month, principal, interest) for month, (principal, interest) in sums.items()]
