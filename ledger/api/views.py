"""The wallet over the API: the same selectors and services as the pages."""

from __future__ import annotations

import datetime as dt

from django.http import Http404, HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.services.idempotency import was_done
from accounts.services.sign_in.proof import require_proof
from accounts.services.sign_in.tokens import AUTH_TIME
from ledger import selectors
from ledger.api.serializers import (
    DeclareDepositSerializer,
    DepositSerializer,
    LineExplanationSerializer,
    LineFilterSerializer,
    LineSerializer,
    PeriodSerializer,
    RequestWithdrawalSerializer,
    StatementSerializer,
    WalletSerializer,
    WithdrawalSerializer,
)
from ledger.enums.books import LineCode
from ledger.models import Deposit, Withdrawal
from ledger.selectors.documents import MOST_LINES_OF_PDF, statement_document
from ledger.services.deposits import cancel_deposit, declare_deposit
from ledger.services.withdrawals import REQUEST, cancel_withdrawal, request_withdrawal
from p2plending.lib.api.files import PDF_ANSWER, PDF_RENDERERS
from p2plending.lib.api.idempotency import IDEMPOTENCY_KEY_PARAMETER, created_response, idempotency_key
from p2plending.lib.api.views import ApiListView, ApiView, AuthenticatedApiRequest
from p2plending.lib.clock import business_date
from p2plending.lib.documents.printed import pdf_response

FROM = OpenApiParameter("from", OpenApiTypes.DATE, description="First value date.")
TO = OpenApiParameter("to", OpenApiTypes.DATE, description="Last value date.")
WHOLE_PERIOD = [
    OpenApiParameter("from", OpenApiTypes.DATE, required=True, description="First value date."),
    OpenApiParameter("to", OpenApiTypes.DATE, required=True, description="Last value date."),
]


class WalletView(ApiView):
    @extend_schema(operation_id="wallet", responses=WalletSerializer)
    def get(self, request: AuthenticatedApiRequest) -> Response:
        return Response(WalletSerializer(selectors.wallet_summary(request.user)).data)


class LineListView(ApiListView):
    serializer_class = LineSerializer

    @extend_schema(
        operation_id="wallet_lines",
        parameters=[FROM, TO, OpenApiParameter("code", str, enum=LineCode.values)],
        responses=LineSerializer(many=True),
    )
    def get(self, request: AuthenticatedApiRequest) -> Response:
        asked = LineFilterSerializer(data=_period(request) | _given(request, "code"))
        asked.is_valid(raise_exception=True)
        page = self.paginate_queryset(selectors.wallet_postings(request.user, **asked.choice()))
        lines = [selectors.line_of(posting) for posting in page or ()]
        return self.get_paginated_response(LineSerializer(lines, many=True).data)


class LineView(ApiView):
    @extend_schema(operation_id="wallet_line", responses=LineExplanationSerializer)
    def get(self, request: AuthenticatedApiRequest, entry: str, seq: int) -> Response:
        explanation = selectors.explain_line(request.user, entry, seq)
        if explanation is None:
            raise Http404
        return Response(LineExplanationSerializer(explanation).data)


class StatementView(ApiView):
    @extend_schema(operation_id="statement", parameters=WHOLE_PERIOD, responses=StatementSerializer)
    def get(self, request: AuthenticatedApiRequest) -> Response:
        return Response(StatementSerializer(selectors.statement(request.user, **_asked_period(request))).data)


class StatementPdfView(ApiView):
    renderer_classes = PDF_RENDERERS

    @extend_schema(
        operation_id="statement_pdf",
        description="The statement as a PDF file; 503 with the code `pdf_unavailable` where the server can't make any.",
        parameters=WHOLE_PERIOD,
        responses=PDF_ANSWER,
    )
    def get(self, request: AuthenticatedApiRequest) -> HttpResponse:
        asked = _asked_period(request)
        document = statement_document(request.user, asked["start"], asked["end"], most_lines=MOST_LINES_OF_PDF)
        return pdf_response(request._request, document)


