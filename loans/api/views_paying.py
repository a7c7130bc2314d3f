"""Automatic payment and giving a loan back, over the API."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from loans.api.own import paid_out_loan
from loans.api.serializers_servicing import RepaymentSerializer
from loans.services.repayments.right_of_withdrawal import WithdrawalTimeOver, give_loan_back, withdrawal_figures
from loans.services.servicing.autopay import set_autopay
from p2plending.lib.api.fields import CurrencyField, MoneySerializerField
from p2plending.lib.api.idempotency import IDEMPOTENCY_KEY_PARAMETER, created_response, idempotency_key
from p2plending.lib.api.views import ApiView, AuthenticatedApiRequest
from p2plending.lib.clock import business_date


class AutopaySerializer(serializers.Serializer):
    is_on = serializers.BooleanField()


class WithdrawLoanSerializer(serializers.Serializer):
    principal = MoneySerializerField(read_only=True)
    interest = MoneySerializerField(read_only=True)
    late_fee = MoneySerializerField(read_only=True)
    credit_held = MoneySerializerField(source="credit", read_only=True)
    to_pay = MoneySerializerField(read_only=True)
    fee_refund = MoneySerializerField(read_only=True)
    from_wallet = MoneySerializerField(read_only=True)
    last_day = serializers.DateField(read_only=True)
    currency = CurrencyField()


class AutopayView(ApiView):
    @extend_schema(operation_id="autopay", responses=AutopaySerializer)
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        return Response({"is_on": paid_out_loan(request, reference).autopay})

    @extend_schema(operation_id="set_autopay", request=AutopaySerializer, responses=AutopaySerializer)
    def put(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        loan = paid_out_loan(request, reference)
        asked = AutopaySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        changed = set_autopay(loan_id=loan.pk, is_on=asked.validated_data["is_on"], actor=request.user)
        return Response({"is_on": changed.autopay})


class WithdrawLoanView(ApiView):
    @extend_schema(operation_id="give_back_figures", responses=WithdrawLoanSerializer)
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        figures = withdrawal_figures(paid_out_loan(request, reference), business_date())
        if figures is None:
            raise WithdrawalTimeOver(today=business_date())
        return Response(WithdrawLoanSerializer(figures).data)

    @extend_schema(
        operation_id="give_loan_back",
        request=None,
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        responses={201: RepaymentSerializer},
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        loan = paid_out_loan(request, reference)
        paid = give_loan_back(
            loan_id=loan.pk, actor=request.user, idempotency_key=idempotency_key(request), today=business_date()
        )
        return created_response(paid, RepaymentSerializer(paid).data)
