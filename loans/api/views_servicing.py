"""Paying back over the API: the same services and selectors as the pages, for the borrower of the loan."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.response import Response

from loans.api.own import paid_out_loan
from loans.api.serializers_servicing import (
    PayoffDateSerializer,
    PayoffSerializer,
    PlanSerializer,
    PreviewedPaymentSerializer,
    PreviewSerializer,
    RepaymentSerializer,
    RepaySerializer,
)
from loans.enums.loan import ExtraMode, LoanStatus, RepaymentMethod
from loans.selectors.servicing import payment_plan, payoff_figure, repayment_of
from loans.services.repayments.record import NothingToPay, preview_repayment, record_repayment
from p2plending.lib.api.idempotency import IDEMPOTENCY_KEY_PARAMETER, created_response, idempotency_key
from p2plending.lib.api.views import ApiListView, ApiView, AuthenticatedApiRequest
from p2plending.lib.clock import business_date


class RepaymentListView(ApiListView):
    serializer_class = RepaymentSerializer

    @extend_schema(operation_id="repayments", responses=RepaymentSerializer(many=True))
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        loan = paid_out_loan(request, reference)
        page = self.paginate_queryset(loan.repayments.select_related("loan", "entry"))
        return self.get_paginated_response(RepaymentSerializer(page, many=True).data)

    @extend_schema(
        operation_id="record_repayment",
        request=RepaySerializer,
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        responses={201: RepaymentSerializer},
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        loan = paid_out_loan(request, reference)
        key = idempotency_key(request)
        asked = RepaySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        told = asked.validated_data
        today = business_date()
        repayment = record_repayment(
            loan_id=loan.pk,
            amount=told["amount"],
            method=RepaymentMethod(told["method"]),
            value_date=told.get("value_date", today),
            bank_reference=told["bank_reference"],
            extra_mode=_mode(told.get("extra_mode")),
            actor=request.user,
            idempotency_key=key,
            today=today,
        )
        return created_response(repayment, RepaymentSerializer(repayment).data)


class RepaymentView(ApiView):
    @extend_schema(operation_id="repayment", responses=RepaymentSerializer)
    def get(self, request: AuthenticatedApiRequest, reference: str, repayment_reference: str) -> Response:
        found = repayment_of(paid_out_loan(request, reference), repayment_reference)
        if found is None:
            raise Http404
        return Response(RepaymentSerializer(found).data)


class PreviewView(ApiView):
    @extend_schema(operation_id="preview_repayment", request=PreviewedPaymentSerializer, responses=PreviewSerializer)
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        loan = paid_out_loan(request, reference)
        asked = PreviewedPaymentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        told = asked.validated_data
        shown = preview_repayment(
            loan_id=loan.pk,
            amount=told["amount"],
            today=business_date(),
            extra_mode=_mode(told.get("extra_mode")),
        )
        return Response(PreviewSerializer(shown).data)


class PayoffQuoteView(ApiView):
    @extend_schema(
        operation_id="payoff_quote",
        parameters=[OpenApiParameter("date", OpenApiTypes.DATE, description="From today to 30 days from now.")],
        responses=PayoffSerializer,
    )
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        loan = paid_out_loan(request, reference)
        asked = PayoffDateSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        if loan.status not in LoanStatus.owing():
            raise NothingToPay(status=loan.status)
        day = asked.validated_data["date"]
        return Response(PayoffSerializer({"date": day, "figure": payoff_figure(loan, day)}).data)


class PlanView(ApiView):
    @extend_schema(operation_id="payment_plan", responses=PlanSerializer)
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        loan = paid_out_loan(request, reference)
        lines = payment_plan(loan, business_date())
        return Response(PlanSerializer({"version": loan.schedule_version, "lines": lines}).data)


def _mode(value: str | None) -> ExtraMode | None:
    return ExtraMode(value) if value else None
