"""Questions and answers on a listing over the API."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from loans.api.own import own_loan
from loans.api.serializers import AnswerSerializer, AskSerializer, QuestionSerializer
from loans.models import Loan, LoanQuestion
from loans.selectors.borrower import question_for_borrower
from loans.selectors.listing import listing_for
from loans.selectors.loan import questions_on_listing
from loans.services.origination.questions import answer_question, ask_question
from p2plending.lib.api.views import ApiView, AuthenticatedApiRequest
from p2plending.lib.clock import business_date


class QuestionListView(ApiView):
    @extend_schema(operation_id="listing_questions", responses=QuestionSerializer(many=True))
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        questions = questions_on_listing(_listing(request, reference), request.user)
        return Response(QuestionSerializer(questions, many=True).data)

    @extend_schema(operation_id="ask_question", request=AskSerializer, responses={201: QuestionSerializer})
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        loan = _listing(request, reference)
        asked = AskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        question = ask_question(
            loan_id=loan.pk,
            author=request.user,
            text=asked.validated_data["text"],
            actor=request.user,
            today=business_date(),
        )
        return Response(QuestionSerializer(question).data, status=201)


class QuestionAnswerView(ApiView):
    @extend_schema(operation_id="answer_question", request=AnswerSerializer, responses={200: QuestionSerializer})
    def post(self, request: AuthenticatedApiRequest, reference: str, question_reference: str) -> Response:
        loan = own_loan(request, reference)
        try:
            question = question_for_borrower(loan, request.user, question_reference)
        except LoanQuestion.DoesNotExist as error:
            raise Http404 from error
        asked = AnswerSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        answered = answer_question(
            question_id=question.pk, answer=asked.validated_data["answer"], actor=request.user, today=business_date()
        )
        return Response(QuestionSerializer(answered).data)


def _listing(request: AuthenticatedApiRequest, reference: str) -> Loan:
    try:
        return listing_for(request.user, reference)
    except Loan.DoesNotExist as error:
        raise Http404 from error
