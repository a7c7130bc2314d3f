"""Entries and postings are facts."""

from __future__ import annotations

from django.db import migrations

from p2plending.lib.database.append_only import protect_tables


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [protect_tables("ledger_journalentry", "ledger_posting")]
