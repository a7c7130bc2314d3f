"""Keys that differ in anything are two keys, on every database."""

from __future__ import annotations

from django.db import migrations

from p2plending.lib.migration_steps import CompareExactly
from p2plending.lib.models import KeyTextField


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_fee_refund")]
    operations = [
        CompareExactly(
            model_name="account",
            name="key",
            field=KeyTextField(max_length=40, unique=True, editable=False),
        ),
        CompareExactly(
            model_name="journalentry",
            name="idempotency_key",
            field=KeyTextField(max_length=160, unique=True),
        ),
    ]
