"""Risk tolerance, mandates, and the reasons that automatic lending gives."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _


class RiskTolerance(models.TextChoices):
    CONSERVATIVE = "conservative", _("Careful")
    BALANCED = "balanced", _("Balanced")
    GROWTH = "growth", _("Growth")

    @property
    def target_mix(self) -> dict[str, Decimal]:
        """The share of each grade that this tolerance aims at; grades that are not named are not lent to."""
        return TARGET_MIX[self]


TARGET_MIX: dict[RiskTolerance, dict[str, Decimal]] = {
    RiskTolerance.CONSERVATIVE: {"A": Decimal("0.60"), "B": Decimal("0.40")},
    RiskTolerance.BALANCED: {"A": Decimal("0.35"), "B": Decimal("0.35"), "C": Decimal("0.30")},
    RiskTolerance.GROWTH: {
        "A": Decimal("0.15"),
        "B": Decimal("0.20"),
        "C": Decimal("0.25"),
        "D": Decimal("0.20"),
        "E": Decimal("0.20"),
    },
}


class Occasion(models.TextChoices):
    """When rules look at a loan; part of the key that makes each look happen once."""

    LISTED = "listed"
    NIGHTLY = "nightly"


class MandateStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("On")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", _("Stopped")


class ProposalStatus(models.TextChoices):
    NEW = "new", _("New")
    SEEN = "seen", _("Seen")
    COMMITTED = "committed", _("Lent")
    DISMISSED = "dismissed", _("Not for me")


class DecisionReason(models.TextChoices):
    """Why a mandate did or did not lend to a loan; stable codes, words for people."""

    LENT = "LENT", _("Lent.")
    GRADE = "GRADE", _("The grade is not one that you chose.")
    RATE_LOW = "RATE_LOW", _("The rate is below your minimum.")
    RATE_HIGH = "RATE_HIGH", _("The rate is above your maximum.")
    TERM = "TERM", _("The loan runs longer than you allow.")
    PURPOSE = "PURPOSE", _("The purpose is not one that you chose.")
    DTI = "DTI", _("The borrower's debts are higher than you allow.")
    ALREADY_HELD = "ALREADY_HELD", _("You have lent to this loan already.")
    BORROWER_CAP = "BORROWER_CAP", _("You would have too much with this borrower.")
    LOAN_CAP = "LOAN_CAP", _("Your share of this loan would be too large.")
    MIX = "MIX", _("Your target for this grade is reached.")
    NO_CASH = "NO_CASH", _("You did not have enough money available.")
    RESERVE = "RESERVE", _("Lending would use money that you want to keep.")
    TARGET_REACHED = "TARGET_REACHED", _("Your target is reached.")
    LIMIT = "LIMIT", _("A limit that you or we set was reached.")
    ROOM_FULL = "ROOM_FULL", _("The loan had no room left when it was your turn.")
    OWN_LOAN = "OWN_LOAN", _("You can't lend to your own loan.")
    KYC = "KYC", _("Your identity check is not finished.")
    PAUSED = "PAUSED", _("Your rule is paused.")
    CLOSED = "CLOSED", _("The loan was no longer open.")
