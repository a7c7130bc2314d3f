"""Which refresh token was exchanged for which."""

from __future__ import annotations

from django.db import migrations, models

from accounts.fields import EncryptedTextField
from p2plending.lib.models import KeyTextField


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_encrypt_second_steps")]
    operations = [
        migrations.CreateModel(
            name="RefreshedToken",
            fields=[
                ("jti", KeyTextField(max_length=64, primary_key=True, serialize=False)),
                ("family", KeyTextField(db_index=True, max_length=64)),
                ("next_jti", KeyTextField(max_length=64)),
                ("answer", EncryptedTextField(blank=True, null=True)),
                ("refreshed_at", models.DateTimeField(db_index=True)),
            ],
            options={"verbose_name": "refreshed token", "verbose_name_plural": "refreshed tokens"},
        )
    ]
