"""The calendar: payments fall due, late fees, lateness; once, in order, and whatever was missed is caught up."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import User
from ledger.models import JournalEntry
from ledger.selectors import balance
from loans.enums.loan import Bucket, InstalmentStatus, LoanStatus
from loans.models import Instalment, Loan, LoanDelinquency
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.services.servicing.end_of_day import loans_due, run_end_of_day
from loans.tests.servicing.paying import fresh, pay
from p2plending.tests.support.world import listed_loan, offered_loan, verified

pytestmark = pytest.mark.django_db

FIRST_DUE = dt.date(2026, 2, 15)
D = dt.timedelta


def entries(kind: str) -> list[tuple[str, dt.date]]:
    return list(JournalEntry.objects.filter(kind=kind).order_by("pk").values_list("idempotency_key", "value_date"))


def stays(loan: Loan) -> list[tuple[str, dt.date, dt.date | None, int]]:
    rows = LoanDelinquency.objects.filter(loan=loan).order_by("pk")
    return [(row.bucket, row.from_date, row.to_date, row.worst_days_past_due) for row in rows]


def test_before_the_due_date_nothing_is_posted(loan: Loan) -> None:
    bring_loan_forward(loan_id=loan.pk, today=FIRST_DUE - D(days=1))
    assert entries("INTEREST_DUE") == []
    assert Instalment.objects.get(loan=loan, number=1).status == InstalmentStatus.SCHEDULED


def test_on_the_due_date_the_interest_becomes_a_claim_once(loan: Loan) -> None:
    for _ in range(2):
        bring_loan_forward(loan_id=loan.pk, today=FIRST_DUE)
    assert entries("INTEREST_DUE") == [(f"due:{loan.reference}:1:1", FIRST_DUE)]
    assert balance("L1210", loan_reference=loan.reference) == balance("L2210", loan_reference=loan.reference) == 100_00
    row = Instalment.objects.get(loan=loan, number=1)
    assert (row.status, row.interest_posted) == (InstalmentStatus.DUE, 100_00)
    assert (fresh(loan).arrears_amount, fresh(loan).days_past_due) == (0, 0)


@pytest.mark.parametrize(("days", "fee"), [(15, 0), (16, 44_42), (40, 44_42)])
def test_the_late_fee_comes_once_after_the_grace(loan: Loan, days: int, fee: int) -> None:
    for _ in range(2):
        bring_loan_forward(loan_id=loan.pk, today=FIRST_DUE + D(days=days))
    assert Instalment.objects.get(loan=loan, number=1).late_fee_due == fee
    assert balance("L1220", loan_reference=loan.reference) == fee
    assert fresh(loan).arrears_amount == 888_49 + fee + (888_49 if days == 40 else 0)


def test_no_late_fee_on_what_was_paid_in_time(loan: Loan) -> None:
    pay(loan, 888_49, FIRST_DUE)
    bring_loan_forward(loan_id=loan.pk, today=FIRST_DUE + D(days=20))
    assert entries("LATE_FEE_CHARGED") == []
    assert stays(loan) == []


def test_the_fee_is_on_the_unpaid_part_only_and_at_least_the_fixed_one(loan: Loan) -> None:
    pay(loan, 838_49, FIRST_DUE)
    bring_loan_forward(loan_id=loan.pk, today=FIRST_DUE + D(days=16))
    assert Instalment.objects.get(loan=loan, number=1).late_fee_due == 5_00


def test_days_that_nobody_looked_are_caught_up_in_order(loan: Loan) -> None:
    bring_loan_forward(loan_id=loan.pk, today=dt.date(2026, 5, 20))
    assert [date for _key, date in entries("INTEREST_DUE")] == [
        dt.date(2026, 2, 15),
        dt.date(2026, 3, 15),
        dt.date(2026, 4, 15),
        dt.date(2026, 5, 15),
    ]
    assert [date for _key, date in entries("LATE_FEE_CHARGED")] == [
        dt.date(2026, 3, 3),
        dt.date(2026, 3, 31),
        dt.date(2026, 5, 1),
    ]
    assert stays(loan) == [
        (Bucket.GRACE, dt.date(2026, 2, 16), dt.date(2026, 3, 3), 15),
        (Bucket.LATE_16_30, dt.date(2026, 3, 3), dt.date(2026, 3, 18), 30),
        (Bucket.LATE_31_60, dt.date(2026, 3, 18), dt.date(2026, 4, 17), 60),
        (Bucket.LATE_61_90, dt.date(2026, 4, 17), dt.date(2026, 5, 17), 90),
        (Bucket.DEFAULT, dt.date(2026, 5, 17), None, 94),
    ]
    late = fresh(loan)
    assert (late.days_past_due, late.bucket, late.status) == (94, Bucket.DEFAULT, LoanStatus.ACTIVE)


def test_looking_every_day_gives_the_same_as_looking_once(loan: Loan) -> None:
    for days in range(40):
        bring_loan_forward(loan_id=loan.pk, today=FIRST_DUE + D(days=days))
    assert stays(loan) == [
        (Bucket.GRACE, dt.date(2026, 2, 16), dt.date(2026, 3, 3), 15),
        (Bucket.LATE_16_30, dt.date(2026, 3, 3), dt.date(2026, 3, 18), 30),
        (Bucket.LATE_31_60, dt.date(2026, 3, 18), None, 39),
    ]
    assert len(entries("INTEREST_DUE")) == 2
    assert len(entries("LATE_FEE_CHARGED")) == 1


def test_a_payment_takes_the_loan_out_of_lateness_at_once(loan: Loan) -> None:
    day = FIRST_DUE + D(days=10)
    bring_loan_forward(loan_id=loan.pk, today=day)
    assert fresh(loan).bucket == Bucket.GRACE
    pay(loan, 888_49, day)
    assert (fresh(loan).bucket, fresh(loan).days_past_due, fresh(loan).worst_days_past_due) == (Bucket.CURRENT, 0, 10)
    assert stays(loan) == [(Bucket.GRACE, dt.date(2026, 2, 16), day, 10)]


def test_end_of_day_touches_what_is_due_and_nothing_the_second_time(loan: Loan) -> None:
    assert list(loans_due(FIRST_DUE - D(days=1))) == []
    assert run_end_of_day(today=FIRST_DUE).done == 1
    assert run_end_of_day(today=FIRST_DUE).done == 0


def test_one_bad_loan_does_not_stop_the_others(loan: Loan, dora: User) -> None:
    other = listed_loan(verified("Frank", "borrower"), amount=1_000_00)
    # Terms that nobody can read, as a hand on the database would leave them.
    Loan.objects.filter(pk=loan.pk).update(frozen_terms={})
    result = run_end_of_day(today=other.listing_ends_on + D(days=30))
    assert result.failed == (loan.reference,)
    assert fresh(other).status == LoanStatus.EXPIRED
    assert fresh(loan).rolled_forward_to == dt.date(2026, 1, 15)


def test_an_offer_ends_the_day_after_its_last(alice: User) -> None:
    offered = offered_loan(alice, amount=1_000_00)
    run_end_of_day(today=offered.offer_expires_on)
    assert fresh(offered).status == LoanStatus.OFFERED
    run_end_of_day(today=offered.offer_expires_on + D(days=1))
    assert fresh(offered).status == LoanStatus.OFFER_EXPIRED
