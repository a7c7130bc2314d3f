"""The books, deposits and withdrawals."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.fields
import p2plending.lib.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", p2plending.lib.models.KeyTextField(editable=False, max_length=40, unique=True)),
                ("code", models.CharField(db_index=True, max_length=5, verbose_name="code")),
                (
                    "book",
                    models.CharField(
                        choices=[("C", "Client money"), ("L", "Loan book"), ("P", "Platform")],
                        max_length=1,
                        verbose_name="book",
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("asset", "Asset"),
                            ("liability", "Liability"),
                            ("equity", "Equity"),
                            ("income", "Income"),
                            ("expense", "Expense"),
                            ("memo", "Memo"),
                        ],
                        max_length=10,
                        verbose_name="type",
                    ),
                ),
                (
                    "normal_side",
                    models.CharField(
                        choices=[("debit", "Debit"), ("credit", "Credit")], max_length=6, verbose_name="normal side"
                    ),
                ),
                ("loan_reference", models.CharField(blank=True, db_index=True, max_length=16, verbose_name="loan")),
                ("is_guarded", models.BooleanField(verbose_name="keeps a running balance")),
                ("balance", p2plending.lib.models.MoneyField(default=0, verbose_name="balance")),
                ("version", models.PositiveBigIntegerField(default=0, verbose_name="postings")),
                ("has_due", models.BooleanField(default=False, editable=False, verbose_name="owner owes us")),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_accounts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "account",
                "verbose_name_plural": "accounts",
                "ordering": ("code", "id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("balance__gte", 0), ("code__in", ["L9000", "L9001"]), _connector="OR"),
                        name="account_balance_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_guarded", True), models.Q(("balance", 0), ("version", 0)), _connector="OR"
                        ),
                        name="account_unguarded_keeps_no_balance",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BalanceSnapshot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("posted_up_to", models.DateTimeField()),
                ("debit_total", p2plending.lib.models.MoneyField()),
                ("credit_total", p2plending.lib.models.MoneyField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="snapshots", to="ledger.account"
                    ),
                ),
            ],
            options={
                "verbose_name": "balance snapshot",
                "verbose_name_plural": "balance snapshots",
                "constraints": [models.UniqueConstraint(fields=("account", "posted_up_to"), name="snapshot_once")],
            },
        ),
        migrations.CreateModel(
            name="BooksCurrency",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=3)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="books_currency_is_one_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="JournalEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(max_length=16, unique=True, verbose_name="reference")),
                ("idempotency_key", p2plending.lib.models.KeyTextField(max_length=160, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("DEPOSIT", "Money added"),
                            ("WITHDRAWAL_REQUEST", "Money on its way out"),
                            ("WITHDRAWAL", "Money taken out"),
                            ("WITHDRAWAL_RETURN", "Money back in the wallet"),
                            ("COMMIT_RESERVE", "Reserved for a loan"),
                            ("COMMIT_RELEASE", "Reservation ended"),
                            ("LOAN_DISBURSED", "Loan paid out"),
                            ("INTEREST_DUE", "Interest fell due"),
                            ("LATE_FEE_CHARGED", "Late fee charged"),
                            ("REPAYMENT", "Payment"),
                            ("WAIVER", "Waived"),
                            ("CAPITALISATION", "Added to the loan"),
                            ("WRITE_OFF", "Written off"),
                            ("RECOVERY", "Recovered"),
                            ("FEE_REFUND", "Set-up fee paid back"),
                            ("REVERSAL", "Reversal"),
                        ],
                        db_index=True,
                        max_length=24,
                        verbose_name="kind",
                    ),
                ),
                ("value_date", models.DateField(db_index=True, verbose_name="value date")),
                ("posted_at", models.DateTimeField(auto_now_add=True, db_index=True, verbose_name="posted")),
                ("actor_label", models.CharField(max_length=100, verbose_name="by")),
                ("narrative", models.CharField(max_length=200, verbose_name="what happened")),
                ("subject_type", models.CharField(blank=True, max_length=40)),
                ("subject_reference", models.CharField(blank=True, db_index=True, max_length=40, verbose_name="about")),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="journal_entries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="ledger.journalentry",
                    ),
                ),
            ],
            options={
                "verbose_name": "journal entry",
                "verbose_name_plural": "journal",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="Deposit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                ("amount", p2plending.lib.models.MoneyField(verbose_name="amount")),
                ("sent_on", models.DateField(verbose_name="date sent")),
                (
                    "method",
                    models.CharField(
                        choices=[("bank_transfer", "Bank transfer"), ("card", "Card"), ("cash", "Cash at a partner")],
                        default="bank_transfer",
                        max_length=20,
                        verbose_name="how",
                    ),
                ),
                (
                    "bank_reference",
                    models.CharField(blank=True, max_length=60, verbose_name="reference on the transfer"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("declared", "Looking for your money"),
                            ("confirmed", "Received"),
                            ("rejected", "Not found"),
                            ("cancelled", "Cancelled"),
                            ("reversed", "Came back"),
                        ],
                        default="declared",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("is_possible_duplicate", models.BooleanField(default=False, verbose_name="told twice?")),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("value_date", models.DateField(blank=True, null=True, verbose_name="value date")),
                ("found_on", models.DateField(blank=True, editable=False, null=True, verbose_name="found on")),
                ("decision_note", models.CharField(blank=True, max_length=300, verbose_name="note to the person")),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deposits",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deposit",
                        to="ledger.journalentry",
                    ),
                ),
            ],
            options={
                "verbose_name": "deposit",
                "verbose_name_plural": "deposits",
                "ordering": ("-id",),
                "indexes": [models.Index(fields=["status", "created_at"], name="deposit_queue")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="deposit_amount_positive"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("entry__isnull", False), ("status__in", ["confirmed", "reversed"])),
                            models.Q(("entry__isnull", True), ("status__in", ["declared", "rejected", "cancelled"])),
                            _connector="OR",
                        ),
                        name="deposit_posted_when_confirmed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("debit", p2plending.lib.models.MoneyField(default=0, verbose_name="debit")),
                ("credit", p2plending.lib.models.MoneyField(default=0, verbose_name="credit")),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("DEPOSIT", "Money added"),
                            ("WITHDRAWAL", "Money taken out"),
                            ("WITHDRAWAL_RETURN", "Withdrawal came back"),
                            ("COMMIT_RESERVE", "Reserved for a loan"),
                            ("COMMIT_RELEASE", "Reservation ended"),
                            ("LOAN_FUNDED", "Lent to a loan"),
                            ("LOAN_DISBURSED", "Loan paid out to you"),
                            ("ORIGINATION_FEE", "Set-up fee"),
                            ("REPAYMENT", "Loan payment"),
                            ("PRINCIPAL", "Principal"),
                            ("INTEREST", "Interest"),
                            ("LATE_FEE", "Late fee"),
                            ("SERVICING_FEE", "Servicing fee"),
                            ("COLLECTION_FEE", "Collection fee"),
                            ("RECOVERY", "Recovery"),
                            ("REFUND", "Paid back to you"),
                            ("REVERSAL", "Reversal"),
                            ("DUE", "Owed to us for a payment that came back"),
                            ("OTHER", "Other"),
                        ],
                        max_length=20,
                        verbose_name="line",
                    ),
                ),
                ("seq", models.PositiveBigIntegerField(blank=True, null=True)),
                (
                    "balance_after",
                    p2plending.lib.models.MoneyField(blank=True, null=True, verbose_name="balance after"),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="postings", to="ledger.account"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="postings", to="ledger.journalentry"
                    ),
                ),
            ],
            options={
                "verbose_name": "posting",
                "verbose_name_plural": "postings",
                "ordering": ("-id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("credit", 0), ("debit__gt", 0)),
                            models.Q(("credit__gt", 0), ("debit", 0)),
                            _connector="OR",
                        ),
                        name="posting_one_side_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("balance_after__isnull", True), ("seq__isnull", True)),
                            models.Q(("balance_after__isnull", False), ("seq__isnull", False)),
                            _connector="OR",
                        ),
                        name="posting_chain_complete",
                    ),
                    models.UniqueConstraint(fields=("account", "seq"), name="posting_seq_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Withdrawal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("reference", models.CharField(editable=False, max_length=16, unique=True, verbose_name="reference")),
                ("amount", p2plending.lib.models.MoneyField(verbose_name="amount")),
                (
                    "kept_for_dues",
                    p2plending.lib.models.MoneyField(default=0, editable=False, verbose_name="kept for what was owed"),
                ),
                ("account_holder", models.CharField(max_length=150, verbose_name="account holder")),
                ("iban_last4", models.CharField(max_length=4, verbose_name="account, last four")),
                (
                    "iban",
                    accounts.fields.EncryptedTextField(
                        blank=True, editable=False, verbose_name="account number (IBAN)"
                    ),
                ),
                (
                    "bank_name",
                    models.CharField(blank=True, db_default="", default="", max_length=100, verbose_name="bank"),
                ),
                (
                    "account_number",
                    accounts.fields.EncryptedTextField(
                        blank=True, db_default="", default="", editable=False, verbose_name="account number"
                    ),
                ),
                (
                    "routing_code",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=15, verbose_name="routing or sort code"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("approved", "Approved"),
                            ("paid", "Paid"),
                            ("rejected", "Not possible"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="requested",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("requested_on", models.DateField(verbose_name="asked on")),
                ("approved_on", models.DateField(blank=True, editable=False, null=True, verbose_name="approved on")),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("paid_on", models.DateField(blank=True, null=True, verbose_name="paid on")),
                ("bank_reference", models.CharField(blank=True, max_length=60, verbose_name="bank reference")),
                ("decision_note", models.CharField(blank=True, max_length=300, verbose_name="note to the person")),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawals",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "withdrawal",
                "verbose_name_plural": "withdrawals",
                "ordering": ("-id",),
                "indexes": [models.Index(fields=["status", "created_at"], name="withdrawal_queue")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="withdrawal_amount_positive"),
                    models.CheckConstraint(
                        condition=models.Q(("kept_for_dues__gte", 0), ("kept_for_dues__lte", models.F("amount"))),
                        name="withdrawal_keeps_no_more_than_asked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "paid"), _negated=True), ("paid_on__isnull", False), _connector="OR"
                        ),
                        name="withdrawal_paid_has_date",
                    ),
                ],
            },
        ),
    ]
