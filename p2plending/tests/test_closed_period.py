"""Closed books: whoever enters money or a charge with a day of its own, that day lies after the closed period."""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

import accounts.services
import adminpanel.services
import ledger.services
import loans.services
import matching.services
from accounts.models import ApprovalRequest, User
from ledger.enums.books import PaymentMethod
from ledger.models import Deposit, JournalEntry, Withdrawal
from ledger.services.closed_period import PeriodClosed
from ledger.services.deposits import confirm_deposit, declare_deposit
from ledger.services.withdrawals import approve_withdrawal, pay_withdrawal, request_withdrawal
from loans.enums.collections import DefaultCause
from loans.enums.loan import ChargePart, RepaymentMethod, RepaymentStatus
from loans.models import Loan, LoanCharge, Recovery, Repayment
from loans.services.collections.charges import add_charge
from loans.services.collections.recovery import record_recovery
from loans.services.collections.recovery_request import request_recovery
from loans.services.corrections.backdated_payment import record_backdated_repayment
from loans.services.repayments.record import confirm_repayment, record_repayment
from loans.tests.collections import steps
from p2plending.lib import clock
from p2plending.tests.support import cast, world
from p2plending.tests.support.books import assert_sound_books, money_mark

pytestmark = pytest.mark.django_db

CLOSED = dt.date(2026, 2, 28)
TODAY = dt.date(2026, 3, 10)
TOLD = "is told only: staff give the day that counts when they find the money"
TO_COME = "lies in the future"
IN_TIME = "says only that the money was in time: it is posted today"
# Every service with a key and a day that a person gives: (what refuses it, or why it needn't).
DAYS = {
    ("ledger.services.deposits.declare_deposit", "sent_on"): TOLD,
    ("ledger.services.deposits.confirm_deposit", "value_date"): "deposit",
    ("ledger.services.withdrawals.pay_withdrawal", "paid_on"): "withdrawal",
    ("loans.services.repayments.record.record_repayment", "value_date"): "declared",
    ("loans.services.repayments.record.confirm_repayment", "value_date"): "confirmed",
    ("loans.services.corrections.backdated_payment.record_backdated_repayment", "value_date"): "backdated",
    ("loans.services.collections.charges.add_charge", "due_on"): "charge",
    ("loans.services.collections.recovery.record_recovery", "value_date"): "recovery",
    ("loans.services.collections.recovery_request.request_recovery", "value_date"): "asked recovery",
    ("loans.services.collections.settlement.offer_settlement", "pay_by"): TO_COME,
    ("loans.services.collections.settlement.pay_settlement", "arrived_on"): IN_TIME,
}


def test_every_service_that_takes_a_day_from_a_person_is_walked_below() -> None:
    found = set()
    for package in (accounts.services, adminpanel.services, ledger.services, loans.services, matching.services):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, function in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
                asked = inspect.signature(function).parameters
                if function.__module__ != module.name or name.startswith("_") or "idempotency_key" not in asked:
                    continue
                days = [one for one in asked.values() if "date" in str(one.annotation) and one.name != "today"]
                found |= {(f"{module.name}.{name}", day.name) for day in days}
    assert found == set(DAYS)
    assert set(DAYS.values()) - {TOLD, TO_COME, IN_TIME} == set(WAYS)


def told_deposit(bob: User) -> Deposit:
    """Sent in the closed period, told of before it was closed."""
    return declare_deposit(
        user=bob,
        amount=70_00,
        sent_on=dt.date(2026, 2, 12),
        method=PaymentMethod.BANK_TRANSFER,
        bank_reference="FEB",
        actor=bob,
        idempotency_key=world.new_key(),
        today=dt.date(2026, 2, 12),
    )


