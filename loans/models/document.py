"""Files that a borrower adds to an application or loan, for staff only."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from loans.enums.loan import LoanDocumentKind
from p2plending.lib.models import MomentField


class LoanDocument(models.Model):
    """One file: encrypted on disk under a random name, described here, never under a public URL. Lenders see none."""

    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="documents")
    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=LoanDocumentKind)
    stored_name = models.CharField(max_length=80, unique=True, editable=False)
    content_type = models.CharField(max_length=40, editable=False)
    size = models.PositiveIntegerField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    uploaded_at = MomentField(auto_now_add=True, editable=False)
    # A member of staff has compared it with what the borrower says; lenders see the kind, never the file.
    checked_by = models.ForeignKey(
        "accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+", editable=False
    )
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("loan document")
        verbose_name_plural = _("loan documents")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["loan", "kind", "sha256"], name="loan_document_once"),
            models.CheckConstraint(
                condition=models.Q(checked_at__isnull=True, checked_by__isnull=True)
                | models.Q(checked_at__isnull=False, checked_by__isnull=False),
                name="loan_document_check_has_author",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.reference}"
