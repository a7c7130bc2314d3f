"""Loans as JSON: decimal strings for amounts and rates, public references, explicit fields."""

from __future__ import annotations

from rest_framework import serializers

from accounts.models import User
from loans.enums.loan import Employment, Grade, LoanStatus, Purpose, QuestionStatus
from loans.models import Loan, LoanAgreement, LoanProduct, LoanQuestion
from p2plending.lib.api.fields import (
    CurrencyField,
    MoneySerializerField,
    MultiLineSerializerField,
    OneLineSerializerField,
    RateSerializerField,
)


class GradeTermsSerializer(serializers.Serializer):
    grade = serializers.ChoiceField(choices=Grade.choices, read_only=True)
    min_points = serializers.IntegerField(read_only=True)
    margin = RateSerializerField(read_only=True)
    origination_fee_rate = RateSerializerField(read_only=True)
    expected_loss_rate = RateSerializerField(read_only=True)


class ProductSerializer(serializers.ModelSerializer):
    min_amount = MoneySerializerField(read_only=True)
    max_amount = MoneySerializerField(read_only=True)
    amount_step = MoneySerializerField(read_only=True)
    grades = GradeTermsSerializer(many=True, read_only=True)
    currency = CurrencyField()

    class Meta:
        model = LoanProduct
        fields = (
            "code", "name", "min_amount", "max_amount", "amount_step", "min_term_months", "max_term_months",
            "base_rate", "term_addon", "schedule_method", "day_count", "payment_every", "payment_unit", "payment_count",
            "servicing_fee_rate", "grades", "currency",
        )  # fmt: skip
        read_only_fields = fields


class CalculatorSerializer(serializers.Serializer):
    """What a quote is asked for."""

    product = OneLineSerializerField(max_length=30, required=False)
    amount = MoneySerializerField()
    term_months = serializers.IntegerField(min_value=1, max_value=600)
    grade = serializers.ChoiceField(choices=Grade.choices, required=False)
    due_day = serializers.IntegerField(min_value=1, max_value=28, required=False, allow_null=True)


class InstalmentLineSerializer(serializers.Serializer):
    number = serializers.IntegerField(read_only=True)
    due_date = serializers.DateField(read_only=True)
    principal = MoneySerializerField(read_only=True)
    interest = MoneySerializerField(read_only=True)
    payment = MoneySerializerField(read_only=True)
    balance_after = MoneySerializerField(read_only=True)


class QuoteSerializer(serializers.Serializer):
    """The figures of `loans.finance.quote`."""

    principal = MoneySerializerField(read_only=True)
    fee = MoneySerializerField(read_only=True)
    net_received = MoneySerializerField(read_only=True)
    instalment_amount = MoneySerializerField(read_only=True)
    last_instalment = MoneySerializerField(read_only=True)
    total_payment = MoneySerializerField(read_only=True)
    cost_of_credit = MoneySerializerField(read_only=True)
    apr_nominal = RateSerializerField(read_only=True)
    apr_effective = RateSerializerField(read_only=True)
    currency = CurrencyField()
    schedule = InstalmentLineSerializer(source="schedule.lines", many=True, read_only=True)


class CalculatorAnswerSerializer(serializers.Serializer):
    grade = serializers.ChoiceField(choices=Grade.choices, read_only=True)
    term_months = serializers.IntegerField(read_only=True)
    annual_rate = RateSerializerField(read_only=True)
    origination_fee_rate = RateSerializerField(source="fee_rate", read_only=True)
    quote = QuoteSerializer(read_only=True)


class ApplicationSerializer(serializers.Serializer):
    """The answers of an application; all but amount and term may come later, with PATCH.

    `product` is a code of `GET products/`; without one a new application is for the first of them.
    """

    product = OneLineSerializerField(max_length=30, required=False)
    requested_amount = MoneySerializerField()
    term_months = serializers.IntegerField(min_value=1, max_value=600)
    due_day = serializers.IntegerField(min_value=1, max_value=28, required=False, allow_null=True)
    purpose = serializers.ChoiceField(choices=Purpose.choices, required=False)
    title = OneLineSerializerField(max_length=80, required=False)
    story = MultiLineSerializerField(max_length=2000, required=False, allow_blank=True)
    region = OneLineSerializerField(max_length=60, required=False)
    accepts_partial_funding = serializers.BooleanField(required=False)
    monthly_income = MoneySerializerField(minimum=0, required=False)
    monthly_expenses = MoneySerializerField(minimum=0, required=False)
    monthly_debt_service = MoneySerializerField(minimum=0, required=False)
    employment = serializers.ChoiceField(choices=Employment.choices, required=False)
    employment_months = serializers.IntegerField(min_value=0, max_value=720, required=False)
    dependants = serializers.IntegerField(min_value=0, max_value=20, required=False)
    is_homeowner = serializers.BooleanField(required=False)


