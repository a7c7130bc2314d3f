"""Many people at once: one loan is never funded twice over, one form has one effect."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from django.db import connection

from accounts.enums.people import Role
from accounts.models import User
from ledger.models import Account, JournalEntry
from loans.enums.loan import CommitmentStatus, LoanStatus
from loans.models import CreditAssessment, Loan, Note
from loans.services.funding.agreement import sign_agreement
from loans.services.funding.commitments import LoanNotOpen, MoreThanRemaining, place_commitment, withdraw_commitment
from loans.services.funding.disbursement import disburse_loan
from loans.services.funding.offer import accept_offer
from loans.services.origination.application import submit_application, withdraw_application
from p2plending.lib.errors import Refused
from p2plending.tests.support.world import (
    commit,
    draft_loan,
    fund_wallet,
    lift_lending_limits,
    listed_loan,
    new_key,
    offered_loan,
    set_rules,
    signed_loan,
    verified,
)

pytestmark = pytest.mark.django_db(transaction=True)
LENDERS = 50


def at_once(count: int, act: Callable[[int], object]) -> list[object]:
    """Start `count` threads together; each gives what `act` returned, or the refusal that it raised."""
    barrier = threading.Barrier(count)
    results: list[object] = [None] * count

    def run(index: int) -> None:
        barrier.wait(timeout=60)
        try:
            results[index] = act(index)
        except Refused as refusal:
            results[index] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return results


@pytest.mark.mariadb
@pytest.mark.slow
def test_fifty_lenders_race_for_the_last_part(alice: User, bob: User, dora: User, today: dt.date) -> None:
    lift_lending_limits()
    loan = commit(listed_loan(alice, amount=1_000_00, today=today), bob, 750_00, today=today)
    lenders = [verified(f"Lender{number}", Role.LENDER) for number in range(LENDERS)]
    for lender in lenders:
        fund_wallet(lender, 50_00, today=today)

    def lend(index: int) -> str:
        place_commitment(
            loan_id=loan.pk,
            lender=lenders[index],
            amount=50_00,
            actor=lenders[index],
            idempotency_key=f"race-{index:04d}",
            today=today,
        )
        return "lent"

    results = at_once(LENDERS, lend)

    assert results.count("lent") == 5
    refused = [result for result in results if result != "lent"]
    assert {type(result) for result in refused} <= {LoanNotOpen, MoreThanRemaining}
    full = Loan.objects.get(pk=loan.pk)
    assert (full.status, full.funded_amount, full.lender_count) == (LoanStatus.FUNDED, 1_000_00, 6)
    holding = full.commitments.filter(status__in=CommitmentStatus.holding())
    assert sum(holding.values_list("amount", flat=True)) == 1_000_00
    reserved = Account.objects.filter(code="C2110").values_list("balance", flat=True)
    assert sum(reserved) == 1_000_00
    assert sum(Account.objects.filter(code="C2100").values_list("balance", flat=True)) == 45 * 50_00


def test_the_same_form_posted_twice_at_once_reserves_once(alice: User, bob: User, today: dt.date) -> None:
    fund_wallet(bob, 500_00, today=today)
    loan, key = listed_loan(alice, today=today), new_key()
    references = at_once(
        2,
        lambda _: (
            place_commitment(
                loan_id=loan.pk, lender=bob, amount=50_00, actor=bob, idempotency_key=key, today=today
            ).reference
        ),
    )
    assert references[0] == references[1] == loan.commitments.get().reference
    assert Account.objects.get(key=f"C2110:U{bob.pk}").balance == 50_00


def test_each_other_form_posted_twice_at_once_has_one_effect(alice: User, bob: User, today: dt.date) -> None:
    set_rules(BORROWER_TOTAL_CAP=100_000_00)
    draft, key = draft_loan(alice, today=today), new_key()
    sent = at_once(
        2,
        lambda _: submit_application(loan_id=draft.pk, actor=alice, idempotency_key=key, today=today).status,
    )
    assert sent == [LoanStatus.SUBMITTED] * 2
    assert CreditAssessment.objects.count() == 1
    withdraw_application(loan_id=draft.pk, actor=alice, idempotency_key=new_key(), today=today)

    offered, accept_key = offered_loan(alice, today=today), new_key()
    at_once(2, lambda _: accept_offer(loan_id=offered.pk, actor=alice, idempotency_key=accept_key, today=today).status)
    assert offered.transitions.filter(event="accept").count() == 1
    fund_wallet(bob, 50_00, today=today)
    held = place_commitment(
        loan_id=offered.pk, lender=bob, amount=50_00, actor=bob, idempotency_key=new_key(), today=today
    )
    back_key = new_key()
    at_once(
        2,
        lambda _: withdraw_commitment(commitment_id=held.pk, actor=bob, idempotency_key=back_key, today=today).status,
    )
    assert Account.objects.get(key=f"C2100:U{bob.pk}").balance == 50_00
    away_key = new_key()
    at_once(
        2,
        lambda _: withdraw_application(loan_id=offered.pk, actor=alice, idempotency_key=away_key, today=today).status,
    )
    assert offered.transitions.filter(event="withdraw").count() == 1


def test_two_signatures_and_two_pay_outs_at_once_pay_once(alice: User, bob: User, today: dt.date) -> None:
    loan = signed_loan(alice, {bob: 1_000_00}, today=today)
    again = at_once(
        2,
        lambda index: sign_agreement(
            loan_id=loan.pk,
            typed_name=alice.full_name,
            actor=alice,
            ip_address=None,
            idempotency_key=f"sign-again-{index}",
            today=today,
        ),
    )
    assert all(isinstance(result, Refused) for result in again)
    results = at_once(
        2,
        lambda _: (
            disburse_loan(loan_id=loan.pk, actor=None, idempotency_key=f"disburse:{loan.reference}", today=today).status
        ),
    )
    assert results == [LoanStatus.ACTIVE] * 2
    assert Note.objects.count() == 1
    assert JournalEntry.objects.filter(kind="LOAN_DISBURSED").count() == 1


def test_a_withdrawn_loan_and_the_last_lender_at_once_leave_nothing_reserved(
    alice: User, bob: User, today: dt.date
) -> None:
    lift_lending_limits()
    fund_wallet(bob, 1_000_00, today=today)
    loan = listed_loan(alice, amount=1_000_00, today=today)

    def act(index: int) -> str:
        if index == 0:
            withdraw_application(loan_id=loan.pk, actor=alice, idempotency_key=new_key(), today=today)
            return "withdrawn"
        place_commitment(
            loan_id=loan.pk, lender=bob, amount=1_000_00, actor=bob, idempotency_key=new_key(), today=today
        )
        return "lent"

    results = at_once(2, act)
    assert results[0] == "withdrawn"
    ended = Loan.objects.get(pk=loan.pk)
    assert (ended.status, ended.funded_amount) == (LoanStatus.WITHDRAWN, 0)
    assert Account.objects.get(key=f"C2100:U{bob.pk}").balance == 1_000_00
