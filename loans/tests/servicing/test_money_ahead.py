"""Money paid ahead: kept until it is due, and never interest for days that have not come."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Notification, User
from ledger.models import Account
from ledger.selectors import balance
from loans.enums.loan import ExtraMode, LoanStatus, RepaymentMethod, RepaymentStatus
from loans.models import DefaultInterest, Instalment, Loan, Repayment
from loans.selectors.explanations.repayment import explain_repayment
from loans.selectors.servicing import payoff_figure
from loans.services.corrections.backdated_payment import record_backdated_repayment
from loans.services.corrections.reversal import NotReversible
from loans.services.repayments.record import preview_repayment
from loans.services.repayments.right_of_withdrawal import give_loan_back, withdrawal_figures
from loans.services.servicing.autopay import set_autopay
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tasks import notify_of_payments
from loans.tests.servicing.paying import ask_to_undo, available, bounce, confirm, declare, fresh, pay
from loans.tests.servicing.test_payment_properties import standing, undone
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.world import fund_wallet, new_key

pytestmark = pytest.mark.django_db

FIRST_DUE = dt.date(2026, 2, 15)
SECOND_DUE = dt.date(2026, 3, 15)
EARLY = FIRST_DUE - dt.timedelta(days=3)
LENDERS_FIRST = [294_48, 294_47, 294_56]


def come(loan: Loan, *days: dt.date) -> Loan:
    """The end of each of these days."""
    for day in days:
        bring_loan_forward(loan_id=loan.pk, today=day)
    return fresh(loan)


def on_loan(loan: Loan) -> dict[str, int]:
    """What stands on the loan's own accounts."""
    found = Account.objects.filter(loan_reference=loan.reference).exclude(balance=0)
    return dict(found.values_list("code", "balance"))


def from_credit(loan: Loan) -> list[tuple[dt.date, int, int, int]]:
    """What the calendar paid from money paid ahead, and counts: day, late fee, interest, principal."""
    paid = Repayment.objects.filter(loan=loan, method=RepaymentMethod.CREDIT, status=RepaymentStatus.CONFIRMED)
    return list(paid.order_by("pk").values_list("value_date", "late_fee", "interest", "principal"))


# --- kept, then paid --------------------------------------------------------------------------------------------------
def test_a_payment_three_days_ahead_reaches_the_lenders_on_its_due_date(
    loan: Loan, bob: User, carol: User, dan: User
) -> None:
    wallet = available(loan.borrower)[0]
    paid = pay(loan, 888_49, EARLY)
    assert (paid.extra_mode, paid.held, paid.interest, paid.principal) == (ExtraMode.CREDIT, 888_49, 0, 0)
    assert available(loan.borrower, bob, carol, dan) == [wallet - 888_49, 0, 0, 0]
    assert on_loan(loan) == {"C2130": 888_49, "L1200": 10_000_00, "L2200": 10_000_00}
    stored = fresh(loan)
    assert (stored.credit_held, stored.next_due_on, stored.next_due_amount) == (888_49, FIRST_DUE, 0)
    assert_sound_books()

    stored = come(loan, FIRST_DUE)
    assert available(bob, carol, dan) == LENDERS_FIRST
    assert on_loan(loan) == {"L1200": 9_211_51, "L2200": 9_211_51}
    assert from_credit(loan) == [(FIRST_DUE, 0, 100_00, 788_49)]
    assert (stored.credit_held, stored.next_due_on, stored.next_due_amount) == (0, SECOND_DUE, 888_49)
    assert (stored.schedule_version, stored.days_past_due) == (1, 0)
    row = Instalment.objects.get(loan=loan, number=1)
    assert (row.status, row.settled_on) == ("paid", FIRST_DUE)
    assert_sound_books()

    come(loan, FIRST_DUE, FIRST_DUE + dt.timedelta(days=1))
    assert len(from_credit(loan)) == 1


