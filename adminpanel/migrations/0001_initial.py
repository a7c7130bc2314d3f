"""Duties of staff and moves of the demo's date."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StaffPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "permissions": [
                    ("review_applications", "Review loan applications"),
                    ("close_listings", "Close listings"),
                    ("pay_out_loans", "Pay out loans"),
                    ("decide_deposits", "Decide about deposits"),
                    ("decide_withdrawals", "Decide about withdrawals"),
                    ("decide_repayments", "Decide about repayments"),
                    ("work_collections", "Work on loans that are late"),
                    ("waive_charges", "Waive interest and late fees"),
                    ("decide_approvals", "Decide what needs a second person"),
                    ("record_recoveries", "Record money recovered after a loss"),
                    ("freeze_loans", "Freeze loans under suspicion"),
                    ("moderate_questions", "Publish or refuse questions that are held"),
                    ("view_books", "Read the books and run the checks"),
                    ("change_settings", "Change settings and loan products"),
                    ("run_jobs", "Run jobs now"),
                    ("move_demo_date", "Move the date of the demo"),
                    ("give_groups", "Give staff their groups"),
                ],
                "managed": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="DateMove",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_day", models.DateField(verbose_name="from")),
                ("last_day", models.DateField(verbose_name="to")),
                ("reached", models.DateField(verbose_name="lived up to")),
                ("asked_at", models.DateTimeField(verbose_name="asked")),
                ("worked_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="done")),
                ("failure", models.CharField(blank=True, max_length=500, verbose_name="failure")),
                (
                    "open_key",
                    models.PositiveSmallIntegerField(blank=True, default=1, editable=False, null=True, unique=True),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "move of the date",
                "verbose_name_plural": "moves of the date",
                "ordering": ("-id",),
            },
        ),
    ]
