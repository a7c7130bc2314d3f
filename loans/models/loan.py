"""The loan, from the draft to the last cent: one reference, one status, one history."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loans.enums.loan import Bucket, Employment, Grade, LoanStatus, Purpose
from p2plending.lib.models import GuardedModel, MomentField, MoneyField, RateField


class Loan(GuardedModel):
    """Fields of a phase are empty before it; the constraints below say so to the database too.

    The row is the guard of everything about the loan: services lock and write it before its instalments, notes,
    commitments and accounts.
    """

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    borrower = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="loans")
    product = models.ForeignKey("loans.LoanProduct", on_delete=models.PROTECT, related_name="loans")
    status = models.CharField(_("state"), max_length=16, choices=LoanStatus, default=LoanStatus.DRAFT)
    # Holds the borrower's id while the application is open: a nullable unique column, because MariaDB has no
    # conditional unique constraints.
    open_application_of = models.BigIntegerField(unique=True, null=True, blank=True, editable=False)

    # What is asked for.
    requested_amount = MoneyField(_("amount asked for"))
    principal = MoneyField(_("amount of the loan"))
    term_months = models.PositiveSmallIntegerField(_("months"))
    due_day = models.PositiveSmallIntegerField(_("day of the month for payments"), null=True, blank=True)
    purpose = models.CharField(_("what it is for"), max_length=20, choices=Purpose, blank=True)
    title = models.CharField(_("title"), max_length=80, blank=True)
    story = models.TextField(_("story"), max_length=2000, blank=True)
    accepts_partial_funding = models.BooleanField(_("a smaller loan is fine"), default=True)

    # The borrower's situation.
    monthly_income = MoneyField(_("income a month after tax"), null=True, blank=True)
    monthly_expenses = MoneyField(_("costs a month"), null=True, blank=True)
    monthly_debt_service = MoneyField(_("payments on other debts a month"), null=True, blank=True)
    employment = models.CharField(_("work"), max_length=16, choices=Employment, blank=True)
    employment_months = models.PositiveSmallIntegerField(_("months in this work"), null=True, blank=True)
    dependants = models.PositiveSmallIntegerField(_("people who depend on you"), default=0)
    is_homeowner = models.BooleanField(_("owns the home"), default=False)
    region = models.CharField(_("region"), max_length=60, blank=True)

    # What the offer says; frozen from then on.
    grade = models.CharField(_("grade"), max_length=1, choices=Grade, blank=True)
    annual_rate = RateField(_("rate a year"), null=True, blank=True)
    origination_fee_rate = RateField(_("set-up fee rate"), null=True, blank=True)
    origination_fee = MoneyField(_("set-up fee"), null=True, blank=True)
    servicing_fee_rate = RateField(_("servicing fee rate"), null=True, blank=True)
    expected_loss_rate = RateField(_("expected loss a year"), null=True, blank=True)
    instalment_amount = MoneyField(_("monthly payment"), null=True, blank=True)
    total_payment = MoneyField(_("total to pay back"), null=True, blank=True)
    apr_nominal = RateField(_("APR, nominal"), null=True, blank=True)
    apr_effective = RateField(_("APR, effective"), null=True, blank=True)
    frozen_terms = models.JSONField(_("terms of the product when offered"), default=dict, blank=True)

    # Dates of the way.
    submitted_at = models.DateTimeField(null=True, blank=True)
    reviewer = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    info_request = models.CharField(_("what we ask"), max_length=1000, blank=True)
    info_answer = models.TextField(_("answer"), max_length=2000, blank=True)
    info_due_on = models.DateField(null=True, blank=True)
    decline_reasons = models.JSONField(default=list, blank=True)
    decline_note = models.CharField(max_length=500, blank=True)
    offered_on = models.DateField(null=True, blank=True)
    offer_expires_on = models.DateField(null=True, blank=True)
    listed_at = models.DateTimeField(null=True, blank=True)
    listed_on = models.DateField(null=True, blank=True)
    listing_ends_on = models.DateField(null=True, blank=True)
    partial_offer_ends_on = models.DateField(null=True, blank=True)
    funded_on = models.DateField(null=True, blank=True)
    signing_ends_on = models.DateField(null=True, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    disbursed_on = models.DateField(null=True, blank=True)
    maturity_date = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)

    # Funding, kept equal to the sum of holding commitments.
    funded_amount = MoneyField(_("funded"), default=0)
    lender_count = models.PositiveIntegerField(_("lenders"), default=0)

    # Servicing: what the schedule says now. Recomputed from the rows under the lock.
    schedule_version = models.PositiveSmallIntegerField(default=0)
    principal_outstanding = MoneyField(_("principal left"), default=0)
    next_due_on = models.DateField(_("next payment"), null=True, blank=True)
    next_due_amount = MoneyField(null=True, blank=True)
    arrears_amount = MoneyField(_("late now"), default=0)
    # Money paid ahead that waits for the next due dates: the balance of the loan's collection account (C2130).
    credit_held = MoneyField(_("paid ahead, kept"), default=0)
    days_past_due = models.PositiveIntegerField(_("days late"), default=0)
    bucket = models.CharField(_("lateness"), max_length=12, choices=Bucket, default=Bucket.CURRENT)
    worst_days_past_due = models.PositiveIntegerField(default=0)
    rolled_forward_to = models.DateField(null=True, blank=True)
    # Reminders stop until then, because the borrower has asked for help.
    collections_paused_until = models.DateField(_("reminders pause until"), null=True, blank=True)
    # Neither late fee nor default interest for the days after the first up to the second date of each pair. All of them
    # are kept, in their order, for payments that are worked out again.
    charge_pauses = models.JSONField(default=list, blank=True, editable=False)
    is_frozen = models.BooleanField(_("under check"), default=False)
    is_restructured = models.BooleanField(_("payment plan"), default=False)
    autopay = models.BooleanField(_("automatic payment"), default=False)
    autopay_tried_on = models.DateField(null=True, blank=True, editable=False)
    # How often payments were worked out again: the calendar posts anew under keys with this number.
    replays = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("loan")
        verbose_name_plural = _("loans")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["status", "listing_ends_on"], name="loan_marketplace"),
            models.Index(fields=["status", "next_due_on"], name="loan_due"),
            models.Index(fields=["status", "offer_expires_on"], name="loan_offers"),
            models.Index(fields=["borrower", "status"], name="loan_of_borrower"),
            models.Index(fields=["status", "submitted_at"], name="loan_review_queue"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=LoanStatus.values), name="loan_status_known"),
            models.CheckConstraint(
                condition=Q(principal__gt=0, requested_amount__gt=0, term_months__gt=0), name="loan_amounts_positive"
            ),
            models.CheckConstraint(
                condition=Q(principal__lte=F("requested_amount")), name="loan_never_larger_than_asked"
            ),
            models.CheckConstraint(
                condition=Q(funded_amount__gte=0, funded_amount__lte=F("principal")), name="loan_never_over_funded"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=LoanStatus.priced())
                | Q(
                    annual_rate__isnull=False,
                    origination_fee__isnull=False,
                    servicing_fee_rate__isnull=False,
                    instalment_amount__isnull=False,
                )
                & ~Q(grade=""),
                name="loan_priced_has_terms",
            ),
            models.CheckConstraint(
                condition=~Q(status=LoanStatus.OFFERED) | Q(offer_expires_on__isnull=False),
                name="loan_offer_has_end",
            ),
            models.CheckConstraint(
                condition=~Q(status=LoanStatus.LISTED) | Q(listed_on__isnull=False, listing_ends_on__isnull=False),
                name="loan_listed_has_dates",
            ),
            models.CheckConstraint(
                condition=~Q(status=LoanStatus.FUNDED) | Q(funded_on__isnull=False, funded_amount=F("principal")),
                name="loan_funded_is_full",
            ),
            models.CheckConstraint(
                condition=Q(status__in=LoanStatus.disbursed(), disbursed_on__isnull=False, signed_at__isnull=False)
                | ~Q(status__in=LoanStatus.disbursed()) & Q(disbursed_on__isnull=True, principal_outstanding=0),
                name="loan_disbursed_was_signed",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[LoanStatus.REPAID, LoanStatus.SETTLED, LoanStatus.WRITTEN_OFF])
                | Q(closed_on__isnull=False, principal_outstanding=0),
                name="loan_closed_owes_nothing",
            ),
            models.CheckConstraint(
                condition=Q(status__in=LoanStatus.application(), open_application_of__isnull=False)
                | ~Q(status__in=LoanStatus.application()) & Q(open_application_of__isnull=True),
                name="loan_open_application_marked",
            ),
            models.CheckConstraint(
                condition=Q(principal_outstanding__gte=0, arrears_amount__gte=0), name="loan_owes_no_less_than_zero"
            ),
            models.CheckConstraint(
                condition=Q(credit_held=0) | Q(credit_held__gt=0, status__in=LoanStatus.owing()),
                name="loan_keeps_credit_while_owing",
            ),
            models.CheckConstraint(
                condition=Q(annual_rate__isnull=True) | Q(annual_rate__gte=Decimal(0), annual_rate__lte=Decimal(2)),
                name="loan_rate_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def remaining_amount(self) -> int:
        """What lenders can still commit, in minor units."""
        return self.principal - self.funded_amount

    @property
    def funded_percent(self) -> int:
        """Whole percent funded, never 100 before it is full."""
        return self.funded_amount * 100 // self.principal

    @property
    def net_received(self) -> int | None:
        """What the borrower receives: principal less set-up fee. None before the offer."""
        return None if self.origination_fee is None else self.principal - self.origination_fee


class CreditAssessment(models.Model):
    """Affordability and score as they were when the application was sent: inputs, points, reasons. Never changed."""

    loan = models.OneToOneField(Loan, on_delete=models.PROTECT, related_name="assessment")
    model_version = models.CharField(_("scorecard"), max_length=20)
    inputs = models.JSONField(_("inputs"))
    factors = models.JSONField(_("points by factor"))
    points = models.PositiveSmallIntegerField(_("points"))
    grade = models.CharField(_("grade"), max_length=1, choices=Grade, blank=True)
    annual_rate = RateField(_("rate a year"), null=True, blank=True)
    reject_codes = models.JSONField(default=list, blank=True)
    debt_to_income = models.DecimalField(_("debt payments over income"), max_digits=9, decimal_places=4, null=True)
    disposable_income = MoneyField(_("left each month before the payment"))
    instalment_amount = MoneyField(_("monthly payment"))
    affordability = models.CharField(_("affordability"), max_length=10)
    assessed_on = models.DateField()

    class Meta:
        verbose_name = _("credit assessment")
        verbose_name_plural = _("credit assessments")

    def __str__(self) -> str:
        return f"{self.loan} {self.grade or '–'} {self.points}"


class LoanTransition(models.Model):
    """Who moved which loan from where to where, when and why."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="transitions")
    event = models.CharField(max_length=24)
    from_status = models.CharField(max_length=16, choices=LoanStatus, blank=True)
    to_status = models.CharField(max_length=16, choices=LoanStatus)
    actor = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    business_date = models.DateField()
    created_at = MomentField(auto_now_add=True)

    class Meta:
        verbose_name = _("loan step")
        verbose_name_plural = _("loan steps")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.loan} {self.from_status} → {self.to_status}"


