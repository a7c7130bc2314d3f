"""Keys that differ in anything are two keys, on every database."""

from __future__ import annotations

from django.db import migrations

from p2plending.lib.migration_steps import CompareExactly
from p2plending.lib.models import KeyTextField


class Migration(migrations.Migration):
    dependencies = [("matching", "0001_initial")]
    operations = [
        CompareExactly(
            model_name="allocationrun",
            name="key",
            field=KeyTextField(max_length=80, unique=True),
        ),
    ]
