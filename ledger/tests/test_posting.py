"""The one door into the books."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from ledger.enums.books import EntryKind, LineCode
from ledger.locks import account_key
from ledger.models import Account, JournalEntry, Posting
from ledger.selectors import balance, wallet_summary
from ledger.services.posting import InsufficientBalance, Line, UnbalancedEntry, credit, debit, post_entry, reverse_entry
from p2plending.tests.support.cast import make_user

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 1, 15)
CODE = LineCode.OTHER


def post(key: str, *lines: Line, kind: EntryKind = EntryKind.DEPOSIT) -> JournalEntry:
    with transaction.atomic():
        return post_entry(kind=kind, key=key, value_date=DAY, lines=lines, actor=None, narrative="Test")


def fund(user: User, amount: int, key: str = "fund") -> JournalEntry:
    return post(key, debit("C1000", amount, CODE), credit("C2100", amount, CODE, owner=user))


def reserve(user: User, amount: int, key: str) -> JournalEntry:
    return post(key, debit("C2100", amount, CODE, owner=user), credit("C2110", amount, CODE, owner=user))


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [debit("C1000", 0, CODE), credit("C2140", 0, CODE)],
        [debit("C1000", 100, CODE), credit("C2140", 99, CODE)],
        # Equal over all, but client money would pay for the platform's.
        [debit("C1000", 100, CODE), credit("P4000", 100, CODE)],
        [debit("P1310", 5, CODE), credit("L2200", 5, CODE, loan_reference="LN-1")],
        [debit("C1000", -100, CODE), credit("C2140", -100, CODE)],
        [Line("C1000", CODE, debit=5, credit=5)],
        [debit("C1000", 1.5, CODE), credit("C2140", 1.5, CODE)],  # type: ignore[arg-type]
        [debit("C1000", Decimal(1), CODE), credit("C2140", Decimal(1), CODE)],  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_an_entry_that_does_not_balance_in_every_book_is_a_bug(lines: Sequence[Line]) -> None:
    with pytest.raises(UnbalancedEntry):
        post("broken", *lines)
    assert (JournalEntry.objects.count(), Account.objects.count()) == (0, 0)


def test_posting_needs_a_transaction(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="run_money"):
        post_entry(
            kind=EntryKind.DEPOSIT,
            key="k",
            value_date=DAY,
            lines=[debit("C1000", 1, CODE)],
            actor=None,
            narrative="",
        )


def test_an_account_of_the_chart_has_exactly_its_kind_of_owner(bob: User) -> None:
    assert account_key("C2100", bob) == f"C2100:U{bob.pk}"
    assert account_key("L1200", loan_reference="LN-1") == "L1200:LN-1"
    for wrong in (("C2100", None, ""), ("C1000", bob, ""), ("L1200", bob, ""), ("L1200", None, "")):
        with pytest.raises(ValueError, match="belongs to"):
            account_key(*wrong)


def test_a_wallet_cannot_fall_below_zero(bob: User) -> None:
    fund(bob, 100_00)
    with pytest.raises(InsufficientBalance) as refused:
        reserve(bob, 100_01, "too-much")
    assert refused.value.context["missing"] == 1
    assert wallet_summary(bob).available == 100_00
    assert JournalEntry.objects.count() == 1


def test_the_database_refuses_a_negative_wallet_too(bob: User) -> None:
    fund(bob, 100_00)
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(code="C2100").update(balance=-1)
    assert wallet_summary(bob).available == 100_00


def test_a_loan_account_below_zero_is_a_bug_and_not_a_refusal(bob: User) -> None:
    with pytest.raises(UnbalancedEntry):
        post(
            "k",
            debit("L2200", 1, CODE, loan_reference="LN-1"),
            credit("L1200", 1, CODE, loan_reference="LN-1"),
        )


def test_money_may_pass_through_a_wallet_inside_one_entry(bob: User) -> None:
    post(
        "through",
        debit("C2100", 60_00, CODE, owner=bob),
        credit("C2110", 60_00, CODE, owner=bob),
        debit("C1000", 60_00, CODE),
        credit("C2100", 60_00, CODE, owner=bob),
    )
    assert wallet_summary(bob).reserved == 60_00


def test_lines_of_a_guarded_account_are_chained(bob: User) -> None:
    fund(bob, 100_00)
    reserve(bob, 30_00, "one")
    reserve(bob, 20_00, "two")
    chain = Posting.objects.filter(account__key=f"C2100:U{bob.pk}").order_by("seq")
    assert list(chain.values_list("seq", "debit", "credit", "balance_after")) == [
        (1, 0, 100_00, 100_00),
        (2, 30_00, 0, 70_00),
        (3, 20_00, 0, 50_00),
    ]
    account = Account.objects.get(key=f"C2100:U{bob.pk}")
    assert (account.balance, account.version) == (50_00, 3)


def test_a_shared_account_keeps_no_chain_and_no_balance(bob: User) -> None:
    fund(bob, 100_00)
    bank = Account.objects.get(key="C1000")
    assert (bank.balance, bank.version, bank.is_guarded) == (0, 0, False)
    assert list(bank.postings.values_list("seq", "balance_after")) == [(None, None)]
    assert balance("C1000") == 100_00


def test_a_key_posts_once(bob: User) -> None:
    fund(bob, 100_00, key="same")
    with pytest.raises(IntegrityError):
        fund(bob, 100_00, key="same")
    assert wallet_summary(bob).available == 100_00


def test_a_reversal_is_the_exact_mirror_and_happens_once(bob: User) -> None:
    entry = fund(bob, 100_00)
    with transaction.atomic():
        mirror = reverse_entry(entry=entry, key="undo", value_date=DAY, actor=None, narrative="Bounced")
    assert mirror.reverses == entry
    assert list(mirror.postings.order_by("pk").values_list("account__code", "debit", "credit", "code")) == [
        ("C2100", 100_00, 0, "REVERSAL"),
        ("C1000", 0, 100_00, "REVERSAL"),
    ]
    assert (wallet_summary(bob).available, balance("C1000")) == (0, 0)
    fund(bob, 100_00, key="again")
    with pytest.raises(IntegrityError), transaction.atomic():
        reverse_entry(entry=entry, key="undo-2", value_date=DAY, actor=None, narrative="Bounced")
    assert wallet_summary(bob).available == 100_00


def test_spent_money_cannot_be_taken_back_from_the_wallet(bob: User) -> None:
    entry = fund(bob, 100_00)
    reserve(bob, 60_00, "spent")
    with pytest.raises(InsufficientBalance), transaction.atomic():
        reverse_entry(entry=entry, key="undo", value_date=DAY, actor=None, narrative="Bounced")
    assert (wallet_summary(bob).available, wallet_summary(bob).reserved) == (40_00, 60_00)


def test_a_refused_entry_leaves_nothing_though_somebody_swallows_the_refusal(bob: User) -> None:
    fund(bob, 10_00)
    with transaction.atomic():
        with pytest.raises(InsufficientBalance):
            reserve(bob, 10_01, "too much")
        assert not transaction.get_rollback()
    with transaction.atomic():
        lines = [debit("C2100", 10_01, CODE, owner=bob), credit("C2110", 10_01, CODE, owner=bob)]
        with pytest.raises(InsufficientBalance):
            post_entry(kind=EntryKind.DEPOSIT, key="k", value_date=DAY, lines=lines, actor=None, narrative="Test")
        assert transaction.get_rollback()
    assert [entry.idempotency_key for entry in JournalEntry.objects.all()] == ["fund"]


def test_an_entry_without_a_person_is_the_systems(bob: User) -> None:
    assert fund(bob, 100_00).actor_label == "system"


def _statements(lenders: Sequence[User], key: str) -> int:
    lines = [debit("C1000", 100 * len(lenders), CODE)] + [credit("C2100", 100, CODE, owner=user) for user in lenders]
    with CaptureQueriesContext(connection) as captured:
        post(key, *lines)
    return len([query for query in captured if "SAVEPOINT" not in query["sql"]])


def test_fifty_lenders_cost_as_many_statements_as_two(db: None) -> None:
    lenders = [make_user(f"Lender{number}", "lender") for number in range(50)]
    fund(make_user("First", "lender"), 1_00)  # the first entry of all writes down the currency of the books
    opening = _statements(lenders[:2], "open-two"), _statements(lenders, "open-fifty")
    running = _statements(lenders[:2], "two"), _statements(lenders, "fifty")
    assert opening[0] == opening[1]
    assert running == (5, 5)
