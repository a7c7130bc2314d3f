"""Wallets and statements as people read them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from ledger.enums.books import EntryKind, LineCode
from ledger.models import JournalEntry
from ledger.selectors import (
    balance,
    explain_line,
    line_of,
    statement,
    trial_balance,
    wallet_postings,
    wallet_summary,
    wallet_totals,
)
from ledger.services.posting import Line, credit, debit, post_entry
from ledger.wording.periods import usual_periods

pytestmark = pytest.mark.django_db


def post(key: str, day: dt.date, *lines: Line, kind: EntryKind = EntryKind.DEPOSIT) -> JournalEntry:
    with transaction.atomic():
        return post_entry(
            kind=kind, key=key, value_date=day, lines=lines, actor=None, narrative="Test", subject_type="deposit",
            subject_reference="DP-TEST0001",
        )  # fmt: skip


def add(user: User, amount: int, day: dt.date, key: str) -> JournalEntry:
    lines = (
        debit("C1000", amount, LineCode.DEPOSIT),
        credit("C2100", amount, LineCode.DEPOSIT, owner=user),
    )
    return post(key, day, *lines, kind=EntryKind.DEPOSIT)


def reserve(user: User, amount: int, day: dt.date, key: str) -> JournalEntry:
    lines = (
        debit("C2100", amount, LineCode.COMMIT_RESERVE, owner=user),
        credit("C2110", amount, LineCode.COMMIT_RESERVE, owner=user),
    )
    return post(key, day, *lines, kind=EntryKind.COMMIT_RESERVE)


@pytest.fixture
def busy_bob(bob: User, carol: User) -> User:
    """Bob: 1,000 on 5 January, 250 reserved on 20 January, 40 found on 2 February that count from 10 January."""
    add(bob, 1_000_00, dt.date(2026, 1, 5), "one")
    add(carol, 77_00, dt.date(2026, 1, 6), "carols")
    reserve(bob, 250_00, dt.date(2026, 1, 20), "two")
    add(bob, 40_00, dt.date(2026, 1, 10), "late")
    add(bob, 5_00, dt.date(2026, 2, 3), "four")
    return bob


def test_somebody_without_a_wallet_has_zeros(eve: User) -> None:
    summary = wallet_summary(eve)
    assert (summary.available, summary.reserved, summary.withdrawing, summary.total) == (0, 0, 0, 0)


def test_the_wallet_is_one_query(busy_bob: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        summary = wallet_summary(busy_bob)
    assert (summary.available, summary.reserved, summary.total) == (795_00, 250_00, 1_045_00)


def test_a_statement_leads_from_opening_to_closing_by_value_date(busy_bob: User) -> None:
    january = statement(busy_bob, dt.date(2026, 1, 6), dt.date(2026, 1, 31))
    assert january.opening == 1_000_00
    assert [(line.value_date.day, line.change, line.balance_after) for line in january.lines] == [
        (10, 40_00, 1_040_00),
        (20, -250_00, 790_00),
    ]
    assert (january.amount_in, january.amount_out, january.closing) == (40_00, 250_00, 790_00)
    assert (january.reserved, january.withdrawing) == (250_00, 0)
    assert [(one.code, one.amount_in, one.amount_out) for one in january.by_code] == [
        ("DEPOSIT", 40_00, 0),
        ("COMMIT_RESERVE", 0, 250_00),
    ]


def test_statements_of_neighbouring_periods_meet(busy_bob: User) -> None:
    january = statement(busy_bob, dt.date(2026, 1, 1), dt.date(2026, 1, 31))
    february = statement(busy_bob, dt.date(2026, 2, 1), dt.date(2026, 2, 28))
    assert (january.opening, january.closing) == (0, 790_00)
    assert (february.opening, february.closing) == (790_00, 795_00)
    assert february.closing == wallet_summary(busy_bob).available


def test_a_period_without_lines_closes_as_it_opens(busy_bob: User) -> None:
    quiet = statement(busy_bob, dt.date(2026, 5, 1), dt.date(2026, 5, 31))
    assert (quiet.opening, quiet.lines, quiet.closing) == (795_00, [], 795_00)


def test_a_statement_shows_nobody_elses_lines(busy_bob: User, carol: User, eve: User) -> None:
    whole = (dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    assert [line.amount_in for line in statement(carol, *whole).lines] == [77_00]
    assert statement(eve, *whole).lines == []


def test_a_period_that_ends_before_it_starts_is_a_mistake(bob: User) -> None:
    with pytest.raises(ValueError, match="before it starts"):
        statement(bob, dt.date(2026, 2, 1), dt.date(2026, 1, 31))


def test_a_statement_costs_two_queries_whatever_it_holds(
    busy_bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for end in (dt.date(2026, 1, 5), dt.date(2026, 12, 31)):
        with django_assert_num_queries(2):
            for line in statement(busy_bob, dt.date(2026, 1, 1), end).lines:
                assert line.words


def test_the_list_runs_as_booked_with_the_balance_of_then(busy_bob: User) -> None:
    lines = [line_of(posting) for posting in wallet_postings(busy_bob)]
    assert [(line.seq, line.balance_after) for line in lines] == [
        (4, 795_00),
        (3, 790_00),
        (2, 750_00),
        (1, 1_000_00),
    ]
    assert lines[0].link == "/wallet/deposits/DP-TEST0001/"


def test_sums_cover_exactly_the_chosen_lines(busy_bob: User) -> None:
    everything = wallet_totals(busy_bob)
    assert (everything.opening, everything.amount_in, everything.amount_out, everything.closing) == (
        0,
        1_045_00,
        250_00,
        795_00,
    )
    chosen = {"codes": ("DEPOSIT",), "start": dt.date(2026, 1, 6), "end": dt.date(2026, 1, 31)}
    assert wallet_totals(busy_bob, **chosen).amount_in == 40_00
    assert wallet_totals(busy_bob, **chosen).count == wallet_postings(busy_bob, **chosen).count() == 1


def test_a_line_is_explained_from_both_sides(busy_bob: User) -> None:
    reserved = JournalEntry.objects.get(idempotency_key="two")
    explained = explain_line(busy_bob, reserved.reference, 2)
    assert explained.kind == EntryKind.COMMIT_RESERVE
    assert [(side.account_code, side.is_own, side.change) for side in explained.sides] == [
        ("C2100", True, -250_00),
        ("C2110", True, 250_00),
    ]
    added = explain_line(busy_bob, JournalEntry.objects.get(idempotency_key="one").reference, 1)
    assert {(side.account_code, side.is_own, side.change) for side in added.sides} == {
        ("C2100", True, 1_000_00),
        ("C1000", False, 1_000_00),
    }


def test_amounts_of_other_people_stay_hidden(bob: User, carol: User) -> None:
    shared = post(
        "shared",
        dt.date(2026, 1, 5),
        debit("C1000", 100_00, LineCode.OTHER),
        credit("C2100", 60_00, LineCode.OTHER, owner=bob),
        credit("C2100", 40_00, LineCode.OTHER, owner=carol),
    )
    sides = {(side.account_code, side.is_own): side.change for side in explain_line(bob, shared.reference, 1).sides}
    assert sides == {("C2100", True): 60_00, ("C1000", False): None, ("C2100", False): None}


def test_nobody_explains_another_persons_line(busy_bob: User, carol: User) -> None:
    reference = JournalEntry.objects.get(idempotency_key="two").reference
    assert explain_line(carol, reference, 2) is None
    assert explain_line(busy_bob, reference, 1) is None


def test_a_balance_can_be_asked_for_any_day(busy_bob: User) -> None:
    assert balance("C2100", busy_bob, as_of=dt.date(2026, 1, 9)) == 1_000_00
    assert balance("C2100", busy_bob, as_of=dt.date(2026, 1, 10)) == 1_040_00
    assert balance("C2100", busy_bob) == 795_00
    assert balance("C1000", as_of=dt.date(2026, 1, 5)) == 1_000_00
    assert balance("L1200", loan_reference="LN-NONE") == 0


def test_the_trial_balance_is_equal_on_both_sides(busy_bob: User) -> None:
    lines = {line.chart_line.code: line for line in trial_balance()}
    assert lines["C1000"].balance == 1_122_00
    assert (lines["C2100"].balance, lines["C2110"].balance) == (872_00, 250_00)
    assert sum(line.debit for line in lines.values()) == sum(line.credit for line in lines.values())
    early = {line.chart_line.code: line.balance for line in trial_balance(dt.date(2026, 1, 5))}
    assert (early["C1000"], early["C2100"], early["C2110"]) == (1_000_00, 1_000_00, 0)


def test_usual_periods_go_back_to_the_first_line() -> None:
    periods = usual_periods(dt.date(2025, 11, 30), dt.date(2026, 2, 3))
    assert periods.months == [
        (dt.date(2026, 2, 1), dt.date(2026, 2, 28)),
        (dt.date(2026, 1, 1), dt.date(2026, 1, 31)),
        (dt.date(2025, 12, 1), dt.date(2025, 12, 31)),
        (dt.date(2025, 11, 1), dt.date(2025, 11, 30)),
    ]
    assert periods.quarters == [
        (dt.date(2026, 1, 1), dt.date(2026, 3, 31)),
        (dt.date(2025, 10, 1), dt.date(2025, 12, 31)),
    ]
    assert [start.year for start, _end in periods.years] == [2026, 2025]
