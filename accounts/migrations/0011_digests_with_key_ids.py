"""Digests of identity numbers say which key they were made with, and are made anew with keys of their own."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

from accounts.fields import lookup_digest


def digest_anew(apps: Any, _schema_editor: Any) -> None:
    verifications = apps.get_model("accounts", "IdentityVerification").objects
    for row in verifications.exclude(id_number_digest="").only("pk", "id_number").iterator(chunk_size=500):
        verifications.filter(pk=row.pk).update(id_number_digest=lookup_digest(row.id_number))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_refreshed_tokens")]
    operations = [
        migrations.AlterField(
            model_name="identityverification",
            name="id_number_digest",
            field=models.CharField(blank=True, db_index=True, editable=False, max_length=100),
        ),
        migrations.RunPython(digest_anew, migrations.RunPython.noop),
    ]
