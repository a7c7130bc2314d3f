"""Demo loans that are not paid as planned, and what people do about it: help, a new plan, default, and how that ends.

The second officer works on collections, the first on payments; each agrees to what the other asks. What comes next is
read from what is stored, as everywhere in the demo.
"""

from __future__ import annotations

import datetime as dt

from accounts.selectors.people import waiting_about
from accounts.services.approvals.requests import approve_request
from loans.account.restructure import PlanTerms
from loans.enums.collections import (
    DefaultCause,
    HardshipCause,
    HardshipStatus,
    PlanOption,
    PlanProposalStatus,
    SettlementStatus,
)
from loans.enums.loan import LoanStatus, RepaymentMethod, RepaymentStatus
from loans.models import DefaultNotice, Loan, PlanProposal, Recovery, Repayment, SettlementOffer
from loans.selectors.collections import loss_of
from loans.services.collections.default import declare_default, send_default_notice
from loans.services.collections.hardship import approve_help, request_help
from loans.services.collections.recovery import record_recovery
from loans.services.collections.restructuring import accept_plan, propose_plan
from loans.services.collections.settlement import offer_settlement, pay_settlement
from loans.services.collections.write_off import request_write_off
from loans.services.corrections.reversal import notify_lenders_of_reversal
from loans.services.corrections.reversal_request import request_reversal
from p2plending.demo.people import People
from p2plending.demo.stories import LoanStory, Pays
from p2plending.demo.wallets import have_available, new_key
from p2plending.lib.errors import required

# How many days late a loan is when somebody acts.
HELP_AT, PLAN_AT, NOTICE_AT, DEFAULT_AT = 20, 24, 70, 91
# Days after the step before.
ACCEPTED_AFTER, GIVEN_UP_AFTER, AGREED_AFTER, SETTLED_AFTER, RECOVERED_AFTER, BOUNCES_AFTER = 2, 5, 1, 4, 15, 3
BOUNCING_PAYMENT = 2
SETTLED_PERCENT, RECOVERED_PERCENT = 60, 30
DAYS_TO_SETTLE = 14
HELP_ANSWERED_AFTER = 7
PAUSE = PlanTerms(PlanOption.HOLIDAY, payments=2)


def follow_up_lateness(people: People, story: LoanStory, loan: Loan, day: dt.date) -> None:
    """What is done on `day` about payments that do not come; nothing on most days. Call after the end of day."""
    if story.fails_on(day) and loan.days_past_due >= DEFAULT_AT:
        declare_default(
            loan_id=loan.pk,
            cause=DefaultCause.DAYS_LATE,
            note="",
            actor=people.second_officer,
            idempotency_key=new_key(),
            today=day,
        )
    elif story.fails_on(day) and loan.days_past_due >= NOTICE_AT:
        if not DefaultNotice.objects.filter(open_key=loan.pk).exists():
            send_default_notice(loan_id=loan.pk, actor=people.second_officer, idempotency_key=new_key(), today=day)
    elif story.pays == Pays.ASKS_FOR_HELP and loan.days_past_due >= HELP_AT:
        _ask_and_be_answered(people, loan, day)
    elif story.pays == Pays.GETS_NEW_PLAN and loan.days_past_due >= PLAN_AT:
        _agree_on_plan(people, loan, day)


def end_default(people: People, story: LoanStory, loan: Loan, day: dt.date) -> None:
    """Settle a loan in default for less, or write it off: asked by one officer, agreed by the other."""
    if (day - loan.defaults.get().declared_on).days < GIVEN_UP_AFTER:
        return
    waiting = waiting_about("loan", loan.reference).first()
    if waiting is not None:
        if (day - waiting.asked_on).days >= AGREED_AFTER:
            approve_request(approval_id=waiting.pk, actor=people.officer, idempotency_key=new_key(), today=day)
    elif story.goes_to(day) == LoanStatus.SETTLED:
        _settle(people, loan, day)
    else:
        request_write_off(
            loan_id=loan.pk,
            cause=DefaultCause.DAYS_LATE,
            reason="No answer to letters and calls for months.",
            actor=people.second_officer,
            idempotency_key=new_key(),
            today=day,
        )


