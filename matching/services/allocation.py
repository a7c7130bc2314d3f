"""Auto-invest: share an open loan out among the rules that are on, and say for each what it did and why.

Two steps, so that a worker may die or run twice between them. The plan is one transaction that leaves a decision for
every rule; then each planned amount goes through `place_commitment`, the service of the page, with a key that the plan
gives, and its decision is told what came of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import F, QuerySet, Sum

from accounts.models import User
from accounts.selectors.eligibility import Action, blocking_refusal
from accounts.services.idempotency import once
from loans.enums.loan import CommitmentSource, LoanStatus
from loans.models import Commitment, Loan
from loans.services.funding.commitments import (
    BorrowerCap,
    InsufficientBalance,
    LoanNotOpen,
    LoanShareCap,
    MoreThanRemaining,
    OwnLoan,
    place_commitment,
)
from matching.engine.allocation import Claim, Limits, Wish, cap_of, distribute
from matching.engine.eligibility import Criteria, LoanFacts, Reason, reason_against
from matching.enums.mandates import DecisionReason, Occasion
from matching.models import AllocationDecision, AllocationRun, LendingMandate
from matching.selectors.mandates import active_mandates
from matching.selectors.positions import facts_of, held_commitments, positions_for
from matching.services.mandates import mark_served
from p2plending.lib import clock
from p2plending.lib.database.transactions import lock_guard, run_money
from p2plending.lib.errors import Busy, NotPermitted, Refused, required
from p2plending.lib.money import floor_percent_of
from p2plending.lib.rules.values import PlatformRules, platform_rules

REASON_OF_REFUSAL: tuple[tuple[type[Refused], Reason], ...] = (
    (InsufficientBalance, Reason.NO_CASH),
    (LoanNotOpen, Reason.CLOSED),
    (MoreThanRemaining, Reason.ROOM_FULL),
    (OwnLoan, Reason.OWN_LOAN),
    (LoanShareCap, Reason.LOAN_CAP),
    (BorrowerCap, Reason.BORROWER_CAP),
    (NotPermitted, Reason.KYC),
)


def run_mandates(*, loan_id: int, occasion: Occasion, today: dt.date) -> AllocationRun:
    """Share the loan out among every rule that is on, once per occasion (a nightly look: once per day).

    Afterwards each active rule has one decision with its reason. A run that was cut short is carried on by calling it
    again; two calls at once have one effect. Raises Loan.DoesNotExist, Busy.
    """
    loan = Loan.objects.only("reference").get(pk=loan_id)
    key = f"{occasion.value}:{loan.reference}"
    if occasion == Occasion.NIGHTLY:
        key += f":{today.isoformat()}"
    run = _plan(loan_id=loan_id, actor=None, idempotency_key=key, today=today)
    return carry_out(run)


def carry_out(run: AllocationRun) -> AllocationRun:
    """Lend what the run planned and has not lent yet, one transaction per lender, and close the run. Repeatable."""
    planned = run.decisions.filter(reason=DecisionReason.LENT, commitment__isnull=True)
    for decision in planned.select_related("mandate__lender").order_by("pk"):
        _lend(run, decision)
    lent = run.decisions.aggregate(amount=Sum("amount"))["amount"] or 0
    AllocationRun.objects.filter(pk=run.pk, finished_at__isnull=True).update(allocated=lent, finished_at=clock.now())
    run.refresh_from_db()
    return run


def limits_of(rules: PlatformRules) -> Limits:
    """The platform's limits as the engine takes them."""
    return Limits(
        minimum=rules.min_commitment,
        step=rules.commitment_step,
        loan_share_cap=rules.loan_share_cap,
        lender_borrower_cap=rules.lender_borrower_cap,
        lender_total_cap=rules.lender_total_cap,
    )


def criteria_of(mandate: LendingMandate) -> Criteria:
    """What the rule asks of a loan."""
    return Criteria(frozenset(mandate.grade_letters), mandate.min_rate, mandate.max_term_months)


@once(model=AllocationRun, operation="matching.run_mandates")
def _plan(*, loan_id: int, actor: User | None, idempotency_key: str, today: dt.date) -> AllocationRun:
    loan = lock_guard(Loan.objects.filter(pk=loan_id))
    mandates = _locked_mandates()
    rules = platform_rules()
    is_open = (
        loan.status == LoanStatus.LISTED
        and required(loan.listing_ends_on, "listing_ends_on") >= today
        and not loan.is_frozen
    )
    room = _room(loan, rules) if is_open else 0
    if is_open:
        reasons, claims = _weigh(loan, mandates, limits_of(rules), room)
        given = distribute(claims, room=room, remaining=loan.remaining_amount, limits=limits_of(rules))
    else:
        reasons, given = dict.fromkeys((mandate.pk for mandate in mandates), Reason.CLOSED), {}
    run = AllocationRun.objects.create(key=idempotency_key, loan=loan, business_date=today, room=room)
    AllocationDecision.objects.bulk_create(
        AllocationDecision(
            run=run,
            mandate=mandate,
            loan=loan,
            amount=given.get(mandate.pk, 0),
            reason=(Reason.LENT if given.get(mandate.pk) else reasons.get(mandate.pk, Reason.ROOM_FULL)).value,
        )
        for mandate in mandates
    )
    return run


