"""E-mails that are no notification: links that confirm an address or change a password, warnings about an account."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import DeliveryStatus
from accounts.fields import EncryptedTextField
from p2plending.lib.models import MomentField


class OutgoingMail(models.Model):
    """One e-mail, kept until the mail server has taken it. Its words hold secrets: encrypted, and emptied once sent."""

    recipient = models.EmailField(_("to"), max_length=254)
    kind = models.CharField(_("kind"), max_length=100)
    subject = models.CharField(_("subject"), max_length=255)
    text = EncryptedTextField(blank=True)
    html = EncryptedTextField(blank=True)
    email_status = models.CharField(max_length=12, choices=DeliveryStatus, default=DeliveryStatus.WAITING)
    email_attempts = models.PositiveSmallIntegerField(default=0)
    email_claimed_at = models.DateTimeField(null=True, blank=True)
    email_next_at = models.DateTimeField(null=True, blank=True)
    email_error = models.CharField(max_length=200, blank=True)
    emailed_at = models.DateTimeField(null=True, blank=True)
    created_at = MomentField(auto_now_add=True)

    class Meta:
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        indexes = [models.Index(fields=["email_status", "id"], name="outgoing_mail_outbox")]

    def __str__(self) -> str:
        return self.subject
