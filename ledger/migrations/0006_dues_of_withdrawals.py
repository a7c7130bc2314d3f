"""What a withdrawal cleared of its owner's dues in place of being sent."""

from __future__ import annotations

from django.db import migrations, models

import p2plending.lib.models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_exact_keys")]
    operations = [
        migrations.AddField(
            model_name="withdrawal",
            name="kept_for_dues",
            field=p2plending.lib.models.MoneyField(default=0, editable=False, verbose_name="kept for what was owed"),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(("kept_for_dues__gte", 0), ("kept_for_dues__lte", models.F("amount"))),
                name="withdrawal_keeps_no_more_than_asked",
            ),
        ),
    ]
