"""A loan's payments and what they paid, as one picture: two of them say what working the past out again has changed."""

from __future__ import annotations

import dataclasses
import datetime as dt

from django.db.models import Q, Sum

from accounts.models import User
from ledger.chart import DUE_FROM_USER
from ledger.models import Account, JournalEntry
from loans.account.state import live_instalments
from loans.enums.loan import LoanStatus, RepaymentStatus
from loans.models import Distribution, Instalment, Loan, Note, Repayment
from p2plending.lib.errors import required


@dataclasses.dataclass(frozen=True, slots=True)
class RowFigures:
    """One payment of the plan, in minor units: what was paid of it, the late fee on it, and what is left to pay."""

    number: int
    due_date: dt.date
    paid: int
    late_fee: int
    unpaid: int


@dataclasses.dataclass(frozen=True, slots=True)
class PaymentFigures:
    """One payment in the books, in minor units, and what became of it."""

    value_date: dt.date
    amount: int
    late_fee: int
    interest: int
    principal: int
    surplus: int
    held: int


@dataclasses.dataclass(frozen=True, slots=True)
class LoanProjection:
    """What counts on the loan now. Rows by version and number; payments by the first of each chain of replacements.

    Payments that the calendar made from money paid ahead show in the rows only. `received` is what each lender has of
    it, `dues` what lenders and the borrower owe us (C1300); both by user id.
    """

    status: str
    next_due_on: dt.date | None
    next_due_amount: int | None
    principal_outstanding: int
    credit_held: int
    days_past_due: int
    rows: dict[tuple[int, int], RowFigures]
    payments: dict[int, PaymentFigures]
    received: dict[int, int]
    dues: dict[int, int]

    @property
    def late_fees(self) -> int:
        return sum(row.late_fee for row in self.rows.values())


@dataclasses.dataclass(frozen=True, slots=True)
class RowChange:
    """A payment of the plan that comes out otherwise; one side is missing when only one of two plans has it."""

    before: RowFigures | None
    after: RowFigures | None

    @property
    def either(self) -> RowFigures:
        return required(self.after or self.before, "before")


@dataclasses.dataclass(frozen=True, slots=True)
class PaymentChange:
    """A payment that is undone (no `after`), new (no `before`), or shared out otherwise."""

    before: PaymentFigures | None
    after: PaymentFigures | None

    @property
    def either(self) -> PaymentFigures:
        return required(self.after or self.before, "before")


@dataclasses.dataclass(frozen=True, slots=True)
class LenderChange:
    """What one lender gives back (below zero: receives), and how much more of it they owe us, in minor units."""

    lender: User
    gives_back: int
    owes: int

    @property
    def wallet_change(self) -> int:
        """What moves in the wallet: what is given back and not left owing, or received."""
        return self.owes - self.gives_back


@dataclasses.dataclass(frozen=True, slots=True)
class ReplayPreview:
    """The loan before and after, both as on the day of the preview. Nothing of it has happened."""

    before: LoanProjection
    after: LoanProjection
    rows: tuple[RowChange, ...]
    payments: tuple[PaymentChange, ...]
    lenders: tuple[LenderChange, ...]
    borrower_owes: int

    @property
    def from_lenders(self) -> int:
        return sum(change.gives_back for change in self.lenders)

    @property
    def owed_by_lenders(self) -> int:
        return sum(change.owes for change in self.lenders)

    @property
    def fees_fall_away(self) -> int:
        """Late fees that are not charged any more; below zero when there are more."""
        return self.before.late_fees - self.after.late_fees

    @property
    def runs_again(self) -> bool:
        return self.before.status not in LoanStatus.owing() and self.after.status in LoanStatus.owing()

    @property
    def is_closed(self) -> bool:
        return self.before.status in LoanStatus.owing() and self.after.status not in LoanStatus.owing()


@dataclasses.dataclass(frozen=True, slots=True)
class TakenBack:
    """That a payment was undone on a day, and the one that counts in its place when it was only worked out again."""

    on: dt.date
    again: Repayment | None


