"""The currency of the books, written with the first entry; books that have entries already get that of the setting."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import migrations, models


def write_currency(apps: Any, _editor: Any) -> None:
    if apps.get_model("ledger", "JournalEntry").objects.exists():
        apps.get_model("ledger", "BooksCurrency").objects.create(id=1, code=settings.CURRENCY)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_dues_of_withdrawals")]
    operations = [
        migrations.CreateModel(
            name="BooksCurrency",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=3)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="books_currency_is_one_row")
                ],
            },
        ),
        migrations.RunPython(write_currency, migrations.RunPython.noop),
    ]
