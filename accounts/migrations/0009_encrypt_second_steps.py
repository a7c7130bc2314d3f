"""Secrets of the second step are encrypted with our keys."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from accounts.fields import secret_box

SECRETS = ("secret", "seed")


def encrypt(apps: Any, _schema_editor: Any) -> None:
    for row in apps.get_model("mfa", "Authenticator").objects.iterator(chunk_size=1000):
        for name in SECRETS:
            if name in row.data:
                row.data[name] = secret_box().encrypt(row.data[name].encode()).decode()
        if "migrated_codes" in row.data:
            row.data["migrated_codes"] = [
                secret_box().encrypt(code.encode()).decode() for code in row.data["migrated_codes"]
            ]
        row.save(update_fields=["data"])


def decrypt(apps: Any, _schema_editor: Any) -> None:
    for row in apps.get_model("mfa", "Authenticator").objects.iterator(chunk_size=1000):
        for name in SECRETS:
            if name in row.data:
                row.data[name] = secret_box().decrypt(row.data[name].encode()).decode()
        if "migrated_codes" in row.data:
            row.data["migrated_codes"] = [
                secret_box().decrypt(code.encode()).decode() for code in row.data["migrated_codes"]
            ]
        row.save(update_fields=["data"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_limit_counts"), ("mfa", "0003_authenticator_type_uniq")]
    operations = [migrations.RunPython(encrypt, decrypt)]
