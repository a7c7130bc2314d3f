"""The life of a loan run from its disbursement: one pure function from terms and events to what is owed on a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from loans.finance.errors import InvalidPayment
from loans.finance.replay.allocation import Allocator
from loans.finance.replay.charges import add_charge, add_instalment_charge, charge_pictures, waive_charge
from loans.finance.replay.enums import DueKind, FutureInstalments, LoanPart, PayoffInterest
from loans.finance.replay.events import (
    Charge,
    Event,
    FutureInstalmentsChange,
    InstalmentCharge,
    Payment,
    PayOff,
    Reversal,
    Waiver,
)
from loans.finance.replay.instalments import WorkingInstalment
from loans.finance.replay.interest import add_late_principal, due_on, pay_interest, pay_principal, payoff_on
from loans.finance.replay.model import InterestModel, Period, new_model
from loans.finance.replay.picture import InstalmentPicture, LoanPicture, Parts, PaymentPicture
from loans.finance.replay.terms import AllocationStep, ReplayTerms
from loans.finance.schedule import build_schedule


def replay(terms: ReplayTerms, events: Sequence[Event], on: date) -> LoanPicture:
    """What a loan comes to on ``on``: instalments, charges, what each payment paid, and the pay-off figure.

    Events count in the order of their dates (a charge from its entry or an earlier due date), on one day charges
    that were entered late first, and then as they stand in the sequence. A reversed event counts as if it had
    never been. Events after ``on`` are not looked at. The same terms, events and day give the same picture, so what
    a change does is the difference of two pictures. Raises InvalidPayment when a reversal or a waiver names an event
    that is not there. Source of the rules: Apache Fineract's progressive loans (docs/finance.md, chapter 12).
    """
    life = _Life(terms)
    for event in timeline(events):
        if event.on <= on:
            life.apply(event)
    return life.picture(on)


def timeline(events: Sequence[Event]) -> list[Event]:
    """The events that count, in the order in which they do. Raises InvalidPayment for a reversal of what is not there.

    A reversal takes back a reversal too: the event under it then counts again.
    """
    known = {event.reference for event in events}
    reversed_events: set[str] = set()
    for event in reversed(events):
        if isinstance(event, Reversal):
            if event.of not in known:
                raise InvalidPayment(f"there is no event {event.of} to reverse")
            if event.reference not in reversed_events:
                reversed_events.add(event.of)
    counting = [
        event for event in events if not isinstance(event, Reversal) and event.reference not in reversed_events
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
                self._bring_to(event.on, is_payoff=True)
                self._pay(event.reference, event.on, self._payoff(event.on).total)
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

    def picture(self, on: date) -> LoanPicture:
        self._bring_to(on, is_payoff=False)
        payoff = self._payoff(on)
        return LoanPicture(
            on=on,
            instalments=tuple(self._instalment_pictures()),
            charges=charge_pictures(self.instalments),
            payments=tuple(
                PaymentPicture(
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
        paid = sum(line.paid[LoanPart.PRINCIPAL] for line in self.instalments)
        record.balance_after = self.terms.schedule.principal - paid

    def _allocate(self, record: _PaymentRecord, is_payoff: bool) -> None:
        """Use what is left of a payment, on its own date."""

        def pay(line: WorkingInstalment, step: AllocationStep, amount: int) -> int:
            taken = self._pay_part(line, step, amount, record.on, is_payoff, allocator.finished)
            if taken:
                record.paid.setdefault(line.number, Counter())[step.part] += taken
            return taken

        allocator = Allocator(self.instalments, record.on, record.surplus, self.rule, pay, self.model is not None)
        allocator.allocate(self.terms.order, self.terms.way)
        record.surplus = allocator.amount

    def _pay_part(
        self, line: WorkingInstalment, step: AllocationStep, amount: int, on: date, is_payoff: bool, finished: set[int]
    ) -> int:
        if self.model is None or line.is_extra:
            finished.add(line.number)
            return line.pay(step.part, amount, on)
        period, counts_on = self._period(line), on
        if step.kind is DueKind.IN_ADVANCE:
            if self.terms.counts_to_period_end(is_payoff) and line.start < on <= line.due:
                counts_on = line.due
            due = due_on(self.model, period, counts_on)
            if not due.principal and not due.interest:
                finished.add(line.number)
            if step.part is LoanPart.INTEREST:
                line.interest = due.interest
            elif step.part is LoanPart.PRINCIPAL:
                line.principal = due.principal
        taken = line.pay(step.part, amount, on)
        if step.part is LoanPart.PRINCIPAL:
            pay_principal(self.model, period, counts_on, taken)
            self._show_model()
        elif step.part is LoanPart.INTEREST:
            pay_interest(self.model, period, counts_on, taken)
            self._show_model()
        return taken

    def _use_surplus(self) -> None:
        """A charge added after an overpayment is paid by it."""
        for record in self.payments:
            if record.surplus:
                self._allocate(record, is_payoff=False)

    def _bring_to(self, on: date, is_payoff: bool) -> None:
        if self.model is not None and self.terms.overdue_principal_bears_interest:
            add_late_principal(self.model, on, is_payoff)
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

    def _payoff(self, on: date) -> Parts:
        unpaid = Parts(
            *(
                sum(line.unpaid(part) for line in self.instalments)
                for part in (LoanPart.PRINCIPAL, LoanPart.INTEREST, LoanPart.FEE, LoanPart.PENALTY)
            )
        )
        if self.model is None:
            return unpaid
        counts_on = on
        period = self.model.period_at(on)
        if period is not None and self.terms.payoff_interest is PayoffInterest.TO_REST_DATE:
            counts_on = period.due
        principal, interest = payoff_on(self.model, counts_on)
        return Parts(principal, interest, unpaid.fee, unpaid.penalty)

    def _period(self, line: WorkingInstalment) -> Period:
        return self.model.periods[line.number - 1]

    def _show_model(self) -> None:
        """Bring the instalments to what the model asks for."""
        if self.model is not None:
            for line, due in zip(self.instalments, self.model.dues(), strict=False):
                line.principal, line.interest = due.principal, due.interest

    def _instalment_pictures(self) -> list[InstalmentPicture]:
        balance = self.terms.schedule.principal
        pictures = []
        for line in self.instalments:
            balance -= line.principal
            pictures.append(
                InstalmentPicture(
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
