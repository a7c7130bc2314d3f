"""Money from the borrower: what it paid for, and what each note received of it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loans.enums.loan import RepaymentMethod, RepaymentStatus
from p2plending.lib.models import CarryField, GuardedModel, MoneyField


class Repayment(GuardedModel):
    """One payment. Declared ones wait for staff; confirmed ones have a journal entry. `amount` is what was received;
    `surplus` is the part above the pay-off figure, which went to the borrower's wallet.

    `held` is the part that is kept for the next due dates, `credit_used` what was kept before and is used together with
    this payment. A payment of the method CREDIT is made by the calendar, out of what was kept.
    """

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="repayments")
    payer = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="repayments")
    amount = MoneyField(_("amount"))
    method = models.CharField(_("how"), max_length=10, choices=RepaymentMethod)
    extra_mode = models.CharField(_("extra money"), max_length=10, blank=True)
    value_date = models.DateField(_("paid on"))
    bank_reference = models.CharField(_("reference on the transfer"), max_length=60, blank=True)
    status = models.CharField(_("state"), max_length=10, choices=RepaymentStatus)
    late_fee = MoneyField(_("late fee"), default=0)
    interest = MoneyField(_("interest"), default=0)
    principal = MoneyField(_("principal"), default=0)
    surplus = MoneyField(_("back to the wallet"), default=0)
    held = MoneyField(_("kept for the next payments"), default=0)
    credit_used = MoneyField(_("paid ahead before, used with it"), default=0)
    servicing_fee = MoneyField(_("servicing fee of the lenders"), default=0)
    entry = models.OneToOneField(
        "ledger.JournalEntry", on_delete=models.PROTECT, null=True, blank=True, related_name="repayment"
    )
    # The day on which it was allocated: its value date, or later when something had been posted since.
    counted_on = models.DateField(_("counts on"), null=True, blank=True)
    # A payment worked out again, because an earlier one came back or was entered later, is a new row.
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by")
    found_on = models.DateField(_("found on"), null=True, blank=True, editable=False)
    is_told = models.BooleanField(_("the person was told"), default=True, editable=False)
    decided_by = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(_("note to the person"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("repayment")
        verbose_name_plural = _("repayments")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["status", "created_at"], name="repayment_queue"),
            models.Index(fields=["is_told", "id"], name="repayment_untold"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="repayment_amount_positive"),
            models.CheckConstraint(
                condition=~Q(status__in=RepaymentStatus.posted())
                | Q(
                    entry__isnull=False,
                    amount=F("late_fee") + F("interest") + F("principal") + F("surplus") + F("held") - F("credit_used"),
                ),
                name="repayment_allocated_whole",
            ),
            models.CheckConstraint(
                condition=Q(held__gte=0, credit_used__gte=0) & (Q(held=0) | Q(credit_used=0)),
                name="repayment_keeps_or_uses_credit",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_from_credit(self) -> bool:
        """Whether the calendar made it, out of money that was paid ahead."""
        return self.method == RepaymentMethod.CREDIT

    @property
    def credit_change(self) -> int:
        """By how much it changes what the loan keeps of money paid ahead, in minor units; below zero takes from it."""
        return self.held - self.credit_used - (self.amount if self.is_from_credit else 0)


class RepaymentAllocation(models.Model):
    """What one repayment paid on one instalment."""

    repayment = models.ForeignKey(Repayment, on_delete=models.PROTECT, related_name="allocations")
    instalment = models.ForeignKey("loans.Instalment", on_delete=models.PROTECT, related_name="allocations")
    late_fee = MoneyField(default=0)
    interest = MoneyField(default=0)
    principal = MoneyField(default=0)

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        constraints = [models.UniqueConstraint(fields=["repayment", "instalment"], name="allocation_once")]

    def __str__(self) -> str:
        return f"{self.repayment} → {self.instalment}"


class Distribution(models.Model):
    """What one note received of one repayment, part by part, with the fraction carried: "explain this amount".

    `weight` over the repayment's total weight is the share; `net` is what the wallet line shows.
    """

    repayment = models.ForeignKey(Repayment, on_delete=models.PROTECT, related_name="distributions")
    note = models.ForeignKey("loans.Note", on_delete=models.PROTECT, related_name="distributions")
    weight = MoneyField()
    principal = MoneyField(default=0)
    interest = MoneyField(default=0)
    late_fee = MoneyField(default=0)
    servicing_fee = MoneyField(default=0)
    net = MoneyField(default=0)
    interest_carry_before = CarryField()
    interest_carry_after = CarryField()
    late_fee_carry_before = CarryField()
    late_fee_carry_after = CarryField()

    class Meta:
        verbose_name = _("distribution")
        verbose_name_plural = _("distributions")
        constraints = [
            models.UniqueConstraint(fields=["repayment", "note"], name="distribution_once"),
            models.CheckConstraint(
                condition=Q(net=F("principal") + F("interest") + F("late_fee") - F("servicing_fee")),
                name="distribution_net_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.repayment} → {self.note}"
