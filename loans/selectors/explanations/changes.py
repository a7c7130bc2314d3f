"""How what was waived, became principal or was lost came to each lender's figure: amount, share, cents that are left.

Nothing of it passes a wallet, so it is explained by its entry in the books and not by a line of a statement.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Q, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from ledger.models import JournalEntry
from loans.account.terms import LoanTerms
from loans.enums.collections import PlanProposalStatus, UnpaidChoice
from loans.enums.loan import RepaymentStatus
from loans.models import CapitalisationShare, Distribution, Loan, LoanCharge, LoanLoss, Note, PlanProposal, Waiver
from loans.selectors.access import LOAN_CHANGES, NOTES
from loans.selectors.explanations.repayment import in_currency
from p2plending.lib.errors import required
from p2plending.lib.money import split_by_ratio

FATES = {
    UnpaidChoice.CAPITALISE: (_("Unpaid interest that became principal"), _("Late fees that became principal")),
    UnpaidChoice.CARRY: (_("Unpaid interest that stays due"), _("Late fees that stay due")),
    UnpaidChoice.WAIVE: (_("Unpaid interest that was waived"), _("Late fees that were waived")),
}


@dataclasses.dataclass(frozen=True, slots=True)
class ChangePart:
    """One amount of a change, in minor units."""

    words: str | Promise
    amount: int


@dataclasses.dataclass(frozen=True, slots=True)
class LoanChange:
    """What was waived, became principal or was lost at once: all its parts, and those that lenders share.

    The principal of a `loss` is what each note had left, which nobody divides; `proposal` is the plan that changed.
    """

    words: str | Promise
    on: dt.date
    entry: JournalEntry
    parts: Sequence[ChangePart]
    shared: Sequence[ChangePart]
    loss: LoanLoss | None = None
    proposal: PlanProposal | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class PartShare:
    """A note's share of one part: `exact` is amount × weight ÷ total weight, in units of the currency to a millionth;
    `amount` (minor units) is what largest remainder makes of it."""

    part: ChangePart
    exact: Decimal
    amount: int


@dataclasses.dataclass(frozen=True, slots=True)
class NoteChange:
    """What a change was for one note; `weight` is the principal that it had outstanding, in minor units."""

    note: Note
    weight: int
    principal_lost: int
    shares: Sequence[PartShare]


@dataclasses.dataclass(frozen=True, slots=True)
class ChangeExplanation:
    """One change as one viewer may see it: lenders their own notes, the borrower no note at all, staff everything."""

    loan: Loan
    change: LoanChange
    notes: Sequence[NoteChange]
    total_weight: int


def changes_of(loan: Loan) -> list[LoanChange]:
    """Everything that was waived, became principal or was lost on the loan, oldest first. Four queries."""
    goes_to_lenders = LoanTerms.from_json(loan.frozen_terms).late_fees_to_lenders
    waivers = Waiver.objects.filter(loan=loan).select_related("entry")
    charges = LoanCharge.objects.filter(loan=loan, waived_on__isnull=False).select_related("waiver_entry")
    plans = PlanProposal.objects.filter(loan=loan, status=PlanProposalStatus.ACCEPTED, entry__isnull=False)
    losses = LoanLoss.objects.filter(open_key=loan.pk).select_related("entry")
    found = [
        *(_of_waiver(waiver, goes_to_lenders) for waiver in waivers),
        *(_of_charge(charge, goes_to_lenders) for charge in charges),
        *(_of_plan(plan, goes_to_lenders) for plan in plans.select_related("entry")),
        *(_of_loss(loss, goes_to_lenders) for loss in losses),
    ]
    return sorted((change for change in found if change.shared or change.loss), key=lambda change: change.entry.pk)


def explain_change(reference: str, viewer: User) -> ChangeExplanation | None:
    """Explain the change with this entry to `viewer`; None when there is none, or it is none of theirs."""
    entry = LOAN_CHANGES.visible_to(viewer).filter(reference=reference, subject_type="loan").first()
    loan = Loan.objects.filter(reference=entry.subject_reference).first() if entry else None
    if entry is None or loan is None:
        return None
    is_owner = viewer.pk == loan.borrower_id
    notes = list(Note.objects.filter(loan=loan).select_related("owner").order_by("pk"))
    change = next((one for one in changes_of(loan) if one.entry is not None and one.entry.pk == entry.pk), None)
    if change is None:
        return None
    weights = _weights(notes, change)
    seen = set(NOTES.visible_to(viewer).filter(loan=loan).values_list("pk", flat=True))
    shown = [one for one in _note_changes(notes, weights, change) if one.note.pk in seen]
    return ChangeExplanation(loan, change, [] if is_owner else shown, sum(weights))


def _of_waiver(waiver: Waiver, goes_to_lenders: bool) -> LoanChange:
    interest = ChangePart(_("Interest that was waived"), waiver.interest)
    late_fee = ChangePart(_("Late fee that was waived"), waiver.late_fee)
    shared = [interest, late_fee] if goes_to_lenders else [interest]
    return _change(_("Waived"), waiver.waived_on, waiver.entry, [interest, late_fee], shared)


def _of_charge(charge: LoanCharge, goes_to_lenders: bool) -> LoanChange:
    part = ChangePart(_("Charge that was waived"), charge.waived)
    return _change(
        _("Waived"),
        required(charge.waived_on, "waived_on"),
        required(charge.waiver_entry, "waiver_entry"),
        [part],
        [part] if goes_to_lenders else [],
    )


def _of_plan(plan: PlanProposal, goes_to_lenders: bool) -> LoanChange:
    interest_choice, fee_choice = UnpaidChoice(plan.interest_choice), UnpaidChoice(plan.late_fee_choice)
    interest = ChangePart(FATES[interest_choice][0], plan.interest)
    late_fee = ChangePart(FATES[fee_choice][1], plan.late_fee)
    added = sum(
        part.amount
        for part, choice in ((interest, interest_choice), (late_fee, fee_choice))
        if choice == UnpaidChoice.CAPITALISE
    )
    shared = [ChangePart(_("Added to the principal"), added)]
    shared += [interest] if interest_choice == UnpaidChoice.WAIVE else []
    shared += [late_fee] if fee_choice == UnpaidChoice.WAIVE and goes_to_lenders else []
    change = _change(
        _("New payment plan"),
        required(plan.decided_on, "decided_on"),
        required(plan.entry, "entry"),
        [interest, late_fee],
        shared,
    )
    return dataclasses.replace(change, proposal=plan)


def _of_loss(loss: LoanLoss, goes_to_lenders: bool) -> LoanChange:
    principal = ChangePart(_("Principal not paid"), loss.principal)
    interest = ChangePart(_("Interest not paid"), loss.interest)
    late_fee = ChangePart(_("Late fees not paid"), loss.late_fee)
    shared = [interest, late_fee] if goes_to_lenders else [interest]
    change = _change(loss.get_kind_display(), loss.lost_on, loss.entry, [principal, interest, late_fee], shared)
    return dataclasses.replace(change, loss=loss)


def _change(
    words: str | Promise,
    on: dt.date,
    entry: JournalEntry,
    parts: Sequence[ChangePart],
    shared: Sequence[ChangePart],
) -> LoanChange:
    return LoanChange(
        words, on, entry, [part for part in parts if part.amount], [part for part in shared if part.amount]
    )


def _weights(notes: Sequence[Note], change: LoanChange) -> list[int]:
    """The principal that each note had outstanding when it happened; what was stored then comes first."""
    weights = [note.principal_lost if change.loss else 0 for note in notes]
    if change.proposal is not None:
        stored = dict(CapitalisationShare.objects.filter(proposal=change.proposal).values_list("note", "weight"))
        weights = [stored.get(note.pk, 0) for note in notes]
    if not any(weights):
        weights = _outstanding_then(notes, change)
    return weights if any(weights) else [note.principal for note in notes]


def _outstanding_then(notes: Sequence[Note], change: LoanChange) -> list[int]:
    """Lent, and added by plans, less the principal that came back in payments which counted before."""
    keys = [note.pk for note in notes]
    before = Q(repayment__counted_on__lt=change.on) | Q(
        repayment__counted_on=change.on, repayment__entry__lt=change.entry.pk
    )
    paid = Distribution.objects.filter(before, note__in=keys, repayment__status=RepaymentStatus.CONFIRMED)
    back = dict(paid.values("note").annotate(total=Sum("principal")).values_list("note", "total"))
    added = CapitalisationShare.objects.filter(note__in=keys, proposal__entry__lt=change.entry.pk)
    grown = dict(added.values("note").annotate(total=Sum("amount")).values_list("note", "total"))
    return [max(note.principal + grown.get(note.pk, 0) - back.get(note.pk, 0), 0) for note in notes]


def _note_changes(notes: Sequence[Note], weights: Sequence[int], change: LoanChange) -> list[NoteChange]:
    total = sum(weights)
    amounts = [split_by_ratio(part.amount, weights) for part in change.shared]
    return [
        NoteChange(
            note,
            weight,
            note.principal_lost if change.loss else 0,
            [
                PartShare(part, in_currency(Decimal(part.amount * weight) / total), amounts[column][place])
                for column, part in enumerate(change.shared)
            ],
        )
        for place, (note, weight) in enumerate(zip(notes, weights, strict=True))
    ]