def approved_withdrawal(bob: User, dora: User) -> Withdrawal:
    world.fund_wallet(bob, 50_00, today=dt.date(2026, 2, 1))
    asked = request_withdrawal(
        user=bob,
        amount=20_00,
        account_holder=bob.full_name,
        iban="DE89370400440532013000",
        actor=bob,
        idempotency_key=world.new_key(),
        today=dt.date(2026, 2, 12),
    )
    return approve_withdrawal(
        withdrawal_id=asked.pk, actor=dora, idempotency_key=world.new_key(), today=dt.date(2026, 2, 12)
    )


def running(alice: User, bob: User) -> Loan:
    return world.active_loan(alice, {bob: 1_000_00})


def following(alice: User, bob: User) -> Loan:
    """A loan whose plan follows the money."""
    product = world.standard_product()
    product.servicing_method = "progressive"
    product.save()
    return running(alice, bob)


def declared(loan: Loan, value_date: dt.date, today: dt.date) -> Repayment:
    return record_repayment(
        loan_id=loan.pk,
        amount=30_00,
        method=RepaymentMethod.DECLARED,
        value_date=value_date,
        actor=loan.borrower,
        idempotency_key=world.new_key(),
        today=today,
    )


def lost(alice: User, bob: User, dora: User) -> Loan:
    """Written off in the period that is closed afterwards."""
    loan = running(alice, bob)
    second = cast.make_user("Frank", "staff")
    second.groups.set(dora.groups.all())
    asked = steps.ask_write_off(loan, dora, dt.date(2026, 2, 10), DefaultCause.BANKRUPTCY)
    steps.approve(asked, second, dt.date(2026, 2, 10))
    return Loan.objects.get(pk=loan.pk)


Way = Callable[[dt.date], Any]


def deposit(alice: User, bob: User, dora: User) -> Way:
    row = told_deposit(bob)
    return lambda day: confirm_deposit(deposit_id=row.pk, value_date=day, actor=dora, **once())


def withdrawal(alice: User, bob: User, dora: User) -> Way:
    row = approved_withdrawal(bob, dora)
    return lambda day: pay_withdrawal(withdrawal_id=row.pk, paid_on=day, bank_reference="", actor=dora, **once())


def told_payment(alice: User, bob: User, dora: User) -> Way:
    loan = running(alice, bob)
    return lambda day: declared(loan, day, TODAY)


def found_payment(alice: User, bob: User, dora: User) -> Way:
    row = declared(running(alice, bob), dt.date(2026, 2, 12), dt.date(2026, 2, 12))
    return lambda day: confirm_repayment(repayment_id=row.pk, value_date=day, actor=dora, **once())


def backdated(alice: User, bob: User, dora: User) -> Way:
    loan = running(alice, bob)
    asked = {"loan_id": loan.pk, "amount": 30_00, "bank_reference": "LN", "actor": dora}
    return lambda day: record_backdated_repayment(value_date=day, **asked, **once())


def charge(alice: User, bob: User, dora: User) -> Way:
    loan = following(alice, bob)
    asked = {"loan_id": loan.pk, "part": ChargePart.FEE, "amount": 5_00, "reason": "Letter", "actor": dora}
    return lambda day: add_charge(due_on=day, **asked, **once())


def recovery(alice: User, bob: User, dora: User) -> Way:
    loan = lost(alice, bob, dora)
    asked = {"loan_id": loan.pk, "amount": 40_00, "method": RepaymentMethod.DECLARED, "actor": dora}
    return lambda day: record_recovery(value_date=day, **asked, **once())


def asked_recovery(alice: User, bob: User, dora: User) -> Way:
    """So much that two people must agree: asked for by one."""
    loan = lost(alice, bob, dora)
    asked = {"loan_id": loan.pk, "amount": 40_00, "bank_reference": "", "actor": dora}
    return lambda day: request_recovery(value_date=day, **asked, **once())


def once() -> dict[str, Any]:
    return {"idempotency_key": world.new_key(), "today": TODAY}


