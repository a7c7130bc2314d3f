"""Paying back as JSON: decimal strings for amounts, public references, explicit fields."""

from __future__ import annotations

import datetime as dt
from typing import Any

from rest_framework import serializers

from loans.enums.loan import ExtraMode, RepaymentMethod, RepaymentStatus
from loans.models import Repayment
from p2plending.lib.api.fields import CurrencyField, DaySerializerField, MoneySerializerField, OneLineSerializerField
from p2plending.lib.clock import business_date

QUOTE_DAYS = 30


class PreviewedPaymentSerializer(serializers.Serializer):
    """What would be paid. Without `extra_mode` up to the next payment is kept for it, else it is the product's way."""

    amount = MoneySerializerField()
    extra_mode = serializers.ChoiceField(choices=ExtraMode.choices, required=False)


class RepaySerializer(PreviewedPaymentSerializer):
    """A payment: from the wallet (counts today), or declared: sent to our account on `value_date`."""

    method = serializers.ChoiceField(
        choices=[
            (RepaymentMethod.WALLET.value, "From the wallet"),
            (RepaymentMethod.DECLARED.value, "Transferred to us"),
        ]
    )
    value_date = DaySerializerField(required=False)
    bank_reference = OneLineSerializerField(max_length=60, required=False, allow_blank=True, default="")


class PayoffDateSerializer(serializers.Serializer):
    """A day from today to 30 days from now."""

    date = DaySerializerField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        today = business_date()
        day = attrs.get("date", today)
        if not today <= day <= today + dt.timedelta(days=QUOTE_DAYS):
            raise serializers.ValidationError({"date": ["Choose a day from today to 30 days from now."]})
        return {"date": day}


class RepaymentSerializer(serializers.ModelSerializer):
    """A payment; its parts are zero until it is confirmed.

    `held` of the amount waits for the next due dates; `credit_used` was held before and pays with it. One of the method
    `credit` was paid out of what was held, on a due date.
    """

    loan = serializers.CharField(source="loan.reference", read_only=True)
    status = serializers.ChoiceField(choices=RepaymentStatus.choices, read_only=True)
    method = serializers.ChoiceField(choices=RepaymentMethod.choices, read_only=True)
    amount = MoneySerializerField(read_only=True)
    late_fee = MoneySerializerField(read_only=True)
    interest = MoneySerializerField(read_only=True)
    principal = MoneySerializerField(read_only=True)
    surplus = MoneySerializerField(read_only=True)
    held = MoneySerializerField(read_only=True)
    credit_used = MoneySerializerField(read_only=True)
    entry = serializers.SerializerMethodField()
    currency = CurrencyField()

    class Meta:
        model = Repayment
        fields = (
            "reference", "loan", "status", "method", "extra_mode", "amount", "late_fee", "interest", "principal",
            "surplus", "held", "credit_used", "value_date", "bank_reference", "decision_note", "entry", "created_at",
            "currency",
        )  # fmt: skip
        read_only_fields = fields

    def get_entry(self, repayment: Repayment) -> str:
        """Reference of the entry in the books; empty before it is confirmed."""
        return repayment.entry.reference if repayment.entry else ""


class AllocationSerializer(serializers.Serializer):
    """What the payment pays on one instalment."""

    number = serializers.IntegerField(source="row.number", read_only=True)
    due_date = serializers.DateField(source="row.due_date", read_only=True)
    late_fee = MoneySerializerField(read_only=True)
    interest = MoneySerializerField(read_only=True)
    principal = MoneySerializerField(read_only=True)


class PreviewSerializer(serializers.Serializer):
    """A payment run dry: exactly what recording it today would do."""

    amount = MoneySerializerField(source="plan.amount", read_only=True)
    extra_mode = serializers.ChoiceField(source="plan.mode", choices=ExtraMode.choices, read_only=True)
    late_fee = MoneySerializerField(source="plan.late_fee", read_only=True)
    interest = MoneySerializerField(source="plan.interest", read_only=True)
    principal = MoneySerializerField(source="plan.principal", read_only=True)
    surplus = MoneySerializerField(source="plan.surplus", read_only=True)
    held = MoneySerializerField(source="plan.held", read_only=True)
    credit_used = MoneySerializerField(source="plan.credit_used", read_only=True)
    closes_loan = serializers.BooleanField(source="plan.closes_loan", read_only=True)
    changes_plan = serializers.BooleanField(source="plan.changes_plan", read_only=True)
    still_due = MoneySerializerField(read_only=True)
    principal_outstanding = MoneySerializerField(source="columns.principal_outstanding", read_only=True)
    credit_held = MoneySerializerField(source="columns.credit_held", read_only=True)
    next_due_on = serializers.DateField(source="columns.next_due_on", read_only=True, allow_null=True)
    next_due_amount = MoneySerializerField(source="columns.next_due_amount", read_only=True, allow_null=True)
    payments_left = serializers.IntegerField(read_only=True)
    allocations = AllocationSerializer(source="plan.allocations", many=True, read_only=True)
    currency = CurrencyField()


class PayoffSerializer(serializers.Serializer):
    """What closes the loan on a day. No future interest is in it; `interest_saved` is what is then never charged.

    `total` is what is still to pay: principal, interest and late fees less `credit_held`, which was paid ahead.
    """

    date = serializers.DateField(read_only=True)
    principal = MoneySerializerField(source="figure.principal", read_only=True)
    interest = MoneySerializerField(source="figure.interest", read_only=True)
    late_fee = MoneySerializerField(source="figure.late_fee", read_only=True)
    credit_held = MoneySerializerField(source="figure.credit", read_only=True)
    total = MoneySerializerField(source="figure.total", read_only=True)
    interest_saved = MoneySerializerField(source="figure.interest_saved", read_only=True)
    currency = CurrencyField()


class PlanLineSerializer(serializers.Serializer):
    """One payment of the plan that holds now."""

    position = serializers.IntegerField(read_only=True)
    version = serializers.IntegerField(source="row.schedule_version", read_only=True)
    due_date = serializers.DateField(source="row.due_date", read_only=True)
    state = serializers.CharField(read_only=True)
    principal = MoneySerializerField(source="row.principal_due", read_only=True)
    interest = MoneySerializerField(source="row.interest_due", read_only=True)
    late_fee = MoneySerializerField(source="row.late_fee_due", read_only=True)
    total = MoneySerializerField(source="row.total_due", read_only=True)
    unpaid = MoneySerializerField(source="row.total_unpaid", read_only=True)
    paid_on = serializers.DateField(source="row.settled_on", read_only=True, allow_null=True)
    left = MoneySerializerField(read_only=True)


class PlanSerializer(serializers.Serializer):
    """The plan with what happened on it. `version` above 1 says that it was changed by an extra payment."""

    version = serializers.IntegerField(read_only=True)
    lines = PlanLineSerializer(many=True, read_only=True)
    currency = CurrencyField()