def test_a_part_pays_its_part_on_the_day_and_the_rest_is_due(loan: Loan) -> None:
    pay(loan, 500_00, EARLY)
    assert fresh(loan).next_due_amount == 388_49
    stored = come(loan, FIRST_DUE)
    assert from_credit(loan) == [(FIRST_DUE, 0, 100_00, 400_00)]
    assert (stored.credit_held, stored.next_due_on, stored.next_due_amount) == (0, FIRST_DUE, 388_49)


def test_a_late_end_of_day_over_two_due_dates_gives_the_same_figures(loan: Loan) -> None:
    pay(loan, 1_500_00, EARLY, extra_mode=ExtraMode.CREDIT)
    day = SECOND_DUE + dt.timedelta(days=20)
    with undone():
        come(loan, FIRST_DUE, SECOND_DUE, SECOND_DUE + dt.timedelta(days=16), day)
        every_day, paid = standing(loan), from_credit(loan)
    come(loan, day)
    assert from_credit(loan) == paid == [(FIRST_DUE, 0, 100_00, 788_49), (SECOND_DUE, 0, 92_12, 519_39)]
    assert standing(loan) == every_day
    # 276.98 of the second payment is late, and the fee is the fixed one at least.
    late = Instalment.objects.get(loan=loan, number=2)
    assert (late.principal_unpaid + late.interest_unpaid, late.late_fee_charged_on) == (276_98, day - dt.timedelta(4))
    assert_sound_books()


def test_nobody_is_late_and_no_fee_comes_however_late_the_end_of_day_runs(loan: Loan) -> None:
    pay(loan, 888_49, EARLY)
    stored = come(loan, SECOND_DUE - dt.timedelta(days=1))
    assert (stored.days_past_due, stored.worst_days_past_due, stored.arrears_amount) == (0, 0, 0)
    assert not Instalment.objects.filter(loan=loan, late_fee_due__gt=0).exists()
    assert not DefaultInterest.objects.exists()


def test_automatic_payment_takes_only_what_money_paid_ahead_leaves(loan: Loan) -> None:
    pay(loan, 500_00, EARLY)
    set_autopay(loan_id=loan.pk, is_on=True, actor=loan.borrower)
    come(loan, FIRST_DUE)
    made = Repayment.objects.filter(loan=loan).order_by("pk").values_list("method", "amount", "value_date")
    assert list(made)[1:] == [("credit", 500_00, FIRST_DUE), ("autopay", 388_49, FIRST_DUE)]


# --- paying off, and changing the plan --------------------------------------------------------------------------------
def test_paying_off_right_after_paying_ahead_asks_no_interest_to_come(loan: Loan, bob: User) -> None:
    pay(loan, 888_49, EARLY)
    figure = payoff_figure(fresh(loan), EARLY)
    # 28 of 31 days: 90.32 of the 100.00.
    assert (figure.principal, figure.interest, figure.credit, figure.total) == (10_000_00, 90_32, 888_49, 9_201_83)
    paid = pay(loan, figure.total, EARLY)
    assert (paid.interest, paid.principal, paid.credit_used, paid.surplus) == (90_32, 10_000_00, 888_49, 0)
    closed = fresh(loan)
    assert (closed.status, closed.credit_held, on_loan(loan)) == (LoanStatus.REPAID, 0, {})
    assert available(bob) == [3_333_00 + 30_11 - 1_50]
    assert_sound_books()


def test_what_is_more_than_owed_goes_back_with_the_money_that_was_kept(loan: Loan) -> None:
    wallet = available(loan.borrower)[0]
    pay(loan, 888_49, EARLY)
    paid = pay(loan, 9_300_00, EARLY)
    assert (paid.surplus, paid.credit_used) == (98_17, 888_49)
    assert available(loan.borrower) == [wallet - 10_090_32]


def test_another_way_of_using_extra_money_takes_what_was_kept_with_it(loan: Loan) -> None:
    pay(loan, 500_00, EARLY)
    shown = preview_repayment(loan_id=loan.pk, amount=1_000_00, today=EARLY, extra_mode=ExtraMode.SHORTER)
    paid = pay(loan, 1_000_00, EARLY, extra_mode=ExtraMode.SHORTER)
    assert (paid.interest, paid.principal, paid.credit_used, paid.held) == (90_32, 1_409_68, 500_00, 0)
    assert (shown.plan.credit_used, shown.columns["credit_held"]) == (500_00, 0)
    stored = fresh(loan)
    assert (stored.credit_held, stored.principal_outstanding, stored.schedule_version) == (0, 8_590_32, 2)
    assert_sound_books()


