import datetime as dt

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def keep_pauses(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """An instalment knew its last pause only; the loan gets all that its instalments know."""
    loan, instalment = apps.get_model("loans", "Loan"), apps.get_model("loans", "Instalment")
    found: dict[int, set[tuple[str, str]]] = {}
    rows = instalment.objects.filter(paused_from__isnull=False, late_fee_not_before__isnull=False)
    for pk, first, ends in rows.values_list("loan_id", "paused_from", "late_fee_not_before"):
        found.setdefault(pk, set()).add((str(first), str(ends - dt.timedelta(days=1))))
    for pk, pauses in found.items():
        kept = [list(pause) for pause in sorted(pauses) if pause[0] < pause[1]]
        loan.objects.filter(pk=pk).update(charge_pauses=kept)


class Migration(migrations.Migration):
    dependencies = [("loans", "0013_credit_held")]

    operations = [
        migrations.AddField("loan", "charge_pauses", models.JSONField(blank=True, default=list, editable=False)),
        migrations.RunPython(keep_pauses, migrations.RunPython.noop),
        migrations.RemoveField("instalment", "late_fee_not_before"),
        migrations.RemoveField("instalment", "paused_from"),
    ]
