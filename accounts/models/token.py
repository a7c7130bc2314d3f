"""Which refresh token was exchanged for which: one chain for each device that signed in."""

from __future__ import annotations

from django.db import models

from accounts.fields import EncryptedTextField
from p2plending.lib.models import KeyTextField


class RefreshedToken(models.Model):
    """A refresh token that was used up. `family` is the first token of its chain, `next_jti` the one that followed.

    `answer` is the pair that was given for it, for a client that never got it; it is emptied soon after.
    """

    jti = KeyTextField(max_length=64, primary_key=True)
    family = KeyTextField(max_length=64, db_index=True)
    next_jti = KeyTextField(max_length=64)
    answer = EncryptedTextField(null=True, blank=True)
    refreshed_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "refreshed token"
        verbose_name_plural = "refreshed tokens"

    def __str__(self) -> str:
        return self.jti
