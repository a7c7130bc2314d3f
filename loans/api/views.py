"""Borrowing over the API: the same selectors and services as the pages."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from loans.account.pricing import assumed_grade_terms, priced_terms
from loans.api.own import own_loan
from loans.api.serializers import (
    AgreementSerializer,
    AnswerSerializer,
    ApplicationSerializer,
    CalculatorAnswerSerializer,
    CalculatorSerializer,
    LoanSerializer,
    ProductSerializer,
    ReadableAgreementSerializer,
    ScheduleSerializer,
    SignSerializer,
    SmallerLoanSerializer,
)
from loans.api.serializers_charges import LoanDetailSerializer
from loans.models import LoanProduct
from loans.selectors.borrower import loans_of
from loans.selectors.documents.agreement import agreement_for
from loans.selectors.loan import schedule_of
from loans.selectors.products import offered_products
from loans.services.funding.agreement import sign_agreement
from loans.services.funding.offer import accept_offer, accept_smaller_loan, decline_offer, decline_smaller_loan
from loans.services.origination.application import (
    ProductNotOffered,
    check_product_limits,
    create_draft,
    submit_application,
    update_draft,
    withdraw_application,
)
from loans.services.origination.review import GradeNotOffered, answer_request
from p2plending.lib.api.idempotency import IDEMPOTENCY_KEY_PARAMETER, created_response, idempotency_key
from p2plending.lib.api.views import ApiListView, ApiView, AuthenticatedApiRequest
from p2plending.lib.clock import business_date
from p2plending.lib.context import current_request


class ProductListView(ApiView):
    permission_classes = [AllowAny]

    @extend_schema(operation_id="products", responses=ProductSerializer(many=True))
    def get(self, request: AuthenticatedApiRequest) -> Response:
        return Response(ProductSerializer(offered_products(), many=True).data)


class CalculatorView(ApiView):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="calculate_quote", request=CalculatorSerializer, responses={200: CalculatorAnswerSerializer}
    )
    def post(self, request: AuthenticatedApiRequest) -> Response:
        asked = _valid(CalculatorSerializer(data=request.data))
        product = _product(asked.get("product"))
        check_product_limits(product, asked["amount"], asked["term_months"])
        grades = {terms.grade: terms for terms in product.grades.all()}
        terms = grades.get(asked["grade"]) if "grade" in asked else assumed_grade_terms(product)
        if terms is None:
            raise GradeNotOffered
        [priced] = priced_terms(
            product, terms, asked["amount"], [asked["term_months"]], business_date(), asked.get("due_day")
        )
        return Response(CalculatorAnswerSerializer(priced).data)


class LoanListView(ApiListView):
    serializer_class = LoanSerializer

    @extend_schema(operation_id="loans", responses=LoanSerializer(many=True))
    def get(self, request: AuthenticatedApiRequest) -> Response:
        page = self.paginate_queryset(loans_of(request.user))
        return self.get_paginated_response(LoanSerializer(page, many=True).data)

    @extend_schema(operation_id="create_loan", request=ApplicationSerializer, responses={201: LoanSerializer})
    def post(self, request: AuthenticatedApiRequest) -> Response:
        answers = _valid(ApplicationSerializer(data=request.data))
        product = _product(answers.pop("product", None))
        draft = create_draft(
            borrower=request.user,
            product=product,
            amount=answers.pop("requested_amount"),
            term_months=answers.pop("term_months"),
            actor=request.user,
            today=business_date(),
            **answers,
        )
        return Response(LoanSerializer(draft).data, status=201)


class LoanView(ApiView):
    @extend_schema(operation_id="loan", responses=LoanDetailSerializer)
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        return Response(LoanDetailSerializer(own_loan(request, reference)).data)

    @extend_schema(operation_id="update_loan", request=ApplicationSerializer(partial=True), responses=LoanSerializer)
    def patch(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        loan = own_loan(request, reference)
        answers = _valid(ApplicationSerializer(data=request.data, partial=True))
        if "product" in answers:
            answers["product"] = _product(answers["product"])
        update_draft(loan_id=loan.pk, fields=answers, actor=request.user)
        return Response(LoanSerializer(own_loan(request, reference)).data)


class SubmitView(ApiView):
    @extend_schema(
        operation_id="submit_application",
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        request=None,
        responses={200: LoanSerializer},
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        return _step(request, reference, submit_application)


class AcceptView(ApiView):
    @extend_schema(
        operation_id="accept_offer",
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        request=None,
        responses={200: LoanSerializer},
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        return _step(request, reference, accept_offer)


class DeclineView(ApiView):
    @extend_schema(
        operation_id="decline_offer",
        description="Decline an offer, which ends the application.",
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        request=None,
        responses={200: LoanSerializer},
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        return _step(request, reference, decline_offer)


class WithdrawView(ApiView):
    @extend_schema(
        operation_id="withdraw_application",
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        request=None,
        responses={200: LoanSerializer},
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        return _step(request, reference, withdraw_application)


class SmallerLoanView(ApiView):
    @extend_schema(
        operation_id="decide_smaller_loan",
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        request=SmallerLoanSerializer,
        responses={200: LoanSerializer},
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        asked = _valid(SmallerLoanSerializer(data=request.data))
        service = accept_smaller_loan if asked["decision"] == "accept" else decline_smaller_loan
        return _step(request, reference, service)


class AnswerView(ApiView):
    @extend_schema(operation_id="answer_request", request=AnswerSerializer, responses={200: LoanSerializer})
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        loan = own_loan(request, reference)
        asked = _valid(AnswerSerializer(data=request.data))
        answer_request(loan_id=loan.pk, answer=asked["answer"], actor=request.user, today=business_date())
        return Response(LoanSerializer(own_loan(request, reference)).data)


class AgreementView(ApiView):
    @extend_schema(
        operation_id="loan_agreement",
        description="For the borrower from funding on; once it is signed for the loan's lenders, too.",
        responses=ReadableAgreementSerializer,
    )
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        found = agreement_for(request.user, reference)
        if found is None:
            raise Http404
        return Response(ReadableAgreementSerializer(found).data)


class SignView(ApiView):
    @extend_schema(
        operation_id="sign_agreement",
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        request=SignSerializer,
        responses={200: AgreementSerializer},
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        loan = own_loan(request, reference)
        asked = _valid(SignSerializer(data=request.data))
        agreement = sign_agreement(
            loan_id=loan.pk,
            typed_name=asked["typed_name"],
            actor=request.user,
            ip_address=current_request().ip_address,
            idempotency_key=idempotency_key(request),
            today=business_date(),
        )
        return created_response(agreement, AgreementSerializer(agreement).data, status=200)


class ScheduleView(ApiView):
    @extend_schema(operation_id="loan_schedule", responses=ScheduleSerializer)
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        schedule = schedule_of(own_loan(request, reference), business_date())
        if schedule is None:
            raise Http404
        return Response(ScheduleSerializer(schedule).data)


def _product(code: str | None) -> LoanProduct:
    products = offered_products()
    if code is None and products:
        return products[0]
    found = next((product for product in products if product.code == code), None)
    if found is None and code is not None:
        raise ValidationError({"product": [_("There is no such product.")]})
    if found is None:
        raise ProductNotOffered
    return found


def _valid(serializer: Serializer) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _step(request: AuthenticatedApiRequest, reference: str, service: Any) -> Response:
    """One keyed step of the loan's way; the answer is the loan as it is now."""
    loan = own_loan(request, reference)
    moved = service(
        loan_id=loan.pk, actor=request.user, idempotency_key=idempotency_key(request), today=business_date()
    )
    return created_response(moved, LoanSerializer(own_loan(request, reference)).data, status=200)
