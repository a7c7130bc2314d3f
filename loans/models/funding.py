"""Lenders' side of a loan: commitments before it is paid out, notes after."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loans.enums.loan import CommitmentSource, CommitmentStatus, NoteStatus
from p2plending.lib.models import CarryField, MoneyField, TimestampedModel


class Commitment(TimestampedModel):
    """A lender's pledge: the amount is reserved in the wallet until it is lent or comes back."""

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="commitments")
    lender = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="commitments")
    amount = MoneyField(_("amount"))
    status = models.CharField(_("state"), max_length=10, choices=CommitmentStatus, default=CommitmentStatus.RESERVED)
    source = models.CharField(_("how"), max_length=12, choices=CommitmentSource, default=CommitmentSource.MANUAL)
    committed_on = models.DateField(_("reserved on"))
    ended_on = models.DateField(_("ended on"), null=True, blank=True)

    class Meta:
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["lender", "status"], name="commitment_of_lender"),
            models.Index(fields=["loan", "status"], name="commitment_of_loan"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="commitment_amount_positive"),
            models.CheckConstraint(
                condition=Q(status__in=CommitmentStatus.holding(), ended_on__isnull=True)
                | ~Q(status__in=CommitmentStatus.holding()) & Q(ended_on__isnull=False),
                name="commitment_end_has_date",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Note(TimestampedModel):
    """A lender's part of a disbursed loan. Its principal ties to the loan's accounts (invariant I5).

    The carries are fractions of a minor unit that earlier splits left over; they belong to the note and go with it.
    """

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="notes")
    owner = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="notes")
    commitment = models.OneToOneField(Commitment, on_delete=models.PROTECT, null=True, blank=True, related_name="note")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="parts")
    status = models.CharField(_("state"), max_length=16, choices=NoteStatus, default=NoteStatus.ACTIVE)
    principal = MoneyField(_("lent"))
    principal_outstanding = MoneyField(_("principal left"))
    interest_carry = CarryField(editable=False)
    late_fee_carry = CarryField(editable=False)
    principal_received = MoneyField(_("principal received"), default=0)
    interest_received = MoneyField(_("interest received"), default=0)
    late_fees_received = MoneyField(_("late fees received"), default=0)
    servicing_fees_paid = MoneyField(_("servicing fees"), default=0)
    capitalised = MoneyField(_("interest and fees added to it"), default=0)
    principal_lost = MoneyField(_("principal lost"), default=0)
    recovered = MoneyField(_("recovered after the loss"), default=0)
    issued_on = models.DateField(_("lent on"))
    closed_on = models.DateField(_("ended on"), null=True, blank=True)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["owner", "status"], name="note_of_owner"),
            models.Index(fields=["loan", "status"], name="note_of_loan"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    principal__gt=0,
                    capitalised__gte=0,
                    principal_outstanding__gte=0,
                    principal_outstanding__lte=F("principal") + F("capitalised"),
                ),
                name="note_principal_in_range",
            ),
            models.CheckConstraint(
                condition=Q(principal_lost__gte=0, recovered__gte=0)
                & (Q(principal_lost=0) | Q(status__in=[NoteStatus.WRITTEN_OFF, NoteStatus.SETTLED])),
                name="note_loss_has_ended",
            ),
            models.CheckConstraint(
                condition=Q(status__in=NoteStatus.open(), closed_on__isnull=True)
                | ~Q(status__in=NoteStatus.open()) & Q(closed_on__isnull=False),
                name="note_end_has_date",
            ),
        ]

    def __str__(self) -> str:
        return self.reference
