"""Two at once, on a database with row locks: one effect each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from accounts.models import Notification
from loans.models import Loan, ReminderSent, Repayment
from loans.selectors.invariants import CHECKS
from loans.services.collections.reminders import send_reminders
from loans.services.servicing.end_of_day import run_end_of_day
from loans.tests.servicing.paying import available, fresh, pay
from p2plending.tests.support.world import new_key

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.mariadb]

FIRST_DUE = dt.date(2026, 2, 15)


def at_once(*functions: Callable[[], Any]) -> list[Any]:
    """Run each in a thread with its own connection, starting together."""
    barrier = Barrier(len(functions))

    def run(function: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=20)
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(functions)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, function) for function in functions]]


def test_the_same_form_sent_by_two_clicks_pays_once(loan: Loan) -> None:
    key = new_key()
    clicks = [lambda: pay(loan, 888_49, FIRST_DUE, idempotency_key=key)] * 4
    references = {repayment.reference for repayment in at_once(*clicks)}
    assert len(references) == Repayment.objects.count() == 1
    assert fresh(loan).principal_outstanding == 9_211_51


def test_payments_with_different_keys_each_count_and_no_cent_is_lost(loan: Loan) -> None:
    before = available(loan.borrower)[0]
    at_once(*[lambda: pay(loan, 100_00, FIRST_DUE, idempotency_key=new_key()) for _ in range(6)])
    assert Repayment.objects.count() == 6
    assert available(loan.borrower) == [before - 600_00]
    assert fresh(loan).principal_outstanding == 10_000_00 - 500_00
    assert [found for check in CHECKS for found in check.function()] == []


def test_two_workers_on_the_same_day_post_and_remind_once(loan: Loan) -> None:
    at_once(*[lambda: run_end_of_day(today=FIRST_DUE)] * 3, *[lambda: send_reminders(today=FIRST_DUE)] * 3)
    assert ReminderSent.objects.count() == 1
    assert Notification.objects.filter(event="reminder_on_the_day").count() == 1
    assert [found for check in CHECKS for found in check.function()] == []
