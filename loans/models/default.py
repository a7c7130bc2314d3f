"""A loan that goes wrong: notice, default, settlement, loss, recovery."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loans.enums.collections import DefaultCause, LossKind, SettlementStatus
from loans.enums.loan import RepaymentMethod
from p2plending.lib.models import MomentField, MoneyField, TimestampedModel


class DefaultNotice(models.Model):
    """What the borrower was told before a default: pay `arrears` by `pay_by`, or the whole `total` becomes due."""

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="default_notices")
    arrears = MoneyField(_("late"))
    total = MoneyField(_("owed in all"))
    sent_on = models.DateField(_("sent on"))
    pay_by = models.DateField(_("pay by"))
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    open_key = models.BigIntegerField(unique=True, null=True, blank=True, editable=False)
    actor = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    created_at = MomentField(auto_now_add=True)

    class Meta:
        verbose_name = _("default notice")
        verbose_name_plural = _("default notices")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(open_key__isnull=False, ended_on__isnull=True)
                | Q(open_key__isnull=True, ended_on__isnull=False),
                name="notice_open_is_marked",
            )
        ]

    def __str__(self) -> str:
        return self.reference


class LoanDefault(models.Model):
    """One default: the whole balance fell due on `declared_on` as schedule version `schedule_version`."""

    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="defaults")
    cause = models.CharField(_("why"), max_length=12, choices=DefaultCause)
    note = models.CharField(_("note"), max_length=500, blank=True)
    declared_on = models.DateField(_("since"))
    schedule_version = models.PositiveSmallIntegerField()
    principal = MoneyField(_("principal"))
    interest = MoneyField(_("interest"))
    late_fee = MoneyField(_("late fees"))
    interest_removed = MoneyField(_("interest to come that is no longer charged"))
    actor = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    cured_on = models.DateField(_("cured on"), null=True, blank=True)

    class Meta:
        verbose_name = _("default")
        verbose_name_plural = _("defaults")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.loan} {self.declared_on}"


class LoanLoss(models.Model):
    """What lenders lost on a loan that was written off or settled, part by part.

    `open_key` holds the loan while the loss counts; a settlement whose money came back is a loss no more.
    """

    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="losses")
    open_key = models.BigIntegerField(unique=True, null=True, blank=True, editable=False)
    undone_on = models.DateField(_("undone on"), null=True, blank=True)
    kind = models.CharField(_("how"), max_length=10, choices=LossKind)
    principal = MoneyField(_("principal"))
    interest = MoneyField(_("interest"))
    late_fee = MoneyField(_("late fees"))
    lost_on = models.DateField(_("on"))
    reason = models.CharField(_("reason"), max_length=500)
    approval = models.OneToOneField("accounts.ApprovalRequest", on_delete=models.PROTECT, related_name="loss")
    entry = models.OneToOneField("ledger.JournalEntry", on_delete=models.PROTECT, related_name="loss")

    class Meta:
        verbose_name = _("loss")
        verbose_name_plural = _("losses")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(principal__gte=0, interest__gte=0, late_fee__gte=0), name="loss_parts_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(open_key__isnull=False, undone_on__isnull=True)
                | Q(open_key__isnull=True, undone_on__isnull=False),
                name="loss_open_is_marked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan} {self.kind}"

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.late_fee


class SettlementOffer(TimestampedModel):
    """An amount that closes the loan for less than is owed, once a second person agrees and the borrower pays it."""

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="settlement_offers")
    amount = MoneyField(_("amount"))
    reason = models.CharField(_("reason"), max_length=500)
    status = models.CharField(_("state"), max_length=10, choices=SettlementStatus, default=SettlementStatus.WAITING)
    open_key = models.BigIntegerField(unique=True, null=True, blank=True, editable=False)
    offered_on = models.DateField(_("offered on"))
    pay_by = models.DateField(_("pay by"))
    ended_on = models.DateField(null=True, blank=True)
    approval = models.OneToOneField("accounts.ApprovalRequest", on_delete=models.PROTECT, related_name="settlement")
    repayment = models.OneToOneField(
        "loans.Repayment", on_delete=models.PROTECT, null=True, blank=True, related_name="settlement"
    )

    class Meta:
        verbose_name = _("settlement offer")
        verbose_name_plural = _("settlement offers")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="settlement_amount_positive"),
            models.CheckConstraint(
                condition=Q(
                    status__in=[SettlementStatus.WAITING, SettlementStatus.OPEN],
                    open_key__isnull=False,
                    ended_on__isnull=True,
                )
                | ~Q(status__in=[SettlementStatus.WAITING, SettlementStatus.OPEN])
                & Q(open_key__isnull=True, ended_on__isnull=False),
                name="settlement_open_is_marked",
            ),
            models.CheckConstraint(
                condition=~Q(status=SettlementStatus.PAID) | Q(repayment__isnull=False),
                name="settlement_paid_has_payment",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Recovery(TimestampedModel):
    """Money that came after a loss: `fee` is ours, the rest went to the notes by the principal that they lost."""

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="recoveries")
    payer = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    amount = MoneyField(_("amount"))
    fee = MoneyField(_("collection fee"), default=0)
    method = models.CharField(_("how"), max_length=10, choices=RepaymentMethod)
    value_date = models.DateField(_("received on"))
    bank_reference = models.CharField(_("reference on the transfer"), max_length=60, blank=True)
    entry = models.OneToOneField("ledger.JournalEntry", on_delete=models.PROTECT, related_name="recovery")
    # It came back: its entry has its mirror, and it is counted no more.
    undone_on = models.DateField(_("came back on"), null=True, blank=True)
    entered_on = models.DateField(_("entered on"), null=True, blank=True, editable=False)
    actor = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("recovery")
        verbose_name_plural = _("recoveries")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, fee__gte=0, fee__lte=F("amount")), name="recovery_fee_within_amount"
            )
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def to_lenders(self) -> int:
        """What the notes received, in minor units."""
        return self.amount - self.fee


class RecoveryShare(models.Model):
    """What one note received of a recovery: `weight` is the principal that it lost."""

    recovery = models.ForeignKey(Recovery, on_delete=models.PROTECT, related_name="shares")
    note = models.ForeignKey("loans.Note", on_delete=models.PROTECT, related_name="recovery_shares")
    weight = MoneyField()
    amount = MoneyField(default=0)

    class Meta:
        verbose_name = _("share of a recovery")
        verbose_name_plural = _("shares of a recovery")
        constraints = [models.UniqueConstraint(fields=["recovery", "note"], name="recovery_share_once")]

    def __str__(self) -> str:
        return f"{self.recovery} → {self.note}"
