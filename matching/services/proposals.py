"""Loans that fit a lender, scored and kept: refreshed when a loan opens and when the lender looks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.audit import record
from loans.enums.loan import LoanStatus
from loans.models import Loan
from matching.engine.allocation import Limits, Position, Wish, cap_of
from matching.engine.eligibility import Criteria, reason_against
from matching.engine.scoring import Holdings, Match, Preference, match
from matching.enums.mandates import MandateStatus, ProposalStatus, RiskTolerance
from matching.models import LendingMandate, MatchProposal, RiskProfile
from matching.selectors.positions import facts_of, held_commitments, holdings_of
from matching.services.allocation import limits_of
from matching.services.profiles import LendersOnly
from p2plending.lib.database.references import new_reference
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import NotPermitted
from p2plending.lib.rules.values import platform_rules

OPEN = (ProposalStatus.NEW, ProposalStatus.SEEN)
# What a lender without a rule of his own is taken to want.
DEFAULT_MIN_RATE = Decimal("0.04")
DEFAULT_LONGEST_TERM = 60
REASONS_SHOWN = 3
# A suggestion does not depend on money in the wallet: it may be a reason to add some.
ENOUGH = 10**15


class NotYourSuggestion(NotPermitted):
    """Made for somebody else."""

    code = "not_your_suggestion"
    default_message = _("This suggestion was not made for you.")


def propose_matches(*, lender: User, today: dt.date) -> list[MatchProposal]:
    """Score every open loan for the lender and keep those that fit; returns the open suggestions, best first.

    Dismissed ones stay dismissed, loans that he is in already are marked as lent. A lender without a risk profile gets
    none. Writes only what changed. Raises LendersOnly.
    """
    if not lender.is_lender:
        raise LendersOnly
    loans = list(_open_loans(today))
    run_money(lambda: _propose([lender.pk], loans))
    fresh = MatchProposal.objects.filter(lender=lender, loan__in=loans, status__in=OPEN, score__gt=0).select_related(
        "loan"
    )
    return list(fresh.order_by("-score", "loan_id"))


def propose_loan(*, loan_id: int, today: dt.date) -> int:
    """Score one newly opened loan for every lender with a risk profile; returns how many it fits.

    The number of statements does not grow with the number of lenders, but for batches of rows.
    """
    loans = list(_open_loans(today).filter(pk=loan_id))
    lender_ids = list(RiskProfile.objects.filter(lender__is_active=True).values_list("lender_id", flat=True))
    return run_money(lambda: _propose(lender_ids, loans))


def dismiss_proposal(*, proposal_id: int, actor: User) -> MatchProposal:
    """Not for me: the loan is not suggested to this lender again. Doing it twice changes nothing.

    Raises NotYourSuggestion.
    """
    return run_money(lambda: _dismiss(proposal_id, actor))


def _dismiss(proposal_id: int, actor: User) -> MatchProposal:
    proposal = MatchProposal.objects.select_for_update().get(pk=proposal_id)
    if proposal.lender_id != actor.pk:
        raise NotYourSuggestion
    if proposal.status != ProposalStatus.DISMISSED:
        proposal.status = ProposalStatus.DISMISSED
        proposal.save(update_fields=["status", "updated_at"])
        record(
            action="matching.proposal.dismissed",
            actor=actor,
            subject_type="proposal",
            subject_reference=proposal.reference,
        )
    return proposal


def _open_loans(today: dt.date) -> QuerySet[Loan]:
    return Loan.objects.filter(status=LoanStatus.LISTED, listing_ends_on__gte=today, is_frozen=False).order_by("pk")


def _propose(lender_ids: Sequence[int], loans: Sequence[Loan]) -> int:
    if not loans or not lender_ids:
        return 0
    tastes = _tastes(lender_ids)
    holdings = holdings_of(list(tastes))
    known = _known(list(tastes), loans)
    in_loan = set(held_commitments().filter(loan__in=loans, lender_id__in=tastes).values_list("lender_id", "loan_id"))
    rules = platform_rules()
    new, changed, fitting = [], [], 0
    for lender_id, taste in tastes.items():
        for loan in loans:
            proposal = known.get((lender_id, loan.pk))
            if proposal is not None and proposal.status == ProposalStatus.DISMISSED:
                continue
            is_held = (lender_id, loan.pk) in in_loan
            fit = None if is_held else _fit(loan, lender_id, taste, holdings[lender_id], limits_of(rules))
            fitting += fit is not None
            if proposal is None and fit is not None:
                new.append(_new_proposal(lender_id, loan, fit))
            elif proposal is not None and _refresh(proposal, fit, is_held=is_held):
                changed.append(proposal)
    MatchProposal.objects.bulk_create(new, ignore_conflicts=True, batch_size=500)
    MatchProposal.objects.bulk_update(changed, ["score", "reasons", "status", "updated_at"], batch_size=200)
    return fitting


def _tastes(lender_ids: Sequence[int]) -> dict[int, Preference]:
    mandates = LendingMandate.objects.filter(lender_id__in=lender_ids).exclude(status=MandateStatus.STOPPED)
    rule_of = {mandate.lender_id: mandate for mandate in mandates.order_by("pk")}
    tastes = {}
    for profile in RiskProfile.objects.filter(lender_id__in=lender_ids):
        rule = rule_of.get(profile.lender_id)
        tastes[profile.lender_id] = Preference(
            target_mix=RiskTolerance(profile.tolerance).target_mix,
            min_rate=rule.min_rate if rule else DEFAULT_MIN_RATE,
            max_term_months=rule.max_term_months if rule else DEFAULT_LONGEST_TERM,
            has_limits=rule is not None,
        )
    return tastes


def _known(lender_ids: Sequence[int], loans: Sequence[Loan]) -> dict[tuple[int, int], MatchProposal]:
    proposals = MatchProposal.objects.filter(lender_id__in=lender_ids, loan__in=loans)
    return {(proposal.lender_id, proposal.loan_id): proposal for proposal in proposals}


def _fit(loan: Loan, lender_id: int, taste: Preference, holdings: Holdings, limits: Limits) -> Match | None:
    """The score, or None when a hard filter or a limit of the platform speaks against the loan."""
    facts = facts_of(loan)
    criteria = Criteria(frozenset(taste.target_mix), taste.min_rate, taste.max_term_months)
    if facts.borrower_id == lender_id or reason_against(facts, criteria):
        return None
    position = Position(
        available=ENOUGH, with_borrower=holdings.by_borrower.get(facts.borrower_id, 0), in_total=holdings.total
    )
    wish = Wish(amount_per_loan=limits.minimum, keep_available=0)
    cap = cap_of(wish, position, facts.principal, facts.remaining, limits)
    return match(facts, taste, holdings, cap.amount) if cap.amount else None


def _new_proposal(lender_id: int, loan: Loan, fit: Match) -> MatchProposal:
    return MatchProposal(
        reference=new_reference("MP"), lender_id=lender_id, loan=loan, score=fit.score, reasons=_reasons(fit)
    )


def _refresh(proposal: MatchProposal, fit: Match | None, *, is_held: bool) -> bool:
    """Bring a stored suggestion up to date; False when nothing changed."""
    before = (proposal.score, proposal.reasons, proposal.status)
    if fit is not None:
        proposal.score, proposal.reasons = fit.score, _reasons(fit)
        proposal.status = ProposalStatus.NEW if proposal.status not in OPEN else proposal.status
    elif is_held:
        proposal.status = ProposalStatus.COMMITTED
    else:
        proposal.score = Decimal(0)
    return before != (proposal.score, proposal.reasons, proposal.status)


def _reasons(fit: Match) -> list[dict[str, Any]]:
    return [
        {"code": term.part.value, "points": str(term.points), "most": term.most}
        for term in fit.strongest(REASONS_SHOWN)
    ]
