"""The repayment schedule, version by version."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loans.enums.loan import InstalmentStatus, ReminderKind
from p2plending.lib.models import MomentField, MoneyField, RateField


class ScheduleVersion(models.Model):
    """One agreed plan. A new one supersedes the old, which stays and can be shown."""

    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="schedule_versions")
    number = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=200)
    starts_on = models.DateField()
    # The payment that made this plan; empty for the first plan and for one that people agreed on.
    repayment = models.OneToOneField(
        "loans.Repayment", on_delete=models.PROTECT, null=True, blank=True, related_name="schedule_version"
    )
    actor = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    created_at = MomentField(auto_now_add=True)

    class Meta:
        verbose_name = _("payment plan")
        verbose_name_plural = _("payment plans")
        ordering = ("loan", "number")
        constraints = [models.UniqueConstraint(fields=["loan", "number"], name="schedule_version_once")]

    def __str__(self) -> str:
        return f"{self.loan} v{self.number}"


class Instalment(models.Model):
    """One payment of the plan: what it asks for, in parts, and what was paid on each part.

    `interest_posted` is how much of its interest stands in the books already (a payment or pay-off may need a part
    of it before the due date).
    """

    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="instalments")
    schedule_version = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField(_("no."))
    period_start = models.DateField()
    due_date = models.DateField(_("due"))
    status = models.CharField(_("state"), max_length=12, choices=InstalmentStatus, default=InstalmentStatus.SCHEDULED)
    principal_due = MoneyField(_("principal"))
    interest_due = MoneyField(_("interest"))
    late_fee_due = MoneyField(_("late fee"), default=0)
    principal_paid = MoneyField(default=0)
    interest_paid = MoneyField(default=0)
    late_fee_paid = MoneyField(default=0)
    principal_removed = MoneyField(_("principal waived or written off"), default=0)
    interest_removed = MoneyField(_("interest waived or written off"), default=0)
    late_fee_removed = MoneyField(_("late fee waived or written off"), default=0)
    interest_posted = MoneyField(default=0)
    # Interest earned up to the day that the loan was brought to; empty where it grows evenly with the days.
    interest_to_date = MoneyField(null=True, blank=True)
    late_fee_charged_on = models.DateField(null=True, blank=True)
    # The principal and interest that were unpaid on that day: what the fee was worked out from.
    late_fee_base = MoneyField(null=True, blank=True)
    settled_on = models.DateField(_("paid on"), null=True, blank=True)
    # Default interest is charged up to here. Its fraction that is not, in 365,000,000ths of a minor unit.
    default_interest_to = models.DateField(null=True, blank=True)
    default_interest_carry = models.IntegerField(default=0)
    # It is not charged for days after this one: the loan is in default.
    default_interest_until = models.DateField(null=True, blank=True)
    # The version of the plan that replaced it.
    superseded_by = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("instalment")
        verbose_name_plural = _("instalments")
        ordering = ("loan", "schedule_version", "number")
        indexes = [models.Index(fields=["status", "due_date"], name="instalment_due")]
        constraints = [
            models.UniqueConstraint(fields=["loan", "schedule_version", "number"], name="instalment_once"),
            models.CheckConstraint(
                condition=Q(
                    principal_due__gte=0,
                    interest_due__gte=0,
                    late_fee_due__gte=0,
                    principal_paid__gte=0,
                    interest_paid__gte=0,
                    late_fee_paid__gte=0,
                ),
                name="instalment_parts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(principal_due__gte=F("principal_paid") + F("principal_removed"))
                & Q(interest_due__gte=F("interest_paid") + F("interest_removed"))
                & Q(late_fee_due__gte=F("late_fee_paid") + F("late_fee_removed")),
                name="instalment_never_paid_twice",
            ),
            models.CheckConstraint(
                condition=~Q(status=InstalmentStatus.PAID)
                | Q(
                    settled_on__isnull=False,
                    principal_due=F("principal_paid") + F("principal_removed"),
                    interest_due=F("interest_paid") + F("interest_removed"),
                    late_fee_due=F("late_fee_paid") + F("late_fee_removed"),
                ),
                name="instalment_paid_means_every_part",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan} {self.number}"

    @property
    def principal_unpaid(self) -> int:
        return self.principal_due - self.principal_paid - self.principal_removed

    @property
    def interest_unpaid(self) -> int:
        return self.interest_due - self.interest_paid - self.interest_removed

    @property
    def late_fee_unpaid(self) -> int:
        return self.late_fee_due - self.late_fee_paid - self.late_fee_removed

    @property
    def total_due(self) -> int:
        return self.principal_due + self.interest_due + self.late_fee_due

    @property
    def total_unpaid(self) -> int:
        return self.principal_unpaid + self.interest_unpaid + self.late_fee_unpaid


class DefaultInterest(models.Model):
    """Interest on principal that is late, for a stretch of days: principal × rate × days / 365, in the instalment's
    late fee. Undone when a payment was worked out again.

    `carry_before` is the fraction from the stretches before, in 365,000,000ths of a minor unit. Days that brought less
    than a minor unit have no entry.
    """

    instalment = models.ForeignKey(Instalment, on_delete=models.PROTECT, related_name="default_interest")
    from_date = models.DateField()
    to_date = models.DateField()
    principal = MoneyField()
    annual_rate = RateField()
    carry_before = models.IntegerField(default=0)
    amount = MoneyField()
    entry = models.OneToOneField("ledger.JournalEntry", on_delete=models.PROTECT, related_name="+", null=True)
    is_undone = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("default interest")
        verbose_name_plural = _("default interest")
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0, to_date__gt=F("from_date")), name="default_interest_of_some_days"
            ),
            models.CheckConstraint(
                condition=Q(amount=0, entry__isnull=True) | Q(amount__gt=0, entry__isnull=False),
                name="default_interest_is_posted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instalment} {self.from_date} – {self.to_date}"


class ReminderSent(models.Model):
    """One reminder of one instalment: the unique row is what makes it exactly once."""

    instalment = models.ForeignKey(Instalment, on_delete=models.PROTECT, related_name="reminders")
    kind = models.CharField(max_length=12, choices=ReminderKind)
    business_date = models.DateField()
    created_at = MomentField(auto_now_add=True)

    class Meta:
        verbose_name = _("reminder sent")
        verbose_name_plural = _("reminders sent")
        constraints = [models.UniqueConstraint(fields=["instalment", "kind"], name="reminder_once")]

    def __str__(self) -> str:
        return f"{self.instalment} {self.kind}"