def recover_a_part(people: People, loan: Loan, day: dt.date) -> None:
    """Once, some of the money of a loan that was written off still comes."""
    if (day - required(loan.closed_on, "closed_on")).days < RECOVERED_AFTER or Recovery.objects.filter(
        loan=loan
    ).exists():
        return
    record_recovery(
        loan_id=loan.pk,
        amount=required(loss_of(loan), "loss").total * RECOVERED_PERCENT // 100,
        method=RepaymentMethod.DECLARED,
        value_date=day,
        bank_reference=f"Court {loan.reference}",
        actor=people.officer,
        idempotency_key=new_key(),
        today=day,
    )


def let_a_payment_bounce(people: People, loan: Loan, day: dt.date) -> None:
    """Once, a transfer that was counted is sent back by the bank, and is undone by two officers."""
    payments = Repayment.objects.filter(loan=loan)
    if payments.filter(status=RepaymentStatus.REVERSED).exists():
        return
    counted = list(payments.filter(status=RepaymentStatus.CONFIRMED).order_by("pk"))
    if len(counted) < BOUNCING_PAYMENT or (day - counted[-1].value_date).days < BOUNCES_AFTER:
        return
    waiting = waiting_about("loan", loan.reference).first()
    if waiting is None:
        request_reversal(
            repayment_id=counted[-1].pk,
            reason="The bank sent the transfer back: there was not enough money in the account.",
            actor=people.officer,
            idempotency_key=new_key(),
            today=day,
        )
    elif (day - waiting.asked_on).days >= AGREED_AFTER:
        approve_request(approval_id=waiting.pk, actor=people.second_officer, idempotency_key=new_key(), today=day)
        notify_lenders_of_reversal(counted[-1].pk)


def _ask_and_be_answered(people: People, loan: Loan, day: dt.date) -> None:
    """Ask for help once; staff answer it some days later, and the borrower accepts."""
    asked = loan.hardship_requests.order_by("pk").last()
    if asked is None:
        _ask_for_help(loan, day)
    elif asked.status == HardshipStatus.OPEN and (day - asked.asked_on).days >= HELP_ANSWERED_AFTER:
        approve_help(
            request_id=asked.pk,
            asked=PAUSE,
            note="Get well first. Your payments go on in two months.",
            actor=people.second_officer,
            idempotency_key=new_key(),
            today=day,
        )
    elif asked.status == HardshipStatus.APPROVED and not loan.is_restructured:
        _accept_open_proposal(loan, day)


def _accept_open_proposal(loan: Loan, day: dt.date) -> None:
    proposal = PlanProposal.objects.filter(loan=loan, status=PlanProposalStatus.PROPOSED).first()
    if proposal is not None and (day - proposal.proposed_on).days >= ACCEPTED_AFTER:
        accept_plan(proposal_id=proposal.pk, actor=loan.borrower, idempotency_key=new_key(), today=day)


def _ask_for_help(loan: Loan, day: dt.date) -> None:
    request_help(
        loan_id=loan.pk,
        cause=HardshipCause.ILLNESS,
        story="I broke my wrist and can't work until the plaster is off. After that I can pay as before.",
        expected_months=2,
        affordable_amount=50_00,
        asked=PAUSE,
        actor=loan.borrower,
        idempotency_key=new_key(),
        today=day,
    )


def _agree_on_plan(people: People, loan: Loan, day: dt.date) -> None:
    if not loan.plan_proposals.exists():
        propose_plan(
            loan_id=loan.pk,
            asked=PlanTerms(PlanOption.LONGER, payments=24),
            reason="Fewer hours at work since the summer.",
            actor=people.second_officer,
            idempotency_key=new_key(),
            today=day,
        )
    else:
        _accept_open_proposal(loan, day)


def _settle(people: People, loan: Loan, day: dt.date) -> None:
    offer = SettlementOffer.objects.filter(loan=loan, status=SettlementStatus.OPEN).first()
    if offer is None:
        offer_settlement(
            loan_id=loan.pk,
            amount=loan.principal_outstanding * SETTLED_PERCENT // 100,
            pay_by=day + dt.timedelta(days=DAYS_TO_SETTLE),
            reason="The family pays this much at once; there is nothing else.",
            actor=people.second_officer,
            idempotency_key=new_key(),
            today=day,
        )
    elif (day - offer.offered_on).days >= SETTLED_AFTER:
        have_available(people, loan.borrower, offer.amount, day, step=50_00)
        pay_settlement(
            settlement_id=offer.pk,
            method=RepaymentMethod.WALLET,
            actor=loan.borrower,
            idempotency_key=new_key(),
            today=day,
        )