class LoanAgreement(models.Model):
    """The text that was signed, stored once."""

    loan = models.OneToOneField(Loan, on_delete=models.PROTECT, related_name="agreement")
    body = models.TextField()
    sha256 = models.CharField(max_length=64)
    template_version = models.CharField(max_length=20)
    prepared_at = MomentField(auto_now_add=True)
    signed_name = models.CharField(_("name typed"), max_length=150, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_ip = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        verbose_name = _("loan agreement")
        verbose_name_plural = _("loan agreements")
        constraints = [
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True, signed_name="") | Q(signed_at__isnull=False) & ~Q(signed_name=""),
                name="agreement_signed_has_name",
            )
        ]

    def __str__(self) -> str:
        return f"{self.loan} {self.sha256[:12]}"


class LoanDelinquency(models.Model):
    """One stay of a loan in a bucket."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="delinquencies")
    bucket = models.CharField(max_length=12, choices=Bucket)
    from_date = models.DateField()
    to_date = models.DateField(null=True, blank=True)
    worst_days_past_due = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("lateness period")
        verbose_name_plural = _("lateness periods")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.loan} {self.bucket} {self.from_date}"


class LoanQuestion(models.Model):
    """A public question on a listing, and the borrower's answer. Both sides are pseudonymous."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="questions")
    reference = models.CharField(max_length=16, unique=True, editable=False)
    author = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="loan_questions")
    text = models.CharField(_("question"), max_length=500)
    answer = models.CharField(_("answer"), max_length=1000, blank=True)
    status = models.CharField(max_length=10)
    asked_at = MomentField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    refusal_note = models.CharField(_("why it is not published"), max_length=300, blank=True, db_default="")

    class Meta:
        verbose_name = _("loan question")
        verbose_name_plural = _("loan questions")
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="") | Q(answered_at__isnull=False) & ~Q(answer=""),
                name="question_answered_has_text",
            )
        ]

    def __str__(self) -> str:
        return self.reference
