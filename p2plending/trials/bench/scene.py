"""A loan with any number of lenders, made in bulk: its books balance, its rows are those of a real one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from accounts.enums.people import Role
from accounts.models import User
from ledger.enums.books import EntryKind, LineCode
from ledger.locks import account_key, lock_accounts
from ledger.services.posting import Line, credit, debit, post_entry
from loans.account.terms import frozen_terms
from loans.enums.loan import LoanStatus
from loans.finance import Terms, build_schedule
from loans.models import Instalment, Loan, LoanProduct, Note, ScheduleVersion
from p2plending.lib import clock
from p2plending.lib.database.references import new_reference
from p2plending.lib.errors import required

PAID_OUT = dt.date(2026, 1, 15)
EACH = 100_00
MONTHS = 60


def people(prefix: str, number: int, role: Role) -> list[User]:
    """New users, without passwords."""
    User.objects.bulk_create(
        [User(email=f"{prefix}{index}@bench.example", role=role, full_name=prefix) for index in range(number)],
        batch_size=2_000,
    )
    return list(User.objects.filter(email__startswith=prefix, email__endswith="@bench.example").order_by("pk"))


def move(key: str, *lines: Line) -> None:
    """An entry of the scene."""
    with transaction.atomic():
        post_entry(kind=EntryKind.DEPOSIT, key=key, value_date=PAID_OUT, lines=lines, actor=None, narrative="Bench")


def running_loan(prefix: str, lenders: int) -> Loan:
    """A loan of 100.00 from each lender over 60 months, and a borrower with money enough for all of it."""
    borrower = people(f"{prefix}b", 1, Role.BORROWER)[0]
    owners = people(f"{prefix}l", lenders, Role.LENDER)
    product = required(LoanProduct.objects.first(), "product")
    principal, rate = EACH * lenders, Decimal("0.12")
    schedule = build_schedule(Terms(principal=principal, annual_rate=rate, instalments=MONTHS, start_date=PAID_OUT))
    first, last = schedule.lines[0], schedule.lines[-1]
    with transaction.atomic():
        loan = Loan.objects.create(
            reference=new_reference("LN"), borrower=borrower, product=product, status=LoanStatus.ACTIVE,
            requested_amount=principal, principal=principal, term_months=MONTHS, grade="B", annual_rate=rate,
            origination_fee_rate=0, origination_fee=0, servicing_fee_rate=Decimal("0.05"), expected_loss_rate=0,
            instalment_amount=first.payment, total_payment=schedule.total_payment,
            frozen_terms=frozen_terms(product, required(product.grades.first(), "grade")), signed_at=clock.now(),
            disbursed_on=PAID_OUT, maturity_date=last.due_date, funded_amount=principal, lender_count=lenders,
            schedule_version=1, principal_outstanding=principal, next_due_on=first.due_date,
            next_due_amount=first.payment, rolled_forward_to=PAID_OUT,
        )  # fmt: skip
        ScheduleVersion.objects.create(loan=loan, number=1, reason="Bench", starts_on=PAID_OUT)
        Instalment.objects.bulk_create(
            Instalment(
                loan=loan, schedule_version=1, number=line.number, period_start=line.period_start,
                due_date=line.due_date, principal_due=line.principal, interest_due=line.interest,
            )
            for line in schedule.lines
        )  # fmt: skip
        lock_accounts([account_key("C2100", owner) for owner in owners])
        Note.objects.bulk_create(
            [
                Note(
                    reference=new_reference("NT"), loan=loan, owner=owner, principal=EACH,
                    principal_outstanding=EACH, issued_on=PAID_OUT,
                )
                for owner in owners
            ],
            batch_size=2_000,
        )  # fmt: skip
    code, money = LineCode.OTHER, schedule.total_payment
    move(f"{prefix}-claims", debit("L1200", principal, code, loan_reference=loan.reference),
         credit("L2200", principal, code, loan_reference=loan.reference))  # fmt: skip
    move(f"{prefix}-money", debit("C1000", money, code), credit("C2100", money, code, owner=borrower))
    return loan