class LoanSerializer(serializers.ModelSerializer):
    """A loan as its borrower sees it."""

    product: serializers.SlugRelatedField[LoanProduct] = serializers.SlugRelatedField(slug_field="code", read_only=True)
    status = serializers.ChoiceField(choices=LoanStatus.choices, read_only=True)
    purpose = serializers.ChoiceField(choices=Purpose.choices, read_only=True, allow_blank=True)
    employment = serializers.ChoiceField(choices=Employment.choices, read_only=True, allow_blank=True)
    grade = serializers.ChoiceField(choices=Grade.choices, read_only=True, allow_blank=True)
    requested_amount = MoneySerializerField(read_only=True)
    principal = MoneySerializerField(read_only=True)
    monthly_income = MoneySerializerField(read_only=True, allow_null=True)
    monthly_expenses = MoneySerializerField(read_only=True, allow_null=True)
    monthly_debt_service = MoneySerializerField(read_only=True, allow_null=True)
    origination_fee = MoneySerializerField(read_only=True, allow_null=True)
    net_received = MoneySerializerField(read_only=True, allow_null=True)
    instalment_amount = MoneySerializerField(read_only=True, allow_null=True)
    total_payment = MoneySerializerField(read_only=True, allow_null=True)
    funded_amount = MoneySerializerField(read_only=True)
    principal_outstanding = MoneySerializerField(read_only=True)
    next_due_amount = MoneySerializerField(read_only=True, allow_null=True)
    credit_held = MoneySerializerField(read_only=True)
    arrears_amount = MoneySerializerField(read_only=True)
    currency = CurrencyField()

    class Meta:
        model = Loan
        fields: tuple[str, ...] = (
            "reference", "product", "status", "currency", "requested_amount", "principal", "term_months", "due_day",
            "purpose", "title", "story", "region", "accepts_partial_funding", "monthly_income", "monthly_expenses",
            "monthly_debt_service", "employment", "employment_months", "dependants", "is_homeowner", "grade",
            "annual_rate", "origination_fee_rate", "origination_fee", "net_received", "instalment_amount",
            "total_payment", "apr_nominal", "apr_effective", "submitted_at", "info_request", "info_answer",
            "info_due_on", "decline_reasons", "decline_note", "offer_expires_on", "listed_on", "listing_ends_on",
            "partial_offer_ends_on", "funded_amount", "lender_count", "funded_on", "signing_ends_on", "signed_at",
            "disbursed_on", "maturity_date", "closed_on", "principal_outstanding", "next_due_on", "next_due_amount",
            "credit_held", "arrears_amount", "days_past_due", "bucket", "created_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class SignSerializer(serializers.Serializer):
    typed_name = OneLineSerializerField(max_length=150)


class SmallerLoanSerializer(serializers.Serializer):
    decision = serializers.ChoiceField(choices=["accept", "decline"])


class AnswerSerializer(serializers.Serializer):
    answer = MultiLineSerializerField(max_length=1000)


class AgreementSerializer(serializers.ModelSerializer):
    class Meta:
        model = LoanAgreement
        fields = ("body", "sha256", "template_version", "prepared_at", "signed_name", "signed_at")
        read_only_fields = fields


class ReadableAgreementSerializer(serializers.Serializer):
    """The text as it was signed, with its facts, as this reader may see it."""

    body = serializers.CharField(source="agreement.body", read_only=True, help_text="HTML, exactly as it was signed.")
    sha256 = serializers.CharField(source="agreement.sha256", read_only=True, help_text="Of the text in UTF-8.")
    is_intact = serializers.BooleanField(read_only=True, help_text="The text still has this fingerprint.")
    template_version = serializers.CharField(source="agreement.template_version", read_only=True)
    prepared_at = serializers.DateTimeField(source="agreement.prepared_at", read_only=True)
    signed_name = serializers.CharField(source="agreement.signed_name", read_only=True)
    signed_at = serializers.DateTimeField(source="agreement.signed_at", read_only=True, allow_null=True)
    own_part = MoneySerializerField(
        read_only=True, allow_null=True, help_text="What you lent by it; null for the borrower."
    )
    currency = CurrencyField()


class ScheduleSerializer(serializers.Serializer):
    """`is_planned`: the loan is not paid out yet, so the dates may move."""

    is_planned = serializers.BooleanField(read_only=True)
    version = serializers.IntegerField(read_only=True)
    currency = CurrencyField()
    lines = InstalmentLineSerializer(many=True, read_only=True)


class AskSerializer(serializers.Serializer):
    text = MultiLineSerializerField(max_length=500)


class QuestionSerializer(serializers.ModelSerializer):
    author: serializers.SlugRelatedField[User] = serializers.SlugRelatedField(
        slug_field="member_number", read_only=True
    )
    status = serializers.ChoiceField(choices=QuestionStatus.choices, read_only=True)

    class Meta:
        model = LoanQuestion
        fields = ("reference", "author", "text", "status", "answer", "asked_at", "answered_at")
        read_only_fields = fields
