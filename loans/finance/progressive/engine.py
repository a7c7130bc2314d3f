"""The life of a loan run from its disbursement: one pure function from terms and events to what is owed on a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date

from loans.finance.errors import InvalidPayment
from loans.finance.progressive.allocation import Allocator
from loans.finance.progressive.charges import add_charge, add_instalment_charge, charge_pictures, waive_charge
from loans.finance.progressive.enums import AllocationWay, DueKind, FutureInstalments, LoanPart, PayoffInterest
from loans.finance.progressive.events import (
    Charge,
    Event,
    FutureInstalmentsChange,
    InstalmentCharge,
    Payment,
    PayOff,
    Reversal,
    Waiver,
)
from loans.finance.progressive.instalments import CHARGE_PARTS, WorkingInstalment
from loans.finance.progressive.interest import (
    add_late_principal,
    due_on,
    pay_interest,
    pay_principal,
    payoff_on,
    settle,
)
from loans.finance.progressive.model import InterestModel, Period, new_model
from loans.finance.progressive.position import InstalmentPosition, LoanPosition, Parts, PaymentPosition
from loans.finance.progressive.terms import AllocationStep, ReplayTerms
from loans.finance.schedule import build_schedule

PAYOFF_ROUNDS = 5


def replay(terms: ReplayTerms, events: Sequence[Event], on: date) -> LoanPosition:
    """What a loan comes to on ``on``: instalments, charges, what each payment paid, and the pay-off figure.

    Events count in the order of their dates (a charge from its entry or an earlier due date), on one day charges
    that were entered late first, and then as they stand in the sequence. A reversed event counts as if it had
    never been. Events after ``on`` are not looked at. The same terms, events and day give the same picture, so what
    a change does is the difference of two pictures. Raises InvalidPayment for an event before the disbursement, two
    events of one reference, and a reversal or waiver of what is not there. Source of the rules: Apache Fineract's
    progressive loans (docs/finance.md, chapter 12).
    """
    life = _Life(terms)
    for event in timeline(events):
        if event.on < terms.schedule.start_date:
            raise InvalidPayment(f"the event {event.reference} comes before the disbursement")
        if event.on <= on:
            life.apply(event)
    return life.picture(on)


def timeline(events: Sequence[Event]) -> list[Event]:
    """The events that count, in the order in which they do.

    A reversal takes back a reversal too: the event under it then counts again. Raises InvalidPayment for two events of
    one reference and for a reversal of what is not there.
    """
    known = {event.reference for event in events}
    if len(known) < len(events):
        raise InvalidPayment("two events have the same reference")
    reversed_events: set[str] = set()
    for event in reversed(events):
        if isinstance(event, Reversal):
            if event.of not in known:
                raise InvalidPayment(f"there is no event {event.of} to reverse")
            if event.reference not in reversed_events:
                reversed_events.add(event.of)
    counting = [
        event
        for event in events
        if not isinstance(event, Reversal)
        and event.reference not in reversed_events
        and not (isinstance(event, Waiver) and event.of in reversed_events)
    ]
    return sorted(counting, key=lambda event: (event.on, not (isinstance(event, Charge) and event.is_backdated)))


@dataclass(slots=True)
class _PaymentRecord:
    reference: str
    on: date
    amount: int
    surplus: int = 0
    balance_after: int = 0
    paid: dict[int, Counter[LoanPart]] = field(default_factory=dict)


@dataclass(slots=True)
class _Use:
    """How one pass of a payment counts. ``finished`` are the instalments that asked for nothing on that day."""

    on: date
    is_as_planned: bool
    counts_to_period_end: bool
    finished: set[int] = field(default_factory=set)


class _Life:
    """The working state of one replay."""

    def __init__(self, terms: ReplayTerms) -> None:
        schedule = build_schedule(terms.schedule)
        self.terms = terms
        self.rule = terms.future_instalments
        self.model: InterestModel | None = new_model(terms, schedule) if terms.recalculates else None
        self.instalments = [
            WorkingInstalment(line.number, line.period_start, line.due_date, line.principal, line.interest)
            for line in schedule.lines
        ]
        self.payments: list[_PaymentRecord] = []
        self._show_model()

    def apply(self, event: Event) -> None:
        match event:
            case Payment():
                self._pay(event.reference, event.on, event.amount)
            case PayOff():
                self._pay_off(event)
            case Charge():
                add_charge(self.instalments, event)
                self._use_surplus()
            case InstalmentCharge():
                add_instalment_charge(self.instalments, event)
                self._use_surplus()
            case Waiver():
                waive_charge(self.instalments, event)
            case FutureInstalmentsChange():
                self.rule = event.rule
        for line in self.instalments:
            line.note_settlement(event.on)

    def picture(self, on: date) -> LoanPosition:
        _, payoff = self._payoff(on)
        self._bring_to(on, is_payoff=False)
        return LoanPosition(
            on=on,
            instalments=tuple(self._instalment_pictures()),
            charges=charge_pictures(self.instalments),
            payments=tuple(
                PaymentPosition(
                    record.reference,
                    record.on,
                    record.amount,
                    tuple((number, _parts(paid)) for number, paid in record.paid.items()),
                    record.surplus,
                    record.balance_after,
                )
                for record in self.payments
            ),
            payoff=payoff,
            surplus=sum(record.surplus for record in self.payments),
        )

    def _pay(self, reference: str, on: date, amount: int) -> None:
        record = _PaymentRecord(reference, on, amount, surplus=amount)
        self.payments.append(record)
        is_payoff = self._pays_everything(on, amount)
        self._bring_to(on, is_payoff)
        if is_payoff:
            self._close_running_period(on)
        self._allocate(record, is_payoff)
        self._settle(on)
        paid = sum(line.paid[LoanPart.PRINCIPAL] for line in self.instalments)
        record.balance_after = self.terms.schedule.principal - paid

    def _allocate(self, record: _PaymentRecord, is_payoff: bool) -> None:
        """Use what is left of a payment, on its own date: by the rules, then for whatever they have not reached.

        Money is left over only when nothing is owed. So what the rules leave goes to the next instalments, and at last
        to what the plan still asks for, even if that is interest of later days.
        """
        terms = self.terms
        attempts = ((self.rule, terms.way, False), (FutureInstalments.NEXT, AllocationWay.HORIZONTAL, False))
        for rule, way, is_as_planned in (*attempts, (FutureInstalments.NEXT, AllocationWay.HORIZONTAL, True)):
            use = _Use(record.on, is_as_planned, self.terms.counts_to_period_end(is_payoff))

            def pay(line: WorkingInstalment, step: AllocationStep, amount: int, use: _Use = use) -> int:
                taken = self._pay_part(line, step, amount, use)
                if taken:
                    record.paid.setdefault(line.number, Counter())[step.part] += taken
                return taken

            allocator = Allocator(
                self.instalments, record.on, record.surplus, rule, pay, use.finished, self.model is not None
            )
            allocator.allocate(terms.order, way)
            record.surplus = allocator.amount

    def _pay_part(self, line: WorkingInstalment, step: AllocationStep, amount: int, use: _Use) -> int:
        if self.model is None or line.is_extra:
            use.finished.add(line.number)
            return line.pay(step.part, amount, use.on)
        period, counts_on = self._period(line), use.on
        if step.part is LoanPart.PRINCIPAL:
            amount = min(amount, self.model.principal - self.model.principal_paid)
        if step.kind is DueKind.IN_ADVANCE and not use.is_as_planned:
            if use.counts_to_period_end and line.start < use.on <= line.due:
                counts_on = line.due
            self._ask_on(line, step.part, counts_on, use)
        taken = line.pay(step.part, amount, use.on)
        if step.part is LoanPart.PRINCIPAL:
            pay_principal(self.model, period, counts_on, taken)
            self._show_model()
        elif step.part is LoanPart.INTEREST:
            pay_interest(self.model, period, counts_on, taken)
            self._show_model()
        return taken

    def _ask_on(self, line: WorkingInstalment, part: LoanPart, on: date, use: _Use) -> None:
        """Let an instalment in advance ask for what it would on the day of the payment."""
        due = due_on(self._required_model(), self._period(line), on)
        if not due.principal and not due.interest:
            use.finished.add(line.number)
        if part is LoanPart.INTEREST:
            line.interest = due.interest
        elif part is LoanPart.PRINCIPAL:
            line.principal = due.principal

    def _use_surplus(self) -> None:
        """A charge added after an overpayment is paid by it, where the surplus stays with the loan."""
        if not self.terms.keeps_surplus:
            return
        for record in self.payments:
            if record.surplus:
                self._allocate(record, is_payoff=False)

    def _bring_to(self, on: date, is_payoff: bool) -> None:
        if self.model is not None and self.terms.overdue_principal_bears_interest:
            add_late_principal(self.model, on, is_payoff)
            self._settle(on)

    def _settle(self, on: date) -> None:
        if self.model is not None:
            settle(self.model, on)
            self._show_model()

    def _pays_everything(self, on: date, amount: int) -> bool:
        """Whether a payment covers all that would be owed at the end of the running period."""
        if self.model is None:
            return False
        period = self.model.period_at(on)
        return period is not None and amount >= sum(payoff_on(self.model, period.due))

    def _close_running_period(self, on: date) -> None:
        """A pay-off that counts to the end of the period asks there for interest even if the period was paid."""
        if self.model is None or self.terms.payoff_interest is PayoffInterest.TO_DATE:
            return
        for period in self.model.periods:
            if period.start <= on < period.due and period.is_paid:
                _, interest = payoff_on(self.model, period.due)
                period.brought_forward = interest or period.brought_forward

    def _pay_off(self, event: PayOff) -> None:
        amount, paid = self._payoff(event.on)
        if paid.total:
            self._pay(event.reference, event.on, amount)
            record = self.payments[-1]
            record.amount -= record.surplus
            record.surplus = 0

    def _payoff(self, on: date) -> tuple[int, Parts]:
        """The money that closes the loan on ``on``, and what of it pays, found by paying it on a copy.

        The figure follows from the interest of the day; where the rules then use the money so that other interest is
        asked for, it is corrected by what was missing or left over, and money that leaves nothing owed is preferred.
        """
        amount = self._owed(on)
        best = (0, Parts())
        for _ in range(PAYOFF_ROUNDS):
            if amount <= 0:
                break
            trial = self._copy()
            trial._pay("", on, amount)
            trial._bring_to(on, is_payoff=True)
            record = trial.payments[-1]
            missing = sum(line.total_unpaid for line in trial.instalments)
            if not missing or not best[0]:
                best = (amount, sum((_parts(parts) for parts in record.paid.values()), Parts()))
            if not record.surplus and not missing:
                break
            amount += missing - record.surplus
        return best

    def _owed(self, on: date) -> int:
        """Everything unpaid, with the interest that a pay-off on ``on`` asks for."""
        if self.model is None:
            return sum(line.total_unpaid for line in self.instalments)
        trial = self._copy()
        trial._bring_to(on, is_payoff=True)
        model = trial._required_model()
        period = model.period_at(on)
        to_rest = self.terms.payoff_interest is PayoffInterest.TO_REST_DATE
        counts_on = period.due if period is not None and to_rest else on
        charges = sum(line.unpaid(part) for line in self.instalments for part in CHARGE_PARTS)
        return sum(payoff_on(model, counts_on)) + charges

    def _copy(self) -> _Life:
        """The same state to try something out on. Terms, dates and daily rates never change and are shared."""
        twin = copy(self)
        twin.instalments = [line.copy() for line in self.instalments]
        twin.payments = [
            replace(record, paid={number: Counter(parts) for number, parts in record.paid.items()})
            for record in self.payments
        ]
        twin.model = self.model.copy(self.model.until) if self.model is not None else None
        return twin

    def _required_model(self) -> InterestModel:
        if self.model is None:
            raise RuntimeError("Only a plan that is worked out anew has a model of its interest.")
        return self.model

    def _period(self, line: WorkingInstalment) -> Period:
        return self._required_model().periods[line.number - 1]

    def _show_model(self) -> None:
        """Bring the instalments to what the model asks for."""
        if self.model is not None:
            for line, due in zip(self.instalments, self.model.dues(), strict=False):
                line.principal, line.interest = due.principal, due.interest

    def _instalment_pictures(self) -> list[InstalmentPosition]:
        balance = self.terms.schedule.principal
        pictures = []
        for line in self.instalments:
            balance -= line.principal
            pictures.append(
                InstalmentPosition(
                    number=line.number,
                    period_start=line.start,
                    due_date=line.due,
                    due=Parts(*(line.asked(part) for part in _PARTS)),
                    paid=_parts(line.paid),
                    waived=Parts(*(line.waived(part) for part in _PARTS)),
                    balance_after=balance,
                    paid_in_advance=line.paid_in_advance,
                    paid_late=line.paid_late,
                    settled_on=line.settled_on,
                    is_extra=line.is_extra,
                )
            )
        return pictures


_PARTS = (LoanPart.PRINCIPAL, LoanPart.INTEREST, LoanPart.FEE, LoanPart.PENALTY)


def _parts(amounts: Counter[LoanPart]) -> Parts:
    return Parts(*(amounts[part] for part in _PARTS))
