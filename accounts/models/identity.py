"""The identity check: details, documents, decision."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import DocumentKind, DocumentReason, DocumentStatus, IdDocumentType, VerificationStatus
from accounts.fields import EncryptedTextField
from accounts.values.countries import COUNTRIES
from p2plending.lib.models import GuardedModel, MomentField


class IdentityVerification(GuardedModel):
    """One person's identity check. Its history is in the audit trail; documents keep their own result."""

    user = models.OneToOneField("accounts.User", on_delete=models.PROTECT, related_name="verification")
    status = models.CharField(
        _("state"), max_length=12, choices=VerificationStatus, default=VerificationStatus.NOT_STARTED
    )
    legal_name = models.CharField(_("full name as on the document"), max_length=150, blank=True)
    date_of_birth = models.DateField(_("date of birth"), null=True, blank=True)
    address = models.CharField(_("street and number"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("town or city"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    nationality = models.CharField(_("nationality"), max_length=2, blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    occupation = models.CharField(_("occupation"), max_length=100, blank=True)
    source_of_funds = models.CharField(_("where the money comes from"), max_length=200, blank=True)
    tax_residence = models.CharField(_("country of tax residence"), max_length=2, blank=True)
    is_politically_exposed = models.BooleanField(_("politically exposed person"), default=False)
    id_type = models.CharField(_("kind of document"), max_length=20, choices=IdDocumentType, blank=True)
    id_number = EncryptedTextField(_("document number"), blank=True)
    id_number_digest = models.CharField(max_length=100, blank=True, db_index=True, editable=False)
    id_number_last4 = models.CharField(max_length=4, blank=True, editable=False)
    id_expires_on = models.DateField(_("document valid until"), null=True, blank=True)

    submission_count = models.PositiveSmallIntegerField(default=0, editable=False)
    submitted_at = models.DateTimeField(null=True, blank=True, editable=False)
    claimed_by = models.ForeignKey(
        "accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+", editable=False
    )
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        "accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+", editable=False
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    decision_note = models.CharField(_("note to the person"), max_length=500, blank=True, editable=False)
    is_final = models.BooleanField(_("may not try again"), default=False, editable=False)

    class Meta:
        verbose_name = _("identity check")
        verbose_name_plural = _("identity checks")
        indexes = [models.Index(fields=["status", "submitted_at"], name="verification_queue")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=VerificationStatus.values), name="verification_status_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=[VerificationStatus.APPROVED, VerificationStatus.REJECTED])
                | models.Q(decided_at__isnull=False, decided_by__isnull=False),
                name="verification_decision_has_author",
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=VerificationStatus.waiting()) | models.Q(submitted_at__isnull=False),
                name="verification_waiting_was_submitted",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True) | ~models.Q(decided_by=models.F("user")),
                name="verification_not_decided_by_self",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_status_display()})"

    @property
    def one_line_address(self) -> str:
        """Street, postcode and town, country; parts that are not known are left out."""
        town = f"{self.postcode} {self.city}".strip()
        return ", ".join(part for part in (self.address, town, COUNTRIES.get(self.country, "")) if part)

    @property
    def document_words(self) -> str:
        """The kind of document and the end of its number: "Passport …006H"."""
        ending = f" …{self.id_number_last4}" if self.id_number_last4 else ""
        return f"{self.get_id_type_display()}{ending}"


class IdentityDocument(models.Model):
    """One uploaded file: encrypted on disk under a random name, described here, never under a public URL."""

    verification = models.ForeignKey(IdentityVerification, on_delete=models.PROTECT, related_name="documents")
    reference = models.CharField(max_length=16, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=DocumentKind)
    stored_name = models.CharField(max_length=80, unique=True, editable=False)
    content_type = models.CharField(max_length=40, editable=False)
    size = models.PositiveIntegerField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False, db_index=True)
    status = models.CharField(_("state"), max_length=10, choices=DocumentStatus, default=DocumentStatus.WAITING)
    reason = models.CharField(_("reason"), max_length=20, choices=DocumentReason, blank=True)
    is_current = models.BooleanField(default=True, editable=False)
    uploaded_at = MomentField(auto_now_add=True, editable=False)

    class Meta:
        verbose_name = _("identity document")
        verbose_name_plural = _("identity documents")
        ordering = ("kind", "-uploaded_at")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status=DocumentStatus.REFUSED) | ~models.Q(reason=""),
                name="document_refusal_has_reason",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.reference}"

    @property
    def is_picture(self) -> bool:
        """Whether a page can show it as it is stored."""
        return self.content_type.startswith("image/")
