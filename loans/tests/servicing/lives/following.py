"""Lives of loans whose plan follows the money, against the pure replay of a list of events that the test keeps itself.

The list is plain: what was paid, charged, waived and taken back, in the order in which it was told. After each step the
stored instalments, payments, wallets and books must be what the replay of the list says; a refusal leaves the list, and
everything that is stored, as it was.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import transaction

from accounts.enums.people import Role
from accounts.models import User
from accounts.services.approvals.requests import approve_request, refuse_request
from ledger.selectors import balance
from loans.account.state import finance_terms, live_instalments
from loans.account.terms import LoanTerms, replay_terms
from loans.enums.loan import ChargePart, LoanStatus, RepaymentStatus
from loans.finance.progressive import Charge, Event, LoanPart, LoanPosition, Payment, ReplayTerms, Waiver, replay
from loans.models import Distribution, Loan, LoanCharge, Note, Repayment
from loans.selectors.servicing import payoff_figure
from loans.services.collections.charges import add_charge, waive_charge
from loans.services.corrections.backdated_payment import record_backdated_repayment
from loans.services.repayments.record import preview_repayment
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.servicing.lives import seen
from loans.tests.servicing.lives.script import step
from loans.tests.servicing.paying import ask_to_undo, pay
from p2plending.lib.errors import Refused
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.world import active_loan, fund_wallet, new_key, set_price, verified

PAID_OUT = dt.date(2026, 1, 31)
PURSE = 5_000_00
# Refusals that the books alone can know: a waiver, or another charge, stands in the way of the past.
PAST_HOLDS = ("plan_agreed_since", "plan_out_of_step")

DAILY = {"interest_recalculation": "daily", "day_count": "ACT/365"}
KINDS: dict[str, dict[str, Any]] = {
    "daily": DAILY | {"allocation_order": "penalty,fee,interest,principal"},
    "daily, principal first, last instalment": DAILY
    | {"allocation_order": "penalty,fee,principal,interest", "future_instalments": "last"},
    "by the period": {"interest_recalculation": "per_period", "payoff_interest": "to_rest_date"},
    "not recalculated": {"allocation_order": "interest,principal,penalty,fee", "payment_way": "vertical"},
    "flat, spread": {"schedule_method": "flat", "future_instalments": "reamortization"},
}
PLAIN = {
    "servicing_method": "progressive",
    "interest_recalculation": "none",
    "day_count": "30/360",
    "allocation_order": "penalty,fee,interest,principal",
    "future_instalments": "next",
    "payment_way": "horizontal",
    "payoff_interest": "to_date",
    "schedule_method": "annuity",
    "late_fee_fixed": 0,
    "late_fee_rate": Decimal(0),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Following:
    """One loan of each kind, the people, and the rules by which each is replayed."""

    staff: User
    second: User
    lenders: tuple[User, ...]
    loans: dict[str, Loan]
    terms: dict[str, ReplayTerms]


def build_following(staff: User, second: User) -> Following:
    """1,000.00 at 24 % over five months from 31 January, lent in three uneven parts, one loan for each kind."""
    lenders = tuple(verified(name, Role.LENDER) for name in ("Bob", "Carol", "Dan"))
    loans, terms = {}, {}
    for position, (kind, choices) in enumerate(KINDS.items()):
        product = set_price(Decimal("0.24"))
        product.min_term_months = 1
        for name, value in (PLAIN | choices).items():
            setattr(product, name, value)
        product.save()
        borrower = verified(f"Alice-{position}", Role.BORROWER)
        amounts = dict(zip(lenders, (333_00, 333_00, 334_00), strict=True))
        loan = active_loan(borrower, amounts, term=5, today=PAID_OUT)
        fund_wallet(borrower, PURSE, today=PAID_OUT)
        loans[kind] = Loan.objects.select_related("borrower").get(pk=loan.pk)
        frozen = LoanTerms.from_json(loan.frozen_terms)
        terms[kind] = replay_terms(frozen, finance_terms(loan, frozen))
    return Following(staff, second, lenders, loans, terms)


class FollowingLife:
    """One life, in a savepoint that is rolled back at its end."""

    def __init__(self, world: Following, kind: str) -> None:
        self.world, self.terms = world, world.terms[kind]
        self.block = transaction.atomic()
        # As Django's own TestCase marks its blocks: services may open their outermost transaction inside.
        self.block._from_testcase = True
        self.block.__enter__()
        self.loan = world.loans[kind]
        self.today = PAID_OUT
        self.events: list[Event] = []
        self.names = (f"event {number}" for number in itertools.count())
        self.first_wallet = balance("C2100", self.loan.borrower)

    @property
    def state(self) -> str:
        return Loan.objects.values_list("status", flat=True).get(pk=self.loan.pk)

    def end(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    # ------------------------------------------------------------ steps

    @step(5, days=(1, 3, 11, 28, 31, 45))
    def let_days_pass(self, days: int) -> None:
        self.today += dt.timedelta(days=days)
        bring_loan_forward(loan_id=self.loan.pk, today=self.today)
        self.compare()

    @step(6, "active", part=("0.3", "1", "1.7", "4"))
    def pay_a_part(self, part: str) -> None:
        self._pay(int(Decimal(212_00) * Decimal(part)))

    @step(2, "active", more=(0, 0, 1, 50_00))
    def pay_all_off(self, more: int) -> None:
        self._pay(payoff_figure(Loan.objects.get(pk=self.loan.pk), self.today).total + more)

    @step(3, "active", days=(1, 9, 33), amount=(1, 77_77, 212_00))
    def find_money(self, days: int, amount: int) -> None:
        on = max(self.today - dt.timedelta(days=days), PAID_OUT)
        event = Payment(next(self.names), on, amount)
        self._attempt(
            event,
            lambda: record_backdated_repayment(
                loan_id=self.loan.pk,
                amount=amount,
                value_date=on,
                bank_reference="",
                actor=self.world.staff,
                idempotency_key=new_key(),
                today=self.today,
            ),
            may=("nothing_to_pay", "not_in_the_past", *PAST_HOLDS),
        )

    @step(3, "active", "repaid", nth=(0, 1, 2, 5))
    def take_back(self, nth: int) -> None:
        confirmed = list(self._confirmed())
        if not confirmed:
            return
        repayment = confirmed[nth % len(confirmed)]
        paid = [event for event in self._in_order() if isinstance(event, Payment)][nth % len(confirmed)]
        asked = ask_to_undo(repayment, self.world.staff, self.today)
        decision: dict[str, Any] = {"approval_id": asked.pk, "actor": self.world.second, "today": self.today}
        before = list(self.events)
        self.events.remove(paid)
        done = self._attempt(
            None,
            lambda: approve_request(idempotency_key=new_key(), **decision),
            may=PAST_HOLDS,
            otherwise=before,
        )
        if not done:
            refuse_request(note="It stays.", idempotency_key=new_key(), **decision)

    @step(3, "active", part=("fee", "penalty"), amount=(1, 9_99), days=(-12, 0, 0, 20, 200))
    def charge(self, part: str, amount: int, days: int) -> None:
        due_on = max(self.today + dt.timedelta(days=days), PAID_OUT)
        name = next(self.names)
        self._attempt(
            Charge(name, due_on, amount, self.today, LoanPart(part)),
            lambda: add_charge(
                loan_id=self.loan.pk,
                part=ChargePart(part),
                due_on=due_on,
                amount=amount,
                reason=name,
                actor=self.world.staff,
                idempotency_key=new_key(),
                today=self.today,
            ),
            may=("loan_not_owing", *PAST_HOLDS),
        )

    @step(1, "active", nth=(0, 1, 2))
    def waive(self, nth: int) -> None:
        charges = list(LoanCharge.objects.filter(loan=self.loan).order_by("pk"))
        if not charges:
            return
        charge = charges[nth % len(charges)]
        self._attempt(
            Waiver(next(self.names), self.today, charge.reason),
            lambda: waive_charge(
                charge_id=charge.pk,
                reason="Our slip",
                actor=self.world.staff,
                idempotency_key=new_key(),
                today=self.today,
            ),
            may=("loan_not_owing", "already_waived", "nothing_to_waive"),
        )

    def _pay(self, amount: int) -> None:
        if self.state != LoanStatus.ACTIVE or amount > balance("C2100", self.loan.borrower):
            return
        shown = preview_repayment(loan_id=self.loan.pk, amount=amount, today=self.today).plan
        self._attempt(Payment(next(self.names), self.today, amount), lambda: pay(self.loan, amount, self.today))
        posted = self._confirmed().last()
        assert (posted.late_fee, posted.interest, posted.principal, posted.surplus, posted.servicing_fee) == (
            shown.late_fee,
            shown.interest,
            shown.principal,
            shown.surplus,
            shown.servicing_fee,
        )

    def _attempt(
        self,
        event: Event | None,
        call: Callable[[], Any],
        *,
        may: tuple[str, ...] = (),
        otherwise: list[Event] | None = None,
    ) -> bool:
        """Do a step and compare; a refusal that it `may` meet changes nothing. Says whether it was done."""
        before = seen.fingerprint() if may else None
        refused = None
        try:
            call()
        except Refused as refusal:
            refused = refusal.code
        if refused is not None:
            assert refused in may, f"refused: {refused}"
            assert seen.fingerprint() == before, f"{refused} changed something"
            if otherwise is not None:
                self.events = otherwise
        elif event is not None:
            self.events.append(event)
        self.compare()
        return refused is None

    # ------------------------------------------------------------ comparing

    def _confirmed(self) -> Any:
        return Repayment.objects.filter(loan=self.loan, status=RepaymentStatus.CONFIRMED).order_by("entry_id")

    def _in_order(self) -> list[Event]:
        return sorted(self.events, key=lambda event: event.on)

    def compare(self) -> None:
        """Stored and replayed: instalments, payments, what the wallets hold; and the books are sound."""
        closed_on = Loan.objects.values_list("closed_on", flat=True).get(pk=self.loan.pk)
        picture = replay(self.terms, self.events, closed_on or self.today)
        self._compare_instalments(picture)
        paid = [(payment.on, payment.amount, payment.surplus) for payment in picture.payments]
        assert [(row.counted_on, row.amount, row.surplus) for row in self._confirmed()] == paid
        assert picture.is_settled == (self.state == LoanStatus.REPAID)
        self._compare_lenders(picture)
        assert_sound_books()

    def _compare_instalments(self, picture: LoanPosition) -> None:
        stored = [
            (
                row.number,
                row.due_date,
                (row.principal_due, row.interest_due, row.late_fee_due),
                (row.principal_paid, row.interest_paid, row.late_fee_paid),
                row.total_unpaid,
            )
            for row in live_instalments(self.loan)
        ]
        assert stored == [
            (
                line.number,
                line.due_date,
                (line.due.principal, line.due.interest, line.due.fee + line.due.penalty),
                (line.paid.principal, line.paid.interest, line.paid.fee + line.paid.penalty),
                line.unpaid.total,
            )
            for line in picture.instalments
        ]

    def _compare_lenders(self, picture: LoanPosition) -> None:
        """Shares add up to what was paid; of interest and fees nobody is further than a cent from the exact share."""
        notes = list(Note.objects.filter(loan=self.loan).order_by("pk"))
        parts = (picture.paid.principal, picture.paid.interest, picture.paid.fee + picture.paid.penalty)
        got = [(note.principal_received, note.interest_received, note.late_fees_received) for note in notes]
        assert tuple(map(sum, zip(*got, strict=True))) == parts
        shares = list(Distribution.objects.filter(repayment__in=self._confirmed()).select_related("repayment"))
        assert sum(share.net + share.servicing_fee for share in shares) == sum(parts)
        weights: Counter[int] = Counter()
        for share in shares:
            weights[share.repayment_id] += share.weight
        exact: dict[int, list[Fraction]] = {note.pk: [Fraction(0), Fraction(0)] for note in notes}
        for share in shares:
            part = Fraction(share.weight, weights[share.repayment_id])
            exact[share.note_id][0] += part * share.repayment.interest
            exact[share.note_id][1] += part * share.repayment.late_fee
        for note in notes:
            interest, late_fee = exact[note.pk]
            assert abs(note.interest_received - interest) <= 1
            assert abs(note.late_fees_received - late_fee) <= 1
