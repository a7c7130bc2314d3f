"""Loans from application to last payment, products, and what happens to loans in trouble."""

from decimal import Decimal

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import p2plending.lib.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("accounts", "__first__"),
        ("ledger", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="LoanProduct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("code", models.SlugField(max_length=30, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("is_offered", models.BooleanField(default=True, verbose_name="offered")),
                ("min_amount", p2plending.lib.models.MoneyField(default=50000, verbose_name="smallest amount")),
                ("max_amount", p2plending.lib.models.MoneyField(default=2500000, verbose_name="largest amount")),
                ("amount_step", p2plending.lib.models.MoneyField(default=10000, verbose_name="step of the amount")),
                (
                    "min_term_months",
                    models.PositiveSmallIntegerField(default=6, verbose_name="shortest term in months"),
                ),
                (
                    "max_term_months",
                    models.PositiveSmallIntegerField(default=60, verbose_name="longest term in months"),
                ),
                (
                    "base_rate",
                    p2plending.lib.models.RateField(
                        decimal_places=6, default=Decimal("0.05"), max_digits=9, verbose_name="base rate"
                    ),
                ),
                (
                    "term_addon",
                    p2plending.lib.models.RateField(
                        decimal_places=6,
                        default=Decimal("0.005"),
                        max_digits=9,
                        verbose_name="added per 12 months above 12",
                    ),
                ),
                ("schedule_method", models.CharField(default="annuity", max_length=20, verbose_name="schedule")),
                ("day_count", models.CharField(default="30/360", max_length=20, verbose_name="day count")),
                (
                    "rounding",
                    models.CharField(default="half-up", max_length=12, verbose_name="rounding of the payment"),
                ),
                (
                    "first_period_min_days",
                    models.PositiveSmallIntegerField(
                        default=15, verbose_name="days before the first payment, at least"
                    ),
                ),
                (
                    "allocation_order",
                    models.CharField(
                        default="late_fee,interest,principal", max_length=40, verbose_name="order inside a payment"
                    ),
                ),
                ("extra_payment_mode", models.CharField(default="shorter", max_length=10, verbose_name="extra money")),
                (
                    "servicing_fee_rate",
                    p2plending.lib.models.RateField(
                        decimal_places=6,
                        default=Decimal("0.05"),
                        max_digits=9,
                        verbose_name="servicing fee, share of interest",
                    ),
                ),
                ("grace_days", models.PositiveSmallIntegerField(default=15, verbose_name="days of grace")),
                ("late_fee_fixed", p2plending.lib.models.MoneyField(default=500, verbose_name="late fee, fixed")),
                (
                    "late_fee_rate",
                    p2plending.lib.models.RateField(
                        decimal_places=6,
                        default=Decimal("0.05"),
                        max_digits=9,
                        verbose_name="late fee, share of what is unpaid",
                    ),
                ),
                (
                    "late_fee_cap",
                    p2plending.lib.models.MoneyField(blank=True, null=True, verbose_name="late fee, most"),
                ),
                ("late_fees_to_lenders", models.BooleanField(default=True, verbose_name="late fees go to lenders")),
                (
                    "default_after_days",
                    models.PositiveSmallIntegerField(default=90, verbose_name="default after days late"),
                ),
                (
                    "collection_fee_rate",
                    p2plending.lib.models.RateField(
                        decimal_places=6,
                        default=Decimal("0.25"),
                        max_digits=9,
                        verbose_name="collection fee, share of what is recovered",
                    ),
                ),
                (
                    "min_funding_rate",
                    p2plending.lib.models.RateField(
                        decimal_places=6,
                        default=Decimal("0.70"),
                        max_digits=9,
                        verbose_name="smallest part funded that may go on",
                    ),
                ),
                ("offer_days", models.PositiveSmallIntegerField(default=14, verbose_name="days an offer is valid")),
                ("listing_days", models.PositiveSmallIntegerField(default=14, verbose_name="days open for funding")),
                (
                    "partial_offer_days",
                    models.PositiveSmallIntegerField(default=3, verbose_name="days to decide on a partly funded loan"),
                ),
                ("signing_days", models.PositiveSmallIntegerField(default=14, verbose_name="days to sign")),
                (
                    "default_interest_rate",
                    p2plending.lib.models.RateField(
                        decimal_places=6,
                        default=Decimal("0"),
                        max_digits=9,
                        verbose_name="default interest a year on late principal",
                    ),
                ),
                (
                    "stops_default_interest",
                    models.BooleanField(default=True, verbose_name="no default interest after the default"),
                ),
                (
                    "withdrawal_days",
                    models.PositiveSmallIntegerField(
                        default=14, verbose_name="days to give the loan back after pay-out"
                    ),
                ),
                (
                    "refunds_fee_on_withdrawal",
                    models.BooleanField(default=True, verbose_name="set-up fee comes back with it"),
                ),
                ("smooths_last_payment", models.BooleanField(default=False, verbose_name="even out the last payment")),
                (
                    "payment_multiple",
                    p2plending.lib.models.MoneyField(blank=True, null=True, verbose_name="payments are a multiple of"),
                ),
                (
                    "interest_free_periods",
                    models.PositiveSmallIntegerField(default=0, verbose_name="first periods without interest"),
                ),
                (
                    "principal_free_periods",
                    models.PositiveSmallIntegerField(default=0, verbose_name="first periods without principal"),
                ),
                (
                    "holiday_country",
                    models.CharField(blank=True, max_length=2, verbose_name="country whose holidays move lateness"),
                ),
                ("payment_every", models.PositiveSmallIntegerField(default=1, verbose_name="a payment every")),
                ("payment_unit", models.CharField(default="month", max_length=8, verbose_name="months, weeks or days")),
                (
                    "payment_count",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="number of payments"),
                ),
                (
                    "servicing_method",
                    models.CharField(default="plan", max_length=12, verbose_name="how money changes the plan"),
                ),
                (
                    "interest_recalculation",
                    models.CharField(default="none", max_length=12, verbose_name="interest follows the money"),
                ),
                (
                    "overdue_bears_interest",
                    models.BooleanField(default=True, verbose_name="late principal bears interest"),
                ),
                (
                    "payoff_interest",
                    models.CharField(default="to_date", max_length=14, verbose_name="interest at a pay-off counts to"),
                ),
                (
                    "payment_way",
                    models.CharField(default="horizontal", max_length=12, verbose_name="payments go through the plan"),
                ),
                (
                    "future_instalments",
                    models.CharField(default="next", max_length=16, verbose_name="money in advance pays"),
                ),
                (
                    "last_takes_level",
                    models.BooleanField(default=True, verbose_name="the last payment may be filled to the level one"),
                ),
            ],
            options={
                "verbose_name": "loan product",
                "verbose_name_plural": "loan products",
                "ordering": ("name",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("max_amount__gte", models.F("min_amount")), ("min_amount__gt", 0)),
                        name="product_amounts_ordered",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("max_term_months__gte", models.F("min_term_months")), ("min_term_months__gte", 1)
                        ),
                        name="product_terms_ordered",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Loan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "Sent"),
                            ("under_review", "In review"),
                            ("info_requested", "More information needed"),
                            ("offered", "Offer made"),
                            ("listed", "Open for funding"),
                            ("partial_offer", "Partly funded"),
                            ("funded", "Funded"),
                            ("active", "Being paid back"),
                            ("defaulted", "In default"),
                            ("rejected", "Declined"),
                            ("withdrawn", "Withdrawn"),
                            ("offer_expired", "Offer expired"),
                            ("expired", "Not funded in time"),
                            ("cancelled", "Cancelled"),
                            ("repaid", "Repaid"),
                            ("settled", "Settled for less"),
                            ("written_off", "Written off"),
                        ],
                        default="draft",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("open_application_of", models.BigIntegerField(blank=True, editable=False, null=True, unique=True)),
                ("requested_amount", p2plending.lib.models.MoneyField(verbose_name="amount asked for")),
                ("principal", p2plending.lib.models.MoneyField(verbose_name="amount of the loan")),
                ("term_months", models.PositiveSmallIntegerField(verbose_name="months")),
                (
                    "due_day",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="day of the month for payments"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("debt_consolidation", "Pay off other debts"),
                            ("home", "Home"),
                            ("vehicle", "Vehicle"),
                            ("education", "Education"),
                            ("medical", "Health"),
                            ("business", "Business"),
                            ("other", "Something else"),
                        ],
                        max_length=20,
                        verbose_name="what it is for",
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=80, verbose_name="title")),
                ("story", models.TextField(blank=True, max_length=2000, verbose_name="story")),
                ("accepts_partial_funding", models.BooleanField(default=True, verbose_name="a smaller loan is fine")),
                (
                    "monthly_income",
                    p2plending.lib.models.MoneyField(blank=True, null=True, verbose_name="income a month after tax"),
                ),
                (
                    "monthly_expenses",
                    p2plending.lib.models.MoneyField(blank=True, null=True, verbose_name="costs a month"),
                ),
                (
                    "monthly_debt_service",
                    p2plending.lib.models.MoneyField(
                        blank=True, null=True, verbose_name="payments on other debts a month"
                    ),
                ),
                (
                    "employment",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("employed", "Employed"),
                            ("self_employed", "Self-employed"),
                            ("retired", "Retired"),
                            ("student", "Student"),
                            ("not_working", "Not working"),
                        ],
                        max_length=16,
                        verbose_name="work",
                    ),
                ),
                (
                    "employment_months",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="months in this work"),
                ),
                ("dependants", models.PositiveSmallIntegerField(default=0, verbose_name="people who depend on you")),
                ("is_homeowner", models.BooleanField(default=False, verbose_name="owns the home")),
                ("region", models.CharField(blank=True, max_length=60, verbose_name="region")),
                (
                    "grade",
                    models.CharField(
                        blank=True,
                        choices=[("A", "A"), ("B", "B"), ("C", "C"), ("D", "D"), ("E", "E")],
                        max_length=1,
                        verbose_name="grade",
                    ),
                ),
                (
                    "annual_rate",
                    p2plending.lib.models.RateField(
                        blank=True, decimal_places=6, max_digits=9, null=True, verbose_name="rate a year"
                    ),
                ),
                (
                    "origination_fee_rate",
                    p2plending.lib.models.RateField(
                        blank=True, decimal_places=6, max_digits=9, null=True, verbose_name="set-up fee rate"
                    ),
                ),
                ("origination_fee", p2plending.lib.models.MoneyField(blank=True, null=True, verbose_name="set-up fee")),
                (
                    "servicing_fee_rate",
                    p2plending.lib.models.RateField(
                        blank=True, decimal_places=6, max_digits=9, null=True, verbose_name="servicing fee rate"
                    ),
                ),
                (
                    "expected_loss_rate",
                    p2plending.lib.models.RateField(
                        blank=True, decimal_places=6, max_digits=9, null=True, verbose_name="expected loss a year"
                    ),
                ),
                (
                    "instalment_amount",
                    p2plending.lib.models.MoneyField(blank=True, null=True, verbose_name="monthly payment"),
                ),
                (
                    "total_payment",
                    p2plending.lib.models.MoneyField(blank=True, null=True, verbose_name="total to pay back"),
                ),
                (
                    "apr_nominal",
                    p2plending.lib.models.RateField(
                        blank=True, decimal_places=6, max_digits=9, null=True, verbose_name="APR, nominal"
                    ),
                ),
                (
                    "apr_effective",
                    p2plending.lib.models.RateField(
                        blank=True, decimal_places=6, max_digits=9, null=True, verbose_name="APR, effective"
                    ),
                ),
                (
                    "frozen_terms",
                    models.JSONField(blank=True, default=dict, verbose_name="terms of the product when offered"),
                ),
                ("submitted_at", models.DateTimeField(blank=True, null=True)),
                ("info_request", models.CharField(blank=True, max_length=1000, verbose_name="what we ask")),
                ("info_answer", models.TextField(blank=True, max_length=2000, verbose_name="answer")),
                ("info_due_on", models.DateField(blank=True, null=True)),
                ("decline_reasons", models.JSONField(blank=True, default=list)),
                ("decline_note", models.CharField(blank=True, max_length=500)),
                ("offered_on", models.DateField(blank=True, null=True)),
                ("offer_expires_on", models.DateField(blank=True, null=True)),
                ("listed_at", models.DateTimeField(blank=True, null=True)),
                ("listed_on", models.DateField(blank=True, null=True)),
                ("listing_ends_on", models.DateField(blank=True, null=True)),
                ("partial_offer_ends_on", models.DateField(blank=True, null=True)),
                ("funded_on", models.DateField(blank=True, null=True)),
                ("signing_ends_on", models.DateField(blank=True, null=True)),
                ("signed_at", models.DateTimeField(blank=True, null=True)),
                ("disbursed_on", models.DateField(blank=True, null=True)),
                ("maturity_date", models.DateField(blank=True, null=True)),
                ("closed_on", models.DateField(blank=True, null=True)),
                ("funded_amount", p2plending.lib.models.MoneyField(default=0, verbose_name="funded")),
                ("lender_count", models.PositiveIntegerField(default=0, verbose_name="lenders")),
                ("schedule_version", models.PositiveSmallIntegerField(default=0)),
                ("principal_outstanding", p2plending.lib.models.MoneyField(default=0, verbose_name="principal left")),
                ("next_due_on", models.DateField(blank=True, null=True, verbose_name="next payment")),
                ("next_due_amount", p2plending.lib.models.MoneyField(blank=True, null=True)),
                ("arrears_amount", p2plending.lib.models.MoneyField(default=0, verbose_name="late now")),
                ("credit_held", p2plending.lib.models.MoneyField(default=0, verbose_name="paid ahead, kept")),
                ("days_past_due", models.PositiveIntegerField(default=0, verbose_name="days late")),
                (
                    "bucket",
                    models.CharField(
                        choices=[
                            ("current", "On time"),
                            ("grace", "1 to 15 days late"),
                            ("late_16_30", "16 to 30 days late"),
                            ("late_31_60", "31 to 60 days late"),
                            ("late_61_90", "61 to 90 days late"),
                            ("default", "In default"),
                        ],
                        default="current",
                        max_length=12,
                        verbose_name="lateness",
                    ),
                ),
                ("worst_days_past_due", models.PositiveIntegerField(default=0)),
                ("rolled_forward_to", models.DateField(blank=True, null=True)),
                (
                    "collections_paused_until",
                    models.DateField(blank=True, null=True, verbose_name="reminders pause until"),
                ),
                ("charge_pauses", models.JSONField(blank=True, default=list, editable=False)),
                ("is_frozen", models.BooleanField(default=False, verbose_name="under check")),
                ("is_restructured", models.BooleanField(default=False, verbose_name="payment plan")),
                ("autopay", models.BooleanField(default=False, verbose_name="automatic payment")),
                ("autopay_tried_on", models.DateField(blank=True, editable=False, null=True)),
                ("replays", models.PositiveSmallIntegerField(default=0, editable=False)),
                (
                    "borrower",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="loans", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="loans", to="loans.loanproduct"
                    ),
                ),
            ],
            options={
                "verbose_name": "loan",
                "verbose_name_plural": "loans",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["status", "listing_ends_on"], name="loan_marketplace"),
                    models.Index(fields=["status", "next_due_on"], name="loan_due"),
                    models.Index(fields=["status", "offer_expires_on"], name="loan_offers"),
                    models.Index(fields=["borrower", "status"], name="loan_of_borrower"),
                    models.Index(fields=["status", "submitted_at"], name="loan_review_queue"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "draft",
                                    "submitted",
                                    "under_review",
                                    "info_requested",
                                    "offered",
                                    "listed",
                                    "partial_offer",
                                    "funded",
                                    "active",
                                    "defaulted",
                                    "rejected",
                                    "withdrawn",
                                    "offer_expired",
                                    "expired",
                                    "cancelled",
                                    "repaid",
                                    "settled",
                                    "written_off",
                                ],
                            )
                        ),
                        name="loan_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("principal__gt", 0), ("requested_amount__gt", 0), ("term_months__gt", 0)),
                        name="loan_amounts_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("principal__lte", models.F("requested_amount"))),
                        name="loan_never_larger_than_asked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("funded_amount__gte", 0), ("funded_amount__lte", models.F("principal"))),
                        name="loan_never_over_funded",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                (
                                    "status__in",
                                    (
                                        "offered",
                                        "listed",
                                        "partial_offer",
                                        "funded",
                                        "active",
                                        "defaulted",
                                        "offer_expired",
                                        "expired",
                                        "repaid",
                                        "settled",
                                        "written_off",
                                    ),
                                ),
                                _negated=True,
                            ),
                            models.Q(
                                ("annual_rate__isnull", False),
                                ("instalment_amount__isnull", False),
                                ("origination_fee__isnull", False),
                                ("servicing_fee_rate__isnull", False),
                                models.Q(("grade", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="loan_priced_has_terms",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "offered"), _negated=True),
                            ("offer_expires_on__isnull", False),
                            _connector="OR",
                        ),
                        name="loan_offer_has_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "listed"), _negated=True),
                            models.Q(("listed_on__isnull", False), ("listing_ends_on__isnull", False)),
                            _connector="OR",
                        ),
                        name="loan_listed_has_dates",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "funded"), _negated=True),
                            models.Q(("funded_amount", models.F("principal")), ("funded_on__isnull", False)),
                            _connector="OR",
                        ),
                        name="loan_funded_is_full",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("disbursed_on__isnull", False),
                                ("signed_at__isnull", False),
                                ("status__in", ("active", "defaulted", "repaid", "settled", "written_off")),
                            ),
                            models.Q(
                                models.Q(
                                    ("status__in", ("active", "defaulted", "repaid", "settled", "written_off")),
                                    _negated=True,
                                ),
                                ("disbursed_on__isnull", True),
                                ("principal_outstanding", 0),
                            ),
                            _connector="OR",
                        ),
                        name="loan_disbursed_was_signed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["repaid", "settled", "written_off"]), _negated=True),
                            models.Q(("closed_on__isnull", False), ("principal_outstanding", 0)),
                            _connector="OR",
                        ),
                        name="loan_closed_owes_nothing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("open_application_of__isnull", False),
                                (
                                    "status__in",
                                    (
                                        "draft",
                                        "submitted",
                                        "under_review",
                                        "info_requested",
                                        "offered",
                                        "listed",
                                        "partial_offer",
                                        "funded",
                                    ),
                                ),
                            ),
                            models.Q(
                                models.Q(
                                    (
                                        "status__in",
                                        (
                                            "draft",
                                            "submitted",
                                            "under_review",
                                            "info_requested",
                                            "offered",
                                            "listed",
                                            "partial_offer",
                                            "funded",
                                        ),
                                    ),
                                    _negated=True,
                                ),
                                ("open_application_of__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="loan_open_application_marked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("arrears_amount__gte", 0), ("principal_outstanding__gte", 0)),
                        name="loan_owes_no_less_than_zero",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("credit_held", 0),
                            models.Q(("credit_held__gt", 0), ("status__in", ("active", "defaulted"))),
                            _connector="OR",
                        ),
                        name="loan_keeps_credit_while_owing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("annual_rate__isnull", True),
                            models.Q(("annual_rate__gte", Decimal("0")), ("annual_rate__lte", Decimal("2"))),
                            _connector="OR",
                        ),
                        name="loan_rate_in_range",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Instalment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("schedule_version", models.PositiveSmallIntegerField()),
                ("number", models.PositiveSmallIntegerField(verbose_name="no.")),
                ("period_start", models.DateField()),
                ("due_date", models.DateField(verbose_name="due")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("scheduled", "Planned"),
                            ("due", "Due"),
                            ("partial", "Partly paid"),
                            ("paid", "Paid"),
                            ("superseded", "Replaced"),
                            ("waived", "Waived"),
                            ("written_off", "Written off"),
                        ],
                        default="scheduled",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("principal_due", p2plending.lib.models.MoneyField(verbose_name="principal")),
                ("interest_due", p2plending.lib.models.MoneyField(verbose_name="interest")),
                ("late_fee_due", p2plending.lib.models.MoneyField(default=0, verbose_name="late fee")),
                ("principal_paid", p2plending.lib.models.MoneyField(default=0)),
                ("interest_paid", p2plending.lib.models.MoneyField(default=0)),
                ("late_fee_paid", p2plending.lib.models.MoneyField(default=0)),
                (
                    "principal_removed",
                    p2plending.lib.models.MoneyField(default=0, verbose_name="principal waived or written off"),
                ),
                (
                    "interest_removed",
                    p2plending.lib.models.MoneyField(default=0, verbose_name="interest waived or written off"),
                ),
                (
                    "late_fee_removed",
                    p2plending.lib.models.MoneyField(default=0, verbose_name="late fee waived or written off"),
                ),
                ("interest_posted", p2plending.lib.models.MoneyField(default=0)),
                ("interest_to_date", p2plending.lib.models.MoneyField(blank=True, null=True)),
                ("late_fee_charged_on", models.DateField(blank=True, null=True)),
                ("late_fee_base", p2plending.lib.models.MoneyField(blank=True, null=True)),
                ("settled_on", models.DateField(blank=True, null=True, verbose_name="paid on")),
                ("default_interest_to", models.DateField(blank=True, null=True)),
                ("default_interest_carry", models.IntegerField(default=0)),
                ("default_interest_until", models.DateField(blank=True, null=True)),
                ("superseded_by", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="instalments", to="loans.loan"
                    ),
                ),
            ],
            options={
                "verbose_name": "instalment",
                "verbose_name_plural": "instalments",
                "ordering": ("loan", "schedule_version", "number"),
                "indexes": [models.Index(fields=["status", "due_date"], name="instalment_due")],
                "constraints": [
                    models.UniqueConstraint(fields=("loan", "schedule_version", "number"), name="instalment_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("interest_due__gte", 0),
                            ("interest_paid__gte", 0),
                            ("late_fee_due__gte", 0),
                            ("late_fee_paid__gte", 0),
                            ("principal_due__gte", 0),
                            ("principal_paid__gte", 0),
                        ),
                        name="instalment_parts_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "principal_due__gte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("principal_paid"), "+", models.F("principal_removed")
                                ),
                            ),
                            (
                                "interest_due__gte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("interest_paid"), "+", models.F("interest_removed")
                                ),
                            ),
                            (
                                "late_fee_due__gte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("late_fee_paid"), "+", models.F("late_fee_removed")
                                ),
                            ),
                        ),
                        name="instalment_never_paid_twice",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "paid"), _negated=True),
                            models.Q(
                                (
                                    "interest_due",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("interest_paid"), "+", models.F("interest_removed")
                                    ),
                                ),
                                (
                                    "late_fee_due",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("late_fee_paid"), "+", models.F("late_fee_removed")
                                    ),
                                ),
                                (
                                    "principal_due",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("principal_paid"), "+", models.F("principal_removed")
                                    ),
                                ),
                                ("settled_on__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="instalment_paid_means_every_part",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HardshipRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("income", "My income has fallen"),
                            ("illness", "Illness or an accident"),
                            ("family", "Something in the family"),
                            ("costs", "A large unexpected cost"),
                            ("other", "Something else"),
                        ],
                        max_length=10,
                        verbose_name="what happened",
                    ),
                ),
                ("story", models.TextField(blank=True, max_length=2000, verbose_name="in your own words")),
                ("expected_months", models.PositiveSmallIntegerField(verbose_name="how many months it may last")),
                ("affordable_amount", p2plending.lib.models.MoneyField(verbose_name="what you could pay each time")),
                (
                    "option",
                    models.CharField(
                        choices=[
                            ("new_due_day", "Another day of the month"),
                            ("holiday", "A pause"),
                            ("lower", "Smaller payments for a while"),
                            ("longer", "More time: the rest over more payments"),
                        ],
                        max_length=12,
                        verbose_name="what would help",
                    ),
                ),
                ("due_day", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="day of the month")),
                ("payments", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="how many payments")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "We are reading it"),
                            ("approved", "We made you a proposal"),
                            ("declined", "Not possible"),
                            ("withdrawn", "Taken back"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("open_key", models.BigIntegerField(blank=True, editable=False, null=True, unique=True)),
                ("asked_on", models.DateField(verbose_name="asked on")),
                ("paused_until", models.DateField(verbose_name="late fees wait until")),
                ("decided_on", models.DateField(blank=True, null=True)),
                ("decision_note", models.CharField(blank=True, max_length=500, verbose_name="our answer")),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="hardship_requests", to="loans.loan"
                    ),
                ),
            ],
            options={
                "verbose_name": "request for help",
                "verbose_name_plural": "requests for help",
                "ordering": ("-id",),
                "indexes": [models.Index(fields=["status", "asked_on"], name="hardship_queue")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_on__isnull", True), ("open_key__isnull", False), ("status", "open")),
                            models.Q(
                                models.Q(("status", "open"), _negated=True),
                                ("decided_on__isnull", False),
                                ("open_key__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="hardship_open_is_marked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("affordable_amount__gte", 0)), name="hardship_amount_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EndOfDayFailure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                ("open_key", models.BigIntegerField(blank=True, editable=False, null=True, unique=True)),
                ("first_on", models.DateField(verbose_name="first day")),
                ("last_on", models.DateField(verbose_name="last day")),
                ("last_at", models.DateTimeField(verbose_name="last tried")),
                ("times", models.PositiveIntegerField(default=0, verbose_name="how often")),
                ("error", models.CharField(max_length=100, verbose_name="error")),
                ("place", models.CharField(blank=True, max_length=160, verbose_name="where")),
                ("words", models.CharField(blank=True, max_length=300, verbose_name="words")),
                ("cleared_at", models.DateTimeField(blank=True, null=True, verbose_name="cleared")),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="end_of_day_failures", to="loans.loan"
                    ),
                ),
            ],
            options={
                "verbose_name": "loan left behind",
                "verbose_name_plural": "loans left behind",
                "ordering": ("-id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cleared_at__isnull", True), ("open_key__isnull", False)),
                            models.Q(("cleared_at__isnull", False), ("open_key__isnull", True)),
                            _connector="OR",
                        ),
                        name="failure_open_is_marked",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DefaultNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                ("arrears", p2plending.lib.models.MoneyField(verbose_name="late")),
                ("total", p2plending.lib.models.MoneyField(verbose_name="owed in all")),
                ("sent_on", models.DateField(verbose_name="sent on")),
                ("pay_by", models.DateField(verbose_name="pay by")),
                ("ended_on", models.DateField(blank=True, null=True, verbose_name="ended on")),
                ("open_key", models.BigIntegerField(blank=True, editable=False, null=True, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="default_notices", to="loans.loan"
                    ),
                ),
            ],
            options={
                "verbose_name": "default notice",
                "verbose_name_plural": "default notices",
                "ordering": ("-id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_on__isnull", True), ("open_key__isnull", False)),
                            models.Q(("ended_on__isnull", False), ("open_key__isnull", True)),
                            _connector="OR",
                        ),
                        name="notice_open_is_marked",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditAssessment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("model_version", models.CharField(max_length=20, verbose_name="scorecard")),
                ("inputs", models.JSONField(verbose_name="inputs")),
                ("factors", models.JSONField(verbose_name="points by factor")),
                ("points", models.PositiveSmallIntegerField(verbose_name="points")),
                (
                    "grade",
                    models.CharField(
                        blank=True,
                        choices=[("A", "A"), ("B", "B"), ("C", "C"), ("D", "D"), ("E", "E")],
                        max_length=1,
                        verbose_name="grade",
                    ),
                ),
                (
                    "annual_rate",
                    p2plending.lib.models.RateField(
                        blank=True, decimal_places=6, max_digits=9, null=True, verbose_name="rate a year"
                    ),
                ),
                ("reject_codes", models.JSONField(blank=True, default=list)),
                (
                    "debt_to_income",
                    models.DecimalField(
                        decimal_places=4, max_digits=9, null=True, verbose_name="debt payments over income"
                    ),
                ),
                (
                    "disposable_income",
                    p2plending.lib.models.MoneyField(verbose_name="left each month before the payment"),
                ),
                ("instalment_amount", p2plending.lib.models.MoneyField(verbose_name="monthly payment")),
                ("affordability", models.CharField(max_length=10, verbose_name="affordability")),
                ("assessed_on", models.DateField()),
                (
                    "loan",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assessment", to="loans.loan"
                    ),
                ),
            ],
            options={
                "verbose_name": "credit assessment",
                "verbose_name_plural": "credit assessments",
            },
        ),
        migrations.CreateModel(
            name="Commitment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                ("amount", p2plending.lib.models.MoneyField(verbose_name="amount")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("reserved", "Reserved"),
                            ("converted", "Lent"),
                            ("withdrawn", "Taken back"),
                            ("released", "Returned"),
                        ],
                        default="reserved",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("manual", "By hand"),
                            ("suggestion", "From a suggestion"),
                            ("mandate", "Auto-invest"),
                        ],
                        default="manual",
                        max_length=12,
                        verbose_name="how",
                    ),
                ),
                ("committed_on", models.DateField(verbose_name="reserved on")),
                ("ended_on", models.DateField(blank=True, null=True, verbose_name="ended on")),
                (
                    "lender",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commitments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="commitments", to="loans.loan"
                    ),
                ),
            ],
            options={
                "verbose_name": "commitment",
                "verbose_name_plural": "commitments",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["lender", "status"], name="commitment_of_lender"),
                    models.Index(fields=["loan", "status"], name="commitment_of_loan"),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="commitment_amount_positive"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_on__isnull", True), ("status__in", ("reserved",))),
                            models.Q(
                                models.Q(("status__in", ("reserved",)), _negated=True),
                                ("ended_on__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="commitment_end_has_date",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LoanAgreement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("body", models.TextField()),
                ("sha256", models.CharField(max_length=64)),
                ("template_version", models.CharField(max_length=20)),
                ("prepared_at", models.DateTimeField(auto_now_add=True)),
                ("signed_name", models.CharField(blank=True, max_length=150, verbose_name="name typed")),
                ("signed_at", models.DateTimeField(blank=True, null=True)),
                ("signed_ip", models.GenericIPAddressField(blank=True, null=True)),
                (
                    "loan",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="agreement", to="loans.loan"
                    ),
                ),
            ],
            options={
                "verbose_name": "loan agreement",
                "verbose_name_plural": "loan agreements",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("signed_at__isnull", True), ("signed_name", "")),
                            models.Q(("signed_at__isnull", False), models.Q(("signed_name", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="agreement_signed_has_name",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LoanCharge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                (
                    "part",
                    models.CharField(
                        choices=[("fee", "Fee"), ("penalty", "Penalty")], max_length=8, verbose_name="kind"
                    ),
                ),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due")),
                ("amount", p2plending.lib.models.MoneyField(default=0, verbose_name="amount")),
                (
                    "rate",
                    p2plending.lib.models.RateField(decimal_places=6, default=0, max_digits=9, verbose_name="rate"),
                ),
                (
                    "base",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("principal", "Principal"),
                            ("interest", "Interest"),
                            ("instalment", "Principal and interest"),
                        ],
                        max_length=10,
                        verbose_name="rate of what",
                    ),
                ),
                ("total", p2plending.lib.models.MoneyField(verbose_name="total")),
                ("entered_on", models.DateField(verbose_name="entered")),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("is_undone", models.BooleanField(default=False)),
                ("waived", p2plending.lib.models.MoneyField(default=0, verbose_name="waived")),
                ("waived_on", models.DateField(blank=True, null=True, verbose_name="waived on")),
                ("waiver_reason", models.CharField(blank=True, max_length=300, verbose_name="why it was waived")),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.journalentry"
                    ),
                ),
                (
                    "instalment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="late_charges",
                        to="loans.instalment",
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="charges", to="loans.loan"
                    ),
                ),
                (
                    "waived_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "waiver_entry",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.journalentry",
                    ),
                ),
            ],
            options={
                "verbose_name": "charge",
                "verbose_name_plural": "charges",
                "ordering": ("id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0), ("rate__gte", 0), ("total__gt", 0)),
                        name="charge_of_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("waived", 0), ("waived_on__isnull", True), ("waiver_entry__isnull", True)),
                            models.Q(("waived__gt", 0), ("waived_on__isnull", False), ("waiver_entry__isnull", False)),
                            _connector="OR",
                        ),
                        name="charge_waived_has_entry",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LoanDefault",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "cause",
                    models.CharField(
                        choices=[("days_late", "Late for too long"), ("bankruptcy", "Bankruptcy"), ("fraud", "Fraud")],
                        max_length=12,
                        verbose_name="why",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                ("declared_on", models.DateField(verbose_name="since")),
                ("schedule_version", models.PositiveSmallIntegerField()),
                ("principal", p2plending.lib.models.MoneyField(verbose_name="principal")),
                ("interest", p2plending.lib.models.MoneyField(verbose_name="interest")),
                ("late_fee", p2plending.lib.models.MoneyField(verbose_name="late fees")),
                (
                    "interest_removed",
                    p2plending.lib.models.MoneyField(verbose_name="interest to come that is no longer charged"),
                ),
                ("cured_on", models.DateField(blank=True, null=True, verbose_name="cured on")),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="defaults", to="loans.loan"
                    ),
                ),
            ],
            options={
                "verbose_name": "default",
                "verbose_name_plural": "defaults",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="LoanDelinquency",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "bucket",
                    models.CharField(
                        choices=[
                            ("current", "On time"),
                            ("grace", "1 to 15 days late"),
                            ("late_16_30", "16 to 30 days late"),
                            ("late_31_60", "31 to 60 days late"),
                            ("late_61_90", "61 to 90 days late"),
                            ("default", "In default"),
                        ],
                        max_length=12,
                    ),
                ),
                ("from_date", models.DateField()),
                ("to_date", models.DateField(blank=True, null=True)),
                ("worst_days_past_due", models.PositiveIntegerField(default=0)),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="delinquencies", to="loans.loan"
                    ),
                ),
            ],
            options={
                "verbose_name": "lateness period",
                "verbose_name_plural": "lateness periods",
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="LoanDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("payslip", "Payslip"),
                            ("bank_statement", "Bank statement"),
                            ("tax_assessment", "Tax assessment"),
                            ("employment", "Contract of work"),
                            ("pension_or_benefit", "Pension or benefit letter"),
                            ("purpose", "Offer or invoice for what the loan is for"),
                            ("other", "Something else"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("stored_name", models.CharField(editable=False, max_length=80, unique=True)),
                ("content_type", models.CharField(editable=False, max_length=40)),
                ("size", models.PositiveIntegerField(editable=False)),
                ("sha256", models.CharField(editable=False, max_length=64)),
                ("uploaded_at", models.DateTimeField(auto_now_add=True)),
                ("checked_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "checked_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="documents", to="loans.loan"
                    ),
                ),
            ],
            options={
                "verbose_name": "loan document",
                "verbose_name_plural": "loan documents",
                "ordering": ("-id",),
                "constraints": [
                    models.UniqueConstraint(fields=("loan", "kind", "sha256"), name="loan_document_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("checked_at__isnull", True), ("checked_by__isnull", True)),
                            models.Q(("checked_at__isnull", False), ("checked_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="loan_document_check_has_author",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LoanLoss",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("open_key", models.BigIntegerField(blank=True, editable=False, null=True, unique=True)),
                ("undone_on", models.DateField(blank=True, null=True, verbose_name="undone on")),
                (
                    "kind",
                    models.CharField(
                        choices=[("write_off", "Written off"), ("settlement", "Settled for less")],
                        max_length=10,
                        verbose_name="how",
                    ),
                ),
                ("principal", p2plending.lib.models.MoneyField(verbose_name="principal")),
                ("interest", p2plending.lib.models.MoneyField(verbose_name="interest")),
                ("late_fee", p2plending.lib.models.MoneyField(verbose_name="late fees")),
                ("lost_on", models.DateField(verbose_name="on")),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                (
                    "approval",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="loss", to="accounts.approvalrequest"
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="loss", to="ledger.journalentry"
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="losses", to="loans.loan"
                    ),
                ),
            ],
            options={
                "verbose_name": "loss",
                "verbose_name_plural": "losses",
                "ordering": ("-id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("interest__gte", 0), ("late_fee__gte", 0), ("principal__gte", 0)),
                        name="loss_parts_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("open_key__isnull", False), ("undone_on__isnull", True)),
                            models.Q(("open_key__isnull", True), ("undone_on__isnull", False)),
                            _connector="OR",
                        ),
                        name="loss_open_is_marked",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GradeTerms",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "grade",
                    models.CharField(
                        choices=[("A", "A"), ("B", "B"), ("C", "C"), ("D", "D"), ("E", "E")],
                        max_length=1,
                        verbose_name="grade",
                    ),
                ),
                ("min_points", models.PositiveSmallIntegerField(verbose_name="points from")),
                (
                    "margin",
                    p2plending.lib.models.RateField(
                        decimal_places=6, max_digits=9, verbose_name="margin over the base rate"
                    ),
                ),
                (
                    "origination_fee_rate",
                    p2plending.lib.models.RateField(decimal_places=6, max_digits=9, verbose_name="set-up fee"),
                ),
                (
                    "expected_loss_rate",
                    p2plending.lib.models.RateField(
                        decimal_places=6, max_digits=9, verbose_name="expected loss a year"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="grades", to="loans.loanproduct"
                    ),
                ),
            ],
            options={
                "verbose_name": "grade",
                "verbose_name_plural": "grades",
                "ordering": ("product", "grade"),
                "constraints": [models.UniqueConstraint(fields=("product", "grade"), name="grade_once_per_product")],
            },
        ),
        migrations.CreateModel(
            name="LoanQuestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(editable=False, max_length=16, unique=True)),
                ("text", models.CharField(max_length=500, verbose_name="question")),
                ("answer", models.CharField(blank=True, max_length=1000, verbose_name="answer")),
                ("status", models.CharField(max_length=10)),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "refusal_note",
                    models.CharField(blank=True, db_default="", max_length=300, verbose_name="why it is not published"),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="loan_questions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="questions", to="loans.loan"
                    ),
                ),
            ],
            options={
                "verbose_name": "loan question",
                "verbose_name_plural": "loan questions",
                "ordering": ("id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at__isnull", True)),
                            models.Q(("answered_at__isnull", False), models.Q(("answer", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="question_answered_has_text",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LoanTransition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event", models.CharField(max_length=24)),
                (
                    "from_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "Sent"),
                            ("under_review", "In review"),
                            ("info_requested", "More information needed"),
                            ("offered", "Offer made"),
                            ("listed", "Open for funding"),
                            ("partial_offer", "Partly funded"),
                            ("funded", "Funded"),
                            ("active", "Being paid back"),
                            ("defaulted", "In default"),
                            ("rejected", "Declined"),
                            ("withdrawn", "Withdrawn"),
                            ("offer_expired", "Offer expired"),
                            ("expired", "Not funded in time"),
                            ("cancelled", "Cancelled"),
                            ("repaid", "Repaid"),
                            ("settled", "Settled for less"),
                            ("written_off", "Written off"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "to_status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "Sent"),
                            ("under_review", "In review"),
                            ("info_requested", "More information needed"),
                            ("offered", "Offer made"),
                            ("listed", "Open for funding"),
                            ("partial_offer", "Partly funded"),
                            ("funded", "Funded"),
                            ("active", "Being paid back"),
                            ("defaulted", "In default"),
                            ("rejected", "Declined"),
                            ("withdrawn", "Withdrawn"),
                            ("offer_expired", "Offer expired"),
                            ("expired", "Not funded in time"),
                            ("cancelled", "Cancelled"),
                            ("repaid", "Repaid"),
                            ("settled", "Settled for less"),
                            ("written_off", "Written off"),
                        ],
                        max_length=16,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("business_date", models.DateField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="transitions", to="loans.loan"
                    ),
                ),
            ],
            options={
                "verbose_name": "loan step",
                "verbose_name_plural": "loan steps",
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Running"),
                            ("repaid", "Paid back"),
                            ("settled", "Settled for less"),
                            ("written_off", "Written off"),
                        ],
                        default="active",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("principal", p2plending.lib.models.MoneyField(verbose_name="lent")),
                ("principal_outstanding", p2plending.lib.models.MoneyField(verbose_name="principal left")),
                (
                    "interest_carry",
                    p2plending.lib.models.CarryField(
                        decimal_places=12, default=Decimal("0"), editable=False, max_digits=18
                    ),
                ),
                (
                    "late_fee_carry",
                    p2plending.lib.models.CarryField(
                        decimal_places=12, default=Decimal("0"), editable=False, max_digits=18
                    ),
                ),
                ("principal_received", p2plending.lib.models.MoneyField(default=0, verbose_name="principal received")),
                ("interest_received", p2plending.lib.models.MoneyField(default=0, verbose_name="interest received")),
                ("late_fees_received", p2plending.lib.models.MoneyField(default=0, verbose_name="late fees received")),
                ("servicing_fees_paid", p2plending.lib.models.MoneyField(default=0, verbose_name="servicing fees")),
                (
                    "capitalised",
                    p2plending.lib.models.MoneyField(default=0, verbose_name="interest and fees added to it"),
                ),
                ("principal_lost", p2plending.lib.models.MoneyField(default=0, verbose_name="principal lost")),
                ("recovered", p2plending.lib.models.MoneyField(default=0, verbose_name="recovered after the loss")),
                ("issued_on", models.DateField(verbose_name="lent on")),
                ("closed_on", models.DateField(blank=True, null=True, verbose_name="ended on")),
                (
                    "commitment",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="note",
                        to="loans.commitment",
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="loans.loan"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="loans.note",
                    ),
                ),
            ],
            options={
                "verbose_name": "note",
                "verbose_name_plural": "notes",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["owner", "status"], name="note_of_owner"),
                    models.Index(fields=["loan", "status"], name="note_of_loan"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("capitalised__gte", 0),
                            ("principal__gt", 0),
                            ("principal_outstanding__gte", 0),
                            (
                                "principal_outstanding__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("principal"), "+", models.F("capitalised")
                                ),
                            ),
                        ),
                        name="note_principal_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("principal_lost__gte", 0),
                            ("recovered__gte", 0),
                            models.Q(
                                ("principal_lost", 0), ("status__in", ["written_off", "settled"]), _connector="OR"
                            ),
                        ),
                        name="note_loss_has_ended",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_on__isnull", True), ("status__in", ("active",))),
                            models.Q(
                                models.Q(("status__in", ("active",)), _negated=True),
                                ("closed_on__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="note_end_has_date",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanProposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                (
                    "option",
                    models.CharField(
                        choices=[
                            ("new_due_day", "Another day of the month"),
                            ("holiday", "A pause"),
                            ("lower", "Smaller payments for a while"),
                            ("longer", "More time: the rest over more payments"),
                        ],
                        max_length=12,
                        verbose_name="what changes",
                    ),
                ),
                ("due_day", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="day of the month")),
                ("payments", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="how many payments")),
                ("amount", p2plending.lib.models.MoneyField(blank=True, null=True, verbose_name="payment")),
                (
                    "interest_choice",
                    models.CharField(
                        choices=[
                            ("capitalise", "Add it to the loan"),
                            ("carry", "Ask for it with the first new payment"),
                            ("waive", "Waive it"),
                        ],
                        max_length=10,
                        verbose_name="unpaid interest",
                    ),
                ),
                (
                    "late_fee_choice",
                    models.CharField(
                        choices=[
                            ("capitalise", "Add it to the loan"),
                            ("carry", "Ask for it with the first new payment"),
                            ("waive", "Waive it"),
                        ],
                        max_length=10,
                        verbose_name="unpaid late fees",
                    ),
                ),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("proposed", "Waiting for your answer"),
                            ("accepted", "Agreed"),
                            ("declined", "Declined"),
                            ("expired", "Not answered in time"),
                        ],
                        default="proposed",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("open_key", models.BigIntegerField(blank=True, editable=False, null=True, unique=True)),
                ("proposed_on", models.DateField(verbose_name="proposed on")),
                ("expires_on", models.DateField(verbose_name="valid until")),
                ("decided_on", models.DateField(blank=True, null=True)),
                ("interest", p2plending.lib.models.MoneyField(default=0, verbose_name="unpaid interest")),
                ("late_fee", p2plending.lib.models.MoneyField(default=0, verbose_name="unpaid late fees")),
                ("schedule_version", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "entry",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plan_proposal",
                        to="ledger.journalentry",
                    ),
                ),
                (
                    "hardship",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposal",
                        to="loans.hardshiprequest",
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="plan_proposals", to="loans.loan"
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "proposed plan",
                "verbose_name_plural": "proposed plans",
                "ordering": ("-id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_on__isnull", True), ("open_key__isnull", False), ("status", "proposed")),
                            models.Q(
                                models.Q(("status", "proposed"), _negated=True),
                                ("decided_on__isnull", False),
                                ("open_key__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="proposal_open_is_marked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "accepted"), _negated=True),
                            ("schedule_version__isnull", False),
                            _connector="OR",
                        ),
                        name="proposal_accepted_has_version",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CapitalisationShare",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("weight", p2plending.lib.models.MoneyField()),
                ("amount", p2plending.lib.models.MoneyField(default=0)),
                (
                    "note",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="capitalisation_shares",
                        to="loans.note",
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shares", to="loans.planproposal"
                    ),
                ),
            ],
            options={
                "verbose_name": "share of what was added to the loan",
                "verbose_name_plural": "shares of what was added to the loan",
                "constraints": [models.UniqueConstraint(fields=("proposal", "note"), name="capitalisation_share_once")],
            },
        ),
        migrations.CreateModel(
            name="Recovery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                ("amount", p2plending.lib.models.MoneyField(verbose_name="amount")),
                ("fee", p2plending.lib.models.MoneyField(default=0, verbose_name="collection fee")),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("wallet", "From the wallet"),
                            ("declared", "Transferred to us"),
                            ("autopay", "Automatic payment"),
                            ("credit", "From what was paid ahead"),
                        ],
                        max_length=10,
                        verbose_name="how",
                    ),
                ),
                ("value_date", models.DateField(verbose_name="received on")),
                (
                    "bank_reference",
                    models.CharField(blank=True, max_length=60, verbose_name="reference on the transfer"),
                ),
                ("undone_on", models.DateField(blank=True, null=True, verbose_name="came back on")),
                ("entered_on", models.DateField(blank=True, editable=False, null=True, verbose_name="entered on")),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="recovery", to="ledger.journalentry"
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="recoveries", to="loans.loan"
                    ),
                ),
                (
                    "payer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "recovery",
                "verbose_name_plural": "recoveries",
                "ordering": ("-id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("fee__gte", 0), ("fee__lte", models.F("amount"))),
                        name="recovery_fee_within_amount",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RecoveryShare",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("weight", p2plending.lib.models.MoneyField()),
                ("amount", p2plending.lib.models.MoneyField(default=0)),
                (
                    "note",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="recovery_shares", to="loans.note"
                    ),
                ),
                (
                    "recovery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shares", to="loans.recovery"
                    ),
                ),
            ],
            options={
                "verbose_name": "share of a recovery",
                "verbose_name_plural": "shares of a recovery",
                "constraints": [models.UniqueConstraint(fields=("recovery", "note"), name="recovery_share_once")],
            },
        ),
        migrations.CreateModel(
            name="ReminderSent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("before_3", "3 days before"), ("on_the_day", "On the day"), ("late_1", "1 day late")],
                        max_length=12,
                    ),
                ),
                ("business_date", models.DateField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "instalment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reminders", to="loans.instalment"
                    ),
                ),
            ],
            options={
                "verbose_name": "reminder sent",
                "verbose_name_plural": "reminders sent",
                "constraints": [models.UniqueConstraint(fields=("instalment", "kind"), name="reminder_once")],
            },
        ),
        migrations.CreateModel(
            name="Repayment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                ("amount", p2plending.lib.models.MoneyField(verbose_name="amount")),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("wallet", "From the wallet"),
                            ("declared", "Transferred to us"),
                            ("autopay", "Automatic payment"),
                            ("credit", "From what was paid ahead"),
                        ],
                        max_length=10,
                        verbose_name="how",
                    ),
                ),
                ("extra_mode", models.CharField(blank=True, max_length=10, verbose_name="extra money")),
                ("value_date", models.DateField(verbose_name="paid on")),
                (
                    "bank_reference",
                    models.CharField(blank=True, max_length=60, verbose_name="reference on the transfer"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("declared", "Looking for your money"),
                            ("confirmed", "Received"),
                            ("rejected", "Not found"),
                            ("reversed", "Came back"),
                            ("replaced", "Worked out again"),
                        ],
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("late_fee", p2plending.lib.models.MoneyField(default=0, verbose_name="late fee")),
                ("interest", p2plending.lib.models.MoneyField(default=0, verbose_name="interest")),
                ("principal", p2plending.lib.models.MoneyField(default=0, verbose_name="principal")),
                ("surplus", p2plending.lib.models.MoneyField(default=0, verbose_name="back to the wallet")),
                ("held", p2plending.lib.models.MoneyField(default=0, verbose_name="kept for the next payments")),
                (
                    "credit_used",
                    p2plending.lib.models.MoneyField(default=0, verbose_name="paid ahead before, used with it"),
                ),
                (
                    "servicing_fee",
                    p2plending.lib.models.MoneyField(default=0, verbose_name="servicing fee of the lenders"),
                ),
                ("counted_on", models.DateField(blank=True, null=True, verbose_name="counts on")),
                ("found_on", models.DateField(blank=True, editable=False, null=True, verbose_name="found on")),
                ("is_told", models.BooleanField(default=True, editable=False, verbose_name="the person was told")),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decision_note", models.CharField(blank=True, max_length=300, verbose_name="note to the person")),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="repayment",
                        to="ledger.journalentry",
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="repayments", to="loans.loan"
                    ),
                ),
                (
                    "payer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="repayments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="loans.repayment",
                    ),
                ),
            ],
            options={
                "verbose_name": "repayment",
                "verbose_name_plural": "repayments",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["status", "created_at"], name="repayment_queue"),
                    models.Index(fields=["is_told", "id"], name="repayment_untold"),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="repayment_amount_positive"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ("confirmed", "reversed", "replaced")), _negated=True),
                            models.Q(
                                (
                                    "amount",
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    django.db.models.expressions.CombinedExpression(
                                                        models.F("late_fee"), "+", models.F("interest")
                                                    ),
                                                    "+",
                                                    models.F("principal"),
                                                ),
                                                "+",
                                                models.F("surplus"),
                                            ),
                                            "+",
                                            models.F("held"),
                                        ),
                                        "-",
                                        models.F("credit_used"),
                                    ),
                                ),
                                ("entry__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="repayment_allocated_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("credit_used__gte", 0),
                            ("held__gte", 0),
                            models.Q(("held", 0), ("credit_used", 0), _connector="OR"),
                        ),
                        name="repayment_keeps_or_uses_credit",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Distribution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("weight", p2plending.lib.models.MoneyField()),
                ("principal", p2plending.lib.models.MoneyField(default=0)),
                ("interest", p2plending.lib.models.MoneyField(default=0)),
                ("late_fee", p2plending.lib.models.MoneyField(default=0)),
                ("servicing_fee", p2plending.lib.models.MoneyField(default=0)),
                ("net", p2plending.lib.models.MoneyField(default=0)),
                (
                    "interest_carry_before",
                    p2plending.lib.models.CarryField(decimal_places=12, default=Decimal("0"), max_digits=18),
                ),
                (
                    "interest_carry_after",
                    p2plending.lib.models.CarryField(decimal_places=12, default=Decimal("0"), max_digits=18),
                ),
                (
                    "late_fee_carry_before",
                    p2plending.lib.models.CarryField(decimal_places=12, default=Decimal("0"), max_digits=18),
                ),
                (
                    "late_fee_carry_after",
                    p2plending.lib.models.CarryField(decimal_places=12, default=Decimal("0"), max_digits=18),
                ),
                (
                    "note",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="distributions", to="loans.note"
                    ),
                ),
                (
                    "repayment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="distributions", to="loans.repayment"
                    ),
                ),
            ],
            options={
                "verbose_name": "distribution",
                "verbose_name_plural": "distributions",
                "constraints": [
                    models.UniqueConstraint(fields=("repayment", "note"), name="distribution_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "net",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("principal"), "+", models.F("interest")
                                        ),
                                        "+",
                                        models.F("late_fee"),
                                    ),
                                    "-",
                                    models.F("servicing_fee"),
                                ),
                            )
                        ),
                        name="distribution_net_adds_up",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RepaymentAllocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("late_fee", p2plending.lib.models.MoneyField(default=0)),
                ("interest", p2plending.lib.models.MoneyField(default=0)),
                ("principal", p2plending.lib.models.MoneyField(default=0)),
                (
                    "instalment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="allocations", to="loans.instalment"
                    ),
                ),
                (
                    "repayment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="allocations", to="loans.repayment"
                    ),
                ),
            ],
            options={
                "verbose_name": "allocation",
                "verbose_name_plural": "allocations",
                "constraints": [models.UniqueConstraint(fields=("repayment", "instalment"), name="allocation_once")],
            },
        ),
        migrations.CreateModel(
            name="ScheduleVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("reason", models.CharField(max_length=200)),
                ("starts_on", models.DateField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="schedule_versions", to="loans.loan"
                    ),
                ),
                (
                    "repayment",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="schedule_version",
                        to="loans.repayment",
                    ),
                ),
            ],
            options={
                "verbose_name": "payment plan",
                "verbose_name_plural": "payment plans",
                "ordering": ("loan", "number"),
                "constraints": [models.UniqueConstraint(fields=("loan", "number"), name="schedule_version_once")],
            },
        ),
        migrations.CreateModel(
            name="SettlementOffer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                ("amount", p2plending.lib.models.MoneyField(verbose_name="amount")),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting for a second person"),
                            ("open", "Offered"),
                            ("paid", "Paid"),
                            ("refused", "Refused"),
                            ("expired", "Not paid in time"),
                            ("undone", "Paid, and the money came back"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("open_key", models.BigIntegerField(blank=True, editable=False, null=True, unique=True)),
                ("offered_on", models.DateField(verbose_name="offered on")),
                ("pay_by", models.DateField(verbose_name="pay by")),
                ("ended_on", models.DateField(blank=True, null=True)),
                (
                    "approval",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlement",
                        to="accounts.approvalrequest",
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="settlement_offers", to="loans.loan"
                    ),
                ),
                (
                    "repayment",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlement",
                        to="loans.repayment",
                    ),
                ),
            ],
            options={
                "verbose_name": "settlement offer",
                "verbose_name_plural": "settlement offers",
                "ordering": ("-id",),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="settlement_amount_positive"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_on__isnull", True),
                                ("open_key__isnull", False),
                                ("status__in", ["waiting", "open"]),
                            ),
                            models.Q(
                                models.Q(("status__in", ["waiting", "open"]), _negated=True),
                                ("ended_on__isnull", False),
                                ("open_key__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="settlement_open_is_marked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "paid"), _negated=True), ("repayment__isnull", False), _connector="OR"
                        ),
                        name="settlement_paid_has_payment",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Waiver",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                ("interest", p2plending.lib.models.MoneyField(default=0, verbose_name="interest")),
                ("late_fee", p2plending.lib.models.MoneyField(default=0, verbose_name="late fee")),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("waived_on", models.DateField(verbose_name="waived on")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="waiver", to="ledger.journalentry"
                    ),
                ),
                (
                    "instalment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="waivers", to="loans.instalment"
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="waivers", to="loans.loan"
                    ),
                ),
            ],
            options={
                "verbose_name": "waiver",
                "verbose_name_plural": "waivers",
                "ordering": ("-id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("interest__gte", 0),
                            ("late_fee__gte", 0),
                            models.Q(("interest__gt", 0), ("late_fee__gt", 0), _connector="OR"),
                        ),
                        name="waiver_of_something",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DefaultInterest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_date", models.DateField()),
                ("to_date", models.DateField()),
                ("principal", p2plending.lib.models.MoneyField()),
                ("annual_rate", p2plending.lib.models.RateField(decimal_places=6, max_digits=9)),
                ("carry_before", models.IntegerField(default=0)),
                ("amount", p2plending.lib.models.MoneyField()),
                ("is_undone", models.BooleanField(default=False)),
                (
                    "entry",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.journalentry",
                    ),
                ),
                (
                    "instalment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="default_interest",
                        to="loans.instalment",
                    ),
                ),
            ],
            options={
                "verbose_name": "default interest",
                "verbose_name_plural": "default interest",
                "ordering": ("id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0), ("to_date__gt", models.F("from_date"))),
                        name="default_interest_of_some_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount", 0), ("entry__isnull", True)),
                            models.Q(("amount__gt", 0), ("entry__isnull", False)),
                            _connector="OR",
                        ),
                        name="default_interest_is_posted",
                    ),
                ],
            },
        ),
    ]
