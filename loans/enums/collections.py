"""States and choices of what happens when a loan is not paid back as planned."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

# Days that a default notice gives the borrower to pay what is late.
NOTICE_DAYS = 14


class HardshipCause(models.TextChoices):
    """Why a borrower needs help; lenders learn this category and nothing of the story."""

    INCOME = "income", _("My income has fallen")
    ILLNESS = "illness", _("Illness or an accident")
    FAMILY = "family", _("Something in the family")
    COSTS = "costs", _("A large unexpected cost")
    OTHER = "other", _("Something else")


class HardshipStatus(models.TextChoices):
    OPEN = "open", _("We are reading it")
    APPROVED = "approved", _("We made you a proposal")
    DECLINED = "declined", _("Not possible")
    WITHDRAWN = "withdrawn", _("Taken back")


class PlanOption(models.TextChoices):
    """How a payment plan may change."""

    NEW_DUE_DAY = "new_due_day", _("Another day of the month")
    HOLIDAY = "holiday", _("A pause")
    LOWER = "lower", _("Smaller payments for a while")
    LONGER = "longer", _("More time: the rest over more payments")


class UnpaidChoice(models.TextChoices):
    """What a new plan does with interest or late fees that are owed but not paid."""

    CAPITALISE = "capitalise", _("Add it to the loan")
    CARRY = "carry", _("Ask for it with the first new payment")
    WAIVE = "waive", _("Waive it")


class PlanProposalStatus(models.TextChoices):
    PROPOSED = "proposed", _("Waiting for your answer")
    ACCEPTED = "accepted", _("Agreed")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Not answered in time")


class DefaultCause(models.TextChoices):
    DAYS_LATE = "days_late", _("Late for too long")
    BANKRUPTCY = "bankruptcy", _("Bankruptcy")
    FRAUD = "fraud", _("Fraud")


class SettlementStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting for a second person")
    OPEN = "open", _("Offered")
    PAID = "paid", _("Paid")
    REFUSED = "refused", _("Refused")
    EXPIRED = "expired", _("Not paid in time")
    UNDONE = "undone", _("Paid, and the money came back")


class LossKind(models.TextChoices):
    WRITE_OFF = "write_off", _("Written off")
    SETTLEMENT = "settlement", _("Settled for less")
