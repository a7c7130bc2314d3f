"""Deposits that people declare and withdrawals that they ask for."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField
from ledger.enums.books import DepositStatus, PaymentMethod, WithdrawalStatus
from p2plending.lib.models import GuardedModel, MoneyField


class Deposit(GuardedModel):
    """Money that a person says was sent. Nothing is posted until it is confirmed."""

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="deposits")
    amount = MoneyField(_("amount"))
    sent_on = models.DateField(_("date sent"))
    method = models.CharField(_("how"), max_length=20, choices=PaymentMethod, default=PaymentMethod.BANK_TRANSFER)
    bank_reference = models.CharField(_("reference on the transfer"), max_length=60, blank=True)
    status = models.CharField(_("state"), max_length=10, choices=DepositStatus, default=DepositStatus.DECLARED)
    is_possible_duplicate = models.BooleanField(_("told twice?"), default=False)
    entry = models.OneToOneField(
        "ledger.JournalEntry", on_delete=models.PROTECT, null=True, blank=True, related_name="deposit"
    )
    decided_by = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    value_date = models.DateField(_("value date"), null=True, blank=True)
    found_on = models.DateField(_("found on"), null=True, blank=True, editable=False)
    decision_note = models.CharField(_("note to the person"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("deposit")
        verbose_name_plural = _("deposits")
        ordering = ("-id",)
        indexes = [models.Index(fields=["status", "created_at"], name="deposit_queue")]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="deposit_amount_positive"),
            models.CheckConstraint(
                condition=models.Q(status__in=[DepositStatus.CONFIRMED, DepositStatus.REVERSED], entry__isnull=False)
                | models.Q(
                    status__in=[DepositStatus.DECLARED, DepositStatus.REJECTED, DepositStatus.CANCELLED],
                    entry__isnull=True,
                ),
                name="deposit_posted_when_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Withdrawal(GuardedModel):
    """Money on its way out: moved aside when asked for, gone when staff say it was paid.

    `kept_for_dues` is the part of `amount` that cleared what the person owed us (C1300) in place of being sent.
    """

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="withdrawals")
    amount = MoneyField(_("amount"))
    kept_for_dues = MoneyField(_("kept for what was owed"), default=0, editable=False)
    account_holder = models.CharField(_("account holder"), max_length=150)
    iban_last4 = models.CharField(_("account, last four"), max_length=4)
    iban = EncryptedTextField(_("account number (IBAN)"), blank=True, editable=False)
    # The other shape of an account, where the currency knows no IBAN.
    bank_name = models.CharField(_("bank"), max_length=100, blank=True, db_default="", default="")
    account_number = EncryptedTextField(_("account number"), blank=True, db_default="", default="", editable=False)
    routing_code = models.CharField(_("routing or sort code"), max_length=15, blank=True, db_default="", default="")
    status = models.CharField(_("state"), max_length=10, choices=WithdrawalStatus, default=WithdrawalStatus.REQUESTED)
    requested_on = models.DateField(_("asked on"))
    approved_by = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    approved_on = models.DateField(_("approved on"), null=True, blank=True, editable=False)
    decided_by = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    paid_on = models.DateField(_("paid on"), null=True, blank=True)
    bank_reference = models.CharField(_("bank reference"), max_length=60, blank=True)
    decision_note = models.CharField(_("note to the person"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("withdrawal")
        verbose_name_plural = _("withdrawals")
        ordering = ("-id",)
        indexes = [models.Index(fields=["status", "created_at"], name="withdrawal_queue")]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="withdrawal_amount_positive"),
            models.CheckConstraint(
                condition=models.Q(kept_for_dues__gte=0, kept_for_dues__lte=models.F("amount")),
                name="withdrawal_keeps_no_more_than_asked",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=WithdrawalStatus.PAID) | models.Q(paid_on__isnull=False),
                name="withdrawal_paid_has_date",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def full_account(self) -> str:
        """The account as staff type it into our bank's page: the IBAN, or bank, number and code."""
        return self.iban or ", ".join(part for part in (self.account_number, self.routing_code, self.bank_name) if part)

    @property
    def on_its_way(self) -> int:
        """What is, was or would have been sent, in minor units."""
        return self.amount - self.kept_for_dues
