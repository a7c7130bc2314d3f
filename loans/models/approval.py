"""What needs a second person: asked by one, decided by another, done once."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loans.collection_enums import ApprovalKind, ApprovalState
from p2plending.lib.models import GuardedModel, KeyTextField


class ApprovalRequest(GuardedModel):
    """`payload` is what was asked for and `payload_sha256` its seal: what is done is what the second person saw.

    `open_key` holds the kind and the loan while the request waits: a nullable unique column, because MariaDB has no
    conditional unique constraints.
    """

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    kind = models.CharField(_("what"), max_length=16, choices=ApprovalKind)
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="approval_requests")
    payload = models.JSONField(_("what was asked for"))
    payload_sha256 = models.CharField(max_length=64)
    reason = models.CharField(_("reason"), max_length=500)
    state = models.CharField(_("state"), max_length=10, choices=ApprovalState, default=ApprovalState.PENDING)
    open_key = KeyTextField(max_length=40, unique=True, null=True, blank=True, editable=False)
    maker = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, related_name="+")
    checker = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    asked_on = models.DateField(_("asked on"))
    expires_on = models.DateField(_("valid until"))
    decided_on = models.DateField(null=True, blank=True)
    decision_note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("approval request")
        verbose_name_plural = _("approval requests")
        ordering = ("-id",)
        indexes = [models.Index(fields=["state", "expires_on"], name="approval_queue")]
        constraints = [
            models.CheckConstraint(
                condition=Q(checker__isnull=True) | ~Q(checker=F("maker")), name="approval_by_two_people"
            ),
            models.CheckConstraint(
                condition=Q(state=ApprovalState.PENDING, open_key__isnull=False, decided_on__isnull=True)
                | ~Q(state=ApprovalState.PENDING) & Q(open_key__isnull=True, decided_on__isnull=False),
                name="approval_open_is_marked",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ApprovalState.APPROVED, ApprovalState.REFUSED]) | Q(checker__isnull=False),
                name="approval_decided_has_checker",
            ),
        ]

    def __str__(self) -> str:
        return self.reference
