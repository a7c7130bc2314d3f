"""One of everything: a small world in which every page of the site has something to show.

Each person owns what their pages need. `PLACES` says for every URL that takes arguments which thing of the scene it is
opened for, and `owner_of` whose page that is.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

from accounts.enums.people import Role
from accounts.models import IdentityDocument, User
from accounts.tests.samples import sent_file, submitted
from ledger.models import Deposit, Posting, Withdrawal
from ledger.services.deposits import declare_deposit
from ledger.services.withdrawals import request_withdrawal
from loans.enums.loan import RepaymentMethod
from loans.models import Commitment, Loan, LoanDocument, LoanQuestion, Repayment
from loans.services.origination.questions import ask_question
from loans.services.origination.review import ask_applicant
from loans.services.origination.supporting_documents import add_loan_document
from loans.services.repayments.record import record_repayment
from matching.models import LendingMandate, MatchProposal
from matching.services.mandates import save_mandate
from matching.services.profiles import set_risk_profile
from matching.services.proposals import propose_matches
from p2plending.lib.clock import business_date
from p2plending.tests.support import world

IBAN = "DE89370400440532013000"


@dataclasses.dataclass
class Scene:
    """People by what they have; every loan is of the borrower of the same word."""

    today: dt.date
    staff: User
    lender: User
    newcomer: User
    drafting: Loan
    sent: Loan
    reviewed: Loan
    asked: Loan
    offered: Loan
    listed: Loan
    funded: Loan
    active: Loan
    deposit: Deposit
    withdrawal: Withdrawal
    told_payment: Repayment
    paid: Repayment
    commitment: Commitment
    question: LoanQuestion
    document: IdentityDocument
    loan_document: LoanDocument
    mandate: LendingMandate
    match: MatchProposal
    line: Posting


def build_scene() -> Scene:
    """Everything happens today, on the real services."""
    today = business_date()
    staff, lender = world.officer(), world.verified("Lena", Role.LENDER)
    second = world.verified("Luke", Role.LENDER)
    world.lift_lending_limits()

    def borrower(name: str) -> User:
        return world.verified(name, Role.BORROWER)

    active = world.active_loan(borrower("Active"), {lender: 600_00, second: 400_00}, today=today)
    funded = world.funded_loan(borrower("Funded"), {lender: 500_00, second: 500_00}, today=today)
    listed = world.listed_loan(borrower("Listed"), today=today)
    world.commit(listed, lender, 100_00, today=today)
    world.listed_loan(borrower("Other"), today=today)
    world.fund_wallet(lender, 500_00, today=today)
    asked = world.reviewed_loan(borrower("Asked"), today=today)
    due_on = today + dt.timedelta(days=7)
    ask_applicant(loan_id=asked.pk, question="What for?", due_on=due_on, actor=staff, today=today)
    newcomer = world.make_user("Newcomer", Role.BORROWER)
    verification = submitted(newcomer)
    set_risk_profile(lender=lender, tolerance="growth", actor=lender)
    paid, told = (_payment(active, method, today) for method in (RepaymentMethod.WALLET, RepaymentMethod.DECLARED))
    return Scene(
        today=today,
        staff=staff,
        lender=lender,
        newcomer=newcomer,
        drafting=world.draft_loan(borrower("Drafting"), today=today),
        sent=world.submitted_loan(borrower("Sent"), today=today),
        reviewed=world.reviewed_loan(borrower("Reviewed"), today=today),
        asked=Loan.objects.get(pk=asked.pk),
        offered=world.offered_loan(borrower("Offered"), today=today),
        listed=Loan.objects.get(pk=listed.pk),
        funded=funded,
        active=Loan.objects.get(pk=active.pk),
        deposit=_deposit(lender, today),
        withdrawal=_withdrawal(lender, today),
        told_payment=told,
        paid=paid,
        commitment=Commitment.objects.get(loan=listed, lender=lender),
        question=ask_question(loan_id=listed.pk, author=lender, text="Why now?", actor=lender, today=today),
        document=verification.documents.get(),
        loan_document=add_loan_document(
            loan_id=active.pk, kind="payslip", upload=sent_file(), actor=active.borrower, today=today
        ),
        mandate=_mandate(lender),
        match=next(iter(propose_matches(lender=lender, today=today))),
        line=Posting.objects.filter(account__owner=lender).order_by("pk").first(),
    )


def _payment(loan: Loan, method: str, today: dt.date) -> Repayment:
    return record_repayment(
        loan_id=loan.pk,
        amount=50_00,
        method=method,
        value_date=today,
        actor=loan.borrower,
        idempotency_key=world.new_key(),
        today=today,
    )


def _deposit(user: User, today: dt.date) -> Deposit:
    return declare_deposit(
        user=user,
        amount=70_00,
        sent_on=today,
        method="bank_transfer",
        bank_reference="",
        actor=user,
        idempotency_key=world.new_key(),
        today=today,
    )


def _withdrawal(user: User, today: dt.date) -> Withdrawal:
    return request_withdrawal(
        user=user,
        amount=30_00,
        account_holder="Lena Example",
        iban=IBAN,
        actor=user,
        idempotency_key=world.new_key(),
        today=today,
    )


def _mandate(lender: User) -> LendingMandate:
    return save_mandate(
        lender=lender,
        grades=["A", "B", "C"],
        min_rate=world.Decimal("0.05"),
        max_term_months=36,
        amount_per_loan=50_00,
        keep_available=0,
        actor=lender,
        idempotency_key=world.new_key(),
    )
