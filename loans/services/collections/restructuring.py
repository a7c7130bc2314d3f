"""A new payment plan: proposed by staff, accepted by the borrower; the old one is kept and shown."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, OuterRef, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.services.idempotency import once
from ledger.enums.books import EntryKind
from ledger.models import JournalEntry
from ledger.services.posting import post_entry
from loans.account.balances import REPLACED_COLUMNS, replace_rows
from loans.account.bring_forward import brought_forward
from loans.account.restructure import NewPlan, PlanTerms, plan_anew
from loans.account.state import finance_terms, live_instalments, open_notes
from loans.account.terms import LoanTerms
from loans.enums.collections import PlanOption, PlanProposalStatus, UnpaidChoice
from loans.enums.loan import LoanEvent, LoanStatus, NoteStatus
from loans.enums.permissions import WORK_COLLECTIONS
from loans.finance import InvalidTerms
from loans.finance.restructure import PaymentTooSmall
from loans.journal.collections import capitalisation_lines, recognition_lines, waiver_lines
from loans.models import CapitalisationShare, HardshipRequest, Instalment, Loan, Note, PlanProposal
from loans.services.approvals.permissions import require_loan_permission
from loans.services.collections.waivers import ReasonMissing
from loans.services.notices.collections import notify_plan_changed, notify_plan_proposed
from loans.services.servicing.apply_payment import accrue_until
from loans.services.servicing.cure import end_notice
from loans.services.servicing.lifecycle import record_step, require_borrower, require_state
from loans.services.servicing.locking import lock_current_loan, lock_owing_loan
from loans.services.servicing.state import move_with_columns, pause_collections, store_version
from p2plending.lib import clock
from p2plending.lib.database.bulk import insert_rows
from p2plending.lib.database.references import new_reference
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import InvalidTransition, Refused
from p2plending.lib.formatting import format_money
from p2plending.lib.money import split_by_ratio

VALID_DAYS = 14
SHARE_COLUMNS = ("proposal_id", "note_id", "weight", "amount")


class PlanNotPossible(Refused):
    """The figures give no plan."""

    code = "plan_not_possible"
    default_message = gettext_lazy(
        "No plan can be made with these figures. Check the day, the number of payments and the amount."
    )


class PaymentBelowInterest(Refused):
    """The smaller payment would not even pay the interest of its month."""

    code = "payment_below_interest"


class NothingToPlan(Refused):
    """No principal is left that a plan could spread, or money paid ahead covers all of it."""

    code = "nothing_to_plan"
    status = 409
    default_message = gettext_lazy(
        "No principal is left to plan beside what was paid ahead. Waive or collect what is owed."
    )


class FeesStayOurs(Refused):
    """Late fees that the platform keeps can't become the lenders' principal."""

    code = "fees_stay_ours"
    default_message = gettext_lazy("Late fees of this loan are the platform's. They can be left due or waived.")


class ProposalOpen(Refused):
    """One proposal at a time."""

    code = "proposal_open"
    status = 409
    default_message = gettext_lazy("A new plan was proposed already and waits for an answer.")


class ProposalEnded(InvalidTransition):
    """The proposal was answered or ran out."""

    code = "proposal_ended"
    default_message = gettext_lazy("This proposal is not open any more. The page was out of date.")


def preview_plan(loan: Loan, asked: PlanTerms, today: dt.date) -> NewPlan:
    """The plan that would replace the present one on `today`: the posting's own figures, nothing written.

    Raises PlanNotPossible, PaymentBelowInterest, NothingToPlan, FeesStayOurs.
    """
    terms = LoanTerms.from_json(loan.frozen_terms)
    rows = live_instalments(loan)
    credit = brought_forward(loan, terms, rows, today).credit
    if not any(row.principal_unpaid for row in rows):
        raise NothingToPlan
    if asked.late_fee_choice == UnpaidChoice.CAPITALISE and not terms.late_fees_to_lenders:
        raise FeesStayOurs
    try:
        plan = plan_anew(loan, finance_terms(loan, terms), rows, asked, today)
    except PaymentTooSmall as error:
        words = _("The payment must be at least %(least)s: that is the interest of one period.")
        message = words % {"least": format_money(error.least)}
        raise PaymentBelowInterest(message, least=error.least) from error
    except InvalidTerms as error:
        raise PlanNotPossible from error
    if credit >= plan.claims.total - plan.waived:
        raise NothingToPlan
    return plan


@once(model=PlanProposal, operation="loans.propose_plan")
def propose_plan(
    *, loan_id: int, asked: PlanTerms, reason: str, actor: User | None, idempotency_key: str, today: dt.date
) -> PlanProposal:
    """Propose a new plan to the borrower, who has 14 days to accept it. Nothing changes until then.

    Raises StaffOnly, MissingPermission, OwnLoan, LoanNotOwing, InvalidTransition (in default), ReasonMissing,
    ProposalOpen, and what `preview_plan` raises.
    """
    loan = lock_owing_loan(loan_id, today)
    require_loan_permission(actor, WORK_COLLECTIONS, loan)
    return make_proposal(loan, asked, reason=reason, hardship=None, actor=actor, today=today)


def make_proposal(
    loan: Loan,
    asked: PlanTerms,
    *,
    reason: str,
    hardship: HardshipRequest | None,
    actor: User | None,
    today: dt.date,
) -> PlanProposal:
    """Write the proposal and tell the borrower. Call under the loan's guard. Raises as `propose_plan` does."""
    require_state(loan, LoanEvent.RESTRUCTURE)
    if not reason.strip():
        raise ReasonMissing
    if PlanProposal.objects.filter(open_key=loan.pk).exists():
        raise ProposalOpen
    preview_plan(loan, asked, today)
    proposal = PlanProposal.objects.create(
        reference=new_reference("PP"),
        loan=loan,
        hardship=hardship,
        option=asked.option,
        due_day=asked.due_day,
        payments=asked.payments,
        amount=asked.amount,
        interest_choice=asked.interest_choice,
        late_fee_choice=asked.late_fee_choice,
        reason=reason.strip(),
        open_key=loan.pk,
        proposed_on=today,
        proposed_by=actor,
        expires_on=today + dt.timedelta(days=VALID_DAYS),
    )
    record_step(loan, "plan_proposed", actor=actor, reason=reason, data={"proposal": proposal.reference})
    notify_plan_proposed(loan, proposal)
    return proposal


