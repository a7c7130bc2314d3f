"""Messages from the platform to a person: in the app, and by e-mail."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import DeliveryStatus
from p2plending.lib.models import KeyTextField, MomentField


class Notification(models.Model):
    """One event told to one person, exactly once (`key`). The e-mail twin is sent by a task."""

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="notifications")
    key = KeyTextField(max_length=120, unique=True, editable=False)
    event = models.CharField(_("event"), max_length=60, db_index=True)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"))
    link = models.CharField(_("link"), max_length=200, blank=True)
    is_required = models.BooleanField(_("can't be switched off"), default=False)
    email_status = models.CharField(max_length=12, choices=DeliveryStatus, default=DeliveryStatus.WAITING)
    email_attempts = models.PositiveSmallIntegerField(default=0)
    email_claimed_at = models.DateTimeField(null=True, blank=True)
    email_next_at = models.DateTimeField(null=True, blank=True)
    email_error = models.CharField(max_length=200, blank=True, db_default="")
    emailed_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    created_at = MomentField(auto_now_add=True)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["user", "read_at"], name="notification_unread"),
            models.Index(fields=["email_status", "id"], name="notification_outbox"),
        ]

    def __str__(self) -> str:
        return self.title
