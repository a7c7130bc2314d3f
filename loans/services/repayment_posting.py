"""The posting of a payment: books, instalments, notes and loan move together, however many lenders there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import F, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from ledger.enums import EntryKind
from ledger.models import JournalEntry
from ledger.services.posting import post_entry
from loans.enums import ExtraMode, LoanEvent, LoanStatus, NoteStatus, RepaymentMethod, RepaymentStatus
from loans.falling_due import late_since, servicing_columns
from loans.journal_servicing import RepaymentFigures, repayment_lines
from loans.models import Distribution, Instalment, Loan, Note, Repayment, RepaymentAllocation, ScheduleVersion
from loans.repayment_plan import RepaymentPlan, plan_repayment
from loans.services.delinquency import track_lateness
from loans.services.lifecycle import move_loan
from loans.services.repayment_notices import tell_received, tell_repaid
from loans.services.servicing import post_calendar
from loans.snapshots import open_notes
from loans.terms import LoanTerms
from p2plending.lib.bulk import insert_rows

PAID_COLUMNS = (
    "status",
    "principal_paid",
    "interest_paid",
    "late_fee_paid",
    "interest_posted",
    "settled_on",
)
DISTRIBUTION_COLUMNS = (
    "repayment_id",
    "note_id",
    "weight",
    "principal",
    "interest",
    "late_fee",
    "servicing_fee",
    "net",
    "interest_carry_before",
    "interest_carry_after",
    "late_fee_carry_before",
    "late_fee_carry_after",
)


def settle_repayment(
    loan: Loan,
    repayment: Repayment,
    rows: list[Instalment],
    *,
    on: dt.date,
    actor: User | None,
    today: dt.date,
) -> RepaymentPlan:
    """Allocate, split and post a payment that counts on `on`, then bring the loan to `today`.

    `repayment` may be new; it becomes CONFIRMED with its figures and its entry. The last cent closes the loan and its
    notes. Call under the loan's guard with its live instalments. Raises InsufficientBalance for a wallet too empty.
    """
    terms = LoanTerms.from_json(loan.frozen_terms)
    notes = open_notes(loan)
    is_owing = loan.status in LoanStatus.owing()
    if is_owing:
        post_calendar(loan, terms, rows, until=on, actor=None)
        _note_lateness(loan, terms, rows, on)
    mode = ExtraMode(repayment.extra_mode) if repayment.extra_mode else None
    plan = plan_repayment(loan, terms, rows, notes, amount=repayment.amount, on=on, mode=mode)
    entry = _post(loan, repayment, plan, notes, terms, actor)
    _store_repayment(repayment, plan, entry)
    _store_instalments(loan, plan, actor)
    _store_shares(repayment, plan)
    if is_owing:
        _store_notes(loan, repayment, plan)
        _move(loan, terms, plan, actor=actor, today=today)
    _tell(loan, repayment, plan)
    return plan


def _note_lateness(loan: Loan, terms: LoanTerms, rows: Sequence[Instalment], on: dt.date) -> None:
    """Days that nobody looked at before the payment belong to the history of lateness too."""
    if on <= (loan.rolled_forward_to or loan.disbursed_on):
        return
    track_lateness(loan, terms, late_since(rows), on)
    columns = servicing_columns(loan, rows, terms, on)
    loan.bucket, loan.worst_days_past_due = columns["bucket"], columns["worst_days_past_due"]
    loan.rolled_forward_to = on


def _post(
    loan: Loan,
    repayment: Repayment,
    plan: RepaymentPlan,
    notes: Sequence[Note],
    terms: LoanTerms,
    actor: User | None,
) -> JournalEntry:
    owners = {note.pk: note.owner_id for note in notes}
    figures = RepaymentFigures(
        amount=plan.amount,
        late_fee=plan.late_fee,
        interest=plan.interest,
        principal=plan.principal,
        surplus=plan.surplus,
        servicing_fee=plan.servicing_fee,
        interest_recognised=plan.interest_recognised,
        nets=[(owners[share.note_id], share.net) for share in plan.shares],
        late_fees_to_lenders=terms.late_fees_to_lenders,
    )
    from_wallet = repayment.method != RepaymentMethod.DECLARED
    return post_entry(
        kind=EntryKind.REPAYMENT,
        key=f"repayment:{repayment.reference}",
        value_date=plan.on,
        lines=repayment_lines(loan.reference, repayment.payer_id, figures, from_wallet=from_wallet),
        actor=actor,
        narrative=_("Payment on loan %(loan)s") % {"loan": loan.reference},
        subject_type="repayment",
        subject_reference=repayment.reference,
    )


def _store_repayment(repayment: Repayment, plan: RepaymentPlan, entry: JournalEntry) -> None:
    repayment.status = RepaymentStatus.CONFIRMED
    repayment.extra_mode = plan.mode
    repayment.late_fee, repayment.interest, repayment.principal = plan.late_fee, plan.interest, plan.principal
    repayment.surplus, repayment.servicing_fee = plan.surplus, plan.servicing_fee
    repayment.entry = entry
    repayment.save()


def _store_instalments(loan: Loan, plan: RepaymentPlan, actor: User | None) -> None:
    changed = {row.pk: row for row in [*plan.touched, *plan.superseded]}
    if changed:
        Instalment.objects.bulk_update(changed.values(), PAID_COLUMNS)
    if not plan.added:
        return
    loan.schedule_version += 1
    ScheduleVersion.objects.create(
        loan=loan, number=loan.schedule_version, reason=_version_reason(plan), starts_on=plan.on, actor=actor
    )
    # The first has allocations, which need its key; not every database returns the keys of many rows.
    plan.added[0].save()
    Instalment.objects.bulk_create(plan.added[1:])


def _version_reason(plan: RepaymentPlan) -> str:
    if plan.closes_loan:
        return _("Paid off early")
    if plan.mode == ExtraMode.LOWER:
        return _("Extra payment: smaller payments")
    return _("Extra payment: the loan ends sooner")


def _store_shares(repayment: Repayment, plan: RepaymentPlan) -> None:
    RepaymentAllocation.objects.bulk_create(
        RepaymentAllocation(
            repayment=repayment,
            instalment=line.row,
            late_fee=line.late_fee,
            interest=line.interest,
            principal=line.principal,
        )
        for line in plan.allocations
    )
    insert_rows(
        Distribution,
        DISTRIBUTION_COLUMNS,
        [
            (
                repayment.pk,
                share.note_id,
                share.weight,
                share.principal,
                share.interest,
                share.late_fee,
                share.servicing_fee,
                share.net,
                share.interest_carry_before,
                share.interest_carry,
                share.late_fee_carry_before,
                share.late_fee_carry,
            )
            for share in plan.shares
        ],
    )


def _store_notes(loan: Loan, repayment: Repayment, plan: RepaymentPlan) -> None:
    """Carry the distribution rows over to the notes: one statement for any number of them."""
    part = Distribution.objects.filter(repayment=repayment, note=OuterRef("pk"))

    def of(column: str) -> Subquery:
        return Subquery(part.values(column)[:1])

    changes = {
        "principal_outstanding": F("principal_outstanding") - of("principal"),
        "principal_received": F("principal_received") + of("principal"),
        "interest_received": F("interest_received") + of("interest"),
        "late_fees_received": F("late_fees_received") + of("late_fee"),
        "servicing_fees_paid": F("servicing_fees_paid") + of("servicing_fee"),
        "interest_carry": of("interest_carry_after"),
        "late_fee_carry": of("late_fee_carry_after"),
        "updated_at": timezone.now(),
    }
    if plan.closes_loan:
        changes |= {"status": NoteStatus.REPAID, "closed_on": plan.on}
    Note.objects.filter(loan=loan, status__in=NoteStatus.open()).update(**changes)


def _move(loan: Loan, terms: LoanTerms, plan: RepaymentPlan, *, actor: User | None, today: dt.date) -> None:
    """Bring the loan from the day of the payment to today and write its columns, state and history."""
    if plan.on < today:
        post_calendar(loan, terms, plan.rows, until=today, actor=None)
    track_lateness(loan, terms, late_since(plan.rows), today)
    columns = servicing_columns(loan, plan.rows, terms, today)
    columns["schedule_version"] = loan.schedule_version
    columns["rolled_forward_to"] = max(loan.rolled_forward_to or today, today)
    event = LoanEvent.PAY
    if plan.closes_loan:
        event = LoanEvent.REPAY_ALL
        columns["closed_on"] = plan.on
    move_loan(loan, event, actor=actor, today=today, **columns)


def _tell(loan: Loan, repayment: Repayment, plan: RepaymentPlan) -> None:
    if plan.closes_loan:
        tell_repaid(loan, repayment)
    else:
        tell_received(loan, repayment)
