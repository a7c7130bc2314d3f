"""The commands about the books, from the outside."""

from __future__ import annotations

import datetime as dt
import io
import os

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from ledger.selectors.invariants import CHECKS
from ledger.services.deposits import confirm_deposit, declare_deposit
from p2plending.tests.support.transactional import triggers_lifted

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def funded_bob(bob: User, dora: User, today: dt.date) -> User:
    deposit = declare_deposit(
        user=bob,
        amount=1_000_00,
        sent_on=today,
        method="cash",
        bank_reference="",
        actor=bob,
        idempotency_key="told",
        today=today,
    )
    confirm_deposit(deposit_id=deposit.pk, value_date=today, actor=dora, idempotency_key="found", today=today)
    return bob


def test_sound_books_show_a_tick_for_every_invariant(funded_bob: User) -> None:
    output = io.StringIO()
    call_command("check_books", stdout=output)
    lines = output.getvalue().splitlines()
    assert lines[-1] == "The books are sound."
    assert [line[0] for line in lines[:-1]] == ["✓"] * (len(lines) - 1)
    assert {check.code for check in CHECKS} <= {line.split()[1] for line in lines[:-1]}


def test_a_changed_balance_is_named_and_ends_with_one(funded_bob: User) -> None:
    with triggers_lifted(), connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_account SET balance = 100001 WHERE code = 'C2100'")
    output = io.StringIO()
    with pytest.raises(CommandError) as ended:
        call_command("check_books", stdout=output)
    assert ended.value.returncode == 1
    assert f"I10 C2100:U{funded_bob.pk}: expected 100000, found 100001" in output.getvalue()
    assert [line.split()[1] for line in output.getvalue().splitlines() if line.startswith("✗")] == ["I10"]


def test_the_journal_is_written_in_the_asked_format(funded_bob: User) -> None:
    for name, start in (
        ("hledger", "commodity 1000.00 EUR"),
        ("beancount", "option "),
        ("csv", "\ufeffentry,value_date"),
    ):
        output = io.StringIO()
        call_command("export_journal", format=name, stdout=output)
        assert output.getvalue().startswith(start)
        assert output.getvalue().count("1000.00") >= 2
    with pytest.raises(CommandError):
        call_command("export_journal", "--format", "tally")


def test_an_export_that_nobody_reads_on_ends_without_a_word(funded_bob: User) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as output, pytest.raises(SystemExit) as left:
        call_command("export_journal", stdout=output)
    assert left.value.code == 1
