"""Four loans as different as products can make them, each of three lenders; every life is one of them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.contrib.auth.models import Group

from accounts.enums.people import Role, StaffGroup
from accounts.models import User
from loans.account.terms import LoanTerms
from loans.models import Loan, Note
from loans.tests.servicing.lives import seen
from loans.tests.servicing.lives.life import Life
from loans.tests.servicing.lives.plain import Part, Purse, Terms
from p2plending.tests.support.cast import make_user
from p2plending.tests.support.world import active_loan, fund_wallet, set_price, verified

# Enough in the borrower's wallet to be late by choice and not by need.
POCKET_MONEY = 1_500_00


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """A product, and a loan of it: paid out on `day`, lent by three in these amounts."""

    day: dt.date
    amounts: tuple[int, int, int]
    term: int
    rate: str
    product: dict[str, Any]


KINDS = {
    "standard": Kind(dt.date(2026, 1, 15), (3_333_00, 3_333_00, 3_334_00), 12, "0.12", {}),
    "uneven": Kind(
        dt.date(2026, 1, 31),
        (50_00, 300_00, 650_00),
        6,
        "0.30",
        {
            "schedule_method": "equal_principal",
            "day_count": "act/365",
            "extra_payment_mode": "lower",
            "late_fees_to_lenders": False,
            "late_fee_cap": 20_00,
            "default_interest_rate": Decimal("0.05"),
            "refunds_fee_on_withdrawal": False,
            "grace_days": 0,
        },
    ),
    "free": Kind(
        dt.date(2026, 1, 15),
        (334_00, 333_00, 333_00),
        6,
        "0.00",
        {"extra_payment_mode": "credit", "late_fee_rate": Decimal(0), "servicing_fee_rate": Decimal(0)},
    ),
    "flat": Kind(
        dt.date(2026, 2, 28),
        (700_00, 200_00, 100_00),
        9,
        "0.18",
        {"schedule_method": "flat", "allocation_order": "interest,principal,late_fee", "servicing_fee_rate": "0.10"},
    ),
}


@dataclasses.dataclass(frozen=True, slots=True)
class World:
    """Staff, lenders and one loan of each kind. Nothing has been paid back yet."""

    dora: User
    frank: User
    lenders: tuple[User, ...]
    loans: dict[str, Loan]

    def life_of(self, kind: str) -> tuple[Loan, Life]:
        """The loan of a kind, and the model of its life as it begins."""
        loan = self.loans[kind]
        notes = list(Note.objects.filter(loan=loan).order_by("pk"))
        people = [loan.borrower_id, *(lender.pk for lender in self.lenders)]
        bank, fees = seen.bank_and_fees()
        life = Life(
            _plain_terms(loan),
            seen.rows_of_version(loan.pk, 1),
            {note.pk: Part(note.principal, note.principal) for note in notes},
            {note.pk: note.owner_id for note in notes},
            loan.borrower_id,
            {owner: Purse(found.get("C2100", 0)) for owner, found in seen.purses(people).items()},
            loan.disbursed_on,
            bank,
            fees,
        )
        return loan, life


def build_world() -> World:
    """Everything by the real services."""
    dora, frank = (make_user(name, Role.STAFF) for name in ("Dora", "Frank"))
    for person in (dora, frank):
        person.groups.set(Group.objects.filter(name__in=StaffGroup.values))
    lenders = tuple(verified(name, Role.LENDER) for name in ("Bob", "Carol", "Dan"))
    return World(dora, frank, lenders, {name: _paid_out(name, kind, lenders) for name, kind in KINDS.items()})


def _paid_out(name: str, kind: Kind, lenders: tuple[User, ...]) -> Loan:
    product = set_price(Decimal(kind.rate))
    before = {column: getattr(product, column) for column in kind.product}
    _change(product, kind.product)
    borrower = verified(f"Alice-{name}", Role.BORROWER)
    amounts = dict(zip(lenders, kind.amounts, strict=True))
    loan = active_loan(borrower, amounts, term=kind.term, today=kind.day)
    _change(product, before)
    fund_wallet(borrower, POCKET_MONEY, today=kind.day)
    return Loan.objects.select_related("borrower").get(pk=loan.pk)


def _change(product: Any, columns: dict[str, Any]) -> None:
    for column, value in columns.items():
        setattr(product, column, value)
    product.save()


def _plain_terms(loan: Loan) -> Terms:
    terms = LoanTerms.from_json(loan.frozen_terms)
    return Terms(
        grace_days=terms.grace_days,
        late_fee_fixed=terms.late_fee_fixed,
        late_fee_rate=Fraction(terms.late_fee_rate),
        late_fee_cap=terms.late_fee_cap,
        late_fees_to_lenders=terms.late_fees_to_lenders,
        order=tuple(part.value for part in terms.allocation_order),
        extra_mode=terms.extra_payment_mode.value,
        servicing_fee_rate=Fraction(loan.servicing_fee_rate),
        default_interest_rate=Fraction(terms.default_interest_rate),
        default_after_days=terms.default_after_days,
        collection_fee_rate=Fraction(terms.collection_fee_rate),
        withdrawal_days=terms.withdrawal_days,
        fee_refund=loan.origination_fee if terms.refunds_fee_on_withdrawal else 0,
    )
