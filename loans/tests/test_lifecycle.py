"""Every state with every event: the table says which step is possible, and nothing else moves a loan."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import transaction

from accounts.models import AuditEvent, User
from loans.enums.loan import LOAN_TRANSITIONS, LoanEvent, LoanStatus
from loans.models import Loan
from loans.services.servicing.lifecycle import move_loan
from p2plending.lib import clock
from p2plending.lib.errors import InvalidTransition
from p2plending.tests.support.world import TODAY, offered_loan

CLOSED = (LoanStatus.REPAID, LoanStatus.SETTLED, LoanStatus.WRITTEN_OFF)


def columns_of(status: LoanStatus, loan: Loan) -> dict[str, Any]:
    """What the database asks of a loan in this state."""
    disbursed = status in LoanStatus.disbursed()
    funded = status == LoanStatus.FUNDED or disbursed
    return {
        "offer_expires_on": TODAY,
        "listed_on": TODAY,
        "listing_ends_on": TODAY,
        "funded_on": TODAY if funded else None,
        "funded_amount": loan.principal if funded else 0,
        "signed_at": clock.now() if disbursed else None,
        "disbursed_on": TODAY if disbursed else None,
        "principal_outstanding": loan.principal if status in LoanStatus.owing() else 0,
        "closed_on": TODAY if status in CLOSED else None,
    }


def put_in(loan: Loan, status: LoanStatus) -> Loan:
    """The scene of a state that services reach on longer ways."""
    marker = loan.borrower_id if status in LoanStatus.application() else None
    Loan.objects.filter(pk=loan.pk).update(status=status, open_application_of=marker, **columns_of(status, loan))
    return Loan.objects.get(pk=loan.pk)


@pytest.mark.parametrize("status", LoanStatus)
def test_each_event_leads_where_the_table_says_or_is_refused(alice: User, dora: User, status: LoanStatus) -> None:
    loan_id = put_in(offered_loan(alice), status).pk
    for event in LoanEvent:
        loan = Loan.objects.get(pk=loan_id)
        target = LOAN_TRANSITIONS.get((status, event))
        with transaction.atomic():
            if target is None:
                with pytest.raises(InvalidTransition):
                    move_loan(loan, event, actor=dora, today=TODAY)
                assert Loan.objects.get(pk=loan_id).status == status
            else:
                before = loan.transitions.count()
                move_loan(loan, event, actor=dora, today=TODAY, reason="test", **columns_of(target, loan))
                moved = Loan.objects.get(pk=loan_id)
                assert moved.status == target
                assert (moved.open_application_of == alice.pk) == (target in LoanStatus.application())
                assert loan.transitions.count() == before + 1
            transaction.set_rollback(True)


def test_a_step_leaves_a_transition_and_an_audit_event(alice: User, dora: User, today: dt.date) -> None:
    loan = offered_loan(alice, today=today)

    step = loan.transitions.get(event=LoanEvent.APPROVE)
    assert (step.from_status, step.to_status) == (LoanStatus.UNDER_REVIEW, LoanStatus.OFFERED)
    assert (step.actor, step.business_date) == (dora, today)
    event = AuditEvent.objects.get(action="loans.loan.approve")
    assert (event.subject_reference, event.actor) == (loan.reference, dora)
    assert event.data == {"from": "under_review", "to": "offered"}
