"""Fees and penalties on the instalments of a replay."""

from __future__ import annotations

from loans.finance.errors import InvalidPayment
from loans.finance.progressive.enums import ChargeBase
from loans.finance.progressive.events import Charge, InstalmentCharge, Waiver
from loans.finance.progressive.instalments import ChargePortion, WorkingInstalment
from loans.finance.progressive.position import ChargePosition
from p2plending.lib.money import Rounding, percent_of


def add_charge(instalments: list[WorkingInstalment], charge: Charge) -> None:
    """Put a charge on the instalment in whose period it falls due, or on an extra one after the last."""
    last = instalments[-1]
    if charge.due_on > last.due:
        if last.is_extra:
            last.due = charge.due_on
        else:
            last = WorkingInstalment(last.number + 1, last.due, charge.due_on, 0, 0, is_extra=True)
            instalments.append(last)
        line = last
    else:
        line = next(line for line in instalments if charge.due_on <= line.due)
    line.portions.append(ChargePortion(charge.reference, charge.part, charge.amount))


def add_instalment_charge(instalments: list[WorkingInstalment], charge: InstalmentCharge) -> None:
    """Put a charge on every instalment not due before it: its amount, or its rate of the part it is worked out from."""
    for line in instalments:
        if line.is_extra or line.due < charge.on:
            continue
        bases = {
            ChargeBase.PRINCIPAL: line.principal,
            ChargeBase.INTEREST: line.interest,
            ChargeBase.INSTALMENT: line.principal + line.interest,
        }
        amount = charge.amount + percent_of(bases[charge.base], charge.rate, Rounding.HALF_EVEN)
        if amount:
            line.portions.append(ChargePortion(charge.reference, charge.part, amount))


def waive_charge(instalments: list[WorkingInstalment], waiver: Waiver) -> None:
    """Ask no longer for what is unpaid of a charge. Raises InvalidPayment when there is no such charge yet."""
    portions = [portion for line in instalments for portion in line.portions if portion.charge == waiver.of]
    if not portions:
        raise InvalidPayment(f"there is no charge {waiver.of} to waive")
    for portion in portions:
        portion.waived += portion.unpaid


def charge_pictures(instalments: list[WorkingInstalment]) -> tuple[ChargePosition, ...]:
    """Every charge with what was paid and waived of it, in the order they were added."""
    portions: dict[str, list[ChargePortion]] = {}
    for line in instalments:
        for portion in line.portions:
            portions.setdefault(portion.charge, []).append(portion)
    return tuple(
        ChargePosition(
            reference,
            parts[0].part,
            sum(portion.amount for portion in parts),
            sum(portion.paid for portion in parts),
            sum(portion.waived for portion in parts),
        )
        for reference, parts in portions.items()
    )
