"""Journal entries and their postings: facts, never changed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger.enums.books import EntryKind, LineCode
from p2plending.lib.database.append_only import AppendOnlyModel
from p2plending.lib.models import KeyTextField, MomentField, MoneyField


class JournalEntry(AppendOnlyModel):
    """One business event in the books. `value_date` is when it counts, `posted_at` when it was written."""

    reference = models.CharField(_("reference"), max_length=16, unique=True)
    idempotency_key = KeyTextField(max_length=160, unique=True)
    kind = models.CharField(_("kind"), max_length=24, choices=EntryKind, db_index=True)
    value_date = models.DateField(_("value date"), db_index=True)
    posted_at = MomentField(_("posted"), auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        "accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="journal_entries"
    )
    actor_label = models.CharField(_("by"), max_length=100)
    narrative = models.CharField(_("what happened"), max_length=200)
    subject_type = models.CharField(max_length=40, blank=True)
    subject_reference = models.CharField(_("about"), max_length=40, blank=True, db_index=True)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.reference} {self.get_kind_display()}"


class Posting(AppendOnlyModel):
    """One debit or credit. `seq` and `balance_after` chain the postings of a guarded account."""

    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="postings")
    account = models.ForeignKey("ledger.Account", on_delete=models.PROTECT, related_name="postings")
    debit = MoneyField(_("debit"), default=0)
    credit = MoneyField(_("credit"), default=0)
    code = models.CharField(_("line"), max_length=20, choices=LineCode)
    seq = models.PositiveBigIntegerField(null=True, blank=True)
    balance_after = MoneyField(_("balance after"), null=True, blank=True)

    class Meta:
        verbose_name = _("posting")
        verbose_name_plural = _("postings")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(debit__gt=0, credit=0) | models.Q(debit=0, credit__gt=0),
                name="posting_one_side_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(seq__isnull=True, balance_after__isnull=True)
                | models.Q(seq__isnull=False, balance_after__isnull=False),
                name="posting_chain_complete",
            ),
            models.UniqueConstraint(fields=["account", "seq"], name="posting_seq_once"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.debit or -self.credit}"
