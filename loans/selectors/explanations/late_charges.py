"""How the charges for paying late came about: the fee of each payment of the plan, and default interest day by day."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal

from loans.account.accrual import DAYS_OF_YEAR, PARTS_OF_A_UNIT
from loans.account.progressive import is_progressive
from loans.account.terms import LoanTerms
from loans.enums.loan import InstalmentStatus
from loans.models import DefaultInterest, Instalment, Loan, LoanCharge
from loans.selectors.explanations.repayment import in_currency


@dataclasses.dataclass(frozen=True, slots=True)
class ChargedDays:
    """Default interest of adjoining days on the same principal. `amount` in minor units; `exact`, which is principal ×
    rate × days ÷ 365, and the carries in units of the currency to a millionth."""

    first_day: dt.date
    last_day: dt.date
    principal: int
    annual_rate: Decimal
    amount: int
    exact: Decimal
    carry_before: Decimal
    carry_after: Decimal

    @property
    def days(self) -> int:
        return (self.last_day - self.first_day).days + 1


@dataclasses.dataclass(frozen=True, slots=True)
class LateCharges:
    """What was charged on one late payment of the plan, in minor units.

    The fee is the larger of `fixed` and `rate` × `base`, at most `cap`; `base` is None when it was not worked out here
    but taken over from payments that this one replaced.
    """

    row: Instalment
    fee: int
    base: int | None
    fixed: int
    rate: Decimal
    cap: int | None
    stretches: Sequence[ChargedDays]


def late_charges_of(loan: Loan, *, of: Iterable[int] | None = None) -> list[LateCharges]:
    """The charges of every late payment of the loan's plan that counts, oldest first; `of` names instalments by key.

    On a plan that follows the money other charges are not counted here (`loans.selectors.charges`).
    """
    charged_rows = Instalment.objects.filter(loan=loan, late_fee_due__gt=0).exclude(status=InstalmentStatus.SUPERSEDED)
    if of is not None:
        charged_rows = charged_rows.filter(pk__in=list(of))
    rows = list(charged_rows.order_by("due_date", "number"))
    charged: dict[int, list[DefaultInterest]] = {row.pk: [] for row in rows}
    for one in DefaultInterest.objects.filter(instalment__in=rows, is_undone=False).order_by("from_date"):
        charged[one.instalment_id].append(one)
    terms = LoanTerms.from_json(loan.frozen_terms)
    fees = {row.pk: row.late_fee_due - sum(one.amount for one in charged[row.pk]) for row in rows}
    if is_progressive(loan, terms):
        late_fees = LoanCharge.objects.filter(instalment__in=rows, is_undone=False)
        fees = dict(late_fees.values_list("instalment_id", "total"))
    return [_charges(row, fees[row.pk], terms, charged[row.pk]) for row in rows if row.pk in fees]


def _charges(row: Instalment, fee: int, terms: LoanTerms, charged: Sequence[DefaultInterest]) -> LateCharges:
    return LateCharges(
        row=row,
        fee=fee,
        base=row.late_fee_base,
        fixed=terms.late_fee_fixed,
        rate=terms.late_fee_rate,
        cap=terms.late_fee_cap,
        stretches=_charged_segments(charged),
    )


def _charged_segments(charged: Sequence[DefaultInterest]) -> list[ChargedDays]:
    """Days that were charged one by one, told together where nothing changed and no pause lies between."""
    found: list[list[DefaultInterest]] = []
    for one in charged:
        last = found[-1][-1] if found else None
        if last is not None and (last.to_date, last.principal) == (one.from_date, one.principal):
            found[-1].append(one)
        else:
            found.append([one])
    return [_charged_days(together) for together in found]


def _charged_days(together: Sequence[DefaultInterest]) -> ChargedDays:
    first, last = together[0], together[-1]
    amount = sum(one.amount for one in together)
    days = (last.to_date - first.from_date).days
    exact = Decimal(first.principal) * first.annual_rate * days / DAYS_OF_YEAR
    before = Decimal(first.carry_before) / PARTS_OF_A_UNIT
    return ChargedDays(
        first_day=first.from_date + dt.timedelta(days=1),
        last_day=last.to_date,
        principal=first.principal,
        annual_rate=first.annual_rate,
        amount=amount,
        exact=in_currency(exact),
        carry_before=in_currency(before),
        carry_after=in_currency(before + exact - amount),
    )
