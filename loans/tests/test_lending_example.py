"""The example of docs/domain.md from application to pay-out, to the cent."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from accounts.enums.people import Role
from accounts.models import User
from ledger.enums.books import EntryKind
from ledger.models import Account, JournalEntry
from loans.enums.loan import CommitmentStatus, LoanStatus
from p2plending.tests.support.world import example_loan, verified


@pytest.fixture
def dan(dora: User) -> User:
    return verified("Dan", Role.LENDER)


def test_the_example_pays_9700_to_the_borrower_and_leaves_three_notes(
    alice: User, bob: User, carol: User, dan: User, today: dt.date
) -> None:
    loan = example_loan(alice, (bob, carol, dan), today=today)

    assert loan.status == LoanStatus.ACTIVE
    assert loan.annual_rate == Decimal("0.12")
    assert loan.principal == loan.principal_outstanding == 10_000_00
    assert (loan.origination_fee, loan.net_received) == (300_00, 9_700_00)
    assert (loan.instalment_amount, loan.total_payment) == (888_49, 10_661_86)
    assert (loan.next_due_on, loan.next_due_amount) == (dt.date(2026, 2, 15), 888_49)
    assert loan.maturity_date == dt.date(2027, 1, 15)
    balances = dict(Account.objects.exclude(owner=None).values_list("key", "balance"))
    assert balances[f"C2100:U{alice.pk}"] == 9_700_00
    assert [balances[f"C2110:U{lender.pk}"] for lender in (bob, carol, dan)] == [0, 0, 0]
    notes = list(loan.notes.order_by("pk").values_list("owner_id", "principal", "principal_outstanding"))
    assert notes == [
        (bob.pk, 3_333_00, 3_333_00),
        (carol.pk, 3_333_00, 3_333_00),
        (dan.pk, 3_334_00, 3_334_00),
    ]
    assert set(loan.commitments.values_list("status", flat=True)) == {CommitmentStatus.CONVERTED}


def test_the_disbursement_entry_has_the_lines_of_the_posting_table(
    alice: User, bob: User, carol: User, dan: User, today: dt.date
) -> None:
    loan = example_loan(alice, (bob, carol, dan), today=today)

    entry = JournalEntry.objects.get(kind=EntryKind.LOAN_DISBURSED)
    lines = {
        (posting.account.key, posting.debit, posting.credit, posting.code)
        for posting in entry.postings.select_related("account")
    }
    assert lines == {
        (f"C2110:U{bob.pk}", 3_333_00, 0, "LOAN_FUNDED"),
        (f"C2110:U{carol.pk}", 3_333_00, 0, "LOAN_FUNDED"),
        (f"C2110:U{dan.pk}", 3_334_00, 0, "LOAN_FUNDED"),
        (f"C2100:U{alice.pk}", 0, 9_700_00, "LOAN_DISBURSED"),
        ("C2140", 0, 300_00, "ORIGINATION_FEE"),
        (f"L1200:{loan.reference}", 10_000_00, 0, "PRINCIPAL"),
        (f"L2200:{loan.reference}", 0, 10_000_00, "PRINCIPAL"),
        ("P1310", 300_00, 0, "ORIGINATION_FEE"),
        ("P4000", 0, 300_00, "ORIGINATION_FEE"),
    }
