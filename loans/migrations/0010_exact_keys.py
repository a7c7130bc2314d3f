"""Keys that differ in anything are two keys, on every database."""

from __future__ import annotations

from django.db import migrations

from p2plending.lib.migration_steps import CompareExactly
from p2plending.lib.models import KeyTextField


class Migration(migrations.Migration):
    dependencies = [("loans", "0009_pause_of_late_fees")]
    operations = [
        CompareExactly(
            model_name="approvalrequest",
            name="open_key",
            field=KeyTextField(max_length=40, unique=True, null=True, blank=True, editable=False),
        ),
    ]
