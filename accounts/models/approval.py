"""What needs a second person: asked by one, decided by another, done once."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import ApprovalKind, ApprovalState
from p2plending.lib.models import GuardedModel, KeyTextField, MoneyField


class ApprovalRequest(GuardedModel):
    """Something that one person asked for and another decides: a loan, a deposit, a setting, a staff account …

    The subject is named by type and reference, as in the audit trail. `before` is what stands when it is asked, and
    `payload` what is to be done; `effect` is the money that it moves, in minor units. `digest` seals all of it: what
    is done is what the second person saw. `about` is the person whose money, loan or rights it is: they neither ask
    nor decide. `open_key` holds kind and subject while the request waits: a nullable unique column, because MariaDB has
    no conditional unique constraints. `decided_alone` marks a decision on one's own request, which is possible only
    where the platform is run by one person (SECOND_PERSON is off).
    """

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    kind = models.CharField(_("what"), max_length=16, choices=ApprovalKind)
    subject_type = models.CharField(_("about what"), max_length=40)
    subject_reference = models.CharField(_("its reference"), max_length=40)
    about = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    before = models.JSONField(_("what stands"), default=dict)
    payload = models.JSONField(_("what was asked for"))
    effect = MoneyField(_("money that moves"), null=True, blank=True)
    digest = models.CharField(max_length=64)
    reason = models.CharField(_("reason"), max_length=500)
    state = models.CharField(_("state"), max_length=10, choices=ApprovalState, default=ApprovalState.PENDING)
    open_key = KeyTextField(max_length=100, unique=True, null=True, blank=True, editable=False)
    maker = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, related_name="+")
    checker = models.ForeignKey("accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    decided_alone = models.BooleanField(_("decided by the same person"), default=False)
    asked_on = models.DateField(_("asked on"))
    expires_on = models.DateField(_("valid until"))
    decided_on = models.DateField(null=True, blank=True)
    decision_note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("approval request")
        verbose_name_plural = _("approval requests")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["state", "expires_on"], name="approval_request_queue"),
            models.Index(fields=["subject_type", "subject_reference"], name="approval_request_subject"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(checker__isnull=True) | ~Q(checker=F("maker")), name="approval_request_by_two_people"
            ),
            models.CheckConstraint(
                condition=Q(about__isnull=True)
                | ~Q(about=F("maker")) & (Q(checker__isnull=True) | ~Q(checker=F("about"))),
                name="approval_request_not_by_whom_it_is_about",
            ),
            models.CheckConstraint(
                condition=Q(state=ApprovalState.PENDING, open_key__isnull=False, decided_on__isnull=True)
                | ~Q(state=ApprovalState.PENDING) & Q(open_key__isnull=True, decided_on__isnull=False),
                name="approval_request_open_is_marked",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ApprovalState.APPROVED, ApprovalState.REFUSED])
                | Q(checker__isnull=False, decided_alone=False)
                | Q(checker__isnull=True, decided_alone=True),
                name="approval_request_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.reference
