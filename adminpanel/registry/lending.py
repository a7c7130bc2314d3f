"""Loans and their parts."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from adminpanel.registry.base import ReadOnlyAdmin, Related
from loans.models import Commitment, Distribution, Instalment, Loan, LoanQuestion, Note, Repayment


@admin.register(Loan)
class LoanAdmin(ReadOnlyAdmin):
    list_display = (
        "reference",
        "borrower",
        "status",
        "grade",
        "principal",
        "term_months",
        "principal_outstanding",
        "days_past_due",
    )
    list_filter = ("status", "grade", "bucket", "is_frozen", "product")
    list_select_related = ("borrower",)
    date_hierarchy = "disbursed_on"
    search_fields = ("reference", "borrower__email", "borrower__member_number", "title")
    detail_fields = (
        "reference",
        "borrower",
        "product",
        "status",
        "requested_amount",
        "principal",
        "term_months",
        "purpose",
        "title",
        "grade",
        "annual_rate",
        "origination_fee",
        "instalment_amount",
        "total_payment",
        "apr_effective",
        "reviewer",
        "offered_on",
        "listed_on",
        "listing_ends_on",
        "funded_on",
        "signed_at",
        "disbursed_on",
        "maturity_date",
        "closed_on",
        "funded_amount",
        "lender_count",
        "principal_outstanding",
        "next_due_on",
        "next_due_amount",
        "credit_held",
        "arrears_amount",
        "days_past_due",
        "bucket",
        "rolled_forward_to",
        "is_frozen",
    )
    related = (
        Related(
            _("Steps"),
            "transitions",
            ("created_at", "event", "from_status", "to_status", "actor", "reason", "business_date"),
            ("actor",),
        ),
        Related(
            _("Planned payments"),
            "instalments",
            (
                "schedule_version",
                "number",
                "due_date",
                "status",
                "principal_due",
                "interest_due",
                "late_fee_due",
                "settled_on",
            ),
        ),
        Related(
            _("Payments"),
            "repayments",
            (
                "reference",
                "value_date",
                "method",
                "status",
                "amount",
                "late_fee",
                "interest",
                "principal",
                "surplus",
                "held",
            ),
        ),
        Related(
            _("Reservations"),
            "commitments",
            ("reference", "lender", "amount", "status", "source", "committed_on"),
            ("lender",),
        ),
        Related(
            _("Lenders' parts"),
            "notes",
            ("reference", "owner", "status", "principal", "principal_outstanding", "interest_received"),
            ("owner",),
        ),
        Related(_("Lateness"), "delinquencies", ("bucket", "from_date", "to_date", "worst_days_past_due")),
    )
    desk_page = "loan_review"
    desk_label = _("Open the review page")


@admin.register(Commitment)
class CommitmentAdmin(ReadOnlyAdmin):
    list_display = ("reference", "loan", "lender", "amount", "status", "source", "committed_on")
    list_filter = ("status", "source")
    list_select_related = ("loan", "lender")
    date_hierarchy = "committed_on"
    search_fields = ("reference", "loan__reference", "lender__email", "lender__member_number")
    detail_fields = ("reference", "loan", "lender", "amount", "status", "source", "committed_on", "ended_on")


@admin.register(Note)
class NoteAdmin(ReadOnlyAdmin):
    list_display = ("reference", "loan", "owner", "status", "principal", "principal_outstanding", "interest_received")
    list_filter = ("status",)
    list_select_related = ("loan", "owner")
    date_hierarchy = "issued_on"
    search_fields = ("reference", "loan__reference", "owner__email", "owner__member_number")
    detail_fields = (
        "reference",
        "loan",
        "owner",
        "commitment",
        "status",
        "principal",
        "principal_outstanding",
        "interest_carry",
        "late_fee_carry",
        "principal_received",
        "interest_received",
        "late_fees_received",
        "servicing_fees_paid",
        "issued_on",
        "closed_on",
    )
    related = (
        Related(
            _("What payments brought"),
            "distributions",
            ("repayment", "weight", "principal", "interest", "late_fee", "servicing_fee", "net"),
            ("repayment",),
        ),
    )


@admin.register(Instalment)
class InstalmentAdmin(ReadOnlyAdmin):
    list_display = (
        "loan",
        "schedule_version",
        "number",
        "due_date",
        "status",
        "principal_due",
        "interest_due",
        "late_fee_due",
        "settled_on",
    )
    list_filter = ("status",)
    list_select_related = ("loan",)
    date_hierarchy = "due_date"
    search_fields = ("loan__reference",)
    detail_fields = (
        "loan",
        "schedule_version",
        "number",
        "period_start",
        "due_date",
        "status",
        "principal_due",
        "interest_due",
        "late_fee_due",
        "principal_paid",
        "interest_paid",
        "late_fee_paid",
        "interest_posted",
        "late_fee_charged_on",
        "settled_on",
    )
    related = (
        Related(_("Reminders"), "reminders", ("kind", "business_date", "created_at")),
        Related(_("Paid by"), "allocations", ("repayment", "late_fee", "interest", "principal"), ("repayment",)),
    )


@admin.register(Repayment)
class RepaymentAdmin(ReadOnlyAdmin):
    list_display = ("reference", "loan", "payer", "amount", "method", "value_date", "status")
    list_filter = ("status", "method")
    list_select_related = ("loan", "payer")
    date_hierarchy = "value_date"
    search_fields = ("reference", "bank_reference", "loan__reference", "payer__email", "payer__member_number")
    detail_fields = (
        "reference",
        "loan",
        "payer",
        "amount",
        "method",
        "extra_mode",
        "value_date",
        "bank_reference",
        "status",
        "late_fee",
        "interest",
        "principal",
        "surplus",
        "held",
        "credit_used",
        "servicing_fee",
        "entry",
        "decided_by",
        "decided_at",
        "decision_note",
    )
    related = (
        Related(
            _("What it paid"), "allocations", ("instalment", "late_fee", "interest", "principal"), ("instalment__loan",)
        ),
        Related(
            _("To the lenders"),
            "distributions",
            ("note", "weight", "principal", "interest", "late_fee", "servicing_fee", "net"),
            ("note",),
        ),
    )
    desk_page = "repayment"
    desk_label = _("Open the decision page")


@admin.register(Distribution)
class DistributionAdmin(ReadOnlyAdmin):
    list_display = ("repayment", "note", "weight", "principal", "interest", "late_fee", "servicing_fee", "net")
    list_select_related = ("repayment", "note")
    search_fields = ("repayment__reference", "note__reference", "note__loan__reference")
    detail_fields = (
        "repayment",
        "note",
        "weight",
        "principal",
        "interest",
        "late_fee",
        "servicing_fee",
        "net",
        "interest_carry_before",
        "interest_carry_after",
        "late_fee_carry_before",
        "late_fee_carry_after",
    )


@admin.register(LoanQuestion)
class LoanQuestionAdmin(ReadOnlyAdmin):
    list_display = ("reference", "loan", "author", "text", "status", "asked_at")
    list_filter = ("status",)
    list_select_related = ("loan", "author")
    search_fields = ("reference", "loan__reference", "author__email", "author__member_number")
    detail_fields = ("reference", "loan", "author", "text", "answer", "status", "asked_at", "answered_at")
