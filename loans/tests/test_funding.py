"""Reserving money for a loan: who may, how much, and never more than the loan needs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.selectors.eligibility import EmailNotVerified, WrongRole
from ledger.models import Account
from ledger.services.posting import InsufficientBalance
from loans.enums.loan import CommitmentStatus, LoanStatus
from loans.models import Commitment, Loan
from loans.selectors.listing import commitment_limits
from loans.services.funding.commitments import (
    BelowMinimum,
    BorrowerCap,
    LoanNotOpen,
    LoanShareCap,
    MoreThanRemaining,
    NotAStep,
    NotYourCommitment,
    TotalCap,
    place_commitment,
    withdraw_commitment,
)
from p2plending.lib.errors import IdempotencyConflict, InvalidTransition
from p2plending.tests.support.world import (
    NO_CAP,
    active_loan,
    commit,
    fund_wallet,
    lift_lending_limits,
    listed_loan,
    new_key,
    offered_loan,
    set_rules,
)


def fresh(loan: Loan) -> Loan:
    return Loan.objects.get(pk=loan.pk)


def wallet(user: User) -> tuple[int, int]:
    """Available and reserved."""
    balances = dict(Account.objects.filter(owner=user).values_list("code", "balance"))
    return balances.get("C2100", 0), balances.get("C2110", 0)


def place(loan: Loan, lender: User, amount: int, today: dt.date, key: str | None = None) -> Commitment:
    return place_commitment(
        loan_id=loan.pk, lender=lender, amount=amount, actor=lender, idempotency_key=key or new_key(), today=today
    )


def assert_untouched(loan: Loan, lender: User, available: int) -> None:
    assert (fresh(loan).funded_amount, fresh(loan).lender_count) == (0, 0)
    assert not Commitment.objects.exists()
    assert wallet(lender) == (available, 0)


def test_people_who_may_not_lend_reserve_nothing(alice: User, eve: User, dora: User, today: dt.date) -> None:
    loan = listed_loan(alice, today=today)
    with pytest.raises(EmailNotVerified):
        place(loan, eve, 50_00, today)
    with pytest.raises(WrongRole):
        place(loan, dora, 50_00, today)
    assert fresh(loan).funded_amount == 0


def test_nobody_lends_in_the_name_of_another(alice: User, bob: User, carol: User, today: dt.date) -> None:
    loan = listed_loan(alice, today=today)
    fund_wallet(bob, 100_00, today=today)
    with pytest.raises(NotYourCommitment):
        place_commitment(loan_id=loan.pk, lender=bob, amount=50_00, actor=carol, idempotency_key=new_key(), today=today)
    assert_untouched(loan, bob, 100_00)


def test_a_loan_takes_money_only_while_it_is_open(alice: User, bob: User, today: dt.date) -> None:
    fund_wallet(bob, 100_00, today=today)
    offered = offered_loan(alice, today=today)
    with pytest.raises(LoanNotOpen, match=r"^This loan is not open for lending\."):
        place(offered, bob, 50_00, today)
    assert_untouched(offered, bob, 100_00)


def test_the_last_day_of_funding_counts_and_the_next_does_not(alice: User, bob: User, today: dt.date) -> None:
    fund_wallet(bob, 100_00, today=today)
    loan = listed_loan(alice, today=today)
    assert place(loan, bob, 50_00, loan.listing_ends_on).status == CommitmentStatus.RESERVED
    with pytest.raises(LoanNotOpen, match=r"^The time for lending to this loan has ended\."):
        place(loan, bob, 50_00, loan.listing_ends_on + dt.timedelta(days=1))


def test_lending_takes_as_many_statements_to_a_loan_of_one_as_of_six(
    alice: User, bob: User, carol: User, today: dt.date
) -> None:
    lift_lending_limits()
    loan = listed_loan(alice, today=today)
    counts = []
    for number in range(6):
        lender = carol if number else bob
        fund_wallet(lender, 50_00, today=today)
        with CaptureQueriesContext(connection) as statements:
            place(loan, lender, 50_00, today)
        counts.append(len(statements))
    # The first two open the accounts that each lender has reserved money on, and see that the currency is theirs.
    assert len(set(counts[2:])) == 1
    assert max(counts) - min(counts) <= 3


@pytest.mark.parametrize(
    ("amount", "refusal", "message"),
    [
        (24_99, BelowMinimum, "Enter €25.00 or more."),
        (0, BelowMinimum, "Enter €25.00 or more."),
        (-50_00, BelowMinimum, "Enter €25.00 or more."),
        (27_50, NotAStep, "Enter an amount in steps of €5.00."),
        (1_000_01, MoreThanRemaining, "Only €1,000.00 is left. Enter that amount or less."),
        (255_00, LoanShareCap, "You can lend at most €250.00 to this loan, and €250.00 more."),
        (250_00, InsufficientBalance, "You have €200.00 available. Add money or lend less."),
    ],
)
def test_amounts_that_break_a_rule_are_refused_in_words(
    alice: User, bob: User, today: dt.date, amount: int, refusal: type, message: str
) -> None:
    fund_wallet(bob, 200_00, today=today)
    loan = listed_loan(alice, amount=1_000_00, today=today)
    with pytest.raises(refusal) as refused:
        place(loan, bob, amount, today)
    assert refused.value.message == message
    assert_untouched(loan, bob, 200_00)


def test_reserving_moves_available_to_reserved(alice: User, bob: User, today: dt.date) -> None:
    fund_wallet(bob, 200_00, today=today)
    loan = listed_loan(alice, today=today)
    commitment = place(loan, bob, 50_00, today)

    assert wallet(bob) == (150_00, 50_00)
    assert (fresh(loan).funded_amount, fresh(loan).lender_count, fresh(loan).status) == (
        50_00, 1, LoanStatus.LISTED,
    )  # fmt: skip
    assert (commitment.amount, commitment.committed_on) == (50_00, today)


def test_several_reservations_of_one_lender_are_one_lender_under_one_cap(
    alice: User, bob: User, today: dt.date
) -> None:
    fund_wallet(bob, 500_00, today=today)
    loan = listed_loan(alice, amount=1_000_00, today=today)
    place(loan, bob, 100_00, today)
    place(loan, bob, 100_00, today)
    with pytest.raises(LoanShareCap) as refused:
        place(loan, bob, 55_00, today)
    assert refused.value.context == {"maximum": 50_00}
    assert (fresh(loan).funded_amount, fresh(loan).lender_count) == (200_00, 1)


def test_one_key_reserves_once(alice: User, bob: User, today: dt.date) -> None:
    fund_wallet(bob, 500_00, today=today)
    loan, key = listed_loan(alice, today=today), new_key()
    first, again = place(loan, bob, 50_00, today, key), place(loan, bob, 50_00, today, key)

    assert (first.pk, again.is_replay) == (again.pk, True)
    assert wallet(bob) == (450_00, 50_00)
    with pytest.raises(IdempotencyConflict):
        place(loan, bob, 55_00, today, key)


def test_the_cap_with_one_borrower_counts_running_loans_and_reservations(
    alice: User, bob: User, carol: User, today: dt.date
) -> None:
    active_loan(alice, {bob: 300_00, carol: 700_00}, today=today)
    set_rules(LENDER_BORROWER_CAP=500_00)
    fund_wallet(bob, 1_000_00, today=today)
    loan = listed_loan(alice, amount=2_000_00, today=today)
    place(loan, bob, 150_00, today)
    with pytest.raises(BorrowerCap) as refused:
        place(loan, bob, 51_00, today)
    assert refused.value.context == {"maximum": 50_00}
    assert place(loan, bob, 50_00, today).amount == 50_00


def test_the_total_cap_counts_all_loans(alice: User, bob: User, today: dt.date) -> None:
    set_rules(LENDER_TOTAL_CAP=100_00)
    fund_wallet(bob, 500_00, today=today)
    loan = listed_loan(alice, today=today)
    place(loan, bob, 80_00, today)
    with pytest.raises(TotalCap):
        place(loan, bob, 25_00, today)


def test_the_last_investor_takes_a_rest_below_minimum_and_step(
    alice: User, bob: User, carol: User, today: dt.date
) -> None:
    lift_lending_limits()
    loan = commit(listed_loan(alice, amount=1_000_00, today=today), bob, 993_00, today=today)
    set_rules(COMMITMENT_STEP=5_00)
    fund_wallet(carol, 100_00, today=today)
    limits = commitment_limits(loan, carol)
    assert (limits.minimum, limits.maximum, limits.whole_remaining) == (7_00, 7_00, 7_00)
    with pytest.raises(MoreThanRemaining) as refused:
        place(loan, carol, 25_00, today)
    assert refused.value.context == {"remaining": 7_00}
    with pytest.raises(BelowMinimum):
        place(loan, carol, 5_00, today)

    place(loan, carol, 7_00, today)
    full = fresh(loan)
    assert (full.status, full.funded_amount, full.lender_count) == (LoanStatus.FUNDED, 1_000_00, 2)
    assert (full.funded_on, full.signing_ends_on) == (today, today + dt.timedelta(days=14))
    with pytest.raises(LoanNotOpen, match=r"^This loan was filled while you were deciding\."):
        place(loan, carol, 25_00, today)


def test_the_database_itself_refuses_an_over_funded_loan(alice: User, today: dt.date) -> None:
    loan = listed_loan(alice, amount=1_000_00, today=today)
    with pytest.raises(IntegrityError), transaction.atomic():
        Loan.objects.filter(pk=loan.pk).update(funded_amount=1_000_01)


def test_a_lender_takes_money_back_while_the_loan_is_open(alice: User, bob: User, carol: User, today: dt.date) -> None:
    fund_wallet(bob, 200_00, today=today)
    loan = listed_loan(alice, today=today)
    first, second = place(loan, bob, 50_00, today), place(loan, bob, 25_00, today)
    with pytest.raises(NotYourCommitment):
        withdraw_commitment(commitment_id=first.pk, actor=carol, idempotency_key=new_key(), today=today)

    withdraw_commitment(commitment_id=first.pk, actor=bob, idempotency_key=new_key(), today=today)
    assert (fresh(loan).funded_amount, fresh(loan).lender_count, wallet(bob)) == (25_00, 1, (175_00, 25_00))
    with pytest.raises(InvalidTransition):
        withdraw_commitment(commitment_id=first.pk, actor=bob, idempotency_key=new_key(), today=today)
    withdraw_commitment(commitment_id=second.pk, actor=bob, idempotency_key=new_key(), today=today)
    assert (fresh(loan).funded_amount, fresh(loan).lender_count, wallet(bob)) == (0, 0, (200_00, 0))


def test_money_of_a_funded_loan_stays_reserved(alice: User, bob: User, today: dt.date) -> None:
    lift_lending_limits()
    loan = commit(listed_loan(alice, amount=1_000_00, today=today), bob, 1_000_00, today=today)
    commitment = loan.commitments.get()
    with pytest.raises(InvalidTransition):
        withdraw_commitment(commitment_id=commitment.pk, actor=bob, idempotency_key=new_key(), today=today)
    assert wallet(bob) == (0, 1_000_00)


@pytest.mark.parametrize(
    ("wallet_amount", "maximum", "words"),
    [
        (0, 0, "You have €0.00 available. Add money to lend to this loan."),
        (103_00, 100_00, ""),
        (900_00, 250_00, ""),
    ],
)
def test_the_page_offers_what_the_service_takes(
    alice: User, bob: User, today: dt.date, wallet_amount: int, maximum: int, words: str
) -> None:
    loan = listed_loan(alice, amount=1_000_00, today=today)
    if wallet_amount:
        fund_wallet(bob, wallet_amount, today=today)
    limits = commitment_limits(loan, bob)
    assert (limits.minimum, limits.step, limits.maximum, limits.reason) == (25_00, 5_00, maximum, words)
    if maximum:
        assert place(loan, bob, maximum, today).amount == maximum


def test_one_lender_takes_a_whole_loan_only_when_the_caps_allow(alice: User, bob: User, today: dt.date) -> None:
    set_rules(LOAN_SHARE_CAP=Decimal(1), LENDER_BORROWER_CAP=NO_CAP)
    loan = commit(listed_loan(alice, amount=1_000_00, today=today), bob, 1_000_00, today=today)
    assert loan.status == LoanStatus.FUNDED
