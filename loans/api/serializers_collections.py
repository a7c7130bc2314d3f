"""Help, new plans, settlement and recovery as JSON: decimal strings for amounts, public references."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from loans.account.restructure import PlanTerms
from loans.enums.collections import (
    HardshipCause,
    HardshipStatus,
    PlanOption,
    PlanProposalStatus,
    SettlementStatus,
    UnpaidChoice,
)
from loans.models import HardshipRequest, PlanProposal, Recovery, SettlementOffer
from p2plending.lib.api.fields import CurrencyField, MoneySerializerField, MultiLineSerializerField


class AskedPlanSerializer(serializers.Serializer):
    """Which change would help: another day (`due_day`), a pause (`payments`), smaller payments (`payments`,
    `amount`).

    More time is for staff to give.
    """

    option = serializers.ChoiceField(choices=PlanOption.choices)
    due_day = serializers.IntegerField(min_value=1, max_value=28, required=False)
    payments = serializers.IntegerField(min_value=1, max_value=120, required=False)
    amount = MoneySerializerField(required=False)

    def plan_terms(self) -> PlanTerms:
        """What the plan is worked out from, after validation."""
        told: dict[str, Any] = self.validated_data
        return PlanTerms(PlanOption(told["option"]), told.get("due_day"), told.get("payments"), told.get("amount"))


class RequestHardshipSerializer(AskedPlanSerializer):
    """A request for help; `affordable_amount` is what could be paid a month."""

    cause = serializers.ChoiceField(choices=HardshipCause.choices)
    story = MultiLineSerializerField(max_length=2000, required=False, allow_blank=True, default="")
    expected_months = serializers.IntegerField(min_value=1, max_value=24)
    affordable_amount = MoneySerializerField()


class HelpSerializer(serializers.ModelSerializer):
    """A request for help and our answer."""

    loan = serializers.CharField(source="loan.reference", read_only=True)
    cause = serializers.ChoiceField(choices=HardshipCause.choices, read_only=True)
    option = serializers.ChoiceField(choices=PlanOption.choices, read_only=True)
    status = serializers.ChoiceField(choices=HardshipStatus.choices, read_only=True)
    affordable_amount = MoneySerializerField(read_only=True)
    currency = CurrencyField()

    class Meta:
        model = HardshipRequest
        fields = (
            "reference", "loan", "cause", "option", "due_day", "payments", "expected_months", "affordable_amount",
            "status", "asked_on", "paused_until", "decided_on", "decision_note", "currency",
        )  # fmt: skip
        read_only_fields = fields


class NewPlanLineSerializer(serializers.Serializer):
    """One payment of a plan."""

    number = serializers.IntegerField(read_only=True)
    due_date = serializers.DateField(read_only=True)
    principal = MoneySerializerField(source="principal_unpaid", read_only=True)
    interest = MoneySerializerField(source="interest_unpaid", read_only=True)
    late_fee = MoneySerializerField(source="late_fee_unpaid", read_only=True)
    total = MoneySerializerField(source="total_unpaid", read_only=True)


class NewPlanSerializer(serializers.Serializer):
    """A new plan as it would be today: exactly what accepting it would do."""

    option = serializers.ChoiceField(source="terms.option", choices=PlanOption.choices, read_only=True)
    capitalised = MoneySerializerField(read_only=True)
    waived = MoneySerializerField(read_only=True)
    before = MoneySerializerField(read_only=True)
    total = MoneySerializerField(read_only=True)
    costs_more = MoneySerializerField(read_only=True)
    replaced = NewPlanLineSerializer(many=True, read_only=True)
    lines = NewPlanLineSerializer(source="added", many=True, read_only=True)
    currency = CurrencyField()


class ProposalSerializer(serializers.ModelSerializer):
    """A proposed plan; `plan` has its figures of today while it waits for an answer."""

    loan = serializers.CharField(source="loan.reference", read_only=True)
    option = serializers.ChoiceField(choices=PlanOption.choices, read_only=True)
    status = serializers.ChoiceField(choices=PlanProposalStatus.choices, read_only=True)
    interest_choice = serializers.ChoiceField(choices=UnpaidChoice.choices, read_only=True)
    late_fee_choice = serializers.ChoiceField(choices=UnpaidChoice.choices, read_only=True)

    class Meta:
        model = PlanProposal
        fields = (
            "reference", "loan", "option", "status", "interest_choice", "late_fee_choice", "reason", "proposed_on",
            "expires_on", "decided_on", "schedule_version",
        )  # fmt: skip
        read_only_fields = fields


class ProposedPlanSerializer(serializers.Serializer):
    """The proposal that waits for an answer, and its plan as it would be today."""

    proposal = ProposalSerializer(read_only=True)
    plan = NewPlanSerializer(read_only=True)


class SettlementSerializer(serializers.ModelSerializer):
    """An amount that closes the loan for less than is owed."""

    loan = serializers.CharField(source="loan.reference", read_only=True)
    amount = MoneySerializerField(read_only=True)
    status = serializers.ChoiceField(choices=SettlementStatus.choices, read_only=True)
    currency = CurrencyField()

    class Meta:
        model = SettlementOffer
        fields = ("reference", "loan", "amount", "status", "offered_on", "pay_by", "ended_on", "currency")
        read_only_fields = fields


class RecoverSerializer(serializers.Serializer):
    """What the borrower pays from the wallet after a loss."""

    amount = MoneySerializerField()


class RecoverySerializer(serializers.ModelSerializer):
    """Money that came after a loss; `fee` is ours, the rest went to the lenders."""

    loan = serializers.CharField(source="loan.reference", read_only=True)
    amount = MoneySerializerField(read_only=True)
    fee = MoneySerializerField(read_only=True)
    entry = serializers.CharField(source="entry.reference", read_only=True)
    currency = CurrencyField()

    class Meta:
        model = Recovery
        fields = ("reference", "loan", "amount", "fee", "value_date", "undone_on", "entry", "created_at", "currency")
        read_only_fields = fields