def _locked_mandates() -> list[LendingMandate]:
    """Every active rule, locked in id order so that runs plan one after the other; returned in order of their turn."""
    mandates = list(active_mandates().select_for_update().prefetch_related("lender"))
    LendingMandate.objects.filter(pk__in=[mandate.pk for mandate in mandates]).update(version=F("version") + 1)
    never = [mandate for mandate in mandates if mandate.last_allocated_at is None]
    served = [mandate for mandate in mandates if mandate.last_allocated_at is not None]
    return never + sorted(served, key=lambda mandate: (mandate.last_allocated_at, mandate.pk))


def _room(loan: Loan, rules: PlatformRules) -> int:
    """What rules together may still take of the loan: what it needs, within the share that is left for them."""
    by_rules = held_commitments().filter(loan=loan, source=CommitmentSource.MANDATE)
    taken = by_rules.aggregate(amount=Sum("amount"))["amount"] or 0
    return max(min(loan.remaining_amount, floor_percent_of(loan.principal, rules.autoinvest_share) - taken), 0)


def _weigh(
    loan: Loan, mandates: Sequence[LendingMandate], limits: Limits, room: int
) -> tuple[dict[int, Reason], list[Claim]]:
    """Reasons against, by mandate id, and the claims of the others in order of their turn.

    The gate is asked only while the room can serve one more: who comes after that finds the loan full anyway.
    """
    facts = facts_of(loan)
    positions = positions_for(loan, [mandate.lender_id for mandate in mandates])
    reasons: dict[int, Reason] = {}
    claims: list[Claim] = []
    most_served = max(room // limits.minimum, 1) if room else 0
    for mandate in mandates:
        reason = _reason_against(facts, mandate)
        if reason is None:
            wish = Wish(mandate.amount_per_loan, mandate.keep_available)
            cap = cap_of(wish, positions[mandate.lender_id], loan.principal, loan.remaining_amount, limits)
            reason = cap.reason
        if reason is None and len(claims) < most_served:
            if blocking_refusal(mandate.lender, Action.LEND) is None:
                claims.append(Claim(mandate.pk, cap.amount))
            else:
                reason = Reason.KYC
        if reason is not None:
            reasons[mandate.pk] = reason
    return reasons, claims


def _reason_against(facts: LoanFacts, mandate: LendingMandate) -> Reason | None:
    if mandate.lender_id == facts.borrower_id:
        return Reason.OWN_LOAN
    return reason_against(facts, criteria_of(mandate))


def _lend(run: AllocationRun, decision: AllocationDecision) -> None:
    mandate = decision.mandate
    try:
        commitment = place_commitment(
            loan_id=run.loan_id,
            lender=mandate.lender,
            amount=decision.amount,
            actor=None,
            idempotency_key=f"mandate:{run.key}:{mandate.reference}",
            today=run.business_date,
            source=CommitmentSource.MANDATE,
        )
    except Busy:
        raise
    except Refused as refusal:
        reason = _reason_of(refusal)
        run_money(lambda: _note_refusal(decision.pk, reason))
    else:
        run_money(lambda: _note_commitment(run, decision, commitment))


def _reason_of(refusal: Refused) -> Reason:
    return next((reason for kind, reason in REASON_OF_REFUSAL if isinstance(refusal, kind)), Reason.LIMIT)


def _note_refusal(decision_id: int, reason: Reason) -> None:
    """Only while no commitment is known: a twin that lent with the same key has the last word."""
    unsettled = AllocationDecision.objects.filter(pk=decision_id, commitment__isnull=True)
    unsettled.update(reason=reason.value, amount=0)


def _note_commitment(run: AllocationRun, decision: AllocationDecision, commitment: Commitment) -> None:
    unsettled = AllocationDecision.objects.filter(pk=decision.pk, commitment__isnull=True)
    unsettled.update(reason=Reason.LENT.value, amount=commitment.amount, commitment=commitment)
    mark_served(decision.mandate_id, run.created_at)


def unfinished_runs() -> QuerySet[AllocationRun]:
    """Runs whose plan was not carried out to the end, oldest first."""
    return AllocationRun.objects.filter(finished_at__isnull=True).order_by("pk")
