from __future__ import annotations

from django.db import migrations, models

import p2plending.lib.models

OPTIONS = [
    ("new_due_day", "Another day of the month"),
    ("holiday", "A pause"),
    ("lower", "Smaller payments for a while"),
    ("longer", "More time: the rest over more payments"),
]


class Migration(migrations.Migration):
    """A pause, smaller payments and a longer plan are counted in the loan's own payments, not in months."""

    dependencies = [("loans", "0016_what_came_back")]

    operations = [
        operation
        for model, words in (("hardshiprequest", "what would help"), ("planproposal", "what changes"))
        for operation in (
            migrations.RenameField(model, "months", "payments"),
            migrations.AlterField(
                model,
                "payments",
                models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="how many payments"),
            ),
            migrations.AlterField(
                model, "option", models.CharField(choices=OPTIONS, max_length=12, verbose_name=words)
            ),
        )
    ] + [
        migrations.AlterField(
            "hardshiprequest",
            "affordable_amount",
            p2plending.lib.models.MoneyField(verbose_name="what you could pay each time"),
        )
    ]