def test_giving_the_loan_back_uses_what_was_paid_ahead(loan: Loan) -> None:
    day = dt.date(2026, 1, 20)
    pay(loan, 888_49, day)
    figures = withdrawal_figures(fresh(loan), day)
    assert (figures.credit, figures.to_pay) == (888_49, 10_000_00 + 16_13 - 888_49)
    paid = give_loan_back(loan_id=loan.pk, actor=loan.borrower, idempotency_key=new_key(), today=day)
    assert (paid.amount, paid.credit_used, fresh(loan).status) == (figures.to_pay, 888_49, LoanStatus.REPAID)
    assert_sound_books()


# --- shown before -----------------------------------------------------------------------------------------------------
def test_a_preview_knows_what_money_paid_ahead_did_since_the_calendar_last_ran(loan: Loan) -> None:
    pay(loan, 1_000_00, EARLY, extra_mode=ExtraMode.CREDIT)
    day = FIRST_DUE + dt.timedelta(days=2)
    shown = preview_repayment(loan_id=loan.pk, amount=900_00, today=day, extra_mode=ExtraMode.LOWER)
    paid = pay(loan, 900_00, day, extra_mode=ExtraMode.LOWER)
    # 111.51 was left of it on the due date; 2 of 28 days of 92.12 are 6.58.
    assert (paid.credit_used, paid.interest, paid.principal) == (111_51, 6_58, 1_004_93)
    assert (shown.plan.credit_used, shown.plan.interest, shown.plan.principal) == (111_51, 6_58, 1_004_93)
    nets = list(paid.distributions.order_by("note_id").values_list("net", flat=True))
    assert [share.net for share in shown.plan.shares] == nets
    stored = fresh(loan)
    assert {name: getattr(stored, name) for name in shown.columns} == shown.columns


def test_a_second_payment_ahead_counts_for_the_first_one_that_is_not_covered(loan: Loan) -> None:
    for _ in range(2):
        paid = pay(loan, 888_49, EARLY)
        assert (paid.extra_mode, paid.held) == (ExtraMode.CREDIT, 888_49)
    assert fresh(loan).credit_held == 1_776_98
    come(loan, SECOND_DUE)
    assert from_credit(loan) == [(FIRST_DUE, 0, 100_00, 788_49), (SECOND_DUE, 0, 92_12, 796_37)]


def test_the_borrower_hears_what_is_kept_and_what_it_paid(loan: Loan) -> None:
    pay(loan, 888_49, EARLY)
    notify_of_payments()
    kept = Notification.objects.get(event="repayment_received")
    assert "€888.49 is kept for your next payments." in kept.body
    assert "Your payment on 15 February 2026 is covered" in kept.body.replace("\N{NO-BREAK SPACE}", " ")
    come(loan, FIRST_DUE)
    notify_of_payments()
    last = Notification.objects.filter(event="repayment_received").order_by("pk").last()
    assert last.title == "Your payment was made from what you paid ahead"


def test_a_lender_can_have_a_payment_from_money_paid_ahead_explained(loan: Loan, bob: User) -> None:
    pay(loan, 888_49, EARLY)
    come(loan, FIRST_DUE)
    paid = Repayment.objects.get(loan=loan, method=RepaymentMethod.CREDIT)
    shown = explain_repayment(paid.reference, bob)
    assert [share.row.net for share in shown.shares] == [294_48]
    assert [line.instalment.number for line in shown.allocations] == [1]


