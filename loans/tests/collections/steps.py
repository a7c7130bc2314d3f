"""Short ways to the steps of loans in trouble, for the tests of this folder."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import ApprovalRequest, User
from accounts.services.approvals.requests import approve_request
from ledger.selectors import balance
from loans.account.restructure import PlanTerms
from loans.enums.collections import DefaultCause, HardshipCause, PlanOption
from loans.enums.loan import RepaymentMethod
from loans.models import (
    DefaultNotice,
    HardshipRequest,
    Instalment,
    Loan,
    LoanDefault,
    PlanProposal,
    Recovery,
    SettlementOffer,
    Waiver,
)
from loans.services.collections.default import declare_default, send_default_notice
from loans.services.collections.hardship import request_help
from loans.services.collections.recovery import record_recovery
from loans.services.collections.restructuring import accept_plan, propose_plan
from loans.services.collections.settlement import offer_settlement, pay_settlement
from loans.services.collections.waivers import waive_charges
from loans.services.collections.write_off import request_write_off
from p2plending.tests.support.world import new_key

FIRST_DUE, SECOND_DUE, THIRD_DUE = dt.date(2026, 2, 15), dt.date(2026, 3, 15), dt.date(2026, 4, 15)
NOTICE_DAY = dt.date(2026, 5, 30)
DEFAULT_DAY = dt.date(2026, 6, 14)


def instalment(loan: Loan, number: int) -> Instalment:
    """The payment of the plan that counts now."""
    return Instalment.objects.exclude(status="superseded").get(loan=loan, number=number)


def book(loan: Loan) -> dict[str, int]:
    """What the loan book says: principal, interest, late fees."""
    return {code: balance(code, loan_reference=loan.reference) for code in ("L1200", "L1210", "L1220")}


def waive(loan: Loan, number: int, actor: User | None, on: dt.date, **asked: Any) -> Waiver:
    amounts = {"interest": 0, "late_fee": 0, "reason": "We sent the reminder late"} | asked
    row = instalment(loan, number)
    return waive_charges(
        loan_id=loan.pk, instalment_id=row.pk, actor=actor, idempotency_key=new_key(), today=on, **amounts
    )


def notify(loan: Loan, actor: User | None, on: dt.date = NOTICE_DAY) -> DefaultNotice:
    return send_default_notice(loan_id=loan.pk, actor=actor, idempotency_key=new_key(), today=on)


def declare(
    loan: Loan, actor: User | None, on: dt.date = DEFAULT_DAY, cause: DefaultCause = DefaultCause.DAYS_LATE
) -> LoanDefault:
    return declare_default(loan_id=loan.pk, cause=cause, note="", actor=actor, idempotency_key=new_key(), today=on)


def put_in_default(loan: Loan, actor: User) -> Loan:
    """Notice on 30 May, default on 14 June."""
    notify(loan, actor)
    declare(loan, actor)
    return Loan.objects.get(pk=loan.pk)


def ask_write_off(
    loan: Loan, actor: User | None, on: dt.date, cause: DefaultCause = DefaultCause.DAYS_LATE
) -> ApprovalRequest:
    return request_write_off(
        loan_id=loan.pk, cause=cause, reason="No answer for months", actor=actor, idempotency_key=new_key(), today=on
    )


def approve(approval: ApprovalRequest, actor: User | None, on: dt.date) -> ApprovalRequest:
    return approve_request(approval_id=approval.pk, actor=actor, idempotency_key=new_key(), today=on)


def recover(loan: Loan, amount: int, actor: User, on: dt.date, **changes: Any) -> Recovery:
    asked = {"method": RepaymentMethod.DECLARED, "value_date": on, "bank_reference": "court"} | changes
    return record_recovery(loan_id=loan.pk, amount=amount, actor=actor, idempotency_key=new_key(), today=on, **asked)


def offer(loan: Loan, amount: int, pay_by: dt.date, actor: User, on: dt.date) -> SettlementOffer:
    return offer_settlement(
        loan_id=loan.pk,
        amount=amount,
        pay_by=pay_by,
        reason="All that there is",
        actor=actor,
        idempotency_key=new_key(),
        today=on,
    )


def pay_offer(
    settlement: SettlementOffer,
    actor: User | None,
    on: dt.date,
    method: RepaymentMethod = RepaymentMethod.WALLET,
    **asked: Any,
) -> SettlementOffer:
    return pay_settlement(
        settlement_id=settlement.pk, method=method, actor=actor, idempotency_key=new_key(), today=on, **asked
    )


def propose(loan: Loan, asked: PlanTerms, actor: User | None, on: dt.date) -> PlanProposal:
    return propose_plan(
        loan_id=loan.pk, asked=asked, reason="Less work", actor=actor, idempotency_key=new_key(), today=on
    )


def accept(proposal: PlanProposal, actor: User | None, on: dt.date) -> PlanProposal:
    return accept_plan(proposal_id=proposal.pk, actor=actor, idempotency_key=new_key(), today=on)


def ask_help(loan: Loan, actor: User | None, on: dt.date, **changes: Any) -> HardshipRequest:
    asked = {
        "cause": HardshipCause.ILLNESS,
        "story": "I broke my arm.",
        "expected_months": 2,
        "affordable_amount": 100_00,
        "asked": PlanTerms(PlanOption.HOLIDAY, payments=2),
    } | changes
    return request_help(loan_id=loan.pk, actor=actor, idempotency_key=new_key(), today=on, **asked)
