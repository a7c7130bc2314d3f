"""The plain model of one loan's life: what should be owed, by whom, and where every cent should be.

Predicted exactly: what falls due and when a late fee comes, how a payment is divided, what pays the loan off, every
wallet, the state and the lateness of the loan, and which step is refused. Taken from the
product, because predicting it would mean writing it again, and then held against what must be true of it:

- the rows of a new plan: principal adds up, interest is not negative, dates follow each other, and dates that must stay
  do (`_adopt_plan`);
- which lender gets the odd cent: the shares add up and nobody is a whole cent away from the exact share, counted in
  fractions since the loan was paid out (`_share_out`); a cent more where unpaid charges became principal.

Money paid ahead is `credit`: what it pays on which due date is predicted, and the product must have paid just that.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
from collections.abc import Sequence
from fractions import Fraction

from loans.tests.servicing.lives.plain import (
    DAY,
    Part,
    Payment,
    Purse,
    Row,
    Terms,
    by_largest_remainder,
    half_up,
)

ONE_CENT = 1
OWING = ("active", "defaulted")


@dataclasses.dataclass(slots=True)
class Division:
    """What a payment should do: its parts, and whether it ends the loan or makes a new plan."""

    late_fee: int
    interest: int
    principal: int
    surplus: int
    held: int = 0
    credit_used: int = 0
    closes: bool = False
    replaces: bool = False

    @property
    def figures(self) -> tuple[int, int, int, int, int, int]:
        return self.late_fee, self.interest, self.principal, self.surplus, self.held, self.credit_used


@dataclasses.dataclass(slots=True)
class Standing:
    """What payments and the calendar change, and what is restored when a payment is undone."""

    rows: list[Row]
    parts: dict[int, Part]
    credit: int = 0


class Life:
    """One loan from the day on which it was paid out."""

    def __init__(
        self,
        terms: Terms,
        rows: Sequence[Row],
        parts: dict[int, Part],
        owners: dict[int, int],
        borrower: int,
        purses: dict[int, Purse],
        paid_out_on: dt.date,
        bank: int,
        fees: int,
    ) -> None:
        self.terms, self.borrower, self.owners, self.purses = terms, borrower, owners, purses
        self.now = Standing(list(rows), parts)
        self.status, self.today, self.rolled_to = "active", paid_out_on, paid_out_on
        # What it was when it was paid off: it is that again when the payment comes back.
        self.paid_off_as = self.status
        self.paid_out_on, self.bank, self.fees = paid_out_on, bank, fees
        self.payments: list[Payment] = []
        self.from_credit: list[Payment] = []
        self.refunds: dict[int, int] = {}
        # The plan that people agreed on last: nothing before it can be worked out again.
        self.base = copy.deepcopy(self.now)
        self.kept: dict[tuple[int, int], Row] = {}
        self.base_on = dt.date.min
        self.base_payments = 0
        self.autopay, self.autopay_tried_on = False, None
        # What the borrower's wallet held at the end of days on which something was done.
        self.held = [(paid_out_on, purses[borrower].available)]
        self.pauses: list[tuple[dt.date, dt.date]] = []
        self.before_default: list[Row] = []
        self.lost = 0
        self.waived: list[Row] = []
        self.given_up: list[Row] = []

    # ------------------------------------------------------------ what is owed

    @property
    def open_rows(self) -> list[Row]:
        return [row for row in self.now.rows if row.open]

    @property
    def is_owing(self) -> bool:
        return self.status in OWING

    def due(self, on: dt.date) -> int:
        """What is unpaid of everything that fell due."""
        return sum(row.open for row in self.now.rows if row.due <= on)

    def following(self, on: dt.date) -> int:
        """What is to pay of the first payment to come that money paid ahead does not cover."""
        credit = self.now.credit
        for row in self.now.rows:
            if row.due > on and row.open > credit:
                return row.open - credit
            credit -= row.open if row.due > on else 0
        return 0

    def payoff(self, on: dt.date) -> int:
        """What closes the loan, besides the money paid ahead."""
        rows = self.open_rows
        owed = sum(row.principal_open + row.interest_earned(on) + row.late_fee_open for row in rows)
        return owed - self.now.credit

    def owed_beside_credit(self, on: dt.date) -> dict[str, int]:
        """What is left of each part once money paid ahead has paid of everything that is owed on the day."""
        owed = {"late_fee": 0, "interest": 0, "principal": 0}
        for row in self.open_rows:
            owed["late_fee"] += row.late_fee_open
            owed["interest"] += row.interest_earned(on)
            owed["principal"] += row.principal_open
        credit = self.now.credit
        for part in self.terms.order:
            paid = min(owed[part], credit)
            owed[part], credit = owed[part] - paid, credit - paid
        return owed

    def oldest_unpaid_due_date(self) -> dt.date | None:
        return min((row.due for row in self.open_rows), default=None)

    def days_late(self, on: dt.date) -> int:
        since = self.oldest_unpaid_due_date()
        return max((on - since).days, 0) if since else 0

    def cure_amount(self, on: dt.date) -> int | None:
        """What is late against the plan before the default; None when that plan has no date left."""
        to_come = [row for row in self.before_default if row.due > on]
        if not to_come:
            return None
        planned = sum(row.principal_open for row in to_come)
        late = max(sum(row.principal_open for row in self.open_rows) - planned, 0)
        return late + sum(row.interest_open + row.late_fee_open for row in self.open_rows)

    # ------------------------------------------------------------ the calendar

    def calendar(self, until: dt.date) -> None:
        """What days alone do: money paid ahead pays on each due date; then late fees and default interest."""
        while self.now.credit and self.open_rows and self.open_rows[0].due <= until:
            day = self.open_rows[0].due
            self._charge_days(day)
            self._pay_from_credit(day)
        self._charge_days(until)

    def _pay_from_credit(self, on: dt.date) -> None:
        known = {payment.pk for payment in self.payments}
        payment = next(one for one in self.from_credit if one.pk not in known)
        amount = min(self.now.credit, self.due(on))
        assert (payment.counted_on, payment.value_date, payment.amount) == (on, on, amount)
        taken = self._take([row for row in self.open_rows if row.due <= on], amount)
        assert payment.figures == taken.figures
        assert taken.surplus == 0
        self.now.credit -= amount
        self._share_out(payment)
        self._move_money(payment, 1, on=self.today, may_owe=False)
        self.payments.append(payment)

    def _charge_days(self, until: dt.date) -> None:
        """A late fee once for each row, and default interest for each day after the grace."""
        for row in self.open_rows:
            if row.due > until:
                continue
            day = row.due + (self.terms.grace_days + 1) * DAY
            while self.is_pause(day):
                day += DAY
            if row.fee_on is None and day <= until:
                row.late_fee += self.terms.late_fee(row)
                row.fee_on = day
            self._charge_late_interest(row, until)

    def _charge_late_interest(self, row: Row, until: dt.date) -> None:
        """All of it since the end of the grace, exact, half-up: what was not charged yet is now."""
        day = row.late_interest_to or row.due + self.terms.grace_days * DAY
        last = min(until, row.no_late_interest_after or until)
        a_day = row.principal_open * self.terms.default_interest_rate / 365
        if not a_day or day >= last:
            return
        while day < last:
            day += DAY
            row.late_interest += 0 if self.is_pause(day) else a_day
        row.late_interest_to = last
        total = half_up(row.late_interest.numerator, row.late_interest.denominator)
        row.late_fee += total - row.late_interest_charged
        row.late_interest_charged = total

    def roll(self) -> None:
        """Bring the loan to today, automatic payment left to the caller."""
        if self.is_owing:
            self.calendar(self.today)
            self.rolled_to = self.today

    def autopay_day(self) -> dt.date | None:
        """The next day up to today on which automatic payment tries; a day that was seen before is not gone back to."""
        if not self.autopay or not self.is_owing:
            return None
        tried = self.autopay_tried_on or dt.date.min
        days = [row.due + after * DAY for row in self.open_rows for after in (0, 1, 3)]
        day = min((day for day in days if tried < day <= self.today), default=None)
        return day and min(max(day, self.rolled_to + DAY), self.today)

    def autopay_amount(self, day: dt.date) -> int:
        """What it takes, once the loan was brought to the day: as far as the wallet reached then and reaches now."""
        self.autopay_tried_on = day
        now = self.purses[self.borrower].available
        return max(min(self.due(day), now, self.held_on(day) if day < self.today else now), 0)

    def held_on(self, day: dt.date) -> int:
        """What the borrower's wallet held at the end of a day that has passed."""
        return next((amount for last, amount in reversed(self.held) if last <= day), 0)

    def _hold(self, change: int, on: dt.date) -> None:
        """The borrower's wallet changed on a day that has passed."""
        if on >= self.today:
            return
        later = [(day, amount + change) for day, amount in self.held if day > on]
        earlier = [(day, amount) for day, amount in self.held if day < on]
        self.held = [*earlier, (on, self.held_on(on) + change), *later]

    def close_day(self) -> None:
        """Remember what the borrower's wallet holds at the end of today."""
        self.held = [(day, amount) for day, amount in self.held if day < self.today]
        self.held.append((self.today, self.purses[self.borrower].available))

    # ------------------------------------------------------------ payments

    def mode_of(self, amount: int, on: dt.date, asked: str) -> str:
        if asked:
            return asked
        fits = amount <= self.due(on) + self.following(on)
        return "credit" if fits else self.terms.extra_mode

    def pay(self, payment: Payment, asked: str, *, may_owe: bool = False) -> None:
        """Follow a payment that the product posted: it must have done what is predicted here."""
        on = payment.counted_on
        was_owing = self.is_owing
        if was_owing:
            self.calendar(on)
            assert payment.mode == self.mode_of(payment.amount, on, asked)
        division = self._divide(payment.amount, on, payment.mode)
        assert payment.figures == division.figures
        *parts, used = payment.figures
        assert sum(parts) == payment.amount + used
        self.now.credit += division.held - division.credit_used
        if division.principal or division.interest or division.late_fee:
            self._share_out(payment)
        if division.replaces:
            self._adopt_payment_plan(payment)
        if division.closes:
            self.close()
        # What is worked out again is posted today.
        self._move_money(payment, 1, on=self.today if may_owe else on, may_owe=may_owe)
        self.payments.append(payment)

    def _divide(self, amount: int, on: dt.date, mode: str) -> Division:
        """Oldest first, and in each row in the order of the product; then what extra money does.

        What pays all off, or changes the plan, takes along what was paid ahead before.
        """
        if not self.open_rows:
            return Division(0, 0, 0, amount)
        owed, credit = self.payoff(on), self.now.credit
        if amount >= owed:
            late_fee = sum(row.late_fee_open for row in self.open_rows)
            interest = sum(row.interest_earned(on) for row in self.open_rows)
            principal = sum(row.principal_open for row in self.open_rows)
            self._take([row for row in self.open_rows if row.due <= on], amount)
            self.now.rows = [row for row in self.now.rows if not row.open]
            return Division(late_fee, interest, principal, amount - owed, 0, credit, closes=True)
        taken = self._take([row for row in self.open_rows if row.due <= on], amount)
        if not taken.surplus:
            return taken
        if mode == "credit":
            return dataclasses.replace(taken, surplus=0, held=taken.surplus)
        extra = taken.surplus + credit
        running = self.open_rows[0]
        interest = min(extra, running.interest_earned(on))
        if interest == extra:
            running.interest_paid += interest
            return Division(taken.late_fee, taken.interest + interest, taken.principal, 0, 0, credit)
        principal = taken.principal + extra - interest
        return Division(taken.late_fee, taken.interest + interest, principal, 0, 0, credit, replaces=True)

    def _take(self, rows: Sequence[Row], amount: int) -> Division:
        done = Division(0, 0, 0, amount)
        for row in rows:
            taken = row.take(done.surplus, self.terms.order)
            done.late_fee += taken["late_fee"]
            done.interest += taken["interest"]
            done.principal += taken["principal"]
            done.surplus -= sum(taken.values())
        return done

    def _share_out(self, payment: Payment) -> None:
        """Principal, interest and fees within a cent of the exact share, ever since."""
        parts = self.now.parts
        weights = [part.outstanding for part in parts.values()]
        if not any(weights):
            weights = [part.lent + part.capitalised for part in parts.values()]
        left = sum(part.outstanding for part in parts.values()) - payment.principal
        to_lenders = payment.late_fee if self.terms.late_fees_to_lenders else 0
        assert payment.shares.keys() == parts.keys()
        assert sum(share.principal for share in payment.shares.values()) == payment.principal
        assert sum(share.interest for share in payment.shares.values()) == payment.interest
        assert sum(share.late_fee for share in payment.shares.values()) == to_lenders
        for (pk, part), weight in zip(parts.items(), weights, strict=True):
            share = payment.shares[pk]
            fee = int(share.interest * self.terms.servicing_fee_rate)
            assert share.servicing_fee == fee
            assert share.net == share.principal + share.interest + share.late_fee - fee
            assert min(share.interest, share.late_fee, share.net) >= 0
            part.outstanding -= share.principal
            assert part.outstanding >= 0
            assert abs(part.outstanding - part.of(left, parts.values())) <= (2 if part.capitalised else 1)
            part.principal += share.principal
            part.interest += share.interest
            part.late_fee += share.late_fee
            part.servicing_fee += fee
            part.exact_interest += Fraction(payment.interest * weight, sum(weights))
            part.exact_late_fee += Fraction(to_lenders * weight, sum(weights))
            assert abs(part.interest - part.exact_interest) <= ONE_CENT
            assert abs(part.late_fee - part.exact_late_fee) <= ONE_CENT

    def _adopt_payment_plan(self, payment: Payment) -> None:
        """What was not due yet becomes one row that is paid, dated on the day, and a plan for the rest."""
        on = payment.counted_on
        old = [row for row in self.open_rows if row.due > on]
        self.now.rows = [row for row in self.now.rows if row not in old]
        paid, *plan = copy.deepcopy(list(payment.plan))
        assert paid.due == on
        assert paid.principal + sum(row.principal for row in plan) == sum(row.principal for row in old)
        assert sum(row.principal for row in plan) == sum(part.outstanding for part in self.now.parts.values()) - sum(
            row.principal_open for row in self.open_rows
        )
        dates = [row.due for row in old]
        # Fewer cents than dates end the plan sooner, however the extra money was asked for.
        keeps_dates = payment.mode == "lower" and sum(row.principal for row in plan) >= len(dates)
        assert [row.due for row in plan] == (dates if keeps_dates else dates[: len(plan)])
        self._adopt_plan(plan, on)
        for row in plan:
            self._keep(row)
        paid.principal_paid, paid.interest_paid = paid.principal, paid.interest
        self.now.rows = sorted([*self.now.rows, paid, *plan], key=lambda row: (row.due, row.number))

    def _adopt_plan(self, plan: Sequence[Row], start: dt.date) -> None:
        days = [start, *(row.due for row in plan)]
        assert days == sorted(set(days))
        for row in plan:
            assert min(row.principal, row.interest) >= 0
            assert row.start < row.due

    def _move_money(self, payment: Payment, sign: int, *, on: dt.date, may_owe: bool) -> None:
        borrower = self.purses[self.borrower]
        before = borrower.available
        if payment.is_from_credit:
            # It left the borrower's wallet when it was paid ahead.
            assert payment.surplus == 0
        elif payment.method == "declared":
            self.bank += sign * payment.amount
            borrower.move(sign * payment.surplus)
        else:
            assert may_owe or borrower.available >= payment.amount
            borrower.move(sign * (payment.surplus - payment.amount))
        self._hold(borrower.available - before, on)
        for pk, share in payment.shares.items():
            self.purses[self.owners[pk]].move(sign * share.net)
            self.fees += sign * share.servicing_fee
        if not self.terms.late_fees_to_lenders:
            self.fees += sign * payment.late_fee

    # ------------------------------------------------------------ the past played again

    def can_start_from(self, day: dt.date, undone: Sequence[Payment]) -> bool:
        """Nobody agreed on a plan, or gave up what the past would bring again, after that day."""
        plans = {payment.plan[0].version for payment in undone if payment.plan}
        unearned = any(row.interest_waived and row.due > day for row in self.waived)
        gone = any(row.version in plans for row in self.waived)
        return self.base_on <= day and not unearned and not gone

    def can_undo(self, payment: Payment) -> bool:
        at = self.payments.index(payment)
        return at >= self.base_payments and self.can_start_from(payment.counted_on, self.payments[at:])

    def close(self) -> None:
        """Nothing is owed any more."""
        self.paid_off_as, self.status = self.status, "repaid"

    def reprocess(self, undone: Sequence[Payment], posted: Sequence[Payment], asked: Sequence[str]) -> None:
        """Start from the plan that was agreed last and pay again; what was waived and paused stays as it is.

        The money of `undone` goes back, the last one first; then `posted` are paid, each with its extra money as
        `asked`.
        """
        self.kept = {row.key: row for row in self.now.rows}
        for payment in reversed(undone):
            self._move_money(payment, -1, on=self.today, may_owe=True)
        stay = [payment for payment in self.payments[self.base_payments :] if payment not in undone]
        self.payments = self.payments[: self.base_payments]
        self.now = copy.deepcopy(self.base)
        self.status = self.paid_off_as if self.status == "repaid" else self.status
        for row in self.now.rows:
            self._keep(row)
        purses, bank, fees, held = copy.deepcopy(self.purses), self.bank, self.fees, self.held
        for payment in stay:
            if payment.is_from_credit:
                self.calendar(payment.counted_on)
            else:
                self.pay(payment, payment.mode, may_owe=True)
        # Their money did not move again.
        self.purses, self.bank, self.fees, self.held = purses, bank, fees, held
        for payment, mode in zip(posted, asked, strict=True):
            self.pay(payment, mode, may_owe=True)
        self.roll()

    def _keep(self, row: Row) -> None:
        before = self.kept.get(row.key)
        if before is None:
            return
        row.interest_waived, row.late_fee_waived = before.interest_waived, before.late_fee_waived
        if before.late_fee_waived:
            row.late_fee, row.fee_on = before.late_fee, before.fee_on
            row.late_interest, row.late_interest_to = before.late_interest, before.late_interest_to
            row.late_interest_charged = before.late_interest_charged

    def agree(self, on: dt.date | None = None) -> None:
        """The plan that stands since `on` (today) was agreed on: what came before can't be worked out again."""
        self.base, self.base_on = copy.deepcopy(self.now), on or self.today
        self.base_payments = len(self.payments)

    # ------------------------------------------------------------ loans in trouble

    def waive(self, row: Row, interest: int, late_fee: int) -> None:
        row.interest_waived += interest
        row.late_fee_waived += late_fee
        self.waived.append(copy.copy(row))
        if not self.open_rows:
            self.close()

    def pause(self, until: dt.date) -> None:
        """No charge for the days after today up to then; a pause that runs gets this end."""
        if self.pauses and self.pauses[-1][1] >= self.today:
            self.pauses[-1] = (self.pauses[-1][0], until)
        else:
            self.pauses.append((self.today, until))

    def is_pause(self, day: dt.date) -> bool:
        return any(first < day <= last for first, last in self.pauses)

    def accelerate(self, version: int) -> None:
        """Everything is due today in one row, without interest to come; no late fee is added any more."""
        ahead = [row for row in self.open_rows if row.due > self.today]
        for row in self.open_rows:
            if row.due <= self.today:
                row.fee_on = row.fee_on or self.today
                row.no_late_interest_after = self.today
        self.before_default = copy.deepcopy(ahead)
        if not ahead:
            return
        self.now.rows = [row for row in self.now.rows if row not in ahead]
        number = max((row.number for row in self.now.rows), default=0) + 1
        principal = sum(row.principal_open for row in ahead)
        interest = sum(row.interest_earned(self.today) for row in ahead)
        late_fee = sum(row.late_fee_open for row in ahead)
        row = Row(version, number, self.today - DAY, self.today, principal, interest, late_fee, fee_on=self.today)
        row.no_late_interest_after = self.today
        self.now.rows.append(row)
        self.calendar(self.today)

    def replace_plan(
        self, plan: Sequence[Row], start: dt.date, capitalised: int = 0, carried: Row | None = None
    ) -> None:
        """Another plan for all that is open; what becomes principal is shared out by what each has outstanding."""
        principal = sum(row.principal_open for row in self.open_rows)
        assert sum(row.principal for row in plan) == principal + capitalised
        self._adopt_plan(plan, start)
        self.now.rows = [row for row in self.now.rows if not row.open] + ([carried] if carried else []) + list(plan)
        parts = list(self.now.parts.values())
        if capitalised:
            grown = by_largest_remainder(capitalised, [part.outstanding for part in parts])
            for part, amount in zip(parts, grown, strict=True):
                part.outstanding += amount
                part.capitalised += amount
        self.calendar(self.today)

    def lose(self, status: str) -> None:
        """Everything still open is given up."""
        self.lost = self.payoff(self.today)
        self.status = status
        for part in self.now.parts.values():
            part.lost, part.outstanding = part.outstanding, 0
        self.given_up = self.open_rows
        self.now.rows = [row for row in self.now.rows if not row.open]

    def recover(self, amount: int, *, from_wallet: bool) -> None:
        """Our fee first, the rest by the principal that each lost."""
        exact = amount * self.terms.collection_fee_rate
        fee = half_up(exact.numerator, exact.denominator)
        losers = {pk: part for pk, part in self.now.parts.items() if part.lost} or self.now.parts
        weights = [part.lost or part.lent for part in losers.values()]
        for (pk, part), share in zip(losers.items(), by_largest_remainder(amount - fee, weights), strict=True):
            part.recovered += share
            self.purses[self.owners[pk]].move(share)
        self.lost -= amount
        self.fees += fee
        if from_wallet:
            self.purses[self.borrower].move(-amount)
        else:
            self.bank += amount
