"""Builders of scenes on the real services: nothing here inserts a row that a service would write.

    loan = active_loan(alice, {bob: 600_00, carol: 400_00})          # paid out on TODAY, 12 payments
    loan = example_loan(alice, (bob, carol, dan))                    # 10,000.00 at 12 %: 3,333 + 3,333 + 3,334

Rates come from the scorecard; `set_price` makes every grade cost the same. Builders that place money lift the caps of
the platform unless told not to, because a scene with two lenders is against them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from constance import config
from django.contrib.auth.models import Group

from accounts.enums.people import Role, StaffGroup
from accounts.models import User
from accounts.selectors.people import waiting_about
from accounts.services.approvals.requests import approve_request
from ledger.enums.books import DepositStatus, PaymentMethod
from ledger.models import Deposit
from ledger.services.deposits import confirm_deposit, declare_deposit
from loans.models import Loan, LoanProduct
from loans.services.funding.agreement import sign_agreement
from loans.services.funding.commitments import place_commitment
from loans.services.funding.disbursement import disburse_loan
from loans.services.funding.offer import accept_offer
from loans.services.origination.application import create_draft, submit_application
from loans.services.origination.review import make_offer, take_application
from p2plending.operations.reference_data import STANDARD_PRODUCT
from p2plending.tests.support.cast import make_user, verify_identity

TODAY = dt.date(2026, 1, 15)
NO_CAP = 10_000_000_00
# A good application: whatever the amount up to 10,000.00 over a year, it gets a grade.
ANSWERS: dict[str, Any] = {
    "purpose": "home",
    "title": "New windows",
    "story": "Double glazing for the north side.",
    "monthly_income": 4_000_00,
    "monthly_expenses": 1_500_00,
    "monthly_debt_service": 0,
    "employment": "employed",
    "employment_months": 72,
    "region": "North",
    "is_homeowner": True,
}


def new_key() -> str:
    """An idempotency key that nobody used."""
    return uuid.uuid4().hex


def officer() -> User:
    """A member of staff: Dora, made when missing."""
    return User.objects.filter(role=Role.STAFF, is_active=True).order_by("pk").first() or make_user("Dora", Role.STAFF)


def verified(name: str, role: str) -> User:
    """One more person who may do everything of their role."""
    user = make_user(name, role)
    verify_identity(user, officer())
    return user


def set_rules(**values: Any) -> None:
    """Change business settings: `set_rules(LOAN_SHARE_CAP=Decimal(1))`."""
    for name, value in values.items():
        setattr(config, name, value)


def lift_lending_limits() -> None:
    """Let one lender take a whole loan, in steps of 1.00, and any sum of money come in at once, by one person."""
    set_rules(LOAN_SHARE_CAP=Decimal(1), LENDER_BORROWER_CAP=NO_CAP, COMMITMENT_STEP=1_00)
    set_rules(LARGEST_AMOUNT=NO_CAP, DEPOSIT_SECOND_PERSON_ABOVE=NO_CAP)


def standard_product() -> LoanProduct:
    return LoanProduct.objects.get(code=STANDARD_PRODUCT)


def set_price(annual_rate: Decimal = Decimal("0.12"), fee_rate: Decimal = Decimal("0.03")) -> LoanProduct:
    """Make every grade and term of the standard product cost the same."""
    product = standard_product()
    product.base_rate = annual_rate
    product.term_addon = Decimal(0)
    product.save()
    product.grades.update(margin=Decimal(0), origination_fee_rate=fee_rate)
    return product


def fund_wallet(user: User, amount: int, *, today: dt.date = TODAY) -> Deposit:
    """Money told of by the person and found by staff."""
    deposit = declare_deposit(
        user=user,
        amount=amount,
        sent_on=today,
        method=PaymentMethod.BANK_TRANSFER,
        bank_reference=user.member_number,
        actor=user,
        idempotency_key=new_key(),
        today=today,
    )
    if deposit.status == DepositStatus.DECLARED:
        deposit = confirm_deposit(
            deposit_id=deposit.pk, value_date=today, actor=officer(), idempotency_key=new_key(), today=today
        )
        if agree_about("deposit", deposit.reference, today=today):
            deposit.refresh_from_db()
    return deposit


def second_officer() -> User:
    """The other person wherever two are needed: in every group, and never the one who asks."""
    found = User.objects.filter(email="second@example.org").first()
    if found is None:
        found = make_user("Second", Role.STAFF)
        found.groups.set(Group.objects.filter(name__in=StaffGroup.values))
    return found


def agree_about(subject_type: str, reference: str, *, today: dt.date = TODAY) -> int:
    """Let the second person agree to all that waits about one thing; says how much that was."""
    waiting = list(waiting_about(subject_type, reference))
    for request in waiting:
        approve_request(approval_id=request.pk, actor=second_officer(), idempotency_key=new_key(), today=today)
    return len(waiting)


def draft_loan(
    borrower: User, *, amount: int = 1_000_00, term: int = 12, today: dt.date = TODAY, **answers: Any
) -> Loan:
    """An application with every answer given, not sent."""
    return create_draft(
        borrower=borrower,
        product=standard_product(),
        amount=amount,
        term_months=term,
        actor=borrower,
        today=today,
        **(ANSWERS | answers),
    )


def submitted_loan(
    borrower: User, *, amount: int = 1_000_00, term: int = 12, today: dt.date = TODAY, **answers: Any
) -> Loan:
    draft = draft_loan(borrower, amount=amount, term=term, today=today, **answers)
    return submit_application(loan_id=draft.pk, actor=borrower, idempotency_key=new_key(), today=today)


def reviewed_loan(
    borrower: User, *, amount: int = 1_000_00, term: int = 12, today: dt.date = TODAY, **answers: Any
) -> Loan:
    """Taken into review by staff."""
    loan = submitted_loan(borrower, amount=amount, term=term, today=today, **answers)
    return take_application(loan_id=loan.pk, actor=officer(), today=today)


def offered_loan(
    borrower: User, *, amount: int = 1_000_00, term: int = 12, today: dt.date = TODAY, **answers: Any
) -> Loan:
    loan = reviewed_loan(borrower, amount=amount, term=term, today=today, **answers)
    return make_offer(loan_id=loan.pk, actor=officer(), idempotency_key=new_key(), today=today)


def listed_loan(
    borrower: User, *, amount: int = 1_000_00, term: int = 12, today: dt.date = TODAY, **answers: Any
) -> Loan:
    """Open for funding."""
    loan = offered_loan(borrower, amount=amount, term=term, today=today, **answers)
    return accept_offer(loan_id=loan.pk, actor=borrower, idempotency_key=new_key(), today=today)


def commit(loan: Loan, lender: User, amount: int, *, today: dt.date = TODAY) -> Loan:
    """The lender puts money in and reserves it for the loan."""
    fund_wallet(lender, amount, today=today)
    place_commitment(
        loan_id=loan.pk, lender=lender, amount=amount, actor=lender, idempotency_key=new_key(), today=today
    )
    return Loan.objects.get(pk=loan.pk)


def funded_loan(
    borrower: User,
    lenders: Mapping[User, int],
    *,
    term: int = 12,
    today: dt.date = TODAY,
    lift_limits: bool = True,
    **answers: Any,
) -> Loan:
    """As large as the lenders' amounts together, waiting for the signature."""
    if lift_limits:
        lift_lending_limits()
    loan = listed_loan(borrower, amount=sum(lenders.values()), term=term, today=today, **answers)
    for lender, amount in lenders.items():
        loan = commit(loan, lender, amount, today=today)
    return loan


