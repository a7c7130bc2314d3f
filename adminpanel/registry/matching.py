"""Auto-invest rules, what they did and why, and suggestions."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from adminpanel.registry.base import ReadOnlyAdmin, Related
from matching.models import AllocationDecision, AllocationRun, LendingMandate, MatchProposal


@admin.register(LendingMandate)
class LendingMandateAdmin(ReadOnlyAdmin):
    list_display = ("reference", "lender", "status", "grades", "min_rate", "max_term_months", "amount_per_loan")
    list_filter = ("status",)
    list_select_related = ("lender",)
    search_fields = ("reference", "lender__email", "lender__member_number")
    detail_fields = (
        "reference",
        "lender",
        "status",
        "grades",
        "min_rate",
        "max_term_months",
        "amount_per_loan",
        "keep_available",
        "last_allocated_at",
        "activated_at",
    )
    related = (Related(_("Decisions"), "decisions", ("created_at", "loan", "reason", "amount"), ("loan",)),)


@admin.register(MatchProposal)
class MatchProposalAdmin(ReadOnlyAdmin):
    list_display = ("reference", "lender", "loan", "score", "status", "created_at")
    list_filter = ("status",)
    list_select_related = ("lender", "loan")
    search_fields = ("reference", "lender__email", "lender__member_number", "loan__reference")
    detail_fields = ("reference", "lender", "loan", "score", "reasons", "status", "created_at")


@admin.register(AllocationRun)
class AllocationRunAdmin(ReadOnlyAdmin):
    list_display = ("key", "loan", "business_date", "room", "allocated", "finished_at")
    list_select_related = ("loan",)
    date_hierarchy = "business_date"
    search_fields = ("key", "loan__reference")
    detail_fields = ("key", "loan", "business_date", "room", "allocated", "created_at", "finished_at")
    related = (
        Related(_("Decisions"), "decisions", ("mandate", "reason", "amount", "commitment"), ("mandate", "commitment")),
    )


@admin.register(AllocationDecision)
class AllocationDecisionAdmin(ReadOnlyAdmin):
    list_display = ("mandate", "loan", "reason", "amount", "run", "created_at")
    list_filter = ("reason",)
    list_select_related = ("mandate", "loan", "run")
    search_fields = ("mandate__reference", "loan__reference", "mandate__lender__email")
    detail_fields = ("run", "mandate", "loan", "reason", "amount", "commitment", "created_at")