def plan_terms_of(proposal: PlanProposal) -> PlanTerms:
    """What a stored proposal asks for."""
    return PlanTerms(
        option=PlanOption(proposal.option),
        due_day=proposal.due_day,
        payments=proposal.payments,
        amount=proposal.amount,
        interest_choice=UnpaidChoice(proposal.interest_choice),
        late_fee_choice=UnpaidChoice(proposal.late_fee_choice),
    )


@once(model=PlanProposal, operation="loans.accept_plan")
def accept_plan(*, proposal_id: int, actor: User | None, idempotency_key: str, today: dt.date) -> PlanProposal:
    """Accept the proposed plan: it replaces the old one today, and the loan is marked as restructured.

    Unpaid interest and late fees become principal (rule RES-cap; notes grow by their share), stay due beside the plan,
    or are waived (rule WAIVE), as the proposal says. Money paid ahead is kept for the new plan.
    Raises NotYourLoan, LoanNotOwing, InvalidTransition, ProposalEnded, and what `preview_plan` raises.
    """
    loan, proposal = _lock_open(proposal_id, actor, today)
    require_state(loan, LoanEvent.RESTRUCTURE)
    plan = preview_plan(loan, plan_terms_of(proposal), today)
    proposal.entry = _post(loan, plan, proposal, actor, today)
    replace_rows(plan.replaced, loan.schedule_version + 1)
    Instalment.objects.bulk_update(plan.replaced, REPLACED_COLUMNS)
    reason = _("New plan: %(option)s") % {"option": proposal.get_option_display()}
    store_version(loan, reason, plan.added, actor=actor, today=today)
    _grow_notes(loan, proposal, plan.capitalised)
    # What stays due beside the plan is due now, and money paid ahead pays it.
    terms = LoanTerms.from_json(loan.frozen_terms)
    accrue_until(loan, terms, live_instalments(loan), until=today, actor=actor)
    proposal.interest, proposal.late_fee = plan.claims.interest, plan.claims.late_fee
    proposal.schedule_version = loan.schedule_version
    end_notice(loan, today)
    loan.is_restructured = True
    pause_collections(loan, today, today=today)
    loan.collections_paused_until = None
    loan.save(update_fields=["is_restructured", "collections_paused_until", "updated_at"])
    end_proposal(loan, proposal, PlanProposalStatus.ACCEPTED, actor=actor, today=today)
    move_with_columns(loan, LoanEvent.RESTRUCTURE, actor=actor, today=today, reason=proposal.reference)
    notify_plan_changed(loan, proposal)
    return proposal


