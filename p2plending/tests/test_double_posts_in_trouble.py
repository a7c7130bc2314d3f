"""Every form about a loan in trouble, posted twice at the same moment: one effect, and both see the first result."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.enums.people import ApprovalKind, Role, StaffGroup
from accounts.models import OperationKey, User
from accounts.selectors.people import waiting_about
from accounts.services.approvals.requests import approve_request
from adminpanel.tests.scenes import told_deposit
from adminpanel.views.lending.actions.registry import ACTIONS
from ledger.models import JournalEntry
from loans.account.restructure import PlanTerms
from loans.enums.collections import DefaultCause, HardshipCause, PlanOption
from loans.enums.loan import RepaymentMethod
from loans.models import HardshipRequest, Instalment, Loan, LoanCharge, Recovery, Repayment
from loans.services.collections.default import send_default_notice
from loans.services.collections.hardship import request_help
from loans.services.collections.restructuring import propose_plan
from loans.services.collections.settlement import offer_settlement
from loans.services.collections.write_off import request_write_off
from loans.services.corrections.reversal_request import request_reversal
from loans.services.repayments.record import record_repayment
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.servicing.following import following_loan
from p2plending.lib.clock import business_date
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.twins import at_once
from p2plending.tests.support.world import active_loan, fund_wallet, lift_lending_limits, make_user, new_key, verified

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.mariadb]

IN_TROUBLE = {
    "admin:enter_payment",
    "admin:case_step",
    "admin:approval_approve",
    "admin:approval_refuse",
    "admin:approval_ask_again",
    "admin:deposit_batch",
    "loans:help_take_back",
    "loans:accept_new_plan",
    "loans:decline_new_plan",
    "loans:settlement",
    "loans:pay_loss",
    "loans:give_back",
}
DAY = dt.timedelta(days=1)
PAUSE = PlanTerms(PlanOption.HOLIDAY, payments=2)
SEEN = {"confirmed": "on"}


@dataclasses.dataclass(frozen=True, slots=True)
class Post:
    """A form that somebody sends twice, and how many journal entries one effect makes."""

    name: str
    arguments: list[str]
    person: User
    answers: dict[str, Any]
    entries: int


@dataclasses.dataclass(frozen=True, slots=True)
class Desk:
    """Two members of staff who may do everything, and the day."""

    staff: User
    second: User
    today: dt.date

    def late(self, name: str) -> Loan:
        """1,000.00 paid out 70 days ago, of which nothing was paid back."""
        return self.loan(name, 70)

    def loan(self, name: str, days: int) -> Loan:
        lenders = {verified(f"Lender-{name}", Role.LENDER): 1_000_00}
        loan = active_loan(verified(name, Role.BORROWER), lenders, today=self.today - days * DAY)
        return bring_loan_forward(loan_id=loan.pk, today=self.today)

    def step(self, loan: Loan, step: str, answers: dict[str, Any], entries: int) -> Post:
        return Post("admin:case_step", [loan.reference, step], self.staff, answers | SEEN, entries)

    @property
    def by_second(self) -> dict[str, Any]:
        return {"actor": self.second, "idempotency_key": new_key(), "today": self.today}


def plans_and_help(desk: Desk) -> Iterator[Post]:
    loan = desk.late("Planned")
    longer = {"option": "longer", "payments": "18", "interest_choice": "capitalise", "late_fee_choice": "waive"}
    yield desk.step(loan, "plan", longer | {"reason": "Illness"}, 0)
    yield Post("loans:accept_new_plan", [loan.reference], loan.borrower, {}, 1)

    loan = desk.late("Declining")
    propose_plan(loan_id=loan.pk, asked=PAUSE, reason="Illness", **desk.by_second)
    yield Post("loans:decline_new_plan", [loan.reference], loan.borrower, {}, 0)

    for name, entries in (("plan", 0), ("decline-help", 0), ("take-back", 0)):
        loan = desk.late(f"Asking-{name}")
        request = asked_help(loan, desk.today)
        if name == "plan":
            yield desk.step(loan, name, longer | {"reason": "Illness", "answers": request.reference}, entries)
        elif name == "decline-help":
            yield desk.step(loan, name, {"note": "The loan ends soon."}, entries)
        else:
            yield Post("loans:help_take_back", [loan.reference], loan.borrower, {}, entries)


def charges_and_default(desk: Desk) -> Iterator[Post]:
    loan = desk.late("Charged")
    row = Instalment.objects.get(loan=loan, number=1)
    waived = {"instalment": row.pk, "interest": "0", "late_fee": "5", "reason": "Our mistake"}
    yield desk.step(loan, "waive", waived, 1)
    found = {"amount": "50", "value_date": (desk.today - 30 * DAY).isoformat(), "bank_reference": "LN"}
    yield Post("admin:enter_payment", [desk.late("Found").reference], desk.staff, found | SEEN, 5)
    yield desk.step(loan, "notice", {}, 0)

    loan = desk.late("Broken")
    send_default_notice(loan_id=loan.pk, actor=desk.second, idempotency_key=new_key(), today=desk.today - 16 * DAY)
    yield desk.step(loan, "default", {"cause": "bankruptcy", "note": ""}, 1)
    amounts = {"amount": "500", "pay_by": (desk.today + 14 * DAY).isoformat(), "reason": "All they have"}
    yield desk.step(loan, "settlement", amounts, 0)


def charges_on_a_plan_that_follows_the_money(desk: Desk) -> Iterator[Post]:
    lenders = {verified("Lender-Following", Role.LENDER): 1_000_00}
    loan = following_loan(verified("Following", Role.BORROWER), lenders, today=desk.today - 45 * DAY)
    bring_loan_forward(loan_id=loan.pk, today=desk.today)
    fee = {"part": "fee", "due_on": desk.today.isoformat(), "amount": "5", "base": "principal", "reason": "Letter"}
    yield desk.step(loan, "charge", fee, 1)
    charge = LoanCharge.objects.get(loan=loan)
    yield desk.step(loan, "waive-charge", {"charge": charge.pk, "reason": "Our mistake"}, 1)


def two_people(desk: Desk) -> Iterator[Post]:
    for name in ("transfer", "wallet"):
        loan = desk.late(f"Settled-{name}")
        offer_settlement(
            loan_id=loan.pk, amount=500_00, pay_by=desk.today + 14 * DAY, reason="All they have", **desk.by_second
        )
        yield decision(desk, loan, "approve", {}, 0)
        if name == "transfer":
            yield desk.step(loan, "settlement-paid", {"arrived_on": desk.today.isoformat(), "bank_reference": "LN"}, 3)
        else:
            fund_wallet(loan.borrower, 500_00, today=desk.today)
            yield Post("loans:settlement", [loan.reference], loan.borrower, {}, 3)

    loan = desk.late("Lost")
    request_write_off(loan_id=loan.pk, cause=DefaultCause.FRAUD, reason="Gone", **desk.by_second)
    yield decision(desk, loan, "refuse", {"note": "Write to them first"}, 0)
    yield desk.step(loan, "write-off", {"cause": "fraud", "reason": "Gone"}, 0)
    pay_from_wallet(loan, 10_00, desk.today)
    yield decision(desk, loan, "ask_again", {}, 0)
    asked = waiting_about("loan", loan.reference).get(kind=ApprovalKind.WRITE_OFF)
    approve_request(approval_id=asked.pk, **desk.by_second)
    money = {"amount": "50", "value_date": desk.today.isoformat(), "bank_reference": "court"}
    yield desk.step(loan, "recovery", money, 1)
    bounced = {"recovery": Recovery.objects.get(loan=loan).pk, "reason": "Bounced"}
    yield desk.step(loan, "recovery-back", bounced, 0)
    fund_wallet(loan.borrower, 20_00, today=desk.today)
    yield Post("loans:pay_loss", [loan.reference], loan.borrower, {"amount": "20"} | SEEN, 1)


def money(desk: Desk) -> Iterator[Post]:
    loan = desk.late("Bounced")
    paid = pay_from_wallet(loan, 100_00, desk.today)
    request_reversal(repayment_id=paid.pk, reason="Bounced", **desk.by_second)
    yield decision(desk, loan, "approve", {}, 1)

    loan = desk.loan("Giving-back", 0)
    fund_wallet(loan.borrower, 100_00, today=desk.today)
    yield Post("loans:give_back", [loan.reference], loan.borrower, {}, 2)

    rows = [told_deposit(loan.borrower, amount) for amount in (10_00, 20_00)]
    picked = {"pick": [row.reference for row in rows], "value_date": desk.today.isoformat()}
    yield Post("admin:deposit_batch", [], desk.staff, picked, 2)


def pay_from_wallet(loan: Loan, amount: int, today: dt.date) -> Repayment:
    fund_wallet(loan.borrower, amount, today=today)
    return record_repayment(
        loan_id=loan.pk,
        amount=amount,
        method=RepaymentMethod.WALLET,
        value_date=today,
        actor=loan.borrower,
        idempotency_key=new_key(),
        today=today,
    )


def decision(desk: Desk, loan: Loan, name: str, answers: dict[str, Any], entries: int) -> Post:
    asked = waiting_about("loan", loan.reference).get()
    return Post(f"admin:approval_{name}", [asked.reference], desk.staff, answers, entries)


def asked_help(loan: Loan, today: dt.date) -> HardshipRequest:
    return request_help(
        loan_id=loan.pk,
        cause=HardshipCause.INCOME,
        story="",
        expected_months=3,
        affordable_amount=20_00,
        asked=PAUSE,
        actor=loan.borrower,
        idempotency_key=new_key(),
        today=today,
    )


# Each story, and what is posted in it: names of URLs, and steps of a case.
STORIES = {
    plans_and_help: {
        "plan", "decline-help", "loans:accept_new_plan", "loans:decline_new_plan", "loans:help_take_back",
    },
    charges_and_default: {"waive", "notice", "default", "settlement", "admin:enter_payment"},
    charges_on_a_plan_that_follows_the_money: {"charge", "waive-charge"},
    two_people: {
        "settlement-paid", "write-off", "recovery", "recovery-back", "loans:settlement", "loans:pay_loss",
        "admin:approval_approve", "admin:approval_refuse", "admin:approval_ask_again",
    },
    money: {"admin:approval_approve", "admin:deposit_batch", "loans:give_back"},
}  # fmt: skip


@pytest.fixture
def desk(dora: User) -> Desk:
    lift_lending_limits()
    second = make_user("Second", Role.STAFF)
    second.groups.set(Group.objects.filter(name__in=StaffGroup.values))
    return Desk(dora, second, business_date())


@pytest.mark.parametrize("story", STORIES)
def test_each_form_about_a_loan_in_trouble_has_one_effect(
    story: Callable[[Desk], Iterator[Post]], desk: Desk, client_of: Callable[[User], Client]
) -> None:
    posted = set()
    for post in story(desk):
        key, before = new_key(), JournalEntry.objects.count()
        path = reverse(post.name, args=post.arguments)

        results = at_once(lambda post=post: client_of(post.person), path, post.answers | {"form_key": key})

        shown = [(result.status_code, result.headers.get("Location")) for result in results]
        assert len(shown) == 2, path
        assert shown[0] == shown[1], path
        assert shown[0][0] == 302, (path, results[0].content.decode()[:3000])
        # A list that is confirmed has the key of each line of it.
        assert OperationKey.objects.filter(key__startswith=key).count() == len(post.answers.get("pick", [1])), path
        assert JournalEntry.objects.count() == before + post.entries, path
        posted.add(post.arguments[1] if post.name == "admin:case_step" else post.name)
    assert posted == STORIES[story]
    assert_sound_books()


def test_no_form_about_a_loan_in_trouble_is_forgotten() -> None:
    posted = set().union(*STORIES.values())
    assert set(ACTIONS) - posted == set()
    assert posted - set(ACTIONS) == IN_TROUBLE - {"admin:case_step"}
