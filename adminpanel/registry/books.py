"""The books and the money on its way in and out."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from adminpanel.registry.base import NOTHING, ReadOnlyAdmin, Related
from ledger.models import Account, Deposit, JournalEntry, Posting, Withdrawal
from p2plending.templatetags.ui import money


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("key", "code", "book", "type", "owner", "loan_reference", "kept_balance", "version")
    list_filter = ("book", "type", "code")
    list_select_related = ("owner",)
    search_fields = ("key", "code", "owner__email", "owner__member_number", "loan_reference")
    detail_fields = (
        "key",
        "code",
        "book",
        "type",
        "normal_side",
        "owner",
        "loan_reference",
        "is_guarded",
        "balance",
        "version",
    )

    @admin.display(description=_("balance"), ordering="balance")
    def kept_balance(self, row: Account) -> Any:
        """Accounts that everybody touches keep no balance: the trial balance adds them up."""
        return money(row.balance) if row.is_guarded else NOTHING

    def reference_of(self, row: Any) -> str:
        return row.key


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin):
    list_display = ("reference", "kind", "value_date", "posted_at", "actor_label", "narrative", "subject_reference")
    list_filter = ("kind", "subject_type")
    date_hierarchy = "value_date"
    search_fields = ("reference", "subject_reference", "idempotency_key")
    detail_fields = (
        "reference",
        "kind",
        "value_date",
        "posted_at",
        "actor",
        "actor_label",
        "narrative",
        "subject_type",
        "subject_reference",
        "reverses",
        "idempotency_key",
    )
    related = (
        Related(
            _("Postings"),
            "postings",
            ("account", "debit", "credit", "code", "seq", "balance_after"),
            ("account",),
        ),
    )


@admin.register(Posting)
class PostingAdmin(ReadOnlyAdmin):
    list_display = ("account", "entry", "debit", "credit", "code", "seq", "balance_after")
    list_filter = ("code", "account__book")
    list_select_related = ("account", "entry")
    search_fields = ("account__key", "entry__reference", "entry__subject_reference")
    detail_fields = ("account", "entry", "debit", "credit", "code", "seq", "balance_after")


@admin.register(Deposit)
class DepositAdmin(ReadOnlyAdmin):
    list_display = ("reference", "user", "amount", "sent_on", "method", "status", "is_possible_duplicate")
    list_filter = ("status", "method", "is_possible_duplicate")
    list_select_related = ("user",)
    date_hierarchy = "sent_on"
    search_fields = ("reference", "bank_reference", "user__email", "user__member_number")
    detail_fields = (
        "reference",
        "user",
        "amount",
        "sent_on",
        "method",
        "bank_reference",
        "status",
        "is_possible_duplicate",
        "value_date",
        "entry",
        "decided_by",
        "decided_at",
        "decision_note",
    )
    desk_page = "deposit"
    desk_label = _("Open the decision page")


@admin.register(Withdrawal)
class WithdrawalAdmin(ReadOnlyAdmin):
    list_display = ("reference", "user", "amount", "requested_on", "iban_last4", "status", "paid_on")
    list_filter = ("status",)
    list_select_related = ("user",)
    date_hierarchy = "requested_on"
    search_fields = ("reference", "bank_reference", "user__email", "user__member_number")
    detail_fields = (
        "reference",
        "user",
        "amount",
        "requested_on",
        "account_holder",
        "iban_last4",
        "status",
        "approved_by",
        "decided_by",
        "decided_at",
        "paid_on",
        "bank_reference",
        "decision_note",
    )
    desk_page = "withdrawal"
    desk_label = _("Open the decision page")
