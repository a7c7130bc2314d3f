"""Counts of limits have a table of their own."""

from __future__ import annotations

from django.db import migrations, models

from p2plending.lib.models import KeyTextField


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_exact_addresses")]
    operations = [
        migrations.CreateModel(
            name="LimitCount",
            fields=[
                ("key", KeyTextField(max_length=250, primary_key=True, serialize=False)),
                ("value", models.TextField()),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
            options={"verbose_name": "count of a limit", "verbose_name_plural": "counts of limits"},
        )
    ]
