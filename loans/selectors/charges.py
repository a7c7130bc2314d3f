"""Charges of a loan whose plan follows the money, with what is unpaid of each."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from loans.account.progressive import is_progressive, unpaid_charges
from loans.account.state import live_instalments
from loans.account.terms import LoanTerms
from loans.enums.loan import LoanStatus, ServicingMethod
from loans.models import Loan, LoanCharge

# What becomes of an unpaid charge when the loan is closed otherwise than by payment; else it went into another plan.
_CLOSED = {LoanStatus.SETTLED: "waived", LoanStatus.WRITTEN_OFF: "written_off"}


@dataclasses.dataclass(frozen=True, slots=True)
class ChargeLine:
    """One charge as pages show it: `state` in the words of `badges.instalment_badge`, `unpaid` in minor units.

    `unpaid` is None when the charge went into another plan or a loss, where it is not counted by itself any more.
    """

    charge: LoanCharge
    unpaid: int | None
    state: str


def charges_of(loan: Loan, today: dt.date) -> list[ChargeLine]:
    """Every charge that counts, oldest first; late fees are among them. None before the loan was paid out."""
    if loan.status not in LoanStatus.disbursed():
        return []
    if LoanTerms.from_json(loan.frozen_terms).servicing_method != ServicingMethod.PROGRESSIVE:
        return []
    found = list(LoanCharge.objects.filter(loan=loan, is_undone=False).select_related("actor", "waived_by"))
    if not found:
        return []
    unpaid = _unpaid(loan, today)
    due_dates = [row.due_date for row in live_instalments(loan)] if any(unpaid.values()) else []
    lines = []
    for charge in found:
        left = unpaid.get(charge.reference)
        lines.append(ChargeLine(charge, left, _state(loan, charge, left, _asked_on(charge, due_dates), today)))
    return lines


def has_progressive_schedule(loan: Loan) -> bool:
    """Whether the loan's plan is worked out from its payments, so that charges can be added and waived."""
    return is_progressive(loan, LoanTerms.from_json(loan.frozen_terms))


def _unpaid(loan: Loan, today: dt.date) -> dict[str, int]:
    terms = LoanTerms.from_json(loan.frozen_terms)
    if loan.status not in (*LoanStatus.owing(), LoanStatus.REPAID) or not is_progressive(loan, terms):
        return {}
    return unpaid_charges(loan, terms, today)


def _asked_on(charge: LoanCharge, due_dates: Sequence[dt.date]) -> dt.date | None:
    """The day of the payment that the charge is part of; None for a charge on every payment."""
    if charge.due_on is None:
        return None
    return next((day for day in due_dates if day >= charge.due_on), charge.due_on)


def _state(loan: Loan, charge: LoanCharge, unpaid: int | None, asked_on: dt.date | None, today: dt.date) -> str:
    if charge.waived_on:
        return "waived"
    if unpaid is None:
        return _CLOSED.get(LoanStatus(loan.status), "superseded")
    if not unpaid:
        return "paid"
    if unpaid < charge.total:
        return "partial"
    return "due" if asked_on is not None and asked_on <= today else "scheduled"
