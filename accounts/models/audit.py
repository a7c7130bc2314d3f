"""The audit trail: who did what to which thing, for ever."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from p2plending.lib.database.append_only import AppendOnlyModel
from p2plending.lib.models import MomentField


class AuditEvent(AppendOnlyModel):
    """One event. `data` holds before and after without secrets; `subject_*` names the thing by public reference."""

    action = models.CharField(_("what"), max_length=80, db_index=True)
    actor = models.ForeignKey(
        "accounts.User", on_delete=models.RESTRICT, null=True, blank=True, related_name="audit_events_made"
    )
    actor_label = models.CharField(_("who"), max_length=100)
    subject_type = models.CharField(_("kind of thing"), max_length=40)
    subject_reference = models.CharField(_("on"), max_length=40, db_index=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    data = models.JSONField(_("details"), default=dict)
    ip_address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    created_at = MomentField(_("when"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit trail")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.action} {self.subject_reference}"
