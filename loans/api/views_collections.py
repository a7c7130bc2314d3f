"""Help, new plans, settlement and recovery over the API: the same services as the pages, for the borrower."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.response import Response

from loans.api.own import paid_out_loan
from loans.api.serializers_collections import (
    AskedPlanSerializer,
    HelpSerializer,
    NewPlanSerializer,
    ProposalSerializer,
    ProposedPlanSerializer,
    RecoverSerializer,
    RecoverySerializer,
    RequestHardshipSerializer,
    SettlementSerializer,
)
from loans.enums.collections import HardshipCause
from loans.enums.loan import RepaymentMethod
from loans.models import PlanProposal
from loans.selectors.access import HARDSHIP_REQUESTS, PLAN_PROPOSALS, SETTLEMENT_OFFERS
from loans.selectors.collections import open_offer, open_proposal, recoveries_of
from loans.services.collections.hardship import preview_help, request_help, withdraw_help
from loans.services.collections.recovery import record_recovery
from loans.services.collections.restructuring import accept_plan, decline_plan, plan_terms_of, preview_plan
from loans.services.collections.settlement import pay_settlement
from loans.services.servicing.locking import LoanNotOwing
from p2plending.lib.api.idempotency import IDEMPOTENCY_KEY_PARAMETER, created_response, idempotency_key
from p2plending.lib.api.views import ApiListView, ApiView, AuthenticatedApiRequest
from p2plending.lib.clock import business_date


class HelpListView(ApiListView):
    serializer_class = HelpSerializer

    @extend_schema(operation_id="help_requests", responses=HelpSerializer(many=True))
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        rows = (
            HARDSHIP_REQUESTS.own_of(request.user).filter(loan=paid_out_loan(request, reference)).select_related("loan")
        )
        return self.get_paginated_response(HelpSerializer(self.paginate_queryset(rows), many=True).data)

    @extend_schema(
        operation_id="request_help",
        request=RequestHardshipSerializer,
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        responses={201: HelpSerializer},
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        loan = paid_out_loan(request, reference)
        key = idempotency_key(request)
        asked = RequestHardshipSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        told = asked.validated_data
        made = request_help(
            loan_id=loan.pk,
            cause=HardshipCause(told["cause"]),
            story=told["story"],
            expected_months=told["expected_months"],
            affordable_amount=told["affordable_amount"],
            asked=asked.plan_terms(),
            actor=request.user,
            idempotency_key=key,
            today=business_date(),
        )
        return created_response(made, HelpSerializer(made).data)


class HelpPreviewView(ApiView):
    @extend_schema(operation_id="preview_help", request=AskedPlanSerializer, responses=NewPlanSerializer)
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        loan = paid_out_loan(request, reference)
        asked = AskedPlanSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        if not loan.principal_outstanding:
            raise LoanNotOwing(status=loan.status)
        return Response(NewPlanSerializer(preview_help(loan, asked.plan_terms(), business_date())).data)


class HelpWithdrawView(ApiView):
    @extend_schema(
        operation_id="withdraw_help",
        request=None,
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        responses={201: HelpSerializer},
    )
    def post(self, request: AuthenticatedApiRequest, reference: str, help_reference: str) -> Response:
        rows = HARDSHIP_REQUESTS.own_of(request.user).filter(
            loan=paid_out_loan(request, reference), reference=help_reference
        )
        found = generics.get_object_or_404(rows)
        done = withdraw_help(
            request_id=found.pk, actor=request.user, idempotency_key=idempotency_key(request), today=business_date()
        )
        return created_response(done, HelpSerializer(done).data)


class NewPlanView(ApiView):
    @extend_schema(operation_id="new_plan", responses=ProposedPlanSerializer)
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        loan, today = paid_out_loan(request, reference), business_date()
        proposal = open_proposal(loan, today)
        if proposal is None:
            raise Http404
        plan = preview_plan(loan, plan_terms_of(proposal), today)
        return Response(ProposedPlanSerializer({"proposal": proposal, "plan": plan}).data)


class AcceptPlanView(ApiView):
    @extend_schema(
        operation_id="accept_new_plan",
        request=None,
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        responses={201: ProposalSerializer},
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        return _answer_plan(request, reference, accept_plan)


class DeclinePlanView(ApiView):
    @extend_schema(
        operation_id="decline_new_plan",
        request=None,
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        responses={201: ProposalSerializer},
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        return _answer_plan(request, reference, decline_plan)


class SettlementView(ApiView):
    @extend_schema(operation_id="settlement", responses=SettlementSerializer)
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        offer = open_offer(paid_out_loan(request, reference), business_date())
        if offer is None:
            raise Http404
        return Response(SettlementSerializer(offer).data)

    @extend_schema(
        operation_id="pay_settlement",
        request=None,
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        responses={201: SettlementSerializer},
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        found = (
            SETTLEMENT_OFFERS.own_of(request.user)
            .filter(loan=paid_out_loan(request, reference))
            .order_by("-pk")
            .first()
        )
        if found is None:
            raise Http404
        paid = pay_settlement(
            settlement_id=found.pk,
            method=RepaymentMethod.WALLET,
            actor=request.user,
            idempotency_key=idempotency_key(request),
            today=business_date(),
        )
        return created_response(paid, SettlementSerializer(paid).data)


class RecoveryListView(ApiListView):
    serializer_class = RecoverySerializer

    @extend_schema(operation_id="recoveries", responses=RecoverySerializer(many=True))
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        page = self.paginate_queryset(recoveries_of(paid_out_loan(request, reference)).select_related("loan", "entry"))
        return self.get_paginated_response(RecoverySerializer(page, many=True).data)

    @extend_schema(
        operation_id="record_recovery",
        request=RecoverSerializer,
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        responses={201: RecoverySerializer},
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        loan = paid_out_loan(request, reference)
        key = idempotency_key(request)
        asked = RecoverSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        today = business_date()
        recovery = record_recovery(
            loan_id=loan.pk,
            amount=asked.validated_data["amount"],
            method=RepaymentMethod.WALLET,
            value_date=today,
            actor=request.user,
            idempotency_key=key,
            today=today,
        )
        return created_response(recovery, RecoverySerializer(recovery).data)


def _answer_plan(request: AuthenticatedApiRequest, reference: str, service: Callable[..., PlanProposal]) -> Response:
    found = PLAN_PROPOSALS.own_of(request.user).filter(loan=paid_out_loan(request, reference)).order_by("-pk").first()
    if found is None:
        raise Http404
    common: dict[str, Any] = {"idempotency_key": idempotency_key(request), "today": business_date()}
    done = service(proposal_id=found.pk, actor=request.user, **common)
    return created_response(done, ProposalSerializer(done).data)
