"""One loan with its charges, as JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from loans.api.serializers import LoanSerializer
from loans.enums.loan import ChargePart, ServicingMethod
from loans.models import Loan
from loans.selectors.charges import charges_of
from p2plending.lib.api.fields import MoneySerializerField
from p2plending.lib.clock import business_date


class ChargeSerializer(serializers.Serializer):
    """A charge on a loan whose plan follows the money. `due_on` is null for one with every payment.

    `unpaid` is null when it went into another plan or a loss. `state` is that of a payment of the plan.
    """

    reference = serializers.CharField(source="charge.reference", read_only=True)
    part = serializers.ChoiceField(source="charge.part", choices=ChargePart.choices, read_only=True)
    due_on = serializers.DateField(source="charge.due_on", read_only=True, allow_null=True)
    amount = MoneySerializerField(source="charge.total", read_only=True)
    unpaid = MoneySerializerField(read_only=True, allow_null=True)
    waived = MoneySerializerField(source="charge.waived", read_only=True)
    waived_on = serializers.DateField(source="charge.waived_on", read_only=True, allow_null=True)
    waiver_reason = serializers.CharField(source="charge.waiver_reason", read_only=True)
    reason = serializers.CharField(source="charge.reason", read_only=True)
    state = serializers.CharField(read_only=True)


class LoanDetailSerializer(LoanSerializer):
    """A loan as its borrower sees it, with its charges and whether its plan follows the money."""

    servicing_method = serializers.SerializerMethodField()
    charges = serializers.SerializerMethodField()

    class Meta(LoanSerializer.Meta):
        fields = (*LoanSerializer.Meta.fields, "servicing_method", "charges")
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=ServicingMethod.choices))
    def get_servicing_method(self, loan: Loan) -> str:
        """By the terms that were agreed; before an offer, by the product."""
        if not loan.frozen_terms:
            return loan.product.servicing_method
        return loan.frozen_terms.get("servicing_method", ServicingMethod.PLAN)

    @extend_schema_field(ChargeSerializer(many=True))
    def get_charges(self, loan: Loan) -> list[dict[str, Any]]:
        return [*ChargeSerializer(charges_of(loan, business_date()), many=True).data]