@once(model=PlanProposal, operation="loans.decline_plan")
def decline_plan(*, proposal_id: int, actor: User | None, idempotency_key: str, today: dt.date) -> PlanProposal:
    """Decline the proposed plan; the old one goes on. Raises NotYourLoan, LoanNotOwing, ProposalEnded."""
    loan, proposal = _lock_open(proposal_id, actor, today)
    return end_proposal(loan, proposal, PlanProposalStatus.DECLINED, actor=actor, today=today)


def end_proposal(
    loan: Loan, proposal: PlanProposal, status: PlanProposalStatus, *, actor: User | None, today: dt.date
) -> PlanProposal:
    """Close a proposal that did not become a plan. Call under the loan's guard."""
    proposal.status, proposal.open_key, proposal.decided_on = status, None, today
    proposal.save()
    if proposal.hardship_id and status != PlanProposalStatus.ACCEPTED and loan.status in LoanStatus.owing():
        pause_collections(loan, today, today=today)
    record_step(loan, f"plan_{status.value}", actor=actor, data={"proposal": proposal.reference})
    return proposal


def expire_proposal(*, proposal_id: int, today: dt.date) -> bool:
    """End a proposal that was not answered in time, or whose loan was closed; says whether it did."""

    def run() -> bool:
        found = PlanProposal.objects.get(pk=proposal_id)
        loan = lock_current_loan(found.loan_id, today)
        proposal = PlanProposal.objects.get(pk=proposal_id)
        is_over = today > proposal.expires_on or loan.status not in LoanStatus.owing()
        if proposal.status != PlanProposalStatus.PROPOSED or not is_over:
            return False
        end_proposal(loan, proposal, PlanProposalStatus.EXPIRED, actor=None, today=today)
        return True

    return run_money(run)


def _lock_open(proposal_id: int, actor: User | None, today: dt.date) -> tuple[Loan, PlanProposal]:
    found = PlanProposal.objects.get(pk=proposal_id)
    loan = lock_owing_loan(found.loan_id, today)
    require_borrower(loan, actor)
    proposal = PlanProposal.objects.select_related("hardship").get(pk=proposal_id)
    if proposal.status != PlanProposalStatus.PROPOSED or today > proposal.expires_on:
        raise ProposalEnded(status=proposal.status)
    return loan, proposal


def _post(loan: Loan, plan: NewPlan, proposal: PlanProposal, actor: User | None, today: dt.date) -> JournalEntry | None:
    interest, late_fee = plan.part(UnpaidChoice.CAPITALISE)
    waived_interest, waived_fee = plan.part(UnpaidChoice.WAIVE)
    lines = [
        *recognition_lines(loan.reference, plan.claims.interest_recognised),
        *capitalisation_lines(loan.reference, interest=interest, late_fee=late_fee),
        *waiver_lines(loan.reference, interest=waived_interest, late_fee=waived_fee),
    ]
    if not any(line.debit or line.credit for line in lines):
        return None
    kind = EntryKind.CAPITALISATION if plan.capitalised else EntryKind.WAIVER
    if not plan.capitalised and not plan.waived:
        kind = EntryKind.INTEREST_DUE
    return post_entry(
        kind=kind,
        key=f"plan:{proposal.reference}",
        value_date=today,
        lines=lines,
        actor=actor,
        narrative=f"New payment plan of loan {loan.reference}",
        subject_type="loan",
        subject_reference=loan.reference,
    )


def _grow_notes(loan: Loan, proposal: PlanProposal, capitalised: int) -> None:
    """Add what became principal to the notes, by the principal that each has outstanding, by largest remainder."""
    if not capitalised:
        return
    notes = open_notes(loan)
    parts = split_by_ratio(capitalised, [note.principal_outstanding for note in notes])
    rows = [(proposal.pk, note.pk, note.principal_outstanding, part) for note, part in zip(notes, parts, strict=True)]
    insert_rows(CapitalisationShare, SHARE_COLUMNS, rows)
    part = Subquery(CapitalisationShare.objects.filter(proposal=proposal, note=OuterRef("pk")).values("amount")[:1])
    Note.objects.filter(loan=loan, status__in=NoteStatus.open()).update(
        principal_outstanding=F("principal_outstanding") + part,
        capitalised=F("capitalised") + part,
        updated_at=clock.now(),
    )
