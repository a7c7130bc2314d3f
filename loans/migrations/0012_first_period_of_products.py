from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """One limit says all: the day that the borrower chose comes at most 30 days after the fewest."""

    dependencies = [("loans", "0011_asked_again")]

    operations = [
        migrations.RemoveField(model_name="loanproduct", name="first_period_max_days"),
        migrations.AlterField(
            model_name="loanproduct",
            name="first_period_min_days",
            field=models.PositiveSmallIntegerField(default=15, verbose_name="days before the first payment, at least"),
        ),
    ]
