"""A lender's rule and what it decided."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Avg, QuerySet

from accounts.models import User
from loans.models import GradeTerms
from matching.enums.mandates import MandateStatus
from matching.models import AllocationDecision, LendingMandate, RiskProfile
from matching.selectors.access import DECISIONS, MANDATES, RISK_PROFILES


def risk_profile_of(lender: User) -> RiskProfile | None:
    """The lender's risk profile, or None when it was never chosen."""
    return RISK_PROFILES.own_of(lender).first()


def mandate_of(lender: User) -> LendingMandate | None:
    """The lender's rule, on or off; None when there is none yet."""
    return MANDATES.own_of(lender).exclude(status=MandateStatus.STOPPED).first()


def active_mandates() -> QuerySet[LendingMandate]:
    """Every rule that is on, in id order."""
    return LendingMandate.objects.filter(status=MandateStatus.ACTIVE).order_by("pk")


def decisions_of(lender: User) -> QuerySet[AllocationDecision]:
    """What the lender's rules did and did not do, newest first, with loan and commitment."""
    return DECISIONS.own_of(lender).select_related("loan", "run", "commitment", "mandate").order_by("-id")


def expected_losses() -> dict[str, Decimal]:
    """Yearly loss to expect by grade, a fraction, over the products that are offered. One query."""
    grades = GradeTerms.objects.filter(product__is_offered=True).order_by().values_list("grade")
    return {grade: Decimal(loss) for grade, loss in grades.annotate(Avg("expected_loss_rate"))}