WAYS: dict[str, Callable[[User, User, User], Way]] = {
    "deposit": deposit,
    "withdrawal": withdrawal,
    "declared": told_payment,
    "confirmed": found_payment,
    "backdated": backdated,
    "charge": charge,
    "recovery": recovery,
    "asked recovery": asked_recovery,
}


def mark() -> tuple[Any, ...]:
    rows = (JournalEntry, Repayment, Recovery, LoanCharge, Deposit, ApprovalRequest)
    return money_mark(), [model.objects.count() for model in rows]


@pytest.mark.parametrize("name", WAYS)
def test_a_day_of_the_closed_books_is_refused_and_the_next_one_counts(
    name: str, alice: User, bob: User, dora: User
) -> None:
    enter = WAYS[name](alice, bob, dora)
    world.set_rules(BOOKS_CLOSED_UNTIL=CLOSED)
    before = mark()
    for day in (CLOSED, dt.date(2026, 2, 13)):
        with pytest.raises(PeriodClosed) as refused:
            enter(day)
        assert refused.value.message == "The books are closed up to 28\u00a0February\u00a02026. Give a later date."
        assert refused.value.context == {"closed_until": CLOSED}
        assert refused.value.field == next(field for (_, field), way in DAYS.items() if way == name)
    assert mark() == before
    enter(CLOSED + dt.timedelta(days=1))
    assert mark() != before
    assert_sound_books()


def test_the_api_says_which_field_has_the_closed_day(alice: User, bob: User) -> None:
    loan = world.active_loan(alice, {bob: 1_000_00}, today=clock.business_date() - dt.timedelta(days=20))
    closed = clock.business_date() - dt.timedelta(days=5)
    world.set_rules(BOOKS_CLOSED_UNTIL=closed)
    client = APIClient()
    client.force_authenticate(alice)
    asked = {"amount": "30.00", "method": "declared", "value_date": str(closed)}
    answer = client.post(f"/api/v1/loans/{loan.reference}/repayments/", asked, "json", HTTP_IDEMPOTENCY_KEY="k" * 12)
    told = answer.json()
    assert (answer.status_code, told["code"], told["context"]) == (409, "period_closed", {"closed_until": str(closed)})
    assert told["errors"] == [{"pointer": "/value_date", "code": "period_closed", "detail": told["detail"]}]
    assert not Repayment.objects.exists()


def test_the_pages_say_it_at_the_day(alice: User, bob: User, dora: User, client_of: Callable[[User], Client]) -> None:
    loan = world.active_loan(alice, {bob: 1_000_00}, today=clock.business_date() - dt.timedelta(days=20))
    sent_on = clock.business_date() - dt.timedelta(days=9)
    told = declared(loan, sent_on, sent_on)
    closed = clock.business_date() - dt.timedelta(days=5)
    world.set_rules(BOOKS_CLOSED_UNTIL=closed)
    asked = {"form_key": world.new_key(), "kind": "next", "method": "declared", "value_date": str(closed)}
    page = client_of(alice).post(reverse("loans:pay", args=[loan.reference]), asked)
    assert (page.status_code, list(page.context["form"].errors)) == (422, ["value_date"])

    staff = client_of(dora)
    shown = staff.get(reverse("admin:repayment", args=[told.reference])).content.decode()
    assert "but the books are closed up to" in shown
    asked = {"form_key": world.new_key(), "value_date": str(sent_on)}
    page = staff.post(reverse("admin:repayment_confirm", args=[told.reference]), asked)
    assert (page.status_code, list(page.context["failed"].errors)) == (422, ["value_date"])
    told.refresh_from_db()
    assert told.status == RepaymentStatus.DECLARED
    asked["value_date"] = str(closed + dt.timedelta(days=1))
    assert staff.post(reverse("admin:repayment_confirm", args=[told.reference]), asked).status_code == 302
    told.refresh_from_db()
    assert (told.status, told.value_date) == (RepaymentStatus.CONFIRMED, closed + dt.timedelta(days=1))