# --- the past ---------------------------------------------------------------------------------------------------------
def test_what_the_calendar_paid_cannot_be_undone_by_itself(loan: Loan, dora: User) -> None:
    pay(loan, 888_49, EARLY)
    come(loan, FIRST_DUE)
    paid = Repayment.objects.get(loan=loan, method=RepaymentMethod.CREDIT)
    before = standing(loan)
    with pytest.raises(NotReversible) as refusal:
        ask_to_undo(paid, dora, FIRST_DUE)
    assert "Undo the payment that brought the money" in refusal.value.message
    assert standing(loan) == before


@pytest.mark.parametrize("day", [EARLY, FIRST_DUE, FIRST_DUE + dt.timedelta(days=20)])
def test_money_paid_ahead_that_comes_back_leaves_the_loan_as_if_it_had_never_come(
    loan: Loan, dora: User, frank: User, day: dt.date
) -> None:
    with undone():
        come(loan, day)
        never_came = standing(loan)
    paid = pay(loan, 888_49, EARLY)
    come(loan, FIRST_DUE if day >= FIRST_DUE else EARLY, day)
    bounce(paid, dora, frank, day)
    assert standing(loan) == never_came
    assert from_credit(loan) == []
    assert_sound_books()


def test_a_payment_of_an_earlier_day_is_kept_beside_what_is_there_and_the_due_date_is_paid_anew(
    loan: Loan, dora: User, bob: User
) -> None:
    pay(loan, 888_49, EARLY)
    today = FIRST_DUE + dt.timedelta(days=5)
    come(loan, FIRST_DUE, today)
    first = Repayment.objects.get(loan=loan, method=RepaymentMethod.CREDIT)
    found = record_backdated_repayment(
        loan_id=loan.pk,
        amount=500_00,
        value_date=FIRST_DUE - dt.timedelta(days=1),
        bank_reference="LN",
        actor=dora,
        idempotency_key=new_key(),
        today=today,
    )
    first.refresh_from_db()
    assert (found.held, first.status) == (500_00, RepaymentStatus.REPLACED)
    assert from_credit(loan) == [(FIRST_DUE, 0, 100_00, 788_49)]
    assert (fresh(loan).credit_held, balance("C2130", loan_reference=loan.reference)) == (500_00, 500_00)
    assert available(bob) == [294_48]
    come(loan, SECOND_DUE)
    assert from_credit(loan)[1:] == [(SECOND_DUE, 0, 92_12, 407_88)]
    assert_sound_books()


def test_undoing_the_first_of_two_leaves_the_second_to_pay_the_due_date(loan: Loan, dora: User, frank: User) -> None:
    first = pay(loan, 888_49, EARLY)
    second = pay(loan, 300_00, EARLY + dt.timedelta(days=1))
    come(loan, FIRST_DUE)
    bounce(first, dora, frank, FIRST_DUE)
    assert Repayment.objects.get(replaces=second).held == 300_00
    assert from_credit(loan) == [(FIRST_DUE, 0, 100_00, 200_00)]
    assert (fresh(loan).credit_held, fresh(loan).next_due_amount) == (0, 588_49)
    assert_sound_books()


def test_money_sent_before_a_due_date_that_was_paid_from_money_ahead_counts_on_that_day(loan: Loan, dora: User) -> None:
    pay(loan, 500_00, EARLY)
    told = declare(loan, 388_49, FIRST_DUE - dt.timedelta(days=1))
    later = FIRST_DUE + dt.timedelta(days=3)
    come(loan, later)
    found = confirm(told, FIRST_DUE - dt.timedelta(days=1), dora, later)
    assert (found.counted_on, found.principal, fresh(loan).days_past_due) == (FIRST_DUE, 388_49, 0)


# --- cost -------------------------------------------------------------------------------------------------------------
def test_paying_ahead_and_paying_off_with_it_cost_no_more_statements_than_any_payment(loan: Loan) -> None:
    fund_wallet(loan.borrower, 5_000_00)
    come(loan, EARLY)
    counts = []
    for amount in (888_49, 888_49):
        with CaptureQueriesContext(connection) as queries:
            pay(loan, amount, EARLY)
        counts.append(
            len([one for one in queries if not one["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "REL"))])
        )
    assert max(counts) <= 15
