"""Loans whose plan follows the money: instalments worked out anew from everything that happened to the loan.

`loans.finance.progressive` does the maths; here a loan's rows become its events, and its position becomes instalments.
In memory: a preview sees what the posting stores.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext_lazy as _

from loans.account.accrual import CalendarEvent, FallsDue, LateFee, late_fee_day, pauses_of
from loans.account.state import finance_terms
from loans.account.terms import LoanTerms, replay_terms
from loans.enums.loan import InstalmentStatus, RepaymentStatus
from loans.finance import late_fee
from loans.finance.progressive import (
    Charge,
    ChargeBase,
    Event,
    InstalmentCharge,
    InstalmentPosition,
    LoanPart,
    LoanPosition,
    Payment,
    Waiver,
    replay,
)
from loans.models import Instalment, Loan, LoanCharge, Repayment
from p2plending.lib.errors import Refused, required

FIRST_VERSION = 1
NEW_PAYMENT = "new payment"


class PlanOutOfStep(Refused):
    """What the loan's events come to is not what its payments were booked for: nothing may be built on it."""

    code = "plan_out_of_step"
    status = 409
    default_message = _("This can't be worked out together with what was booked before. Nothing was changed.")


@dataclasses.dataclass(slots=True)
class Brought:
    """A loan brought to a day: what the calendar did, all events up to then, and the picture that they make."""

    calendar: list[CalendarEvent]
    events: list[Event]
    picture: LoanPosition


def is_progressive(loan: Loan, terms: LoanTerms) -> bool:
    """Whether the plan follows the money. Once people agreed on another plan, or all fell due, that one holds."""
    return terms.is_progressive and loan.schedule_version == FIRST_VERSION


def events_of(loan: Loan) -> list[Event]:
    """What happened to the loan and counts, in the order in which it was entered.

    A payment that was worked out again keeps the place of the first; a late fee comes before the payments of its day.
    """
    ordered: list[tuple[int, Event]] = []
    for charge in LoanCharge.objects.filter(loan=loan, is_undone=False):
        ordered.append((0 if charge.instalment_id else charge.entry_id, charge_event(charge)))
        if charge.waived_on:
            event = Waiver(f"waiver of {charge.reference}", charge.waived_on, charge.reference)
            ordered.append((required(charge.waiver_entry_id, "waiver_entry"), event))
    rows = Repayment.objects.filter(loan=loan, status__in=RepaymentStatus.posted()).order_by("pk")
    first_entry: dict[int, int] = {}
    for row in rows:
        entry = required(row.entry_id, "entry")
        first_entry[row.pk] = entry if row.replaces_id is None else first_entry.get(row.replaces_id, entry)
        if row.status == RepaymentStatus.CONFIRMED:
            counted_on = required(row.counted_on, "counted_on")
            ordered.append((first_entry[row.pk], Payment(row.reference, counted_on, row.amount)))
    return [event for _place, event in sorted(ordered, key=lambda pair: pair[0])]


def charge_event(charge: LoanCharge) -> Event:
    """A charge as the maths takes it."""
    part = LoanPart(charge.part)
    if charge.due_on is not None:
        return Charge(charge.reference, charge.due_on, charge.amount, charge.entered_on, part)
    base = ChargeBase(charge.base) if charge.base else ChargeBase.PRINCIPAL
    return InstalmentCharge(charge.reference, charge.entered_on, charge.amount, charge.rate, base, part)


def picture_of(loan: Loan, terms: LoanTerms, events: Sequence[Event], on: dt.date) -> LoanPosition:
    """The loan on a day by its frozen terms and these events."""
    return replay(replay_terms(terms, finance_terms(loan, terms)), events, on)


def _require_whole_charges(loan: Loan, events: Sequence[Event], picture: LoanPosition) -> None:
    """A charge of a rate is booked once; the past must not change what it came to."""
    if not any(isinstance(event, InstalmentCharge) and event.rate for event in events):
        return
    totals = dict(LoanCharge.objects.filter(loan=loan, is_undone=False).values_list("reference", "total"))
    for charge in picture.charges:
        if charge.amount != totals.get(charge.reference, charge.amount):
            raise PlanOutOfStep(charge=charge.reference)


def unpaid_charges(loan: Loan, terms: LoanTerms, today: dt.date) -> dict[str, int]:
    """What is unpaid of each charge of a progressive loan by its reference, in minor units."""
    picture = picture_of(loan, terms, events_of(loan), today)
    return {charge.reference: charge.unpaid for charge in picture.charges}


def recalculate_rows(loan: Loan, terms: LoanTerms, rows: list[Instalment], until: dt.date) -> Brought:
    """Bring the instalments of a progressive loan to `until` in memory and say what the calendar did.

    Late fees come on their days (rule LATE), interest falls due (rule ACC), and every instalment asks for what the
    loan's events make of it. A charge after the last due date adds an instalment to `rows`. Raises PlanOutOfStep.
    """
    events = events_of(loan)
    fees = _late_fees(loan, terms, rows, events, until)
    picture = picture_of(loan, terms, events, until)
    show_position(loan, rows, picture)
    _require_in_step(rows, picture)
    _require_whole_charges(loan, events, picture)
    fallen_due: list[FallsDue] = []
    for row in rows:
        if row.due_date > until:
            continue
        interest = row.interest_due - row.interest_posted
        if interest < 0:
            raise PlanOutOfStep(payment=row.number, interest=interest)
        # Where no instalment is left to come, late principal bears its interest in one that was due before.
        is_more = bool(row.interest_posted) and row.due_date < until
        row.interest_posted += interest
        if interest:
            fallen_due.append(FallsDue(until if is_more else row.due_date, row, interest))
    calendar: list[CalendarEvent] = sorted([*fees, *fallen_due], key=lambda event: (event.on, event.row.number))
    return Brought(calendar, events, picture)


