"""Fees and penalties of a loan whose plan follows the money: each is an event of its life."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loans.enums.loan import ChargeBase, ChargePart
from p2plending.lib.models import MoneyField, RateField, TimestampedModel


class LoanCharge(TimestampedModel):
    """A charge with a due date, or on every payment of the plan (no `due_on`): `amount` each, or `rate` of `base`.

    `total` is what it came to and what stands in the books. One that the calendar made is the late fee of `instalment`;
    it is undone when a payment is worked out again. What was unpaid when it was waived is `waived`.
    """

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="charges")
    part = models.CharField(_("kind"), max_length=8, choices=ChargePart)
    due_on = models.DateField(_("due"), null=True, blank=True)
    amount = MoneyField(_("amount"), default=0)
    rate = RateField(_("rate"), default=0)
    base = models.CharField(_("rate of what"), max_length=10, choices=ChargeBase, blank=True)
    total = MoneyField(_("total"))
    entered_on = models.DateField(_("entered"))
    reason = models.CharField(_("reason"), max_length=300)
    actor = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    entry = models.OneToOneField("ledger.JournalEntry", on_delete=models.PROTECT, related_name="+")
    instalment = models.ForeignKey(
        "loans.Instalment", on_delete=models.PROTECT, null=True, blank=True, related_name="late_charges"
    )
    is_undone = models.BooleanField(default=False)
    waived = MoneyField(_("waived"), default=0)
    waived_on = models.DateField(_("waived on"), null=True, blank=True)
    waiver_reason = models.CharField(_("why it was waived"), max_length=300, blank=True)
    waived_by = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    waiver_entry = models.OneToOneField(
        "ledger.JournalEntry", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(condition=Q(total__gt=0, amount__gte=0, rate__gte=0), name="charge_of_something"),
            models.CheckConstraint(
                condition=Q(waived_on__isnull=True, waived=0, waiver_entry__isnull=True)
                | Q(waived_on__isnull=False, waived__gt=0, waiver_entry__isnull=False),
                name="charge_waived_has_entry",
            ),
        ]

    def __str__(self) -> str:
        return self.reference
