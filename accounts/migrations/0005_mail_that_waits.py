"""E-mails are tried again later and later, given up at last, and those that are no notification wait in a table too."""

from __future__ import annotations

from django.db import migrations, models

import accounts.fields


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_exact_keys"),
    ]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="email_error",
            field=models.CharField(blank=True, db_default="", max_length=200),
        ),
        migrations.AddField(
            model_name="notification",
            name="email_next_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="notification",
            name="email_status",
            field=models.CharField(
                choices=[
                    ("not_wanted", "No e-mail"),
                    ("waiting", "Waiting"),
                    ("sent", "Sent"),
                    ("failed", "Failed, is tried again"),
                    ("parked", "Given up"),
                ],
                default="waiting",
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="OutgoingMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recipient", models.EmailField(max_length=254, verbose_name="to")),
                ("kind", models.CharField(max_length=100, verbose_name="kind")),
                ("subject", models.CharField(max_length=255, verbose_name="subject")),
                ("text", accounts.fields.EncryptedTextField(blank=True)),
                ("html", accounts.fields.EncryptedTextField(blank=True)),
                (
                    "email_status",
                    models.CharField(
                        choices=[
                            ("not_wanted", "No e-mail"),
                            ("waiting", "Waiting"),
                            ("sent", "Sent"),
                            ("failed", "Failed, is tried again"),
                            ("parked", "Given up"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("email_attempts", models.PositiveSmallIntegerField(default=0)),
                ("email_claimed_at", models.DateTimeField(blank=True, null=True)),
                ("email_next_at", models.DateTimeField(blank=True, null=True)),
                ("email_error", models.CharField(blank=True, max_length=200)),
                ("emailed_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name": "e-mail",
                "verbose_name_plural": "e-mails",
                "indexes": [models.Index(fields=["email_status", "id"], name="outgoing_mail_outbox")],
            },
        ),
    ]
