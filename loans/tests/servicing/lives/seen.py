"""What the product says after a step, read plainly, and a fingerprint of everything that is money."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Sum

from ledger.models import Account, Posting
from loans.models import (
    Distribution,
    Instalment,
    Loan,
    LoanDelinquency,
    Note,
    Repayment,
    ScheduleVersion,
)
from loans.tests.servicing.lives.plain import Payment, Row, Share
from p2plending.lib.database.bulk import quote_name

LOAN_COLUMNS = (
    "status",
    "principal_outstanding",
    "next_due_on",
    "next_due_amount",
    "arrears_amount",
    "days_past_due",
    "bucket",
    "schedule_version",
    "autopay",
    "rolled_forward_to",
    "credit_held",
)
OPEN_PARTS = ("principal", "interest", "late_fee")
PAYMENT_COLUMNS = (
    "pk",
    "amount",
    "method",
    "extra_mode",
    "value_date",
    "counted_on",
    "late_fee",
    "interest",
    "principal",
    "surplus",
    "held",
    "credit_used",
)
NOTE_COLUMNS = (
    "principal_outstanding",
    "principal_received",
    "interest_received",
    "late_fees_received",
    "servicing_fees_paid",
    "capitalised",
    "principal_lost",
    "recovered",
    "interest_carry",
    "late_fee_carry",
)


@dataclasses.dataclass(frozen=True, slots=True)
class OpenRow:
    """A payment of the plan with anything left to pay."""

    key: tuple[int, int]
    due: dt.date
    principal: int
    interest: int
    late_fee: int


def loan_columns(loan_id: int) -> dict[str, Any]:
    return Loan.objects.values(*LOAN_COLUMNS).get(pk=loan_id)


def open_rows(loan_id: int) -> list[OpenRow]:
    """What is left to pay, oldest first."""
    parts = [f"{part}_{what}" for part in OPEN_PARTS for what in ("due", "paid", "removed")]
    rows = Instalment.objects.filter(loan_id=loan_id).exclude(status="superseded").order_by("due_date", "number")
    found = []
    for version, number, due, *figures in rows.values_list("schedule_version", "number", "due_date", *parts):
        left = [figures[at] - figures[at + 1] - figures[at + 2] for at in (0, 3, 6)]
        if any(left):
            found.append(OpenRow((version, number), due, *left))
    return found


def rows_of_version(loan_id: int, version: int) -> list[Row]:
    """A plan as it was made, before anything was paid on it."""
    rows = Instalment.objects.filter(loan_id=loan_id, schedule_version=version).order_by("due_date", "number")
    return [
        Row(version, *values)
        for values in rows.values_list("number", "period_start", "due_date", "principal_due", "interest_due")
    ]


def posted_keys(loan_id: int) -> list[int]:
    """The payments that stand in the books, in the order in which they were posted."""
    found = Repayment.objects.filter(loan_id=loan_id, status="confirmed").order_by("entry_id")
    return list(found.values_list("pk", flat=True))


def posted_payments(loan_id: int, but: Sequence[int] = (), **only: str) -> list[Payment]:
    """The same with all that they did, but for those that are known."""
    shares: dict[int, dict[int, Share]] = {}
    stands = Repayment.objects.filter(loan_id=loan_id, status="confirmed", **only)
    found = stands.exclude(pk__in=but).order_by("entry_id")
    rows = list(found.values_list(*PAYMENT_COLUMNS))
    lines = Distribution.objects.filter(repayment__in=[row[0] for row in rows]).order_by("note_id")
    for payment, note, *figures in lines.values_list(
        "repayment_id", "note_id", "principal", "interest", "late_fee", "servicing_fee", "net"
    ):
        shares.setdefault(payment, {})[note] = Share(*figures)
    made = ScheduleVersion.objects.filter(loan_id=loan_id, repayment__isnull=False)
    versions = dict(made.values_list("repayment_id", "number"))
    return [
        Payment(
            *values,
            shares=shares.get(values[0], {}),
            plan=rows_of_version(loan_id, versions[values[0]]) if values[0] in versions else [],
        )
        for values in rows
    ]


def notes(loan_id: int) -> dict[int, tuple[Any, ...]]:
    found = Note.objects.filter(loan_id=loan_id).order_by("pk").values_list("pk", *NOTE_COLUMNS)
    return {pk: tuple(figures) for pk, *figures in found}


def open_stays(loan_id: int) -> list[str]:
    """The buckets in which the loan's history of lateness says it is now."""
    stays = LoanDelinquency.objects.filter(loan_id=loan_id, to_date__isnull=True)
    return list(stays.order_by().values_list("bucket", flat=True))


def purses(owners: list[int]) -> dict[int, dict[str, int]]:
    """By person: available (C2100), on its way out (C2120), owed to us (C1300)."""
    rows = Account.objects.filter(owner_id__in=owners, code__in=["C2100", "C2120", "C1300"]).order_by()
    found: dict[int, dict[str, int]] = {owner: {} for owner in owners}
    for owner, code, amount in rows.values_list("owner_id", "code", "balance"):
        found[owner][code] = amount
    return found


def bank_and_fees() -> tuple[int, int]:
    """Clients' money at the bank, and the platform's fees in it."""
    rows = Posting.objects.filter(account__code__in=["C1000", "C2140"]).order_by().values_list("account__code")
    sums = {code: (debit or 0) - (credit or 0) for code, debit, credit in rows.annotate(Sum("debit"), Sum("credit"))}
    return sums.get("C1000", 0), -sums.get("C2140", 0)


def fingerprint() -> int:
    """Changes when any row of money or lending does: all of ledger and loans, every column."""
    tables = [model._meta.db_table for app in ("ledger", "loans") for model in apps.get_app_config(app).get_models()]
    with connection.cursor() as cursor:
        digest = 0
        for table in tables:
            cursor.execute(f"SELECT * FROM {quote_name(table)} ORDER BY 1")  # noqa: S608 - tables of our own schema
            digest = hash((digest, table, tuple(map(repr, cursor.fetchall()))))
    return digest
