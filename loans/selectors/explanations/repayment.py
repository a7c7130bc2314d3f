"""How a payment became somebody's money: payment, instalments, share, fee, fraction carried. Down to the formula."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings
from django.db.models import Sum

from accounts.enums.people import Role
from accounts.models import User
from loans.enums.loan import RepaymentStatus
from loans.models import Distribution, Repayment, RepaymentAllocation
from loans.selectors.access import DISTRIBUTIONS, REPAYMENTS

SHOWN_PLACES = Decimal("0.000001")


@dataclasses.dataclass(frozen=True, slots=True)
class ShareExplanation:
    """What one note received. Amounts in minor units; `exact_…` and the carries in units of the currency, exact to a
    millionth. `exact_interest` is the payment's interest × weight ÷ total weight, before the fraction carried."""

    row: Distribution
    total_weight: int
    exact_interest: Decimal
    exact_late_fee: Decimal
    interest_carry_before: Decimal
    interest_carry_after: Decimal
    late_fee_carry_before: Decimal
    late_fee_carry_after: Decimal

    @property
    def share(self) -> Decimal:
        """The note's part of the loan's principal, as a fraction."""
        return Decimal(self.row.weight) / self.total_weight


@dataclasses.dataclass(frozen=True, slots=True)
class RepaymentExplanation:
    """One payment as one viewer may see it: lenders their own notes, the borrower no note at all, staff everything."""

    repayment: Repayment
    allocations: Sequence[RepaymentAllocation]
    shares: Sequence[ShareExplanation]
    sees_money_in: bool

    @property
    def received(self) -> int:
        """What the shown notes received together, after the servicing fee."""
        return sum(share.row.net for share in self.shares)


def explain_repayment(reference: str, viewer: User) -> RepaymentExplanation | None:
    """Explain a confirmed payment to `viewer`; None when there is none, or it is none of theirs."""
    found = REPAYMENTS.visible_to(viewer).select_related("loan", "payer", "entry").filter(reference=reference)
    repayment = found.filter(status__in=RepaymentStatus.posted()).first()
    if repayment is None:
        return None
    rows = Distribution.objects.filter(repayment=repayment)
    total_weight = rows.aggregate(total=Sum("weight"))["total"] or 1
    is_payer = viewer.pk == repayment.payer_id
    shown = rows.none() if is_payer else DISTRIBUTIONS.visible_to(viewer).filter(repayment=repayment)
    shares = [
        _explain_share(repayment, row, total_weight)
        for row in shown.select_related("note", "note__owner").order_by("note_id")
    ]
    allocations = RepaymentAllocation.objects.filter(repayment=repayment).select_related("instalment")
    return RepaymentExplanation(
        repayment=repayment,
        allocations=list(allocations.order_by("instalment__due_date", "instalment__number")),
        shares=shares,
        sees_money_in=is_payer or viewer.role == Role.STAFF,
    )


def _explain_share(repayment: Repayment, row: Distribution, total_weight: int) -> ShareExplanation:
    return ShareExplanation(
        row=row,
        total_weight=total_weight,
        exact_interest=in_currency(Decimal(repayment.interest * row.weight) / total_weight),
        exact_late_fee=in_currency(Decimal(repayment.late_fee * row.weight) / total_weight),
        interest_carry_before=in_currency(row.interest_carry_before),
        interest_carry_after=in_currency(row.interest_carry_after),
        late_fee_carry_before=in_currency(row.late_fee_carry_before),
        late_fee_carry_after=in_currency(row.late_fee_carry_after),
    )


def in_currency(minor: Decimal) -> Decimal:
    """Minor units with their fraction as units of the currency, to a millionth."""
    return minor.scaleb(-settings.CURRENCY_EXPONENT).quantize(SHOWN_PLACES, ROUND_HALF_UP)