class DepositListView(ApiListView):
    serializer_class = DepositSerializer

    @extend_schema(operation_id="deposits", responses=DepositSerializer(many=True))
    def get(self, request: AuthenticatedApiRequest) -> Response:
        page = self.paginate_queryset(selectors.deposits_of(request.user))
        return self.get_paginated_response(DepositSerializer(page, many=True).data)

    @extend_schema(
        operation_id="declare_deposit",
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        request=DeclareDepositSerializer,
        responses={201: DepositSerializer},
    )
    def post(self, request: AuthenticatedApiRequest) -> Response:
        key = idempotency_key(request)
        told = DeclareDepositSerializer(data=request.data)
        told.is_valid(raise_exception=True)
        deposit = declare_deposit(
            user=request.user,
            actor=request.user,
            idempotency_key=key,
            today=business_date(),
            **told.validated_data,
        )
        return created_response(deposit, DepositSerializer(deposit).data)


class DepositView(ApiView):
    @extend_schema(operation_id="deposit", responses=DepositSerializer)
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        return Response(DepositSerializer(_own_deposit(request, reference)).data)


class DepositCancelView(ApiView):
    @extend_schema(
        operation_id="cancel_deposit",
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        request=None,
        responses=DepositSerializer,
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        key = idempotency_key(request)
        found = _own_deposit(request, reference)
        deposit = cancel_deposit(deposit_id=found.pk, actor=request.user, idempotency_key=key, today=business_date())
        return created_response(deposit, DepositSerializer(deposit).data, status=200)


class WithdrawalListView(ApiListView):
    serializer_class = WithdrawalSerializer

    @extend_schema(operation_id="withdrawals", responses=WithdrawalSerializer(many=True))
    def get(self, request: AuthenticatedApiRequest) -> Response:
        page = self.paginate_queryset(selectors.withdrawals_of(request.user))
        return self.get_paginated_response(WithdrawalSerializer(page, many=True).data)

    @extend_schema(
        operation_id="request_withdrawal",
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        request=RequestWithdrawalSerializer,
        responses={201: WithdrawalSerializer},
    )
    def post(self, request: AuthenticatedApiRequest) -> Response:
        """Set money aside, to be sent to the account.

        Asks who it is: a token of a sign-in within the last five minutes, else `password`, or `code` where the account
        has a second step. A repeated key needs neither.
        """
        key = idempotency_key(request)
        wanted = RequestWithdrawalSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        proof = {name: wanted.validated_data.pop(name, "") for name in ("password", "code")}
        if not was_done(operation=REQUEST, key=key, actor=request.user):
            signed_in_at = request.auth.get(AUTH_TIME, 0)
            require_proof(request._request, request.user, signed_in_at=signed_in_at, **proof)
        withdrawal = request_withdrawal(
            user=request.user,
            actor=request.user,
            idempotency_key=key,
            today=business_date(),
            **wanted.validated_data,
        )
        return created_response(withdrawal, WithdrawalSerializer(withdrawal).data)


class WithdrawalView(ApiView):
    @extend_schema(operation_id="withdrawal", responses=WithdrawalSerializer)
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        return Response(WithdrawalSerializer(_own_withdrawal(request, reference)).data)


class WithdrawalCancelView(ApiView):
    @extend_schema(
        operation_id="cancel_withdrawal",
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        request=None,
        responses=WithdrawalSerializer,
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        key = idempotency_key(request)
        found = _own_withdrawal(request, reference)
        withdrawal = cancel_withdrawal(
            withdrawal_id=found.pk, actor=request.user, idempotency_key=key, today=business_date()
        )
        return created_response(withdrawal, WithdrawalSerializer(withdrawal).data, status=200)


def _own_deposit(request: AuthenticatedApiRequest, reference: str) -> Deposit:
    found = selectors.deposit_of(request.user, reference)
    if found is None:
        raise Http404
    return found


def _own_withdrawal(request: AuthenticatedApiRequest, reference: str) -> Withdrawal:
    found = selectors.withdrawal_of(request.user, reference)
    if found is None:
        raise Http404
    return found


def _asked_period(request: Request) -> dict[str, dt.date]:
    asked = PeriodSerializer(data=_period(request))
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def _given(request: Request, name: str, inner: str = "") -> dict[str, str]:
    """A query parameter that was sent, under its inner name."""
    return {inner or name: request.query_params[name]} if name in request.query_params else {}


def _period(request: Request) -> dict[str, str]:
    return _given(request, "from", "start") | _given(request, "to", "end")
