"""Staff of single groups, and things that wait for them."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.enums.people import DocumentKind, Role, StaffGroup
from accounts.models import IdentityVerification, User
from accounts.services.identity.submission import add_document, save_identity_details, submit_identity
from ledger.enums.books import PaymentMethod
from ledger.models import Deposit, Withdrawal
from ledger.services.deposits import declare_deposit
from ledger.services.withdrawals import request_withdrawal
from loans.enums.loan import RepaymentMethod
from loans.models import Loan, Repayment
from loans.services.repayments.record import record_repayment
from p2plending.lib import clock
from p2plending.tests.support import world

IBAN = "DE89370400440532013000"


def staff_of(group: StaffGroup | None) -> User:
    """A member of staff who is in this group only, or in none."""
    name = f"{group.name.title()}-officer" if group else "Groupless"
    person = world.make_user(name, Role.STAFF)
    if group:
        person.groups.add(Group.objects.get(name=group.value))
    return person


def staff_of_every_group() -> User:
    """A member of staff with every duty."""
    person = world.make_user("Every-officer", Role.STAFF)
    person.groups.set(Group.objects.filter(name__in=[group.value for group in StaffGroup]))
    return person


def picture(colour: str = "navy") -> SimpleUploadedFile:
    content = BytesIO()
    Image.new("RGB", (640, 400), colour).save(content, "PNG")
    return SimpleUploadedFile("front.png", content.getvalue(), "image/png")


def sent_identity(user: User, *, id_number: str = "L01X00T47", colour: str = "navy") -> IdentityVerification:
    """Details and one picture, sent for checking."""
    save_identity_details(
        user=user,
        details={
            "legal_name": user.full_name,
            "date_of_birth": dt.date(1988, 3, 2),
            "address": f"High Street {user.pk}",
            "postcode": "10115",
            "city": "Berlin",
            "country": "DE",
            "nationality": "DE",
            "phone": f"+49 30 {user.pk:06d}",
            "occupation": "Baker",
            "source_of_funds": "Salary",
            "tax_residence": "DE",
            "id_type": "id_card",
            "id_number": id_number,
            "id_expires_on": dt.date(2035, 1, 1),
        },
        actor=user,
    )
    add_document(user=user, kind=DocumentKind.ID_FRONT, upload=picture(colour), actor=user)
    submit_identity(user=user, actor=user, today=clock.business_date())
    return IdentityVerification.objects.get(user=user)


def told_deposit(user: User, amount: int = 250_00) -> Deposit:
    today = clock.business_date()
    return declare_deposit(
        user=user,
        amount=amount,
        sent_on=today,
        method=PaymentMethod.BANK_TRANSFER,
        bank_reference=f"{user.member_number} {amount}",
        actor=user,
        idempotency_key=world.new_key(),
        today=today,
    )


def asked_withdrawal(user: User, amount: int = 100_00) -> Withdrawal:
    today = clock.business_date()
    world.fund_wallet(user, amount, today=today)
    return request_withdrawal(
        user=user,
        amount=amount,
        account_holder=user.full_name,
        iban=IBAN,
        actor=user,
        idempotency_key=world.new_key(),
        today=today,
    )


def told_repayment(loan: Loan, amount: int = 50_00) -> Repayment:
    today = clock.business_date()
    return record_repayment(
        loan_id=loan.pk,
        amount=amount,
        method=RepaymentMethod.DECLARED,
        value_date=today,
        actor=loan.borrower,
        idempotency_key=world.new_key(),
        today=today,
    )
