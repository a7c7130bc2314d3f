"""Accounts of the chart, and snapshots of those that keep no running balance."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger.enums.books import AccountType, Book, Side
from p2plending.lib.models import KeyTextField, MoneyField


class Account(models.Model):
    """One account. `balance` is on the normal side, kept only for guarded accounts (`ledger.chart`).

    `version` counts the postings of a guarded account and gives each its `seq`.
    """

    key = KeyTextField(max_length=40, unique=True, editable=False)
    code = models.CharField(_("code"), max_length=5, db_index=True)
    book = models.CharField(_("book"), max_length=1, choices=Book)
    type = models.CharField(_("type"), max_length=10, choices=AccountType)
    normal_side = models.CharField(_("normal side"), max_length=6, choices=Side)
    owner = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="ledger_accounts"
    )
    loan_reference = models.CharField(_("loan"), max_length=16, blank=True, db_index=True)
    is_guarded = models.BooleanField(_("keeps a running balance"))
    balance = MoneyField(_("balance"), default=0)
    version = models.PositiveBigIntegerField(_("postings"), default=0)
    # On a wallet: its owner owes us for a payment that came back (C1300). Money that comes in clears that first.
    has_due = models.BooleanField(_("owner owes us"), default=False, editable=False)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ("code", "id")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(balance__gte=0) | models.Q(code__in=["L9000", "L9001"]),
                name="account_balance_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(is_guarded=True) | models.Q(balance=0, version=0),
                name="account_unguarded_keeps_no_balance",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class BalanceSnapshot(models.Model):
    """Totals of an account over all entries posted up to a moment: so that a sum reads only what came since."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="snapshots")
    posted_up_to = models.DateTimeField()
    debit_total = MoneyField()
    credit_total = MoneyField()

    class Meta:
        verbose_name = _("balance snapshot")
        verbose_name_plural = _("balance snapshots")
        constraints = [models.UniqueConstraint(fields=["account", "posted_up_to"], name="snapshot_once")]

    def __str__(self) -> str:
        return f"{self.account} {self.posted_up_to:%Y-%m-%d %H:%M}"
