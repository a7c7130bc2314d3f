"""The entry of one payment: books, instalments, notes and shares move together, however many lenders there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import connection
from django.utils.translation import gettext as _

from accounts.models import User
from ledger.enums.books import EntryKind
from ledger.models import JournalEntry
from ledger.services.posting import post_entry
from loans.account.payment import PaymentApplication, plan_repayment
from loans.account.state import HeldNote, open_notes
from loans.account.terms import LoanTerms
from loans.enums.loan import ExtraMode, LoanStatus, NoteStatus, RepaymentMethod, RepaymentStatus
from loans.journal.servicing import MoneySource, RepaymentFigures, repayment_lines
from loans.models import Distribution, Instalment, Loan, Note, Repayment, RepaymentAllocation, ScheduleVersion
from loans.services.servicing.accrual_posting import FOLLOWING_COLUMNS
from p2plending.lib import clock
from p2plending.lib.database.bulk import insert_rows, quote_name, update_from

SOURCES = {RepaymentMethod.DECLARED: MoneySource.BANK, RepaymentMethod.CREDIT: MoneySource.CREDIT}
PAID_COLUMNS = (
    "status",
    "principal_paid",
    "interest_paid",
    "late_fee_paid",
    "interest_posted",
    "settled_on",
    "superseded_by",
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


def post_payment(
    loan: Loan,
    terms: LoanTerms,
    repayment: Repayment,
    rows: list[Instalment],
    *,
    on: dt.date,
    posted_on: dt.date,
    actor: User | None,
    may_owe: bool = False,
) -> PaymentApplication:
    """Work out a payment on `on`, post it on `posted_on` (rule REP), and store instalments, shares and notes.

    What the loan keeps of money paid ahead changes with it in memory; the loan's own row is left to
    `bring_forward_after_payment`. Call under the loan's guard with its live instalments, brought to `on`.
    """
    notes = open_notes(loan)
    mode = ExtraMode(repayment.extra_mode) if repayment.extra_mode else None
    credit = 0 if repayment.is_from_credit else loan.credit_held
    plan = plan_repayment(loan, terms, rows, notes, amount=repayment.amount, on=on, mode=mode, credit=credit)
    entry = _post(loan, repayment, plan, notes, terms, actor, posted_on, may_owe=may_owe)
    _store_repayment(repayment, plan, entry)
    loan.credit_held += repayment.credit_change
    _store_instalments(loan, repayment, plan, actor)
    _store_shares(repayment, plan)
    if plan.shares and loan.status in LoanStatus.owing():
        _store_notes(repayment, plan)
    return plan


def _post(
    loan: Loan,
    repayment: Repayment,
    plan: PaymentApplication,
    notes: Sequence[HeldNote],
    terms: LoanTerms,
    actor: User | None,
    posted_on: dt.date,
    *,
    may_owe: bool,
) -> JournalEntry:
    owners = {note.pk: note.owner_id for note in notes}
    figures = RepaymentFigures(
        amount=plan.amount,
        late_fee=plan.late_fee,
        interest=plan.interest,
        principal=plan.principal,
        surplus=plan.surplus,
        held=plan.held,
        credit_used=plan.credit_used,
        servicing_fee=plan.servicing_fee,
        interest_recognised=plan.interest_recognised,
        nets=[(owners[share.note_id], share.net) for share in plan.shares],
        late_fees_to_lenders=terms.late_fees_to_lenders,
    )
    source = SOURCES.get(RepaymentMethod(repayment.method), MoneySource.WALLET)
    return post_entry(
        kind=EntryKind.REPAYMENT,
        key=_key(loan, repayment),
        value_date=posted_on,
        lines=repayment_lines(loan.reference, repayment.payer_id, figures, source=source),
        actor=actor,
        actor_label="system:calendar" if repayment.is_from_credit else "",
        narrative=_narrative(repayment) % {"loan": loan.reference},
        subject_type="repayment",
        subject_reference=repayment.reference,
        may_owe=may_owe,
        line_by_line=not may_owe,
    )


def _key(loan: Loan, repayment: Repayment) -> str:
    if not repayment.is_from_credit:
        return f"repayment:{repayment.reference}"
    # Once for each due date of a plan; when the past is played again the calendar makes it anew.
    return f"credit:{loan.reference}:{loan.schedule_version}:{repayment.value_date}:r{loan.replays}"


def _narrative(repayment: Repayment) -> str:
    if repayment.is_from_credit:
        return _("Payment on loan %(loan)s, from what was paid ahead")
    return _("Payment on loan %(loan)s")


def _store_repayment(repayment: Repayment, plan: PaymentApplication, entry: JournalEntry) -> None:
    repayment.status = RepaymentStatus.CONFIRMED
    repayment.extra_mode = plan.mode
    repayment.late_fee, repayment.interest, repayment.principal = plan.late_fee, plan.interest, plan.principal
    repayment.surplus, repayment.servicing_fee = plan.surplus, plan.servicing_fee
    repayment.held, repayment.credit_used = plan.held, plan.credit_used
    repayment.entry, repayment.counted_on = entry, plan.on
    repayment.save()


def _store_instalments(loan: Loan, repayment: Repayment, plan: PaymentApplication, actor: User | None) -> None:
    changed = {row.pk: row for row in [*plan.touched, *plan.superseded]}
    if changed:
        columns = FOLLOWING_COLUMNS if plan.is_progressive else PAID_COLUMNS
        Instalment.objects.bulk_update(changed.values(), columns)
    if not plan.added:
        return
    loan.schedule_version += 1
    ScheduleVersion.objects.create(
        loan=loan,
        number=loan.schedule_version,
        reason=_version_reason(plan),
        starts_on=plan.on,
        repayment=repayment,
        actor=actor,
    )
    # The first has allocations, which need its key; not every database returns the keys of many rows.
    plan.added[0].save()
    Instalment.objects.bulk_create(plan.added[1:])


def _version_reason(plan: PaymentApplication) -> str:
    if plan.closes_loan:
        return _("Paid off early")
    if plan.mode == ExtraMode.LOWER:
        return _("Extra payment: smaller payments")
    return _("Extra payment: the loan ends sooner")


def _store_shares(repayment: Repayment, plan: PaymentApplication) -> None:
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


def _store_notes(repayment: Repayment, plan: PaymentApplication) -> None:
    """Carry the distribution rows over to the notes: one statement for any number of them."""
    changes = {
        "principal_outstanding": "target.principal_outstanding - source.principal",
        "principal_received": "target.principal_received + source.principal",
        "interest_received": "target.interest_received + source.interest",
        "late_fees_received": "target.late_fees_received + source.late_fee",
        "servicing_fees_paid": "target.servicing_fees_paid + source.servicing_fee",
        "interest_carry": "source.interest_carry_after",
        "late_fee_carry": "source.late_fee_carry_after",
        "updated_at": "source.now",
        "status": "COALESCE(source.new_status, target.status)",
        "closed_on": "COALESCE(source.new_closed_on, target.closed_on)",
    }
    shares = quote_name(Distribution._meta.db_table)
    status, closed_on = (NoteStatus.REPAID.value, plan.on) if plan.closes_loan else (None, None)
    update_from(
        Note,
        source=f"SELECT d.*, %s AS now, %s AS new_status, %s AS new_closed_on FROM {shares} d WHERE repayment_id = %s",  # noqa: S608 - names of our own schema
        parameters=[connection.ops.adapt_datetimefield_value(clock.now()), status, closed_on, repayment.pk],
        match="note_id",
        values=changes,
    )
