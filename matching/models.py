"""LENDER SIDE: risk profile, suggestions, auto-invest mandates and their decisions."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from matching.enums.mandates import DecisionReason, MandateStatus, ProposalStatus, RiskTolerance
from p2plending.lib.models import GuardedModel, KeyTextField, MomentField, MoneyField, RateField, TimestampedModel


class RiskProfile(TimestampedModel):
    """What a lender told us about the risk that is right for them."""

    lender = models.OneToOneField("accounts.User", on_delete=models.PROTECT, related_name="risk_profile")
    tolerance = models.CharField(_("risk tolerance"), max_length=14, choices=RiskTolerance)

    class Meta:
        verbose_name = _("risk profile")
        verbose_name_plural = _("risk profiles")

    def __str__(self) -> str:
        return f"{self.lender} {self.tolerance}"


class LendingMandate(GuardedModel):
    """A lender's standing rule. The row is the guard of everything that it does."""

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    lender = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="mandates")
    # One active rule a lender for now: holds the lender's id while the rule is on.
    active_for = models.BigIntegerField(unique=True, null=True, blank=True, editable=False)
    status = models.CharField(_("state"), max_length=10, choices=MandateStatus, default=MandateStatus.DRAFT)
    grades = models.CharField(_("grades"), max_length=20, help_text=_("Letters, comma separated"))
    min_rate = RateField(_("lowest rate"), default=0)
    max_term_months = models.PositiveSmallIntegerField(_("longest loan in months"), default=60)
    amount_per_loan = MoneyField(_("amount per loan"))
    keep_available = MoneyField(_("money to keep"), default=0)
    last_allocated_at = models.DateTimeField(null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    consent_text_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("auto-invest rule")
        verbose_name_plural = _("auto-invest rules")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_per_loan__gt=0, keep_available__gte=0, max_term_months__gt=0),
                name="mandate_amounts_in_range",
            ),
            models.CheckConstraint(
                condition=Q(status=MandateStatus.ACTIVE, active_for__isnull=False, activated_at__isnull=False)
                | ~Q(status=MandateStatus.ACTIVE) & Q(active_for__isnull=True),
                name="mandate_active_marked",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def grade_letters(self) -> tuple[str, ...]:
        return tuple(letter for letter in self.grades.split(",") if letter)


class MatchProposal(TimestampedModel):
    """A suggested loan for a lender, with its score and the three strongest reasons."""

    reference = models.CharField(max_length=16, unique=True, editable=False)
    lender = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="proposals")
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="proposals")
    score = models.DecimalField(_("score"), max_digits=5, decimal_places=1)
    reasons = models.JSONField(_("reasons"))
    status = models.CharField(_("state"), max_length=10, choices=ProposalStatus, default=ProposalStatus.NEW)

    class Meta:
        verbose_name = _("suggestion")
        verbose_name_plural = _("suggestions")
        ordering = ("-score", "loan_id")
        constraints = [models.UniqueConstraint(fields=["lender", "loan"], name="proposal_once")]

    def __str__(self) -> str:
        return f"{self.lender} {self.loan} {self.score}"


class AllocationRun(models.Model):
    """One sharing-out of one loan among mandates; `key` makes it happen once per occasion."""

    key = KeyTextField(max_length=80, unique=True)
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="allocation_runs")
    business_date = models.DateField()
    room = MoneyField()
    allocated = MoneyField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    created_at = MomentField(auto_now_add=True)

    class Meta:
        verbose_name = _("auto-invest run")
        verbose_name_plural = _("auto-invest runs")
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.key


class AllocationDecision(models.Model):
    """What a mandate did with a loan in a run, and why."""

    run = models.ForeignKey(AllocationRun, on_delete=models.PROTECT, related_name="decisions")
    mandate = models.ForeignKey(LendingMandate, on_delete=models.PROTECT, related_name="decisions")
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=16, choices=DecisionReason)
    amount = MoneyField(_("amount"), default=0)
    commitment = models.OneToOneField(
        "loans.Commitment", on_delete=models.PROTECT, null=True, blank=True, related_name="decision"
    )
    created_at = MomentField(auto_now_add=True)

    class Meta:
        verbose_name = _("auto-invest decision")
        verbose_name_plural = _("auto-invest decisions")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["run", "mandate"], name="decision_once"),
            models.CheckConstraint(
                condition=Q(reason=DecisionReason.LENT, amount__gt=0) | ~Q(reason=DecisionReason.LENT) & Q(amount=0),
                name="decision_lent_has_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mandate} {self.loan} {self.reason}"
