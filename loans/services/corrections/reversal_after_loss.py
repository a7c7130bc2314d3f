"""A payment that comes back after the loan was closed with a loss.

The agreed amount of a settlement: then nothing was settled, and the loan is owed again with all that was waived. Any
other payment: what it had paid is lost as well.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from ledger import chart
from ledger.enums.books import EntryKind
from ledger.models import JournalEntry
from ledger.services.posting import post_entry, reverse_entry
from loans.account.state import live_instalments
from loans.account.terms import LoanTerms
from loans.enums.collections import SettlementStatus
from loans.enums.loan import InstalmentStatus, LoanEvent, LoanStatus, NoteStatus, RepaymentStatus
from loans.journal.collections import loss_lines, recognition_lines
from loans.models import Distribution, Instalment, Loan, LoanLoss, Note, Repayment, SettlementOffer, Waiver
from loans.services.servicing.apply_payment import bring_forward_after_payment
from loans.services.servicing.lifecycle import move_loan
from loans.services.servicing.restore import restore_notes, undo_payments
from p2plending.lib import clock
from p2plending.lib.database.bulk import update_from
from p2plending.lib.errors import Refused, required

RESTORED_COLUMNS = (
    "status",
    "principal_paid",
    "interest_paid",
    "late_fee_paid",
    "principal_removed",
    "interest_removed",
    "late_fee_removed",
    "interest_posted",
    "settled_on",
)


class PaidAheadUsed(Refused):
    """Money that was kept has paid later dates since, and those payments were lost with the loan."""

    code = "paid_ahead_used"
    status = 409
    default_message = _(
        "Part of this payment was kept and has paid later dates since. On a loan that was closed with a loss it can't "
        "be undone; collect what came back from the borrower."
    )


def undo_after_loss(
    loan: Loan, repayment: Repayment, *, narrative: str, reason: str, actor: User | None, today: dt.date
) -> None:
    """Undo a confirmed payment of a loan that was settled or written off; wallets too empty for it owe it (C1300).

    A settlement on which money was recovered since stays one: its payment counts as any other. Call under the loan's
    guard, with the loan brought to `today`. Raises PaidAheadUsed.
    """
    if repayment.credit_change:
        raise PaidAheadUsed
    offer = SettlementOffer.objects.filter(repayment=repayment, status=SettlementStatus.PAID).first()
    if offer is not None and not loan.recoveries.filter(undone_on=None).exists():
        _unsettle(loan, offer, repayment, narrative, reason, actor, today)
    else:
        _lose_more(loan, repayment, narrative, reason, actor, today)


def mark_reversed(repayment: Repayment, *, reason: str, actor: User | None) -> None:
    """Say on the payment that it came back, and who decided."""
    repayment.status = RepaymentStatus.REVERSED
    repayment.decided_by, repayment.decided_at, repayment.decision_note = actor, clock.now(), reason
    repayment.save(update_fields=["status", "decided_by", "decided_at", "decision_note", "updated_at"])


def _unsettle(
    loan: Loan,
    offer: SettlementOffer,
    repayment: Repayment,
    narrative: str,
    reason: str,
    actor: User | None,
    today: dt.date,
) -> None:
    loss = LoanLoss.objects.get(open_key=loan.pk)
    given_up = JournalEntry.objects.filter(
        subject_type="loan", subject_reference=loan.reference, kind=EntryKind.WRITE_OFF, reversed_by__isnull=True
    )
    for entry in [*given_up.order_by("-pk"), repayment.entry]:
        _mirror(entry, narrative, actor, today)
    _restore_rows(loan, repayment)
    Note.objects.filter(loan=loan, status=NoteStatus.SETTLED).update(
        principal_outstanding=F("principal_lost"),
        principal_lost=0,
        status=NoteStatus.ACTIVE,
        closed_on=None,
        updated_at=clock.now(),
    )
    restore_notes([repayment])
    mark_reversed(repayment, reason=reason, actor=actor)
    loss.open_key, loss.undone_on = None, today
    loss.save(update_fields=["open_key", "undone_on"])
    offer.status = SettlementStatus.UNDONE
    offer.save(update_fields=["status", "updated_at"])
    closing = loan.transitions.filter(to_status=LoanStatus.SETTLED, event=LoanEvent.SETTLE).last()
    was_in_default = required(closing, "transition").from_status == LoanStatus.DEFAULTED
    rows = live_instalments(loan)
    loan.replays += 1
    move_loan(
        loan,
        LoanEvent.REOPEN_DEFAULT if was_in_default else LoanEvent.REOPEN_LOAN,
        actor=actor,
        today=today,
        reason=reason,
        closed_on=None,
        principal_outstanding=sum(row.principal_unpaid for row in rows),
        replays=loan.replays,
    )
    terms = LoanTerms.from_json(loan.frozen_terms)
    bring_forward_after_payment(loan, terms, rows, closed_on=None, actor=actor, today=today, posted_on=today)


def _restore_rows(loan: Loan, repayment: Repayment) -> None:
    """What the settlement paid and gave up is owed again; what had been waived before stays waived."""
    rows = list(Instalment.objects.filter(loan=loan).exclude(status=InstalmentStatus.SUPERSEDED))
    undo_payments({row.pk: row for row in rows}, [repayment])
    waived: dict[int, list[int]] = {}
    for waiver in Waiver.objects.filter(loan=loan):
        sums = waived.setdefault(waiver.instalment_id, [0, 0])
        sums[0], sums[1] = sums[0] + waiver.interest, sums[1] + waiver.late_fee
    for row in rows:
        row.principal_removed = 0
        row.interest_removed, row.late_fee_removed = waived.get(row.pk, [0, 0])
        row.interest_posted = row.interest_due - row.interest_removed
        if row.total_unpaid:
            was_paid = row.principal_paid or row.interest_paid or row.late_fee_paid
            row.status = InstalmentStatus.PARTIAL if was_paid else InstalmentStatus.DUE
            row.settled_on = None
    Instalment.objects.bulk_update(rows, RESTORED_COLUMNS)


def _lose_more(
    loan: Loan, repayment: Repayment, narrative: str, reason: str, actor: User | None, today: dt.date
) -> None:
    entry = required(repayment.entry, "entry")
    recognised = entry.postings.filter(
        account__code=chart.INTEREST_RECEIVABLE, account__loan_reference=loan.reference
    ).values_list("debit", flat=True)
    _mirror(entry, narrative, actor, today)
    parts = {"principal": repayment.principal, "interest": repayment.interest, "late_fee": repayment.late_fee}
    post_entry(
        kind=EntryKind.WRITE_OFF,
        key=f"loss:{repayment.reference}",
        value_date=today,
        lines=recognition_lines(loan.reference, sum(recognised)) + loss_lines(loan.reference, **parts),
        actor=actor,
        narrative=narrative,
        subject_type="loan",
        subject_reference=loan.reference,
    )
    _cancel(loan, repayment)
    _take_from_notes(repayment)
    mark_reversed(repayment, reason=reason, actor=actor)
    loss = LoanLoss.objects.get(open_key=loan.pk)
    for part, amount in parts.items():
        setattr(loss, part, getattr(loss, part) + amount)
    loss.save(update_fields=list(parts))
    move_loan(loan, LoanEvent.REVERSE_PAYMENT, actor=actor, today=today, reason=reason)


def _cancel(loan: Loan, repayment: Repayment) -> None:
    """What the payment had paid of each instalment is given up with the rest."""
    ended = InstalmentStatus.WRITTEN_OFF if loan.status == LoanStatus.WRITTEN_OFF else InstalmentStatus.WAIVED
    rows = list(Instalment.objects.filter(loan=loan, allocations__repayment=repayment))
    paid = {row.pk: (row.principal_paid, row.interest_paid, row.late_fee_paid) for row in rows}
    undo_payments({row.pk: row for row in rows}, [repayment])
    for row in rows:
        principal, interest, late_fee = paid[row.pk]
        row.principal_removed += principal - row.principal_paid
        row.interest_removed += interest - row.interest_paid
        row.late_fee_removed += late_fee - row.late_fee_paid
        row.interest_posted -= interest - row.interest_paid
        row.settled_on = None
        if row.status != InstalmentStatus.SUPERSEDED:
            row.status = ended
    Instalment.objects.bulk_update(rows, RESTORED_COLUMNS)


def _take_from_notes(repayment: Repayment) -> None:
    """Each note has lost what it received of the payment: one statement for any number of notes."""
    source, parameters = Distribution.objects.filter(repayment=repayment).query.sql_with_params()
    update_from(
        Note,
        source=source,
        parameters=parameters,
        match="note_id",
        values={
            "principal_lost": "target.principal_lost + source.principal",
            "principal_received": "target.principal_received - source.principal",
            "interest_received": "target.interest_received - source.interest",
            "late_fees_received": "target.late_fees_received - source.late_fee",
            "servicing_fees_paid": "target.servicing_fees_paid - source.servicing_fee",
        },
    )


def _mirror(entry: JournalEntry, narrative: str, actor: User | None, today: dt.date) -> None:
    reverse_entry(
        entry=entry,
        key=f"reverse:{entry.reference}",
        value_date=today,
        actor=actor,
        narrative=narrative,
        may_owe=True,
    )
