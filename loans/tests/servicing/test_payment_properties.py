"""What holds for any payment, of any size, on any day and in every way of using extra money, through the services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from ledger.models import Account
from loans.enums.loan import ExtraMode, LoanStatus
from loans.models import Instalment, Loan, Note
from loans.selectors.servicing import payoff_figure
from loans.services.repayments.record import preview_repayment
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.servicing.paying import bounce, fresh, pay
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.world import TODAY, fund_wallet

pytestmark = pytest.mark.django_db

MOST = 11_000_00
PAYMENTS = settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
amounts = st.one_of(st.integers(1, MOST), st.sampled_from([888_49, 100_00, 10_000_00, 1]))
days = st.integers(0, 400).map(lambda count: TODAY + dt.timedelta(days=count))
modes = st.sampled_from([None, *ExtraMode])
COLUMNS = (
    "status",
    "principal_outstanding",
    "credit_held",
    "next_due_on",
    "next_due_amount",
    "arrears_amount",
    "bucket",
)
PARTS = ("principal", "interest", "late_fee")


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside has not happened afterwards, so that the next example finds the loan as it was."""
    block = transaction.atomic()
    # As Django's own TestCase marks its blocks: services may open their outermost transaction inside.
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


def standing(loan: Loan) -> dict[str, Any]:
    """Every balance, and all that instalments, notes and the loan say; not the versions that count changes."""
    parts = [f"{part}_{what}" for part in PARTS for what in ("due", "paid", "removed")]
    live = Instalment.objects.filter(loan=loan).exclude(status="superseded").order_by("due_date", "number")
    return {
        "accounts": {key: amount for key, amount in Account.objects.values_list("key", "balance") if amount},
        "instalments": list(live.values_list("number", "due_date", "status", "interest_posted", "settled_on", *parts)),
        "notes": list(
            Note.objects.filter(loan=loan)
            .order_by("pk")
            .values_list(
                "status",
                "principal_outstanding",
                "principal_received",
                "interest_received",
                "late_fees_received",
                "servicing_fees_paid",
                "interest_carry",
                "late_fee_carry",
            )
        ),
        "loan": Loan.objects.values_list(*COLUMNS).get(pk=loan.pk),
    }


@PAYMENTS
@given(amount=amounts, day=days, mode=modes)
def test_a_payment_is_allocated_and_shared_out_whole_and_as_it_was_shown(
    loan: Loan, amount: int, day: dt.date, mode: ExtraMode | None
) -> None:
    with undone():
        fund_wallet(loan.borrower, MOST)
        shown = preview_repayment(loan_id=loan.pk, amount=amount, today=day, extra_mode=mode)
        paid = pay(loan, amount, day, extra_mode=mode)
        parts = {part: getattr(paid, part) for part in PARTS}
        assert sum(parts.values()) + paid.surplus + paid.held == amount
        for part, total in parts.items():
            assert sum(getattr(line, part) for line in paid.allocations.all()) == total
            assert sum(getattr(share, part) for share in paid.distributions.all()) == total
        shared = amount - paid.surplus - paid.held
        assert sum(share.net for share in paid.distributions.all()) == shared - paid.servicing_fee
        assert {part: getattr(shown.plan, part) for part in PARTS} == parts
        assert (shown.plan.surplus, shown.plan.held) == (paid.surplus, paid.held)
        assert shown.plan.servicing_fee == paid.servicing_fee
        assert [share.net for share in shown.plan.shares] == [
            share.net for share in paid.distributions.order_by("note_id")
        ]
        stored = fresh(loan)
        assert {name: getattr(stored, name) for name in shown.columns} == shown.columns
        asked = Instalment.objects.filter(loan=loan).exclude(status="superseded")
        assert sum(asked.values_list("principal_due", flat=True)) == loan.principal
        assert_sound_books()


@PAYMENTS
@given(first=amounts, day=days, later=st.integers(0, 60), mode=modes)
def test_after_the_pay_off_figure_nothing_is_owed(
    loan: Loan, first: int, day: dt.date, later: int, mode: ExtraMode | None
) -> None:
    with undone():
        fund_wallet(loan.borrower, 2 * MOST)
        pay(loan, first, day, extra_mode=mode)
        end = day + dt.timedelta(days=later)
        bring_loan_forward(loan_id=loan.pk, today=end)
        if fresh(loan).status == LoanStatus.ACTIVE:
            paid = pay(loan, payoff_figure(fresh(loan), end).total, end)
            assert paid.surplus == 0
        assert (fresh(loan).status, fresh(loan).principal_outstanding) == (LoanStatus.REPAID, 0)
        assert all(row.total_unpaid == 0 for row in Instalment.objects.filter(loan=loan).exclude(status="superseded"))
        assert set(Note.objects.filter(loan=loan).values_list("principal_outstanding", "status")) == {(0, "repaid")}
        assert_sound_books()


@PAYMENTS
@given(first=amounts, amount=amounts, day=days, later=st.integers(0, 60), mode=modes)
def test_a_payment_that_comes_back_restores_every_balance(
    loan: Loan, dora: User, frank: User, first: int, amount: int, day: dt.date, later: int, mode: ExtraMode | None
) -> None:
    with undone():
        fund_wallet(loan.borrower, 2 * MOST)
        pay(loan, min(first, 9_000_00), day, extra_mode=mode)
        end = day + dt.timedelta(days=later)
        bring_loan_forward(loan_id=loan.pk, today=end)
        before = standing(loan)
        paid = pay(loan, amount, end, extra_mode=mode)
        assert standing(loan) != before
        bounce(paid, dora, frank, end)
        assert standing(loan) == before
        assert_sound_books()