def signed_loan(
    borrower: User,
    lenders: Mapping[User, int],
    *,
    term: int = 12,
    today: dt.date = TODAY,
    lift_limits: bool = True,
    **answers: Any,
) -> Loan:
    loan = funded_loan(borrower, lenders, term=term, today=today, lift_limits=lift_limits, **answers)
    sign_agreement(
        loan_id=loan.pk,
        typed_name=borrower.full_name,
        actor=borrower,
        ip_address="192.0.2.1",
        idempotency_key=new_key(),
        today=today,
    )
    return Loan.objects.get(pk=loan.pk)


def active_loan(
    borrower: User,
    lenders: Mapping[User, int],
    *,
    term: int = 12,
    today: dt.date = TODAY,
    lift_limits: bool = True,
    **answers: Any,
) -> Loan:
    """Paid out on `today`."""
    loan = signed_loan(borrower, lenders, term=term, today=today, lift_limits=lift_limits, **answers)
    return disburse_loan(loan_id=loan.pk, actor=None, idempotency_key=f"disburse:{loan.reference}", today=today)


def example_loan(borrower: User, lenders: Sequence[User], *, today: dt.date = TODAY, **answers: Any) -> Loan:
    """The example of docs/domain.md: 10,000.00 at 12 % over 12 months, fee 3 %, lenders 3,333, 3,333 and 3,334."""
    set_price(Decimal("0.12"), Decimal("0.03"))
    amounts = dict(zip(lenders, (3_333_00, 3_333_00, 3_334_00), strict=True))
    return active_loan(borrower, amounts, term=12, today=today, **answers)
