"""Loan products: every number and switch of a loan is data that staff can edit."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from loans.enums.loan import Grade
from p2plending.lib.models import MoneyField, RateField, TimestampedModel


class LoanProduct(TimestampedModel):
    """What is offered. A change affects new loans only: each loan keeps a frozen copy (`Loan.frozen_terms`)."""

    code = models.SlugField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=80)
    is_offered = models.BooleanField(_("offered"), default=True)
    min_amount = MoneyField(_("smallest amount"), default=500_00)
    max_amount = MoneyField(_("largest amount"), default=25_000_00)
    amount_step = MoneyField(_("step of the amount"), default=100_00)
    min_term_months = models.PositiveSmallIntegerField(_("shortest term in months"), default=6)
    max_term_months = models.PositiveSmallIntegerField(_("longest term in months"), default=60)
    base_rate = RateField(_("base rate"), default=Decimal("0.05"))
    term_addon = RateField(_("added per 12 months above 12"), default=Decimal("0.005"))
    schedule_method = models.CharField(_("schedule"), max_length=20, default="annuity")
    day_count = models.CharField(_("day count"), max_length=20, default="30/360")
    rounding = models.CharField(_("rounding of the payment"), max_length=12, default="half-up")
    # For a due day that the borrower chose.
    first_period_min_days = models.PositiveSmallIntegerField(_("days before the first payment, at least"), default=15)
    allocation_order = models.CharField(
        _("order inside a payment"), max_length=40, default="late_fee,interest,principal"
    )
    extra_payment_mode = models.CharField(_("extra money"), max_length=10, default="shorter")
    servicing_fee_rate = RateField(_("servicing fee, share of interest"), default=Decimal("0.05"))
    grace_days = models.PositiveSmallIntegerField(_("days of grace"), default=15)
    late_fee_fixed = MoneyField(_("late fee, fixed"), default=5_00)
    late_fee_rate = RateField(_("late fee, share of what is unpaid"), default=Decimal("0.05"))
    late_fee_cap = MoneyField(_("late fee, most"), null=True, blank=True)
    late_fees_to_lenders = models.BooleanField(_("late fees go to lenders"), default=True)
    default_after_days = models.PositiveSmallIntegerField(_("default after days late"), default=90)
    collection_fee_rate = RateField(_("collection fee, share of what is recovered"), default=Decimal("0.25"))
    min_funding_rate = RateField(_("smallest part funded that may go on"), default=Decimal("0.70"))
    offer_days = models.PositiveSmallIntegerField(_("days an offer is valid"), default=14)
    listing_days = models.PositiveSmallIntegerField(_("days open for funding"), default=14)
    partial_offer_days = models.PositiveSmallIntegerField(_("days to decide on a partly funded loan"), default=3)
    signing_days = models.PositiveSmallIntegerField(_("days to sign"), default=14)
    default_interest_rate = RateField(_("default interest a year on late principal"), default=Decimal(0))
    stops_default_interest = models.BooleanField(_("no default interest after the default"), default=True)
    withdrawal_days = models.PositiveSmallIntegerField(_("days to give the loan back after pay-out"), default=14)
    refunds_fee_on_withdrawal = models.BooleanField(_("set-up fee comes back with it"), default=True)
    smooths_last_payment = models.BooleanField(_("even out the last payment"), default=False)
    payment_multiple = MoneyField(_("payments are a multiple of"), null=True, blank=True)
    interest_free_periods = models.PositiveSmallIntegerField(_("first periods without interest"), default=0)
    principal_free_periods = models.PositiveSmallIntegerField(_("first periods without principal"), default=0)
    # ISO code of a country, or empty: lateness then counts calendar days.
    holiday_country = models.CharField(_("country whose holidays move lateness"), max_length=2, blank=True)
    payment_every = models.PositiveSmallIntegerField(_("a payment every"), default=1)
    payment_unit = models.CharField(_("months, weeks or days"), max_length=8, default="month")
    # Empty: as many as the months of the loan hold.
    payment_count = models.PositiveSmallIntegerField(_("number of payments"), null=True, blank=True)
    # What follows matters to loans whose plan follows the money only (docs/finance.md, chapter 12).
    servicing_method = models.CharField(_("how money changes the plan"), max_length=12, default="plan")
    interest_recalculation = models.CharField(_("interest follows the money"), max_length=12, default="none")
    overdue_bears_interest = models.BooleanField(_("late principal bears interest"), default=True)
    payoff_interest = models.CharField(_("interest at a pay-off counts to"), max_length=14, default="to_date")
    payment_way = models.CharField(_("payments go through the plan"), max_length=12, default="horizontal")
    future_instalments = models.CharField(_("money in advance pays"), max_length=16, default="next")
    last_takes_level = models.BooleanField(_("the last payment may be filled to the level one"), default=True)

    class Meta:
        verbose_name = _("loan product")
        verbose_name_plural = _("loan products")
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(min_amount__gt=0, max_amount__gte=models.F("min_amount")),
                name="product_amounts_ordered",
            ),
            models.CheckConstraint(
                condition=models.Q(min_term_months__gte=1, max_term_months__gte=models.F("min_term_months")),
                name="product_terms_ordered",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class GradeTerms(models.Model):
    """What a grade means for a product: margin over the base rate, set-up fee, expected yearly loss."""

    product = models.ForeignKey(LoanProduct, on_delete=models.CASCADE, related_name="grades")
    grade = models.CharField(_("grade"), max_length=1, choices=Grade)
    min_points = models.PositiveSmallIntegerField(_("points from"))
    margin = RateField(_("margin over the base rate"))
    origination_fee_rate = RateField(_("set-up fee"))
    expected_loss_rate = RateField(_("expected loss a year"))

    class Meta:
        verbose_name = _("grade")
        verbose_name_plural = _("grades")
        ordering = ("product", "grade")
        constraints = [models.UniqueConstraint(fields=["product", "grade"], name="grade_once_per_product")]

    def __str__(self) -> str:
        return f"{self.product} {self.grade}"
