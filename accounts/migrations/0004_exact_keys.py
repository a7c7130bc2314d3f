"""Keys that differ in anything are two keys, on every database."""

from __future__ import annotations

from django.db import migrations

from p2plending.lib.migration_steps import CompareExactly
from p2plending.lib.models import KeyTextField


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_notification_claim")]
    operations = [
        CompareExactly(
            model_name="notification",
            name="key",
            field=KeyTextField(max_length=120, unique=True, editable=False),
        ),
        CompareExactly(
            model_name="operationkey",
            name="scope",
            field=KeyTextField(max_length=40),
        ),
        CompareExactly(
            model_name="operationkey",
            name="operation",
            field=KeyTextField(max_length=60),
        ),
        CompareExactly(
            model_name="operationkey",
            name="key",
            field=KeyTextField(max_length=120),
        ),
    ]
