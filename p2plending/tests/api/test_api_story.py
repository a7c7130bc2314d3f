"""The life of the example loan through the API alone, with the same cents as on the pages and the services.

Staff have their desk and no API: what they decide is done by its services.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import IdentityVerification, User
from accounts.services.identity.review import approve_identity, claim_identity
from accounts.tests.samples import picture
from ledger.models import Deposit, Withdrawal
from ledger.services.deposits import confirm_deposit
from ledger.services.withdrawals import approve_withdrawal, pay_withdrawal
from loans.models import Loan
from loans.services.origination.review import make_offer, take_application
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.cast import PASSWORD
from p2plending.tests.support.queue import carry_out_tasks
from p2plending.tests.support.world import lift_lending_limits, new_key, set_price
from p2plending.tests.test_stories import DUE

pytestmark = pytest.mark.django_db(transaction=True)

# What each lender received after 1, 2, … 12 payments on time, fee taken off.
ON_TIME = [
    (294_48, 294_47, 294_56),
    (589_08, 589_08, 589_25),
    (883_81, 883_81, 884_08),
    (1_178_69, 1_178_68, 1_179_04),
    (1_473_68, 1_473_69, 1_474_14),
    (1_768_83, 1_768_83, 1_769_37),
    (2_064_12, 2_064_11, 2_064_74),
    (2_359_54, 2_359_54, 2_360_25),
    (2_655_11, 2_655_10, 2_655_90),
    (2_950_81, 2_950_81, 2_951_69),
    (3_246_65, 3_246_65, 3_247_63),
    (3_542_64, 3_542_64, 3_543_70),
]
FIRST_DAY = dt.date(2026, 1, 15)
DETAILS = {
    "date_of_birth": "1990-05-17",
    "address": "Main Street 1",
    "postcode": "10115",
    "city": "Berlin",
    "country": "DE",
    "nationality": "DE",
    "source_of_funds": "Salary",
    "id_type": "passport",
    "id_expires_on": "2031-01-01",
}
APPLICATION = {
    "requested_amount": "10000.00",
    "term_months": 12,
    "purpose": "home",
    "title": "New windows",
    "region": "North",
    "monthly_income": "4000.00",
    "monthly_expenses": "1500.00",
    "monthly_debt_service": "0.00",
    "employment": "employed",
    "employment_months": 72,
    "is_homeowner": True,
}


class Calendar:
    """Today, as the platform sees it."""

    def __init__(self) -> None:
        self.today = FIRST_DAY


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch, settings: LazySettings, tmp_path: Path) -> Calendar:
    days = Calendar()
    monkeypatch.setattr(timezone, "localdate", lambda *_arguments: days.today)
    settings.PRIVATE_DIR = tmp_path / "private"
    cache.clear()
    return days


class Member:
    """Somebody with a program of their own that talks to the API."""

    def __init__(self, name: str, role: str) -> None:
        self.name, self.email = name, f"{name.lower()}@example.org"
        self.client = APIClient()
        person = {"email": self.email, "password": PASSWORD, "role": role, "full_name": f"{name} Example"}
        self.post("auth/register/", status=202, **person, accept_terms=True)
        carry_out_tasks()
        [message] = [message for message in mail.outbox if message.to == [self.email]]
        Client().post(re.search(r"https?://[^/]+(/accounts/confirm-email/\S+)", message.body).group(1))
        tokens = self.post("auth/token/", status=200, email=self.email, password=PASSWORD)
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")

    @property
    def user(self) -> User:
        return User.objects.get(email=self.email)

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/v1/{path}")
        assert answer.status_code == 200, answer.json()
        return answer.json()

    def post(self, path: str, *, status: int = 201, **body: Any) -> Any:
        answer = self.client.post(f"/api/v1/{path}", body, headers={"Idempotency-Key": new_key()})
        assert answer.status_code == status, answer.json()
        return answer.json()

    def pass_identity_check(self, officer: User) -> None:
        details = DETAILS | {"legal_name": f"{self.name} Example", "id_number": f"X-{self.name}"}
        assert self.client.put("/api/v1/me/identity/", details).status_code == 200
        upload = SimpleUploadedFile("front.jpg", picture())
        sent = {"kind": "id_front", "file": upload}
        assert self.client.post("/api/v1/me/identity/documents/", sent, format="multipart").status_code == 201
        assert self.post("me/identity/submit/", status=200)["status"] == "submitted"
        [verification] = IdentityVerification.objects.filter(user__email=self.email)
        claim_identity(verification_id=verification.pk, actor=officer)
        approve_identity(verification_id=verification.pk, actor=officer)
        assert self.get("me/")["identity_status"] == "approved"

    def add_money(self, amount: str, officer: User, day: dt.date) -> None:
        told = self.post("deposits/", amount=amount, sent_on=day.isoformat())
        assert told["status"] == "declared"
        deposit = Deposit.objects.get(reference=told["reference"])
        confirm_deposit(deposit_id=deposit.pk, value_date=day, actor=officer, idempotency_key=new_key(), today=day)
        assert self.get(f"deposits/{deposit.reference}/")["status"] == "confirmed"

    def take_out(self, amount: str, officer: User, day: dt.date) -> None:
        iban = "DE89 3704 0044 0532 0130 00"
        asked = self.post("withdrawals/", amount=amount, account_holder=f"{self.name} Example", iban=iban)
        withdrawal = Withdrawal.objects.get(reference=asked["reference"])
        approve_withdrawal(withdrawal_id=withdrawal.pk, actor=officer, idempotency_key=new_key(), today=day)
        pay_withdrawal(
            withdrawal_id=withdrawal.pk,
            paid_on=day,
            bank_reference="",
            actor=officer,
            idempotency_key=new_key(),
            today=day,
        )


def in_cents(amount: str) -> int:
    return int(amount.replace(".", ""))


def available(*members: Member) -> list[int]:
    return [in_cents(member.get("wallet/")["available"]) for member in members]


def lent_loan(alice: Member, lenders: list[Member], officer: User) -> str:
    """From the application to the payout; returns the loan's reference."""
    reference = alice.post("loans/", **APPLICATION)["reference"]
    assert alice.post(f"loans/{reference}/submit/", status=200)["status"] == "submitted"
    loan = Loan.objects.get(reference=reference)
    take_application(loan_id=loan.pk, actor=officer, today=FIRST_DAY)
    make_offer(loan_id=loan.pk, actor=officer, idempotency_key=new_key(), today=FIRST_DAY)
    offered = alice.get(f"loans/{reference}/")
    assert (offered["net_received"], offered["instalment_amount"]) == ("9700.00", "888.49")
    assert alice.post(f"loans/{reference}/accept/", status=200)["status"] == "listed"
    for lender, amount in zip(lenders, ("3333.00", "3333.00", "3334.00"), strict=True):
        assert reference in [one["reference"] for one in lender.get("listings/")["results"]]
        lender.post(f"listings/{reference}/commitments/", amount=amount)
    alice.post(f"loans/{reference}/sign/", status=200, typed_name="Alice Example")
    carry_out_tasks()
    assert alice.get(f"loans/{reference}/")["status"] == "active"
    return reference


