"""What lenders want, their rules, suggestions and decisions."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import p2plending.lib.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("loans", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AllocationRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", p2plending.lib.models.KeyTextField(max_length=80, unique=True)),
                ("business_date", models.DateField()),
                ("room", p2plending.lib.models.MoneyField()),
                ("allocated", p2plending.lib.models.MoneyField(default=0)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="allocation_runs", to="loans.loan"
                    ),
                ),
            ],
            options={
                "verbose_name": "auto-invest run",
                "verbose_name_plural": "auto-invest runs",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="LendingMandate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                ("active_for", models.BigIntegerField(blank=True, editable=False, null=True, unique=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("active", "On"),
                            ("paused", "Paused"),
                            ("stopped", "Stopped"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "grades",
                    models.CharField(help_text="Letters, comma separated", max_length=20, verbose_name="grades"),
                ),
                (
                    "min_rate",
                    p2plending.lib.models.RateField(
                        decimal_places=6, default=0, max_digits=9, verbose_name="lowest rate"
                    ),
                ),
                (
                    "max_term_months",
                    models.PositiveSmallIntegerField(default=60, verbose_name="longest loan in months"),
                ),
                ("amount_per_loan", p2plending.lib.models.MoneyField(verbose_name="amount per loan")),
                ("keep_available", p2plending.lib.models.MoneyField(default=0, verbose_name="money to keep")),
                ("last_allocated_at", models.DateTimeField(blank=True, null=True)),
                ("activated_at", models.DateTimeField(blank=True, null=True)),
                ("consent_text_sha256", models.CharField(blank=True, max_length=64)),
                (
                    "lender",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mandates",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "auto-invest rule",
                "verbose_name_plural": "auto-invest rules",
                "ordering": ("-id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_per_loan__gt", 0), ("keep_available__gte", 0), ("max_term_months__gt", 0)
                        ),
                        name="mandate_amounts_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("activated_at__isnull", False), ("active_for__isnull", False), ("status", "active")
                            ),
                            models.Q(models.Q(("status", "active"), _negated=True), ("active_for__isnull", True)),
                            _connector="OR",
                        ),
                        name="mandate_active_marked",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AllocationDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("LENT", "Lent."),
                            ("GRADE", "The grade is not one that you chose."),
                            ("RATE_LOW", "The rate is below your minimum."),
                            ("RATE_HIGH", "The rate is above your maximum."),
                            ("TERM", "The loan runs longer than you allow."),
                            ("PURPOSE", "The purpose is not one that you chose."),
                            ("DTI", "The borrower's debts are higher than you allow."),
                            ("ALREADY_HELD", "You have lent to this loan already."),
                            ("BORROWER_CAP", "You would have too much with this borrower."),
                            ("LOAN_CAP", "Your share of this loan would be too large."),
                            ("MIX", "Your target for this grade is reached."),
                            ("NO_CASH", "You did not have enough money available."),
                            ("RESERVE", "Lending would use money that you want to keep."),
                            ("TARGET_REACHED", "Your target is reached."),
                            ("LIMIT", "A limit that you or we set was reached."),
                            ("ROOM_FULL", "The loan had no room left when it was your turn."),
                            ("OWN_LOAN", "You can't lend to your own loan."),
                            ("KYC", "Your identity check is not finished."),
                            ("PAUSED", "Your rule is paused."),
                            ("CLOSED", "The loan was no longer open."),
                        ],
                        max_length=16,
                        verbose_name="reason",
                    ),
                ),
                ("amount", p2plending.lib.models.MoneyField(default=0, verbose_name="amount")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "commitment",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decision",
                        to="loans.commitment",
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="loans.loan"),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="matching.allocationrun",
                    ),
                ),
                (
                    "mandate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="matching.lendingmandate",
                    ),
                ),
            ],
            options={
                "verbose_name": "auto-invest decision",
                "verbose_name_plural": "auto-invest decisions",
                "ordering": ("-id",),
                "constraints": [
                    models.UniqueConstraint(fields=("run", "mandate"), name="decision_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount__gt", 0), ("reason", "LENT")),
                            models.Q(models.Q(("reason", "LENT"), _negated=True), ("amount", 0)),
                            _connector="OR",
                        ),
                        name="decision_lent_has_amount",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MatchProposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("reference", models.CharField(editable=False, max_length=16, unique=True)),
                ("score", models.DecimalField(decimal_places=1, max_digits=5, verbose_name="score")),
                ("reasons", models.JSONField(verbose_name="reasons")),
                (
                    "status",
                    models.CharField(
                        choices=[("new", "New"), ("seen", "Seen"), ("committed", "Lent"), ("dismissed", "Not for me")],
                        default="new",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "lender",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposals",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="proposals", to="loans.loan"
                    ),
                ),
            ],
            options={
                "verbose_name": "suggestion",
                "verbose_name_plural": "suggestions",
                "ordering": ("-score", "loan_id"),
                "constraints": [models.UniqueConstraint(fields=("lender", "loan"), name="proposal_once")],
            },
        ),
        migrations.CreateModel(
            name="RiskProfile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "tolerance",
                    models.CharField(
                        choices=[("conservative", "Careful"), ("balanced", "Balanced"), ("growth", "Growth")],
                        max_length=14,
                        verbose_name="risk tolerance",
                    ),
                ),
                (
                    "lender",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="risk_profile",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "risk profile",
                "verbose_name_plural": "risk profiles",
            },
        ),
    ]
