"""Each check is silent over sound books and names the break over broken ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from accounts.models import User
from ledger.enums.books import EntryKind, LineCode
from ledger.models import Account, BalanceSnapshot, JournalEntry
from ledger.selectors import balance, invariants
from ledger.selectors.invariants import Break
from ledger.services.posting import Line, credit, debit, post_entry
from ledger.services.snapshots import take_snapshots
from p2plending.lib import clock
from p2plending.tests.support.transactional import triggers_lifted

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.date(2026, 1, 15)


def post(key: str, *lines: Line) -> JournalEntry:
    with transaction.atomic():
        return post_entry(kind=EntryKind.DEPOSIT, key=key, value_date=DAY, lines=lines, actor=None, narrative="Test")


@pytest.fixture
def books(bob: User) -> Iterator[User]:
    """Bob added 100.00 and reserved 30.00; a fee of 2.00 was earned."""
    other = LineCode.OTHER
    post("add", debit("C1000", 100_00, other), credit("C2100", 100_00, other, owner=bob))
    post("reserve", debit("C2100", 30_00, other, owner=bob), credit("C2110", 30_00, other, owner=bob))
    post(
        "fee",
        debit("C2100", 2_00, other, owner=bob),
        credit("C2140", 2_00, other),
        debit("P1310", 2_00, other),
        credit("P4010", 2_00, other),
    )
    return bob


def found() -> list[Break]:
    return [one for check in invariants.CHECKS for one in check.function()]


def codes() -> set[str]:
    return {one.code for one in found()}


def tamper(statement: str, *parameters: object) -> None:
    with triggers_lifted(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def test_sound_books_have_no_break(books: User) -> None:
    assert found() == []


def test_a_changed_posting_is_named_by_every_check_it_breaks(books: User) -> None:
    tamper("UPDATE ledger_posting SET debit = 10100 WHERE debit = 10000")
    reference = JournalEntry.objects.get(idempotency_key="add").reference
    assert Break("I1", f"{reference} book C", 101_00, 100_00) in invariants.entries_balance()
    assert invariants.books_balance() == [Break("I2", "book C", 133_00, 132_00)]
    assert invariants.client_money_is_there() == [Break("I3", "client money", 100_00, 101_00)]


def test_a_changed_balance_breaks_i10(books: User) -> None:
    tamper("UPDATE ledger_account SET balance = balance + 1 WHERE code = 'C2100'")
    assert found() == [Break("I10", f"C2100:U{books.pk}", 68_00, 68_01)]


def test_a_removed_line_breaks_the_chain(books: User) -> None:
    tamper("DELETE FROM ledger_posting WHERE seq = 2")
    assert Break("I10", f"C2100:U{books.pk}, number of line", 2, 3) in invariants.chains_are_whole()
    assert "I1" in codes()


def test_a_removed_last_line_is_missed(books: User) -> None:
    tamper("DELETE FROM ledger_posting WHERE seq = 3")
    assert Break("I10", f"C2100:U{books.pk}, last line", 3, 0) in invariants.cached_balances_agree()


def test_a_rewritten_balance_after_breaks_the_chain(books: User) -> None:
    tamper("UPDATE ledger_posting SET balance_after = 7100 WHERE seq = 2 AND balance_after = 7000")
    subject = f"C2100:U{books.pk} line"
    assert invariants.chains_are_whole() == [
        Break("I10", f"{subject} 2", 70_00, 71_00),
        Break("I10", f"{subject} 3", 69_00, 68_00),
    ]


def test_a_negative_wallet_breaks_i4(books: User) -> None:
    tamper("UPDATE ledger_posting SET balance_after = -5 WHERE seq = 2 AND balance_after = 7000")
    assert invariants.wallets_are_not_negative() == [Break("I4", f"C2100:U{books.pk} line 2", 0, -5)]


def test_money_on_its_way_out_without_a_withdrawal_breaks_i7(books: User) -> None:
    other = LineCode.OTHER
    post("stray", debit("C2100", 5_00, other, owner=books), credit("C2120", 5_00, other, owner=books))
    assert found() == [Break("I7", f"C2120:U{books.pk}", 0, 5_00)]


def test_fees_that_the_platform_does_not_know_of_break_i8(books: User) -> None:
    post("stray", debit("C2100", 1_00, LineCode.OTHER, owner=books), credit("C2140", 1_00, LineCode.OTHER))
    assert found() == [Break("I8", "fees due", 2_00, 3_00)]


def test_snapshots_carry_the_sum_of_shared_accounts(books: User) -> None:
    later = clock.now() + dt.timedelta(minutes=6)
    assert take_snapshots(later) == 4
    assert take_snapshots(later) == 0
    post("more", debit("C1000", 50_00, LineCode.OTHER), credit("C2100", 50_00, LineCode.OTHER, owner=books))
    assert balance("C1000") == 100_00  # posted before the snapshot's moment, which lies ahead of the clock here
    BalanceSnapshot.objects.all().delete()
    assert balance("C1000") == 150_00


def test_a_snapshot_is_added_to_what_came_since(books: User) -> None:
    bank = Account.objects.get(key="C1000")
    BalanceSnapshot.objects.create(account=bank, posted_up_to=clock.now(), debit_total=100_00, credit_total=0)
    post("more", debit("C1000", 50_00, LineCode.OTHER), credit("C2100", 50_00, LineCode.OTHER, owner=books))
    assert balance("C1000") == 150_00
    assert take_snapshots(clock.now() + dt.timedelta(minutes=6)) == 4
    newest = BalanceSnapshot.objects.filter(account=bank).latest("posted_up_to")
    assert (newest.debit_total, newest.credit_total) == (150_00, 0)
    assert found() == []


def test_nothing_younger_than_five_minutes_is_in_a_snapshot(books: User) -> None:
    assert take_snapshots(clock.now() + dt.timedelta(minutes=4)) == 0


def test_a_wrong_snapshot_breaks_i10(books: User) -> None:
    take_snapshots(clock.now() + dt.timedelta(minutes=6))
    BalanceSnapshot.objects.filter(account__key="C1000").update(debit_total=100_01)
    assert found() == [Break("I10", "snapshot of C1000", 100_00, 100_01)]
