"""What a charge would come to and change: the posting itself, run dry."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

from accounts.models import User
from loans.enums.loan import ChargeBase, ChargePart
from loans.models import LoanCharge
from loans.selectors.reprocessing import ReplayPreview, compare, loan_projection
from loans.services.collections.charges import enter_charge
from loans.services.servicing.locking import lock_owing_loan
from p2plending.lib.database.transactions import run_dry


@dataclasses.dataclass(frozen=True, slots=True)
class ChargePreview:
    """A charge that was not added: `total` in minor units over all payments, and the loan before and after."""

    total: int
    change: ReplayPreview


def preview_charge(
    *,
    loan_id: int,
    part: ChargePart,
    due_on: dt.date | None,
    amount: int = 0,
    rate: Decimal = Decimal(0),
    base: ChargeBase | None = None,
    reason: str,
    actor: User | None,
    today: dt.date,
) -> ChargePreview:
    """What `add_charge` would do today with the same arguments. Refuses what it refuses; nothing is written."""

    def run() -> ChargePreview:
        loan = lock_owing_loan(loan_id, today)
        before = loan_projection(loan)
        charge = LoanCharge(
            loan=loan, part=part, due_on=due_on, amount=amount, rate=rate, base=base or "", reason=reason.strip()
        )
        enter_charge(charge, actor=actor, today=today)
        return ChargePreview(charge.total, compare(loan, before, loan_projection(loan)))

    return run_dry(run)
