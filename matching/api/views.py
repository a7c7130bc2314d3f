"""Market, parts and rules over the API: the same selectors and services as the pages."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from loans.enums.loan import Grade, Purpose
from loans.models import Loan
from loans.selectors.access import COMMITMENTS
from loans.selectors.listing import commitment_limits, listing_for, loan_of_lending_form, public_profile
from loans.services.funding.commitments import place_commitment, withdraw_commitment
from matching.api.serializers import (
    ActivateSerializer,
    CommitmentSerializer,
    DecisionSerializer,
    ListingDetailSerializer,
    ListingSerializer,
    MandateSerializer,
    MatchSerializer,
    NoteSerializer,
    PlaceCommitmentSerializer,
    RiskProfileSerializer,
)
from matching.forms import ENDS_CHOICES, HISTORY_CHOICES, SORT_CHOICES, AmountForm, FilterForm
from matching.models import LendingMandate
from matching.selectors.access import PROPOSALS
from matching.selectors.listing import planned_earnings
from matching.selectors.mandates import decisions_of, mandate_of, risk_profile_of
from matching.selectors.marketplace import TERM_BANDS, matching_loans, open_loans
from matching.selectors.portfolio import notes_of
from matching.services.mandates import ConsentMissing, activate_mandate, pause_mandate, save_mandate
from matching.services.profiles import set_risk_profile
from matching.services.proposals import dismiss_proposal, propose_matches
from matching.wording import consent_text
from p2plending.lib.api.idempotency import IDEMPOTENCY_KEY_PARAMETER, created_response, idempotency_key
from p2plending.lib.api.views import ApiListView, ApiView, AuthenticatedApiRequest
from p2plending.lib.clock import business_date


def _query(name: str, words: str, choices: Any = None, *, many: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, str, description=words, enum=choices, many=many)


LISTING_FILTERS = [
    _query("grade", "Risk grades.", Grade.values, many=True),
    _query("rate_min", "Lowest rate, per cent a year."),
    _query("rate_max", "Highest rate, per cent a year."),
    _query("term", "Length: 1 is up to 12 months, 2 is 13 to 36, 3 is longer.", list(TERM_BANDS), many=True),
    _query("purpose", "What it is for.", Purpose.values),
    _query("amount_min", "Smallest loan."),
    _query("amount_max", "Largest loan."),
    _query("needed", "Still needs at least."),
    _query(
        "history", "First loan of the borrower, or borrowed before.", [value for value, _ in HISTORY_CHOICES if value]
    ),
    _query("ends", "Ends within so many days.", [value for value, _ in ENDS_CHOICES if value]),
    _query("new", "Opened in the last seven days: on."),
    _query("hide_mine", "Without loans that you are in: on."),
    _query("sort", "Order.", [value for value, _ in SORT_CHOICES]),
]


class ListingListView(ApiListView):
    serializer_class = ListingSerializer

    @extend_schema(operation_id="listings", parameters=LISTING_FILTERS, responses=ListingSerializer(many=True))
    def get(self, request: AuthenticatedApiRequest) -> Response:
        form = FilterForm(request.query_params)
        if not form.is_valid():
            errors: Any = form.errors  # lists of texts by field, as the error takes them
            raise ValidationError(errors)
        today = business_date()
        loans = matching_loans(open_loans(today, request.user), form.filters(), today, form.sort_key())
        return self.get_paginated_response(ListingSerializer(self.paginate_queryset(loans), many=True).data)


class ListingView(ApiView):
    @extend_schema(
        operation_id="listing",
        parameters=[_query("amount", "What this amount would bring; 100.00 when left out.")],
        responses=ListingDetailSerializer,
    )
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        loan = _listing_or_404(request, reference)
        form = AmountForm({"amount": request.query_params.get("amount", "100.00")})
        if not form.is_valid():
            errors: Any = form.errors  # lists of texts by field, as the error takes them
            raise ValidationError(errors)
        amount = min(form.cleaned_data["amount"], loan.principal)
        detail = {
            "listing": loan,
            "story": loan.story,
            "profile": public_profile(loan),
            "earnings": planned_earnings(loan, amount, business_date()),
            "limits": commitment_limits(loan, request.user) if request.user.is_lender else None,
        }
        return Response(ListingDetailSerializer(detail).data)


class PlaceCommitmentView(ApiView):
    @extend_schema(
        operation_id="place_commitment",
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        request=PlaceCommitmentSerializer,
        responses={201: CommitmentSerializer},
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        key = idempotency_key(request)
        asked = PlaceCommitmentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            loan = loan_of_lending_form(request.user, reference)
        except Loan.DoesNotExist as error:
            raise Http404 from error
        commitment = place_commitment(
            loan_id=loan.pk,
            lender=request.user,
            amount=asked.validated_data["amount"],
            actor=request.user,
            idempotency_key=key,
            today=business_date(),
        )
        return created_response(commitment, CommitmentSerializer(commitment).data)


class CommitmentListView(ApiListView):
    serializer_class = CommitmentSerializer

    @extend_schema(operation_id="commitments", responses=CommitmentSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(_own_commitments(request))
        return self.get_paginated_response(CommitmentSerializer(page, many=True).data)


class CommitmentWithdrawView(ApiView):
    @extend_schema(
        operation_id="withdraw_commitment",
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        request=None,
        responses=CommitmentSerializer,
    )
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        key = idempotency_key(request)
        own = get_object_or_404(_own_commitments(request), reference=reference)
        commitment = withdraw_commitment(
            commitment_id=own.pk, actor=request.user, idempotency_key=key, today=business_date()
        )
        return created_response(commitment, CommitmentSerializer(commitment).data, status=200)


class NoteListView(ApiListView):
    serializer_class = NoteSerializer

    @extend_schema(operation_id="notes", responses=NoteSerializer(many=True))
    def get(self, request: AuthenticatedApiRequest) -> Response:
        page = self.paginate_queryset(notes_of(request.user))
        return self.get_paginated_response(NoteSerializer(page, many=True).data)


class NoteView(ApiView):
    @extend_schema(operation_id="note", responses=NoteSerializer)
    def get(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        return Response(NoteSerializer(get_object_or_404(notes_of(request.user), reference=reference)).data)


class MatchListView(ApiListView):
    serializer_class = MatchSerializer

    @extend_schema(operation_id="matches", responses=MatchSerializer(many=True))
    def get(self, request: AuthenticatedApiRequest) -> Response:
        page = self.paginate_queryset(propose_matches(lender=request.user, today=business_date()))
        return self.get_paginated_response(MatchSerializer(page, many=True).data)


class MatchDismissView(ApiView):
    @extend_schema(operation_id="dismiss_match", request=None, responses=MatchSerializer)
    def post(self, request: AuthenticatedApiRequest, reference: str) -> Response:
        own = get_object_or_404(PROPOSALS.own_of(request.user), reference=reference)
        return Response(MatchSerializer(dismiss_proposal(proposal_id=own.pk, actor=request.user)).data)


class RiskProfileView(ApiView):
    @extend_schema(operation_id="risk_profile", responses=RiskProfileSerializer)
    def get(self, request: AuthenticatedApiRequest) -> Response:
        profile = risk_profile_of(request.user)
        if profile is None:
            raise Http404
        return Response(RiskProfileSerializer(profile).data)

    @extend_schema(operation_id="set_risk_profile", request=RiskProfileSerializer, responses=RiskProfileSerializer)
    def put(self, request: AuthenticatedApiRequest) -> Response:
        asked = RiskProfileSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        tolerance = asked.validated_data["tolerance"]
        profile = set_risk_profile(lender=request.user, tolerance=tolerance, actor=request.user)
        return Response(RiskProfileSerializer(profile).data)


class MandateView(ApiView):
    @extend_schema(operation_id="mandate", responses=MandateSerializer)
    def get(self, request: AuthenticatedApiRequest) -> Response:
        return Response(MandateSerializer(_mandate_or_404(request)).data)

    @extend_schema(
        operation_id="save_mandate",
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        request=MandateSerializer,
        responses=MandateSerializer,
    )
    def put(self, request: AuthenticatedApiRequest) -> Response:
        key = idempotency_key(request)
        asked = MandateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        mandate = save_mandate(lender=request.user, actor=request.user, idempotency_key=key, **asked.figures())
        return created_response(mandate, MandateSerializer(mandate).data, status=200)


class MandateActivateView(ApiView):
    @extend_schema(
        operation_id="activate_mandate",
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        request=ActivateSerializer,
        responses=MandateSerializer,
    )
    def post(self, request: AuthenticatedApiRequest) -> Response:
        key = idempotency_key(request)
        asked = ActivateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        mandate = _mandate_or_404(request)
        # A text that was shown before the figures changed is no consent to the new ones.
        if asked.validated_data["consent_text"] != consent_text(mandate):
            raise ConsentMissing
        mandate = activate_mandate(
            mandate_id=mandate.pk, consent_text=consent_text(mandate), actor=request.user, idempotency_key=key
        )
        return created_response(mandate, MandateSerializer(mandate).data, status=200)


class MandatePauseView(ApiView):
    @extend_schema(
        operation_id="pause_mandate",
        parameters=[IDEMPOTENCY_KEY_PARAMETER],
        request=None,
        responses=MandateSerializer,
    )
    def post(self, request: AuthenticatedApiRequest) -> Response:
        key = idempotency_key(request)
        mandate = pause_mandate(mandate_id=_mandate_or_404(request).pk, actor=request.user, idempotency_key=key)
        return created_response(mandate, MandateSerializer(mandate).data, status=200)


class DecisionListView(ApiListView):
    serializer_class = DecisionSerializer

    @extend_schema(operation_id="mandate_decisions", responses=DecisionSerializer(many=True))
    def get(self, request: AuthenticatedApiRequest) -> Response:
        page = self.paginate_queryset(decisions_of(request.user))
        return self.get_paginated_response(DecisionSerializer(page, many=True).data)


def _own_commitments(request: Request) -> Any:
    return COMMITMENTS.own_of(request.user).select_related("loan")


def _listing_or_404(request: Request, reference: str) -> Loan:
    try:
        return listing_for(request.user, reference)
    except Loan.DoesNotExist as error:
        raise Http404 from error


def _mandate_or_404(request: AuthenticatedApiRequest) -> LendingMandate:
    mandate = mandate_of(request.user)
    if mandate is None:
        raise Http404
    return mandate