def show_position(loan: Loan, rows: list[Instalment], picture: LoanPosition) -> None:
    """Let the instalments ask for what the picture says; what was paid on them is left to the payments."""
    by_number = {row.number: row for row in rows}
    for line in picture.instalments:
        row = by_number.pop(line.number, None)
        if row is None:
            row = _extra_row(loan, line)
            rows.append(row)
        _show_line(row, line, picture.on)
    for row in by_number.values():
        _empty(row)
    rows[:] = [row for row in rows if row.status != InstalmentStatus.SUPERSEDED]
    _show_interest_to_date(rows, picture)


def _late_fees(
    loan: Loan, terms: LoanTerms, rows: Sequence[Instalment], events: list[Event], until: dt.date
) -> list[LateFee]:
    """Fees of instalments that are unpaid after their grace, each added to `events`; a fee may make the next larger."""
    if not terms.late_fee_fixed and not terms.late_fee_rate:
        return []
    _add_unstored_fees(loan, terms, rows, events)
    waiting = [row for row in rows if row.late_fee_charged_on is None and row.total_unpaid and not _is_extra(row)]
    fees = []
    pauses = pauses_of(loan)
    for day, row in sorted(((late_fee_day(row, terms, pauses), row) for row in waiting), key=lambda pair: pair[0]):
        if day > until:
            break
        line = picture_of(loan, terms, events, day).instalments[row.number - 1]
        unpaid = line.unpaid.principal + line.unpaid.interest
        if not unpaid:
            continue
        fee = late_fee(unpaid, terms.late_fee_fixed, terms.late_fee_rate, terms.late_fee_cap)
        row.late_fee_charged_on, row.late_fee_base = day, unpaid
        fees.append(LateFee(day, row, fee))
        if fee:
            events.insert(0, _fee_event(row, fee))
    return fees


def _add_unstored_fees(loan: Loan, terms: LoanTerms, rows: Sequence[Instalment], events: list[Event]) -> None:
    """A preview brings instalments to a day more than once: what it charged before is not among the stored charges."""
    charged = [row for row in rows if row.late_fee_charged_on is not None and row.late_fee_base]
    if not charged:
        return
    stored = set(LoanCharge.objects.filter(loan=loan, is_undone=False).values_list("instalment_id", flat=True))
    for row in charged:
        base = required(row.late_fee_base, "late_fee_base")
        fee = late_fee(base, terms.late_fee_fixed, terms.late_fee_rate, terms.late_fee_cap)
        if fee and row.pk not in stored:
            events.insert(0, _fee_event(row, fee))


def _fee_event(row: Instalment, fee: int) -> Charge:
    day = required(row.late_fee_charged_on, "late_fee_charged_on")
    return Charge(f"late fee {row.number}", day, fee, day, LoanPart.PENALTY)


def _is_extra(row: Instalment) -> bool:
    return not row.principal_due and not row.interest_due


def _extra_row(loan: Loan, line: InstalmentPosition) -> Instalment:
    """The instalment for charges after the last due date; one that was emptied before is used again."""
    known = Instalment.objects.filter(loan=loan, schedule_version=FIRST_VERSION, number=line.number).first()
    row = known or Instalment(loan=loan, schedule_version=FIRST_VERSION, number=line.number)
    row.status, row.superseded_by = InstalmentStatus.SCHEDULED, None
    row.period_start, row.due_date = line.period_start, line.due_date
    return row


def _empty(row: Instalment) -> None:
    """An instalment that only charges had made, once they are undone."""
    row.status, row.superseded_by = InstalmentStatus.SUPERSEDED, FIRST_VERSION
    row.late_fee_due = row.late_fee_removed = 0
    row.settled_on = None


def _show_line(row: Instalment, line: InstalmentPosition, on: dt.date) -> None:
    row.due_date = line.due_date
    row.principal_due, row.interest_due = line.due.principal, line.due.interest
    row.late_fee_due = line.due.fee + line.due.penalty
    row.late_fee_removed = line.waived.fee + line.waived.penalty
    if not line.unpaid.total:
        row.status, row.settled_on = InstalmentStatus.PAID, line.settled_on or on
        return
    row.settled_on = None
    if line.paid.total:
        row.status = InstalmentStatus.PARTIAL
    else:
        row.status = InstalmentStatus.DUE if row.due_date <= on else InstalmentStatus.SCHEDULED


def _show_interest_to_date(rows: Sequence[Instalment], picture: LoanPosition) -> None:
    """Divide the interest of a pay-off on the day: what is due, then the instalments ahead, the running one first."""
    earned = picture.payoff.interest
    for row in rows:
        unpaid = row.interest_due - row.interest_paid
        if row.due_date <= picture.on:
            row.interest_to_date = None
            earned -= unpaid
        else:
            part = max(min(unpaid, earned), 0)
            row.interest_to_date = row.interest_paid + part
            earned -= part


def _require_in_step(rows: Iterable[Instalment], picture: LoanPosition) -> None:
    """What the payments were booked for is what the events say that they pay."""
    paid = {line.number: line.paid for line in picture.instalments}
    for row in rows:
        line = paid[row.number]
        if (row.principal_paid, row.interest_paid, row.late_fee_paid) != (
            line.principal,
            line.interest,
            line.fee + line.penalty,
        ):
            raise PlanOutOfStep(payment=row.number)
