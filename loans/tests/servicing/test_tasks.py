"""What the worker does for loans: pay out once, sweep up what was lost, run the day."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import User
from ledger.selectors import balance
from loans import tasks
from loans.enums.loan import LoanStatus
from loans.models import Loan, Note
from loans.tests.servicing.paying import fresh
from p2plending.tests.support.world import TODAY, funded_loan, signed_loan

pytestmark = pytest.mark.django_db


def test_a_loan_without_a_signature_is_not_paid_out(alice: User, bob: User) -> None:
    funded = funded_loan(alice, {bob: 1_000_00})
    tasks.disburse_signed_loan(funded.pk, TODAY)
    assert tasks.sweep_disbursements(TODAY) == 0
    assert fresh(funded).status == LoanStatus.FUNDED


def test_a_signed_loan_is_paid_out_once_however_often_the_task_runs(alice: User, bob: User) -> None:
    signed = signed_loan(alice, {bob: 1_000_00})
    for _ in range(2):
        tasks.disburse_signed_loan(signed.pk, TODAY)
    paid_out = fresh(signed)
    assert (paid_out.status, paid_out.disbursed_on) == (LoanStatus.ACTIVE, TODAY)
    assert balance("C2100", alice) == paid_out.net_received
    assert Note.objects.filter(loan=signed).count() == 1


def test_the_sweep_pays_out_what_a_lost_task_left(alice: User, bob: User) -> None:
    signed = signed_loan(alice, {bob: 1_000_00})
    assert [tasks.sweep_disbursements(TODAY) for _ in range(2)] == [1, 0]
    assert fresh(signed).status == LoanStatus.ACTIVE


def test_a_suspended_borrower_is_not_paid_out_and_the_sweep_goes_on(alice: User, bob: User) -> None:
    signed = signed_loan(alice, {bob: 1_000_00})
    User.objects.filter(pk=alice.pk).update(is_suspended=True)
    assert tasks.sweep_disbursements(TODAY) == 0
    assert fresh(signed).status == LoanStatus.FUNDED


def test_the_day_runs_by_the_date_that_is_given(loan: Loan) -> None:
    assert tasks.end_of_day(dt.date(2026, 2, 15)).done == 1
    assert tasks.remind(dt.date(2026, 2, 15)).sent == 1
