"""The checks are green over a life of a loan, and each names the break that is made on purpose."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import User
from ledger.models import Account
from loans.enums.loan import ExtraMode
from loans.models import Commitment, Distribution, Instalment, Loan, Note
from loans.selectors.invariants import CHECKS
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.servicing.paying import fresh, pay
from p2plending.tests.support.world import TODAY, fund_wallet, funded_loan

pytestmark = pytest.mark.django_db


def breaks() -> list[tuple[str, str]]:
    return [(found.code, found.subject) for check in CHECKS for found in check.function()]


def test_all_green_from_pay_out_to_the_last_cent(loan: Loan) -> None:
    assert breaks() == []
    bring_loan_forward(loan_id=loan.pk, today=dt.date(2026, 3, 20))
    assert breaks() == []
    pay(loan, 300_00, dt.date(2026, 3, 21))
    assert breaks() == []
    pay(loan, 3_000_00, dt.date(2026, 3, 28), extra_mode=ExtraMode.SHORTER)
    assert breaks() == []
    pay(loan, 100_00, dt.date(2026, 4, 2), extra_mode=ExtraMode.CREDIT)
    assert breaks() == []
    pay(loan, 1_500_00, dt.date(2026, 4, 20), extra_mode=ExtraMode.LOWER)
    assert breaks() == []
    pay(loan, 6_700_00, dt.date(2026, 5, 2))
    assert Loan.objects.get(pk=loan.pk).status == "repaid"
    assert breaks() == []


def test_i5_names_a_note_that_does_not_fit(loan: Loan) -> None:
    note = Note.objects.filter(loan=loan).first()
    Note.objects.filter(pk=note.pk).update(principal_outstanding=note.principal_outstanding - 1)
    assert breaks() == [("I5", f"{loan.reference} notes"), ("L3", note.reference)]


def test_i6_names_the_lender(alice: User, bob: User) -> None:
    funded_loan(alice, {bob: 1_000_00})
    Account.objects.filter(code="C2110", owner=bob).update(balance=999_00)
    assert ("I6", f"C2110:U{bob.pk}") in breaks()


def test_i9_names_the_loan_whose_collection_account_is_not_empty(loan: Loan) -> None:
    pay(loan, 888_49, dt.date(2026, 2, 15))
    Account.objects.filter(code="C2130", loan_reference=loan.reference).update(balance=1)
    assert breaks() == [("I9", f"{loan.reference} C2130")]


def test_i9_knows_money_paid_ahead_and_names_the_loan_that_says_otherwise(loan: Loan) -> None:
    pay(loan, 888_49, dt.date(2026, 2, 12))
    assert breaks() == []
    Loan.objects.filter(pk=loan.pk).update(credit_held=888_48, next_due_amount=1)
    assert breaks() == [("I9", f"{loan.reference} C2130"), ("I9", f"{loan.reference} payments")]


def test_i12_names_the_part_that_did_not_reach_the_lenders(loan: Loan) -> None:
    pay(loan, 888_49, dt.date(2026, 2, 15))
    row = Distribution.objects.first()
    Distribution.objects.filter(pk=row.pk).update(interest=row.interest - 1, net=row.net - 1)
    assert breaks() == [("I12", f"{loan.reference} interest")]


def test_l1_names_a_claim_that_is_not_in_the_plan(loan: Loan) -> None:
    bring_loan_forward(loan_id=loan.pk, today=dt.date(2026, 2, 15))
    Instalment.objects.filter(loan=loan, number=1).update(interest_posted=99_99)
    assert breaks() == [("L1", f"{loan.reference} L1210"), ("L1", f"{loan.reference} L2210")]


def test_l2_names_figures_of_a_loan_that_its_rows_do_not_show(loan: Loan) -> None:
    Loan.objects.filter(pk=loan.pk).update(next_due_amount=1)
    assert breaks() == [("L2", f"{loan.reference} next payment")]


def test_l2_names_a_funded_amount_without_commitments(alice: User, bob: User) -> None:
    funded = funded_loan(alice, {bob: 1_000_00})
    Commitment.objects.filter(loan=funded).update(amount=999_00)
    assert ("L2", f"{funded.reference} funded") in breaks()


def test_a_plan_with_dates_on_which_nothing_is_to_pay_is_sound(loan: Loan) -> None:
    fund_wallet(loan.borrower, 9_000_00)
    pay(loan, 9_999_99, TODAY, extra_mode=ExtraMode.LOWER)
    assert (fresh(loan).next_due_amount, fresh(loan).principal_outstanding) == (1, 1)
    assert breaks() == []
