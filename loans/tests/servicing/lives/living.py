"""What every step of a life does: ask the product, follow it in the model, and compare the two."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from django.db import transaction

from accounts.models import User
from ledger.selectors.invariants import CHECKS as LEDGER_CHECKS
from loans.selectors.invariants import CHECKS as LOAN_CHECKS
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.servicing.lives import seen
from loans.tests.servicing.lives.plain import Payment
from loans.tests.servicing.lives.world import World
from p2plending.lib.errors import Refused
from p2plending.tests.support.books import assert_sound_books

# A posting never changes, so a break in its chain is still there at the end of the life; the others could heal.
FOR_EVER = ("I1", "I2", "I10")
# Carries are kept to twelve places.
HARDLY_ANYTHING = Fraction(1, 10**9)
EVERY_STEP = [check for check in (*LEDGER_CHECKS, *LOAN_CHECKS) if check.code not in FOR_EVER]


class Living:
    """A life in a savepoint of its own, which is rolled back at its end."""

    def __init__(self, world: World, kind: str) -> None:
        self.world = world
        self.keys = (f"life-{number}" for number in itertools.count())
        self.block = transaction.atomic()
        # As Django's own TestCase marks its blocks: services may open their outermost transaction inside.
        self.block._from_testcase = True
        self.block.__enter__()
        self.loan, self.life = world.life_of(kind)
        self.borrower: User = self.loan.borrower
        self.is_sound = True
        self.is_refused = False

    @property
    def state(self) -> str:
        return self.life.status

    def end(self) -> None:
        """The whole of the books is looked at once more; then nothing of it has happened."""
        try:
            if self.is_sound:
                assert_sound_books()
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    def attempt(self, expected: str, call: Callable[[], Any], *, may: tuple[str, ...] = ()) -> Any:
        """Do a step that must be refused with the code `expected`, or done when that is empty.

        What is refused changes nothing. `may` names refusals that only the product can know. Returns what the service
        does, or None when it refused.
        """
        allowed = (expected,) if expected else may
        before = seen.fingerprint() if allowed else None
        refused = None
        try:
            done = call()
        except Refused as refusal:
            refused = refusal.code
        if refused is not None:
            assert refused in allowed, f"refused: {refused}, expected {allowed or 'no refusal'}"
            assert seen.fingerprint() == before, f"{refused} changed something"
            self.is_refused = True
            return None
        assert not expected, f"not refused: {expected}"
        self.look()
        return done

    def look(self) -> None:
        """What the calendar says to have paid from money paid ahead, for the model to follow."""
        self.life.from_credit = seen.posted_payments(self.loan.pk, method="credit")

    # ------------------------------------------------------------ following the product

    def posted_since(self) -> list[Payment]:
        """Payments of people in the books that the model has not seen."""
        known = [payment.pk for payment in self.life.payments]
        found = seen.posted_payments(self.loan.pk, but=known)
        return [payment for payment in found if not payment.is_from_credit]

    def follow_day(self) -> None:
        """The step began by bringing the loan to today, with automatic payment on each of its days."""
        life = self.life
        while (day := life.autopay_day()) is not None:
            life.calendar(day)
            amount = life.autopay_amount(day)
            if amount:
                payment = self.posted_since()[0]
                assert (payment.method, payment.amount, payment.counted_on) == ("autopay", amount, day)
                life.pay(payment, "")
                self.follow_cure(day)
        life.roll()

    def follow_payment(self, asked: str) -> Payment:
        """A payment was posted; the loan was brought to today after it, and cured when it was enough."""
        (payment,) = self.posted_since()
        self.life.pay(payment, asked)
        self.life.roll()
        self.follow_cure()
        return payment

    def follow_cure(self, on: dt.date | None = None) -> None:
        """A loan in default goes on when what is late by its old plan is paid, on a day (today)."""
        life, on = self.life, on or self.life.today
        if life.status != "defaulted" or life.cure_amount(on) != 0:
            return
        dates = [row.due for row in life.before_default if row.due > on]
        plan = seen.rows_of_version(self.loan.pk, seen.loan_columns(self.loan.pk)["schedule_version"])
        assert [row.due for row in plan] == dates[: len(plan)]
        life.replace_plan(plan, on)
        life.agree(on)
        life.status = "active"

    def come(self, days: int, *, is_looked_at: bool) -> None:
        """Days pass. Automatic payment needs somebody who looks."""
        self.life.close_day()
        self.life.today += dt.timedelta(days=days)
        if is_looked_at or self.life.autopay:
            bring_loan_forward(loan_id=self.loan.pk, today=self.life.today)
            self.look()
            self.follow_day()
            self.follow_cure()

    # ------------------------------------------------------------ comparing

    def compare(self) -> None:
        """After every step: what is owed, the loan's own columns, every note, every wallet, all money, the books."""
        if self.is_refused:
            # Not a row is different from what was compared after the step before.
            self.is_refused = False
            return
        self.is_sound = False
        life = self.life
        owed = [(row.key, row.due, row.principal_open, row.interest_open, row.late_fee_open) for row in life.open_rows]
        found = [(row.key, row.due, row.principal, row.interest, row.late_fee) for row in seen.open_rows(self.loan.pk)]
        assert sorted(found) == sorted(owed)
        assert seen.posted_keys(self.loan.pk) == [payment.pk for payment in life.payments]
        self._compare_columns()
        for pk, figures in seen.notes(self.loan.pk).items():
            part = life.now.parts[pk]
            *figures, interest_carry, late_fee_carry = figures
            # The fraction that is carried is what is exactly theirs and was not paid yet.
            assert abs(Fraction(interest_carry) - (part.exact_interest - part.interest)) < HARDLY_ANYTHING
            assert abs(Fraction(late_fee_carry) - (part.exact_late_fee - part.late_fee)) < HARDLY_ANYTHING
            assert tuple(figures) == (
                part.outstanding,
                part.principal,
                part.interest,
                part.late_fee,
                part.servicing_fee,
                part.capitalised,
                part.lost,
                part.recovered,
            )
            assert part.lent + part.capitalised == part.outstanding + part.principal + part.lost
        for owner, accounts in seen.purses(list(life.purses)).items():
            purse = life.purses[owner]
            assert [accounts.get(code, 0) for code in ("C2100", "C2120", "C1300")] == [
                purse.available,
                purse.withdrawing,
                purse.due,
            ]
        assert seen.bank_and_fees() == (life.bank, life.fees)
        breaks = [found for check in EVERY_STEP for found in check.function()]
        assert breaks == []
        self.is_sound = True

    def _compare_columns(self) -> None:
        life, columns = self.life, seen.loan_columns(self.loan.pk)
        rows = life.open_rows
        outstanding = sum(part.outstanding for part in life.now.parts.values())
        assert (columns["status"], columns["principal_outstanding"]) == (life.status, outstanding)
        assert outstanding == sum(row.principal_open for row in rows)
        assert columns["next_due_on"] == (rows[0].due if rows else None)
        assert columns["next_due_amount"] == (max(rows[0].open - life.now.credit, 0) if rows else None)
        assert columns["credit_held"] == life.now.credit
        assert not life.now.credit or life.payoff(life.today) > 0
        assert life.is_owing == bool(rows)
        if life.rolled_to != life.today:
            return
        days = life.days_late(life.today)
        arrears = sum(row.open for row in rows if row.due < life.today)
        assert (columns["days_past_due"], columns["arrears_amount"]) == (days, arrears)
        assert columns["bucket"] == life.terms.bucket(days)
        assert seen.open_stays(self.loan.pk) == ([columns["bucket"]] if days else [])
