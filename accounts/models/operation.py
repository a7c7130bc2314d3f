"""Which one-time keys were used, for what, and what came of it."""

from __future__ import annotations

from django.db import models

from p2plending.lib.models import KeyTextField, MomentField


class OperationKey(models.Model):
    """Written in the same transaction as the effect: no half state, nothing "in progress" to get stuck."""

    scope = KeyTextField(max_length=40)
    operation = KeyTextField(max_length=60)
    key = KeyTextField(max_length=120)
    fingerprint = models.CharField(max_length=64)
    result_id = models.BigIntegerField(null=True)
    created_at = MomentField(auto_now_add=True)

    class Meta:
        verbose_name = "used one-time key"
        verbose_name_plural = "used one-time keys"
        constraints = [models.UniqueConstraint(fields=["scope", "operation", "key"], name="operation_key_once")]

    def __str__(self) -> str:
        return f"{self.operation} {self.key}"
