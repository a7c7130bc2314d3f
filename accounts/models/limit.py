"""What must be counted and not be forgotten: tries to sign in, codes that were used, mails to one address."""

from __future__ import annotations

from django.db import models

from p2plending.lib.models import KeyTextField


class LimitCount(models.Model):
    """One count or mark under its key, as JSON, until it ends. Nothing else removes it, however many there are."""

    key = KeyTextField(max_length=250, primary_key=True)
    value = models.TextField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "count of a limit"
        verbose_name_plural = "counts of limits"

    def __str__(self) -> str:
        return self.key
