"""A borrower who can't pay as planned: what they ask, what we propose, what is waived."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loans.enums.collections import HardshipCause, HardshipStatus, PlanOption, PlanProposalStatus, UnpaidChoice
from p2plending.lib.models import MomentField, MoneyField, TimestampedModel


class Waiver(models.Model):
    """Interest or late fee of one instalment that nobody has to pay any more."""

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="waivers")
    instalment = models.ForeignKey("loans.Instalment", on_delete=models.PROTECT, related_name="waivers")
    interest = MoneyField(_("interest"), default=0)
    late_fee = MoneyField(_("late fee"), default=0)
    reason = models.CharField(_("reason"), max_length=300)
    waived_on = models.DateField(_("waived on"))
    actor = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    entry = models.OneToOneField("ledger.JournalEntry", on_delete=models.PROTECT, related_name="waiver")
    created_at = MomentField(auto_now_add=True)

    class Meta:
        verbose_name = _("waiver")
        verbose_name_plural = _("waivers")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(interest__gte=0, late_fee__gte=0) & (Q(interest__gt=0) | Q(late_fee__gt=0)),
                name="waiver_of_something",
            )
        ]

    def __str__(self) -> str:
        return self.reference


class HardshipRequest(TimestampedModel):
    """The borrower asks for another plan. `story` is for staff only; lenders learn the category of `cause`.

    `open_key` holds the loan's id while the request waits for a decision.
    """

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="hardship_requests")
    cause = models.CharField(_("what happened"), max_length=10, choices=HardshipCause)
    story = models.TextField(_("in your own words"), max_length=2000, blank=True)
    expected_months = models.PositiveSmallIntegerField(_("how many months it may last"))
    affordable_amount = MoneyField(_("what you could pay each time"))
    option = models.CharField(_("what would help"), max_length=12, choices=PlanOption)
    due_day = models.PositiveSmallIntegerField(_("day of the month"), null=True, blank=True)
    payments = models.PositiveSmallIntegerField(_("how many payments"), null=True, blank=True)
    status = models.CharField(_("state"), max_length=10, choices=HardshipStatus, default=HardshipStatus.OPEN)
    open_key = models.BigIntegerField(unique=True, null=True, blank=True, editable=False)
    asked_on = models.DateField(_("asked on"))
    paused_until = models.DateField(_("late fees wait until"))
    decided_on = models.DateField(null=True, blank=True)
    decided_by = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    decision_note = models.CharField(_("our answer"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("request for help")
        verbose_name_plural = _("requests for help")
        ordering = ("-id",)
        indexes = [models.Index(fields=["status", "asked_on"], name="hardship_queue")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status=HardshipStatus.OPEN, open_key__isnull=False, decided_on__isnull=True)
                | ~Q(status=HardshipStatus.OPEN) & Q(open_key__isnull=True, decided_on__isnull=False),
                name="hardship_open_is_marked",
            ),
            models.CheckConstraint(condition=Q(affordable_amount__gte=0), name="hardship_amount_not_negative"),
        ]

    def __str__(self) -> str:
        return self.reference


class PlanProposal(TimestampedModel):
    """A new payment plan that the borrower may accept, and after that what it did with unpaid interest and fees.

    The figures are worked out on the day: `interest` and `late_fee` are filled in when it is accepted.
    """

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="plan_proposals")
    hardship = models.OneToOneField(
        HardshipRequest, on_delete=models.PROTECT, null=True, blank=True, related_name="proposal"
    )
    option = models.CharField(_("what changes"), max_length=12, choices=PlanOption)
    due_day = models.PositiveSmallIntegerField(_("day of the month"), null=True, blank=True)
    payments = models.PositiveSmallIntegerField(_("how many payments"), null=True, blank=True)
    amount = MoneyField(_("payment"), null=True, blank=True)
    interest_choice = models.CharField(_("unpaid interest"), max_length=10, choices=UnpaidChoice)
    late_fee_choice = models.CharField(_("unpaid late fees"), max_length=10, choices=UnpaidChoice)
    reason = models.CharField(_("reason"), max_length=300)
    status = models.CharField(
        _("state"), max_length=10, choices=PlanProposalStatus, default=PlanProposalStatus.PROPOSED
    )
    open_key = models.BigIntegerField(unique=True, null=True, blank=True, editable=False)
    proposed_on = models.DateField(_("proposed on"))
    proposed_by = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    expires_on = models.DateField(_("valid until"))
    decided_on = models.DateField(null=True, blank=True)
    interest = MoneyField(_("unpaid interest"), default=0)
    late_fee = MoneyField(_("unpaid late fees"), default=0)
    schedule_version = models.PositiveSmallIntegerField(null=True, blank=True)
    entry = models.OneToOneField(
        "ledger.JournalEntry", on_delete=models.PROTECT, null=True, blank=True, related_name="plan_proposal"
    )

    class Meta:
        verbose_name = _("proposed plan")
        verbose_name_plural = _("proposed plans")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(status=PlanProposalStatus.PROPOSED, open_key__isnull=False, decided_on__isnull=True)
                | ~Q(status=PlanProposalStatus.PROPOSED) & Q(open_key__isnull=True, decided_on__isnull=False),
                name="proposal_open_is_marked",
            ),
            models.CheckConstraint(
                condition=~Q(status=PlanProposalStatus.ACCEPTED) | Q(schedule_version__isnull=False),
                name="proposal_accepted_has_version",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class CapitalisationShare(models.Model):
    """What one note gained when unpaid interest and fees became principal: by its `weight`, the principal it had."""

    proposal = models.ForeignKey(PlanProposal, on_delete=models.PROTECT, related_name="shares")
    note = models.ForeignKey("loans.Note", on_delete=models.PROTECT, related_name="capitalisation_shares")
    weight = MoneyField()
    amount = MoneyField(default=0)

    class Meta:
        verbose_name = _("share of what was added to the loan")
        verbose_name_plural = _("shares of what was added to the loan")
        constraints = [models.UniqueConstraint(fields=["proposal", "note"], name="capitalisation_share_once")]

    def __str__(self) -> str:
        return f"{self.proposal} → {self.note}"
