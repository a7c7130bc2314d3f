"""Payments: what they pay, whom they reach, and what is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.enums.people import Role
from accounts.models import AuditEvent, Notification, User
from ledger.models import JournalEntry
from ledger.selectors import balance
from ledger.services.posting import InsufficientBalance
from loans.enums.loan import ExtraMode, InstalmentStatus, LoanStatus, NoteStatus, RepaymentMethod, RepaymentStatus
from loans.models import Distribution, Instalment, Loan, Note, Repayment, RepaymentAllocation, ScheduleVersion
from loans.services.repayments.record import (
    AlreadyDecided,
    AmountTooSmall,
    BeforeDisbursement,
    BeforeLastPayment,
    DateInFuture,
    NothingToPay,
    NotYourPayment,
    WalletPaysToday,
    preview_repayment,
    reject_repayment,
)
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tasks import notify_of_payments
from loans.tests.servicing.paying import available, confirm, declare, fresh, pay
from p2plending.lib.errors import IdempotencyConflict
from p2plending.tests.support.figures import assert_links_open
from p2plending.tests.support.world import active_loan, fund_wallet, new_key, set_rules, verified

pytestmark = pytest.mark.django_db

FIRST_DUE = dt.date(2026, 2, 15)
SECOND_DUE = dt.date(2026, 3, 15)


# --- refused, and nothing moved ---------------------------------------------------------------------------------------
def assert_nothing_moved(loan: Loan) -> None:
    assert not Repayment.objects.exists()
    assert not JournalEntry.objects.filter(kind="REPAYMENT").exists()
    assert fresh(loan).principal_outstanding == 10_000_00


def test_a_lender_cannot_pay_somebody_elses_loan(loan: Loan, bob: User) -> None:
    with pytest.raises(NotYourPayment):
        pay(loan, 888_49, FIRST_DUE, actor=bob)
    assert_nothing_moved(loan)


def test_staff_cannot_take_a_payment_out_of_the_borrowers_wallet(loan: Loan, dora: User) -> None:
    with pytest.raises(NotYourPayment):
        pay(loan, 888_49, FIRST_DUE, actor=dora)
    assert_nothing_moved(loan)


def test_more_than_the_wallet_holds_is_refused(loan: Loan) -> None:
    in_wallet = available(loan.borrower)[0]
    assert in_wallet == 11_700_00
    with pytest.raises(InsufficientBalance):
        pay(loan, in_wallet + 1, FIRST_DUE)
    assert_nothing_moved(loan)
    assert available(loan.borrower) == [11_700_00]


@pytest.mark.parametrize("amount", [0, -1])
def test_a_payment_of_nothing_is_refused(loan: Loan, amount: int) -> None:
    with pytest.raises(AmountTooSmall):
        pay(loan, amount, FIRST_DUE)
    assert_nothing_moved(loan)


def test_dates_outside_the_life_of_the_loan_are_refused(loan: Loan) -> None:
    with pytest.raises(DateInFuture):
        declare(loan, 888_49, FIRST_DUE, today=FIRST_DUE - dt.timedelta(days=1))
    with pytest.raises(BeforeDisbursement):
        declare(loan, 888_49, dt.date(2026, 1, 14), today=FIRST_DUE)
    with pytest.raises(WalletPaysToday):
        pay(loan, 888_49, FIRST_DUE - dt.timedelta(days=1), today=FIRST_DUE)
    assert_nothing_moved(loan)


def test_the_same_key_pays_once_and_another_amount_with_it_is_a_conflict(loan: Loan) -> None:
    key = new_key()
    first = pay(loan, 888_49, FIRST_DUE, idempotency_key=key)
    again = pay(loan, 888_49, FIRST_DUE, idempotency_key=key)
    assert (again.reference, again.is_replay) == (first.reference, True)
    with pytest.raises(IdempotencyConflict):
        pay(loan, 888_50, FIRST_DUE, idempotency_key=key)
    assert Repayment.objects.count() == 1


# --- the cents of the posting table -----------------------------------------------------------------------------------
def test_the_first_payment_reaches_three_lenders_to_the_cent(loan: Loan, bob: User, carol: User, dan: User) -> None:
    before = available(loan.borrower)[0]
    paid = pay(loan, 888_49, FIRST_DUE)
    assert (paid.late_fee, paid.interest, paid.principal, paid.surplus) == (0, 100_00, 788_49, 0)
    assert available(bob, carol, dan) == [296_14 - 1_66, 296_13 - 1_66, 296_22 - 1_66]
    assert available(loan.borrower) == [before - 888_49]
    parts = list(Distribution.objects.order_by("note_id").values_list("principal", "interest", "servicing_fee", "net"))
    assert parts == [
        (262_81, 33_33, 1_66, 294_48),
        (262_80, 33_33, 1_66, 294_47),
        (262_88, 33_34, 1_66, 294_56),
    ]
    assert [balance(code) for code in ("P4010",)] == [4_98]
    assert balance("C2140") == balance("P1310") == 300_00 + 4_98


def test_the_claims_of_the_loan_fall_with_the_payment(loan: Loan) -> None:
    pay(loan, 888_49, FIRST_DUE)
    of_loan = {code: balance(code, loan_reference=loan.reference) for code in ("L1200", "L2200", "L1210", "L2210")}
    assert of_loan == {"L1200": 9_211_51, "L2200": 9_211_51, "L1210": 0, "L2210": 0}
    assert balance("C2130", loan_reference=loan.reference) == 0
    stored = fresh(loan)
    assert stored.principal_outstanding == 9_211_51
    assert (stored.next_due_on, stored.next_due_amount) == (SECOND_DUE, 888_49)


def test_each_lender_sees_one_line_a_payment(loan: Loan, bob: User) -> None:
    paid = pay(loan, 888_49, FIRST_DUE)
    lines = paid.entry.postings.filter(account__owner=bob)
    assert [(line.account.code, line.credit, line.code) for line in lines] == [("C2100", 294_48, "REPAYMENT")]


# --- partial, ahead, extra, over -------------------------------------------------------------------------------------
def test_a_part_pays_interest_first_and_the_rest_stays_due(loan: Loan) -> None:
    paid = pay(loan, 150_00, FIRST_DUE)
    assert (paid.interest, paid.principal) == (100_00, 50_00)
    row = Instalment.objects.get(loan=loan, number=1)
    assert (row.status, row.total_unpaid) == (InstalmentStatus.PARTIAL, 738_49)
    rest = pay(loan, 738_49, FIRST_DUE)
    assert (rest.interest, rest.principal) == (0, 738_49)
    row.refresh_from_db()
    assert (row.status, row.settled_on) == (InstalmentStatus.PAID, FIRST_DUE)


def test_extra_money_ends_the_loan_sooner_by_a_new_plan(loan: Loan) -> None:
    fund_wallet(loan.borrower, 5_000_00)
    for month in (2, 3, 4):
        pay(loan, 888_49, dt.date(2026, month, 15))
    paid = pay(loan, 888_49 + 2_000_00, dt.date(2026, 5, 15))
    assert (paid.extra_mode, paid.interest, paid.principal) == (ExtraMode.SHORTER, 76_11, 812_38 + 2_000_00)
    plan = Instalment.objects.filter(loan=loan, schedule_version=2).order_by("number")
    assert [row.number for row in plan] == [5, 6, 7, 8, 9, 10, 11]
    left = [row for row in plan if row.status == InstalmentStatus.SCHEDULED]
    assert [row.total_due for row in left] == [888_49] * 5 + [516_11]
    assert sum(row.interest_due for row in left) == 160_14
    old = Instalment.objects.filter(loan=loan, schedule_version=1, status=InstalmentStatus.SUPERSEDED)
    assert [row.number for row in old] == [5, 6, 7, 8, 9, 10, 11, 12]
    assert [version.number for version in ScheduleVersion.objects.filter(loan=loan)] == [1, 2]
    assert fresh(loan).maturity_date == dt.date(2026, 11, 15)


def test_extra_money_can_make_the_payments_smaller(loan: Loan) -> None:
    fund_wallet(loan.borrower, 5_000_00)
    for month in (2, 3, 4):
        pay(loan, 888_49, dt.date(2026, month, 15))
    pay(loan, 888_49 + 2_000_00, dt.date(2026, 5, 15), extra_mode=ExtraMode.LOWER)
    left = Instalment.objects.filter(loan=loan, status=InstalmentStatus.SCHEDULED).order_by("number")
    assert [row.total_due for row in left] == [627_11] * 7 + [627_08]
    assert sum(row.interest_due for row in left) == 218_43


def test_paying_off_on_any_day_asks_no_future_interest_and_returns_the_surplus(
    loan: Loan, bob: User, carol: User, dan: User
) -> None:
    for month in (2, 3, 4):
        pay(loan, 888_49, dt.date(2026, month, 15))
    before = available(loan.borrower)[0]
    paid = pay(loan, 7_700_00, dt.date(2026, 4, 25))
    assert (paid.interest, paid.principal, paid.surplus) == (25_37, 7_610_80, 63_83)
    assert available(loan.borrower) == [before - 7_636_17]
    closed = fresh(loan)
    assert (closed.status, closed.closed_on, closed.principal_outstanding) == (
        LoanStatus.REPAID,
        dt.date(2026, 4, 25),
        0,
    )
    notes = Note.objects.filter(loan=loan)
    assert {(note.status, note.principal_outstanding) for note in notes} == {(NoteStatus.REPAID, 0)}
    for code in ("L1200", "L1210", "L1220", "L2200", "L2210", "L2220", "C2130"):
        assert balance(code, loan_reference=loan.reference) == 0
    assert available(bob, carol, dan)[0] > 3_333_00
    with pytest.raises(NothingToPay):
        pay(loan, 1_00, dt.date(2026, 4, 25))


def test_twelve_payments_on_time_close_the_loan_and_every_lender_is_whole(
    loan: Loan, bob: User, carol: User, dan: User
) -> None:
    for month in range(2, 13):
        pay(loan, 888_49, dt.date(2026, month, 15))
    last = pay(loan, 888_47, dt.date(2027, 1, 15))
    assert last.surplus == 0
    assert fresh(loan).status == LoanStatus.REPAID
    received = Note.objects.filter(loan=loan).order_by("pk").values_list("principal_received", "interest_received")
    principal, interest = zip(*received, strict=True)
    assert principal == (3_333_00, 3_333_00, 3_334_00)
    assert sum(interest) == 661_86
    assert all(abs(got - exact) <= 1 for got, exact in zip(interest, (220_60, 220_60, 220_66), strict=True))
    told = Notification.objects.filter(user=loan.borrower, event__startswith="repayment_").order_by("pk")
    assert not told.exists()
    assert (notify_of_payments(), notify_of_payments()) == (12, 0)
    assert told.count() == 12
    assert "You paid €10,661.86, of it €661.86 interest" in told.filter(event="repayment_repaid").last().body
    assert_links_open("repayment_received", "repayment_repaid")


# --- late -------------------------------------------------------------------------------------------------------------
def test_a_late_payment_pays_the_fee_first_and_lenders_get_it(loan: Loan) -> None:
    paid = pay(loan, 888_49 + 44_42, FIRST_DUE + dt.timedelta(days=16))
    assert (paid.late_fee, paid.interest, paid.principal) == (44_42, 100_00, 788_49)
    assert sum(Distribution.objects.values_list("late_fee", flat=True)) == 44_42
    assert balance("L1220", loan_reference=loan.reference) == 0
    assert fresh(loan).days_past_due == 0


# --- declared money ---------------------------------------------------------------------------------------------------
def test_declared_money_moves_nothing_until_staff_find_it(loan: Loan, bob: User, dora: User) -> None:
    told = declare(loan, 888_49, FIRST_DUE)
    assert told.status == RepaymentStatus.DECLARED
    assert available(bob) == [0]
    assert fresh(loan).principal_outstanding == 10_000_00
    bank = balance("C1000")
    found = confirm(told, FIRST_DUE, dora, FIRST_DUE + dt.timedelta(days=1))
    assert found.status == RepaymentStatus.CONFIRMED
    assert balance("C1000") - bank == 888_49
    assert available(bob) == [294_48]
    assert AuditEvent.objects.filter(action="loans.repayment.confirmed", actor=dora).count() == 1


def test_money_sent_before_the_due_date_and_found_after_it_is_on_time(loan: Loan, dora: User) -> None:
    told = declare(loan, 888_49, FIRST_DUE - dt.timedelta(days=2))
    later = FIRST_DUE + dt.timedelta(days=3)
    bring_loan_forward(loan_id=loan.pk, today=later)
    assert fresh(loan).days_past_due == 3
    found = confirm(told, FIRST_DUE - dt.timedelta(days=2), dora, later)
    assert (found.interest, found.principal) == (100_00, 788_49)
    assert (fresh(loan).days_past_due, fresh(loan).bucket) == (0, "current")


def test_money_dated_before_another_payment_is_refused(loan: Loan, dora: User) -> None:
    told = declare(loan, 100_00, dt.date(2026, 2, 1))
    pay(loan, 888_49, FIRST_DUE)
    with pytest.raises(BeforeLastPayment) as refusal:
        confirm(told, dt.date(2026, 2, 1), dora, FIRST_DUE)
    assert refusal.value.context == {"last": FIRST_DUE}
    assert refusal.value.message.replace("\N{NO-BREAK SPACE}", " ") == (
        "A payment or late fee of 15 Feb 2026 came after this date. Enter the money as a payment of an earlier day, on "
        "the page of the loan: then it counts on its own day. Close this one with a note that says so."
    )
    assert Repayment.objects.get(pk=told.pk).status == RepaymentStatus.DECLARED


def test_nobody_but_staff_confirms_and_only_once(loan: Loan, alice: User, bob: User, dora: User) -> None:
    told = declare(loan, 888_49, FIRST_DUE)
    for person in (alice, bob):
        with pytest.raises(NotYourPayment):
            confirm(told, FIRST_DUE, person, FIRST_DUE)
    confirm(told, FIRST_DUE, dora, FIRST_DUE)
    with pytest.raises(AlreadyDecided):
        confirm(told, FIRST_DUE, dora, FIRST_DUE)
    assert fresh(loan).principal_outstanding == 9_211_51


def test_money_that_was_not_found_posts_nothing_and_the_borrower_hears_why(loan: Loan, dora: User) -> None:
    told = declare(loan, 888_49, FIRST_DUE)
    reject_repayment(
        repayment_id=told.pk,
        note="Nothing came by 20 February.",
        actor=dora,
        idempotency_key=new_key(),
        today=FIRST_DUE,
    )
    assert Repayment.objects.get(pk=told.pk).status == RepaymentStatus.REJECTED
    assert not JournalEntry.objects.filter(kind="REPAYMENT").exists()
    assert "Nothing came by 20 February." in Notification.objects.get(event="repayment_not_found").body
    assert_links_open("repayment_not_found")


def test_the_demo_setting_confirms_at_once(loan: Loan, bob: User, settings: Any) -> None:
    settings.DEMO_MODE = True
    set_rules(AUTO_CONFIRM_MONEY=True)
    assert declare(loan, 888_49, FIRST_DUE).status == RepaymentStatus.CONFIRMED
    assert available(bob) == [294_48]


def test_money_that_arrives_after_the_last_cent_goes_to_the_borrowers_wallet(loan: Loan, dora: User) -> None:
    told = declare(loan, 888_49, dt.date(2026, 1, 20))
    pay(loan, 10_100_00, dt.date(2026, 1, 20))
    before = available(loan.borrower)[0]
    found = confirm(told, dt.date(2026, 1, 20), dora, dt.date(2026, 1, 21))
    assert (found.surplus, found.principal) == (888_49, 0)
    assert available(loan.borrower) == [before + 888_49]


# --- preview and cost -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("amount", [1, 888_49, 1_000_00, 3_456_78, 10_105_00])
@pytest.mark.parametrize("day", [dt.date(2026, 1, 20), FIRST_DUE, dt.date(2026, 4, 30)])
def test_the_preview_is_what_the_posting_does(loan: Loan, amount: int, day: dt.date) -> None:
    shown = preview_repayment(loan_id=loan.pk, amount=amount, today=day)
    paid = pay(loan, amount, day)
    plan = shown.plan
    assert (plan.late_fee, plan.interest, plan.principal, plan.surplus) == (
        paid.late_fee,
        paid.interest,
        paid.principal,
        paid.surplus,
    )
    assert plan.mode == paid.extra_mode
    stored = fresh(loan)
    assert {name: getattr(stored, name) for name in shown.columns} == shown.columns
    assert [share.net for share in plan.shares] == list(
        Distribution.objects.order_by("note_id").values_list("net", flat=True)
    )
    lines = [(line.row.number, line.late_fee, line.interest, line.principal) for line in plan.allocations]
    assert lines == list(
        RepaymentAllocation.objects.order_by("pk").values_list(
            "instalment__number", "late_fee", "interest", "principal"
        )
    )


def test_a_preview_writes_nothing(loan: Loan) -> None:
    with CaptureQueriesContext(connection) as queries:
        preview_repayment(loan_id=loan.pk, amount=888_49, today=dt.date(2026, 4, 30))
    assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []


def statements_of_a_payment(size: int, borrower: User) -> int:
    """How many statements a payment to so many lenders takes, without those that begin and end the transaction."""
    lenders = {verified(f"Lender{size}x{number}", Role.LENDER): 300_00 for number in range(size)}
    running = active_loan(borrower, lenders)
    fund_wallet(borrower, 2_000_00)
    pay(running, running.next_due_amount, FIRST_DUE)
    second = bring_loan_forward(loan_id=running.pk, today=SECOND_DUE)
    with CaptureQueriesContext(connection) as queries:
        pay(running, second.next_due_amount, SECOND_DUE)
    assert Distribution.objects.filter(repayment__loan=running).count() == 2 * size
    return len([query for query in queries if query["sql"].split(maxsplit=1)[0] not in ("BEGIN", "COMMIT")])


@pytest.mark.django_db(transaction=True)
def test_paying_two_lenders_and_twelve_costs_fifteen_statements(alice: User, dora: User) -> None:
    assert [statements_of_a_payment(size, alice) for size in (2, 12)] == [15, 15]


def test_staff_can_enter_money_that_the_borrower_did_not_tell_us_of(loan: Loan, dora: User) -> None:
    told = pay(loan, 888_49, FIRST_DUE, method=RepaymentMethod.DECLARED, actor=dora, bank_reference="LN 7")
    assert (told.payer, told.bank_reference, told.status) == (loan.borrower, "LN 7", RepaymentStatus.DECLARED)
