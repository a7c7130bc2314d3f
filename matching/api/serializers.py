"""The lender's side as JSON: decimal strings, public references, bands in place of people."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from loans.enums.loan import CommitmentSource, CommitmentStatus, Employment, Grade, LoanStatus, NoteStatus, Purpose
from loans.models import Commitment, Loan, Note
from loans.selectors.listing import LimitKind
from matching.enums.mandates import DecisionReason, MandateStatus, ProposalStatus, RiskTolerance
from matching.models import AllocationDecision, LendingMandate, MatchProposal, RiskProfile
from matching.selectors.positions import facts_of
from matching.services.mandates import LONGEST_TERM_MONTHS, SHORTEST_TERM_MONTHS
from matching.wording import consent_text, reasons_in_words, who_borrows
from p2plending.lib.api.fields import CurrencyField, MoneySerializerField, OneLineSerializerField, RateSerializerField


class ListingSerializer(serializers.ModelSerializer):
    """An open loan as everybody may know it."""

    status = serializers.ChoiceField(choices=LoanStatus.choices, read_only=True)
    purpose = serializers.ChoiceField(choices=Purpose.choices, read_only=True)
    grade = serializers.ChoiceField(choices=Grade.choices, read_only=True)
    annual_rate = RateSerializerField(read_only=True)
    net_rate = serializers.SerializerMethodField(help_text="After fees and expected losses: an estimate, no promise.")
    expected_loss_rate = RateSerializerField(read_only=True)
    amount = MoneySerializerField(source="principal", read_only=True)
    funded = MoneySerializerField(source="funded_amount", read_only=True)
    remaining = MoneySerializerField(source="remaining_amount", read_only=True)
    borrower = serializers.SerializerMethodField()
    currency = CurrencyField()

    class Meta:
        model = Loan
        fields = (
            "reference",
            "title",
            "status",
            "purpose",
            "grade",
            "annual_rate",
            "net_rate",
            "expected_loss_rate",
            "amount",
            "term_months",
            "funded",
            "remaining",
            "funded_percent",
            "lender_count",
            "listed_on",
            "listing_ends_on",
            "accepts_partial_funding",
            "borrower",
            "currency",
        )
        read_only_fields = fields

    def get_net_rate(self, loan: Loan) -> str:
        return str(facts_of(loan).net_rate.quantize(Decimal("0.000001")))

    def get_borrower(self, loan: Loan) -> str:
        return who_borrows(loan)


class ProfileSerializer(serializers.Serializer):
    """The borrower in bands."""

    member_number = serializers.CharField(read_only=True)
    region = serializers.CharField(read_only=True)
    income = serializers.CharField(read_only=True)
    work = serializers.CharField(
        read_only=True, help_text=f"One of: {', '.join(str(one.label) for one in Employment)}."
    )
    work_length = serializers.CharField(read_only=True)
    debts = serializers.CharField(read_only=True)
    owns_home = serializers.BooleanField(read_only=True)
    is_income_verified = serializers.BooleanField(read_only=True)
    documents_checked = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="Kinds of documents that staff have checked."
    )
    is_address_verified = serializers.BooleanField(read_only=True)
    loans_before = serializers.IntegerField(read_only=True)
    loans_repaid = serializers.IntegerField(read_only=True)
    worst_days_late = serializers.IntegerField(read_only=True)


class EarningsSerializer(serializers.Serializer):
    """What an amount would bring; losses are an estimate."""

    amount = MoneySerializerField(read_only=True)
    interest = MoneySerializerField(read_only=True)
    fee = MoneySerializerField(read_only=True)
    expected_loss = MoneySerializerField(read_only=True)
    back_if_all_goes_well = MoneySerializerField(read_only=True)
    back_after_losses = MoneySerializerField(read_only=True)


class LimitsSerializer(serializers.Serializer):
    """What this lender may commit now, the limit that binds and a sentence about it; a maximum of 0.00 comes with the
    reason."""

    minimum = MoneySerializerField(read_only=True)
    step = MoneySerializerField(read_only=True)
    maximum = MoneySerializerField(read_only=True)
    binding = serializers.ChoiceField(choices=[kind.value for kind in LimitKind], read_only=True)
    most_words = serializers.CharField(read_only=True)
    reason = serializers.CharField(read_only=True)


class ListingDetailSerializer(serializers.Serializer):
    listing = ListingSerializer(read_only=True)
    story = serializers.CharField(read_only=True)
    profile = ProfileSerializer(read_only=True)
    earnings = EarningsSerializer(read_only=True)
    limits = LimitsSerializer(read_only=True, allow_null=True)


class CommitmentSerializer(serializers.ModelSerializer):
    loan = serializers.CharField(source="loan.reference", read_only=True)
    title = serializers.CharField(source="loan.title", read_only=True)
    amount = MoneySerializerField(read_only=True)
    status = serializers.ChoiceField(choices=CommitmentStatus.choices, read_only=True)
    # A column of this name; the serializer's metaclass moves it out of the way of the attribute.
    source = serializers.ChoiceField(  # type: ignore[assignment]  # see above
        choices=CommitmentSource.choices, read_only=True
    )
    currency = CurrencyField()

    class Meta:
        model = Commitment
        fields = (
            "reference",
            "loan",
            "title",
            "amount",
            "status",
            "source",
            "committed_on",
            "ended_on",
            "currency",
        )
        read_only_fields = fields


class PlaceCommitmentSerializer(serializers.Serializer):
    amount = MoneySerializerField()


class NoteSerializer(serializers.ModelSerializer):
    loan = serializers.CharField(source="loan.reference", read_only=True)
    title = serializers.CharField(source="loan.title", read_only=True)
    grade = serializers.ChoiceField(source="loan.grade", choices=Grade.choices, read_only=True)
    annual_rate = RateSerializerField(source="loan.annual_rate", read_only=True)
    loan_status = serializers.ChoiceField(source="loan.status", choices=LoanStatus.choices, read_only=True)
    days_past_due = serializers.IntegerField(source="loan.days_past_due", read_only=True)
    next_due_on = serializers.DateField(source="loan.next_due_on", read_only=True, allow_null=True)
    status = serializers.ChoiceField(choices=NoteStatus.choices, read_only=True)
    principal = MoneySerializerField(read_only=True)
    principal_outstanding = MoneySerializerField(read_only=True)
    principal_received = MoneySerializerField(read_only=True)
    interest_received = MoneySerializerField(read_only=True)
    late_fees_received = MoneySerializerField(read_only=True)
    servicing_fees_paid = MoneySerializerField(read_only=True)
    currency = CurrencyField()

    class Meta:
        model = Note
        fields = (
            "reference",
            "loan",
            "title",
            "grade",
            "annual_rate",
            "loan_status",
            "days_past_due",
            "next_due_on",
            "status",
            "principal",
            "principal_outstanding",
            "principal_received",
            "interest_received",
            "late_fees_received",
            "servicing_fees_paid",
            "issued_on",
            "closed_on",
            "currency",
        )
        read_only_fields = fields


class MatchSerializer(serializers.ModelSerializer):
    """A suggestion with up to three reasons: what speaks for the loan by what this lender chose."""

    listing = ListingSerializer(source="loan", read_only=True)
    status = serializers.ChoiceField(choices=ProposalStatus.choices, read_only=True)
    reasons = serializers.SerializerMethodField()

    class Meta:
        model = MatchProposal
        fields = ("reference", "score", "status", "reasons", "listing")
        read_only_fields = fields

    def get_reasons(self, proposal: MatchProposal) -> list[str]:
        return reasons_in_words(proposal.reasons, proposal.loan)


class RiskProfileSerializer(serializers.ModelSerializer):
    tolerance = serializers.ChoiceField(choices=RiskTolerance.choices)
    target_mix = serializers.SerializerMethodField()

    class Meta:
        model = RiskProfile
        fields = ("tolerance", "target_mix")

    def get_target_mix(self, profile: RiskProfile) -> dict[str, str]:
        return {grade: str(share) for grade, share in RiskTolerance(profile.tolerance).target_mix.items()}


class MandateSerializer(serializers.ModelSerializer):
    """A rule. `consent_text` is what a client shows and sends back to turn it on."""

    status = serializers.ChoiceField(choices=MandateStatus.choices, read_only=True)
    grades = serializers.ListField(child=serializers.ChoiceField(choices=Grade.choices), source="grade_letters")
    min_rate = RateSerializerField(min_value=Decimal(0), max_value=Decimal(1))
    max_term_months = serializers.IntegerField(min_value=SHORTEST_TERM_MONTHS, max_value=LONGEST_TERM_MONTHS)
    amount_per_loan = MoneySerializerField()
    keep_available = MoneySerializerField(minimum=0)
    consent_text = serializers.SerializerMethodField()
    currency = CurrencyField()

    class Meta:
        model = LendingMandate
        fields = (
            "reference",
            "status",
            "grades",
            "min_rate",
            "max_term_months",
            "amount_per_loan",
            "keep_available",
            "activated_at",
            "last_allocated_at",
            "consent_text",
            "currency",
        )
        read_only_fields = ("reference", "status", "activated_at", "last_allocated_at")

    def get_consent_text(self, mandate: LendingMandate) -> str:
        return consent_text(mandate)

    def figures(self) -> dict[str, Any]:
        """What was sent, as `save_mandate` takes it; after `is_valid()`."""
        given = dict(self.validated_data)
        given["grades"] = given.pop("grade_letters")
        return given


class ActivateSerializer(serializers.Serializer):
    consent_text = OneLineSerializerField(max_length=500, help_text="The rule's own `consent_text`, agreed to.")


class DecisionSerializer(serializers.ModelSerializer):
    loan = serializers.CharField(source="loan.reference", read_only=True)
    reason = serializers.ChoiceField(choices=DecisionReason.choices, read_only=True)
    words = serializers.CharField(source="get_reason_display", read_only=True)
    amount = MoneySerializerField(read_only=True)
    commitment = serializers.CharField(source="commitment.reference", default=None, read_only=True, allow_null=True)
    currency = CurrencyField()

    class Meta:
        model = AllocationDecision
        fields = ("loan", "reason", "words", "amount", "commitment", "created_at", "currency")
        read_only_fields = fields