def test_the_same_life_through_the_api_with_the_same_cents(dora: User, calendar: Calendar) -> None:
    set_price()
    lift_lending_limits()
    alice = Member("Alice", "borrower")
    lenders = [Member(name, "lender") for name in ("Bob", "Carol", "Dan")]
    for member in (alice, *lenders):
        member.pass_identity_check(dora)
    for lender, amount in zip(lenders, ("3333.00", "3333.00", "3334.00"), strict=True):
        lender.add_money(amount, dora, FIRST_DAY)

    reference = lent_loan(alice, lenders, dora)
    assert available(alice, *lenders) == [9_700_00, 0, 0, 0]
    alice.take_out("9700.00", dora, FIRST_DAY)

    for number, (due, received) in enumerate(zip(DUE, ON_TIME, strict=True), start=1):
        calendar.today = due
        amount = "888.49" if number < 12 else "888.47"
        alice.add_money(amount, dora, due)
        previewed = alice.post(f"loans/{reference}/repayments/preview/", status=200, amount=amount)
        paid = alice.post(f"loans/{reference}/repayments/", amount=amount, method="wallet")
        assert [paid[part] for part in ("interest", "principal")] == [
            previewed[part] for part in ("interest", "principal")
        ]
        assert available(alice, *lenders) == [0, *received]

    assert alice.get(f"loans/{reference}/")["status"] == "repaid"
    [note] = lenders[0].get("notes/")["results"]
    assert (note["status"], note["principal_received"], note["interest_received"]) == ("repaid", "3333.00", "220.60")
    lines = lenders[0].get("wallet/transactions/?limit=100")["results"]
    assert lines[0]["balance_after"] == "3542.64"
    assert_sound_books()