def taken_back(repayment: Repayment) -> TakenBack | None:
    """What became of a payment that does not count any more; None for one that does."""
    if repayment.status not in (RepaymentStatus.REVERSED, RepaymentStatus.REPLACED):
        return None
    mirror = JournalEntry.objects.get(reverses_id=repayment.entry_id)
    return TakenBack(mirror.value_date, Repayment.objects.filter(replaces=repayment).first())


def loan_projection(loan: Loan) -> LoanProjection:
    """The loan as its rows and books say now, in five queries."""
    stored = Loan.objects.get(pk=loan.pk)
    lenders = Note.objects.filter(loan=loan).order_by().values("owner_id")
    debtors = Account.objects.filter(Q(owner_id__in=lenders) | Q(owner_id=loan.borrower_id), code=DUE_FROM_USER)
    return LoanProjection(
        status=stored.status,
        next_due_on=stored.next_due_on,
        next_due_amount=stored.next_due_amount,
        principal_outstanding=stored.principal_outstanding,
        credit_held=stored.credit_held,
        days_past_due=stored.days_past_due,
        rows={(row.schedule_version, row.number): _row_figures(row) for row in live_instalments(loan)},
        payments=_payments(loan),
        received=_received(loan),
        dues=dict(debtors.values_list("owner_id", "balance")),
    )


def compare(loan: Loan, before: LoanProjection, after: LoanProjection) -> ReplayPreview:
    """What differs between two pictures of a loan, the earliest first; lenders by what they give back."""
    rows = [RowChange(before.rows.get(key), after.rows.get(key)) for key in before.rows.keys() | after.rows.keys()]
    keys = before.payments.keys() | after.payments.keys()
    payments = [(key, PaymentChange(before.payments.get(key), after.payments.get(key))) for key in keys]
    payments.sort(key=lambda pair: (pair[1].either.value_date, pair[0]))
    return ReplayPreview(
        before=before,
        after=after,
        rows=tuple(
            sorted(
                (change for change in rows if change.before != change.after),
                key=lambda change: (change.either.due_date, change.either.number),
            )
        ),
        payments=tuple(change for _key, change in payments if change.before != change.after),
        lenders=_lender_changes(before, after),
        borrower_owes=after.dues.get(loan.borrower_id, 0) - before.dues.get(loan.borrower_id, 0),
    )


def _row_figures(row: Instalment) -> RowFigures:
    return RowFigures(
        number=row.number,
        due_date=row.due_date,
        paid=row.principal_paid + row.interest_paid + row.late_fee_paid,
        late_fee=row.late_fee_due - row.late_fee_removed,
        unpaid=row.total_unpaid,
    )


def _payments(loan: Loan) -> dict[int, PaymentFigures]:
    found = list(Repayment.objects.filter(loan=loan).order_by("pk"))
    first: dict[int, int] = {}
    for payment in found:
        first[payment.pk] = first.get(payment.replaces_id or 0, payment.replaces_id) or payment.pk
    return {
        first[payment.pk]: PaymentFigures(
            payment.value_date,
            payment.amount,
            payment.late_fee,
            payment.interest,
            payment.principal,
            payment.surplus,
            payment.held,
        )
        for payment in found
        if payment.status == RepaymentStatus.CONFIRMED and not payment.is_from_credit
    }


def _received(loan: Loan) -> dict[int, int]:
    shares = Distribution.objects.filter(repayment__loan=loan, repayment__status=RepaymentStatus.CONFIRMED)
    return dict(shares.order_by().values_list("note__owner_id").annotate(net=Sum("net")))


def _lender_changes(before: LoanProjection, after: LoanProjection) -> tuple[LenderChange, ...]:
    ids = before.received.keys() | after.received.keys()
    back = {pk: before.received.get(pk, 0) - after.received.get(pk, 0) for pk in ids}
    owes = {pk: after.dues.get(pk, 0) - before.dues.get(pk, 0) for pk in ids}
    people = User.objects.in_bulk([pk for pk in ids if back[pk] or owes[pk]])
    changes = [LenderChange(person, back[pk], owes[pk]) for pk, person in people.items()]
    return tuple(sorted(changes, key=lambda change: (-change.gives_back, change.lender.pk)))
