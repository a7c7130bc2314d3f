"""E-mail addresses are compared exactly on every database, and stored in their one spelling."""

from __future__ import annotations

import logging
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from accounts.addresses import normalise_email
from p2plending.lib.migration_steps import CompareExactly
from p2plending.lib.models import KeyEmailField, exact_collation

logger = logging.getLogger(__name__)


def compare_other_addresses_exactly(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The column of allauth's table as `KeyEmailField` would make it."""
    collation = exact_collation(schema_editor.connection)
    if collation:
        table = apps.get_model("account", "EmailAddress")._meta.db_table
        schema_editor.execute(
            f"ALTER TABLE {schema_editor.quote_name(table)} MODIFY email varchar(254) COLLATE {collation} NOT NULL"
        )


def store_one_spelling(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """International domains in their ASCII form. Where that is somebody else's address, people must decide: the row
    stays, and is named in the log."""
    for label, name in (("accounts", "User"), ("account", "EmailAddress")):
        model = apps.get_model(label, name)
        for row in model.objects.only("pk", "email").iterator(chunk_size=1000):
            address = normalise_email(row.email)
            if address == row.email:
                continue
            if model.objects.filter(email=address).exists():
                logger.warning("address has a twin and was left", extra={"table": model._meta.db_table, "row": row.pk})
                continue
            model.objects.filter(pk=row.pk).update(email=address)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_user_first_page"), ("account", "0009_emailaddress_unique_primary_email")]
    operations = [
        CompareExactly(
            model_name="user",
            name="email",
            field=KeyEmailField(max_length=254, unique=True, verbose_name="e-mail address"),
        ),
        migrations.RunPython(compare_other_addresses_exactly, migrations.RunPython.noop, atomic=False),
        migrations.RunPython(store_one_spelling, migrations.RunPython.noop),
    ]
