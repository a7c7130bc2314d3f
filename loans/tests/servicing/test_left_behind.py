"""A loan that can't be brought up to date is left as it was and shown to staff until a later run does it."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.enums.people import Role
from accounts.models import Notification, User
from loans.models import EndOfDayFailure, Loan
from loans.selectors.servicing import end_of_day_failure_count, end_of_day_failures
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.services.servicing.end_of_day import run_end_of_day
from loans.tests.servicing.paying import fresh
from p2plending.tests.support.books import assert_sound_books, money_mark
from p2plending.tests.support.figures import assert_links_open
from p2plending.tests.support.world import listed_loan, verified

pytestmark = pytest.mark.django_db

FIRST_DUE = dt.date(2026, 2, 15)
NEXT_DAY = FIRST_DUE + dt.timedelta(days=1)


@pytest.fixture
def broken(loan: Loan) -> Loan:
    """Terms that nobody can read, as a hand on the database would leave them."""
    terms = loan.frozen_terms | {"schedule_method": "alice@example.org"}
    Loan.objects.filter(pk=loan.pk).update(frozen_terms=terms)
    return fresh(loan)


def mend(loan: Loan) -> None:
    Loan.objects.filter(pk=loan.pk).update(frozen_terms=loan.frozen_terms | {"schedule_method": "annuity"})


def told() -> list[tuple[str, str]]:
    rows = Notification.objects.filter(event="loan_left_behind").order_by("pk")
    return [(row.user.full_name, row.key.split(":")[2]) for row in rows]


def test_what_failed_is_kept_without_what_people_entered(broken: Loan, dora: User) -> None:
    before = money_mark()
    assert run_end_of_day(today=FIRST_DUE).failed == (broken.reference,)
    failure = EndOfDayFailure.objects.get()
    assert (failure.loan, failure.first_on, failure.last_on, failure.times) == (broken, FIRST_DUE, FIRST_DUE, 1)
    assert (failure.error, failure.words, failure.cleared_at) == ("ValueError", "", None)
    assert failure.place.startswith("loans.account.terms:")
    assert "alice" not in (failure.place + failure.words).lower()
    assert (money_mark(), fresh(broken).rolled_forward_to) == (before, broken.rolled_forward_to)


def test_it_is_tried_again_and_staff_are_told_once_a_day(broken: Loan, dora: User) -> None:
    for day in (FIRST_DUE, FIRST_DUE, NEXT_DAY):
        assert run_end_of_day(today=day).failed == (broken.reference,)
    failure = EndOfDayFailure.objects.get()
    assert (failure.first_on, failure.last_on, failure.times, end_of_day_failure_count()) == (FIRST_DUE, NEXT_DAY, 3, 1)
    assert told() == [(dora.full_name, "2026-02-15"), (dora.full_name, "2026-02-16")]
    assert failure.reference in Notification.objects.filter(event="loan_left_behind").first().body
    Notification.objects.exclude(user__role=Role.STAFF).delete()
    assert_links_open("loan_left_behind")


def test_the_others_go_on(broken: Loan, dora: User) -> None:
    other = listed_loan(verified("Frank", "borrower"), amount=1_000_00)
    run = run_end_of_day(today=FIRST_DUE)
    assert (run.done, run.failed, fresh(other).status) == (1, (broken.reference,), "expired")


def test_it_is_cleared_by_the_run_that_does_it(broken: Loan, dora: User) -> None:
    run_end_of_day(today=FIRST_DUE)
    mend(broken)
    run = run_end_of_day(today=NEXT_DAY)
    assert (run.done, run.failed, end_of_day_failure_count()) == (1, (), 0)
    first = EndOfDayFailure.objects.get()
    assert (first.open_key, first.times, first.cleared_at is None) == (None, 1, False)
    assert fresh(broken).rolled_forward_to == NEXT_DAY
    assert_sound_books()

    Loan.objects.filter(pk=broken.pk).update(frozen_terms=broken.frozen_terms)
    run_end_of_day(today=NEXT_DAY + dt.timedelta(days=1))
    again, earlier = end_of_day_failures()
    assert (again.times, again.cleared_at, earlier) == (1, None, first)


def test_it_is_cleared_when_somebody_else_brought_the_loan_up_to_date(broken: Loan, dora: User) -> None:
    run_end_of_day(today=FIRST_DUE)
    mend(broken)
    bring_loan_forward(loan_id=broken.pk, today=FIRST_DUE)
    assert end_of_day_failure_count() == 1
    assert run_end_of_day(today=FIRST_DUE).done == 0
    assert end_of_day_failure_count() == 0
