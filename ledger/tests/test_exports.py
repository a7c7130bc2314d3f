"""Files: plain decimals, nothing that a spreadsheet would run, journals that balance elsewhere too."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from django.utils.translation import gettext_lazy

from accounts.models import User
from ledger.enums.books import EntryKind, LineCode
from ledger.selectors.journal_files import beancount_lines, hledger_lines, journal_csv_lines
from ledger.services.posting import credit, debit, post_entry
from p2plending.lib.database.transactions import run_money
from p2plending.lib.documents.csv_files import csv_lines, safe_cell

HOSTILE = {
    "=1+1": "'=1+1",
    "+49 30 1234": "'+49 30 1234",
    "-cmd": "'-cmd",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1": "'\t'=1",
    "\r=1": "'\r'=1",
    " =1+1": "' =1+1",
    '"=1+1': "'\"=1+1",
    "＝1+1": "'＝1+1",
    "New kitchen;=cmd|' /C calc'!A0;": "New kitchen;'=cmd|' /C calc'!A0;",
    "Kitchen;@SUM(1);": "Kitchen;'@SUM(1);",
    'Kitchen;"=1"': 'Kitchen;\'"=1"',
    "Kitchen\t-1+1": "Kitchen\t'-1+1",
    "Kitchen|+1": "Kitchen|'+1",
    "Kitchen\n=1": "Kitchen\n'=1",
    "a;;=1": "a;;'=1",
}


@pytest.mark.parametrize("text", HOSTILE)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == HOSTILE[text]


def test_words_that_are_translated_late_are_text_too() -> None:
    assert safe_cell(gettext_lazy("=1+1")) == "'=1+1"


@pytest.mark.parametrize("value", ["-12.50", "1234.50", "Rent = due", "a; b", "", 7, -7, Decimal("-0.5"), None])
def test_numbers_and_plain_text_stay_as_they_are(value: object) -> None:
    assert safe_cell(value) == value


def test_cells_with_commas_quotes_and_lines_come_back_whole() -> None:
    row = ["a, b", 'say "hi"', "two\nlines", "é"]
    text = "".join(csv_lines(["one", "two", "three", "four"], [row])).removeprefix("\ufeff")
    assert list(csv.reader(io.StringIO(text, newline="")))[1] == row


@pytest.fixture
def journal(bob: User) -> User:
    """A deposit with a hostile narrative, and a fee over two books."""
    other = LineCode.OTHER
    entries = {
        'Paid "quickly"; | \\ really\n2026-01-01 * bad': [
            debit("C1000", 100_00, other),
            credit("C2100", 100_00, other, owner=bob),
        ],
        "Fee": [
            debit("C2100", 5, other, owner=bob),
            credit("C2140", 5, other),
            debit("P1310", 5, other),
            credit("P4010", 5, other),
        ],
        "Loan": [
            debit("L1200", 7_00, other, loan_reference="LN-ABC"),
            credit("L2200", 7_00, other, loan_reference="LN-ABC"),
        ],
    }

    def write() -> None:
        for number, (narrative, lines) in enumerate(entries.items()):
            post_entry(
                kind=EntryKind.DEPOSIT,
                key=f"k{number}",
                value_date=dt.date(2026, 1, 15),
                lines=lines,
                actor=None,
                narrative=narrative,
            )

    run_money(write)
    return bob


@pytest.mark.django_db
@pytest.mark.parametrize("lines", [hledger_lines, beancount_lines])
def test_each_entry_of_an_exported_journal_balances(journal: User, lines: Callable[[], Iterator[str]]) -> None:
    text = "".join(lines())
    sums: dict[str, Decimal] = defaultdict(Decimal)
    reference, entries = "", 0
    for line in text.splitlines():
        if re.match(r"\d{4}-\d\d-\d\d \*", line):
            assert sums[reference] == 0
            entries += 1
            reference = line
        found = re.match(r"\s+([A-Z]\w+(?::[\w-]+)+)  (-?\d+\.\d\d) EUR$", line)
        if found:
            sums[reference] += Decimal(found[2])
    assert sums[reference] == 0
    assert entries == 3
    assert f"Liabilities:C2100:{journal.member_number}  -100.00 EUR" in text
    assert "Assets:L1200:LN-ABC  7.00 EUR" in text
    assert journal.email not in text


@pytest.mark.django_db
def test_the_journal_as_csv_sums_to_zero(journal: User) -> None:
    text = "".join(journal_csv_lines()).removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 8
    assert (
        sum(Decimal(row["debit"]) for row in rows) == sum(Decimal(row["credit"]) for row in rows) == Decimal("107.10")
    )
    assert {row["owner"] for row in rows} == {"", journal.member_number, "LN-ABC"}
    assert journal.email not in text
