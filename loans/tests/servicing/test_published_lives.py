"""Whole lives of loans as Apache Fineract's stories tell them, through the services, to the cent after every step.

The books are checked at the end of each: what the stories say of one loan, its lenders get to the cent. Four stories
come out otherwise here on purpose, because money that is too much and a loan that is closed leave the platform's hands:
they are told at the end.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from accounts.models import User
from loans.enums.loan import LoanStatus, RepaymentStatus
from loans.models import Instalment, Loan, LoanCharge, Repayment
from loans.services.servicing.locking import LoanNotOwing
from loans.tests.finance.fineract_stories import told_payments, told_schedule
from loans.tests.finance.published_rows import minor, published
from loans.tests.servicing.published_lives import Life, lend
from p2plending.tests.support.books import assert_sound_books

# The figures are those of the maths, which no database changes; `lives` live on both.
pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

STORIES = {story["id"]: story for story in published("fineract_stories")}
# Fineract opens a closed loan again for a charge. Ours owes nothing any more, and its lenders have their money.
CHARGED_WHEN_CLOSED = ("fineract-C4201", "fineract-C3334", "fineract-C3701")
# Fineract keeps what a payment has too much for a charge that is added later. Ours goes back to the wallet at once.
SURPLUS_KEPT = "fineract-C3841"
TOLD_HERE = [story for story in STORIES.values() if story["id"] not in (*CHARGED_WHEN_CLOSED, SURPLUS_KEPT)]


def with_fees_in_one(row: tuple[Any, ...], at: int) -> tuple[Any, ...]:
    """A row of a story with its columns of fees and penalties, which stand at `at` and after it, added up."""
    return (*row[:at], row[at] + row[at + 1], *row[at + 2 :])


def check(step: dict[str, Any], life: Life) -> None:
    match step["expect"]:
        case "schedule":
            assert life.schedule() == [with_fees_in_one(row, 6) for row in told_schedule(step["rows"])]
        case "totals":
            check_totals(step, life)
        case "payments":
            shown = life.payments()
            for row in told_payments(step["rows"]):
                told = with_fees_in_one(row, 4)
                assert told in shown or (*told[:-2], None, told[-1]) in shown
        case "charges":
            assert sorted(life.charges()) == sorted(tuple(map(minor, row.split("|"))) for row in step["rows"])
        case "outstanding" | "overdue" as what:
            due_before = life.today if what == "overdue" else None
            assert life.unpaid(due_before=due_before) == minor(step["value"])
        case "overpaid":
            assert life.surplus() == minor(step["value"])
        case "closed":
            assert (life.unpaid(), life.surplus()) == (0, 0)
        case "status":
            assert life.status() == step["value"]
        case other:
            raise AssertionError(f"unknown expectation {other}")


def check_totals(step: dict[str, Any], life: Life) -> None:
    table = life.schedule()
    sums = [sum(row[column] for row in table) for column in range(4, 12)]
    names = ("principal_due", "interest", "charges", "due", "paid", "in_advance", "late", "outstanding")
    shown = dict(zip(names, sums, strict=True))
    told = {name: minor(amount) for name, amount in step.items() if name != "expect"}
    told["charges"] = told.pop("fees") + told.pop("penalties")
    assert {name: shown[name] for name in told} == told


def live(life: Life, steps: list[dict[str, Any]]) -> None:
    """Live through the steps, each expectation compared."""
    for step in steps:
        if "do" in step:
            life.let_happen(step)
        else:
            check(step, life)


@pytest.fixture
def lenders(bob: User, carol: User, dan: User) -> tuple[User, ...]:
    return bob, carol, dan


def test_all_published_stories_but_four_are_lived_as_they_are_told() -> None:
    assert (len(STORIES), len(TOLD_HERE)) == (65, 61)


@pytest.mark.parametrize("story", [pytest.param(story, id=story["id"]) for story in TOLD_HERE])
def test_a_published_life_is_lived_to_the_cent(
    story: dict[str, Any], alice: User, lenders: tuple[User, ...], dora: User, frank: User
) -> None:
    life = Life(lend(story, alice, lenders), dora, frank, dt.date.fromisoformat(story["loan"]["start"]))
    live(life, story["steps"])
    assert_sound_books()


@pytest.mark.parametrize("name", CHARGED_WHEN_CLOSED)
def test_a_charge_on_a_closed_loan_is_refused_where_the_story_opens_the_loan_again(
    name: str, alice: User, lenders: tuple[User, ...], dora: User, frank: User
) -> None:
    story = STORIES[name]
    life = Life(lend(story, alice, lenders), dora, frank, dt.date.fromisoformat(story["loan"]["start"]))
    at = next(index for index, step in enumerate(story["steps"]) if step.get("do") == "add_charge")
    live(life, story["steps"][:at])
    assert Loan.objects.get(pk=life.loan.pk).status == LoanStatus.REPAID
    with pytest.raises(LoanNotOwing):
        life.let_happen(story["steps"][at])
    assert not LoanCharge.objects.exists()
    assert_sound_books()


def test_what_a_payment_has_too_much_is_in_the_wallet_before_a_later_charge_can_take_it(
    alice: User, lenders: tuple[User, ...], dora: User, frank: User
) -> None:
    story = STORIES[SURPLUS_KEPT]
    life = Life(lend(story, alice, lenders), dora, frank, dt.date.fromisoformat(story["loan"]["start"]))
    at = max(index for index, step in enumerate(story["steps"]) if step.get("do") == "repayment")
    live(life, story["steps"][: at + 1])
    # 101.00 for 100.00 owed on 26 October; the charge of 10.00 was entered on the 28th. The story pays 1.00 of it.
    found = Repayment.objects.get(loan=life.loan, status=RepaymentStatus.CONFIRMED)
    assert (found.principal, found.late_fee, found.surplus) == (100_00, 0, 1_00)
    row = Instalment.objects.get(loan=life.loan)
    assert (row.principal_unpaid, row.late_fee_unpaid) == (0, 10_00)
    assert Loan.objects.get(pk=life.loan.pk).status == LoanStatus.ACTIVE
    assert_sound_books()
