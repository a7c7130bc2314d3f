"""The audit trail is written once."""

from __future__ import annotations

from django.db import migrations

from p2plending.lib.database.append_only import protect_tables


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [protect_tables("accounts_auditevent")]
