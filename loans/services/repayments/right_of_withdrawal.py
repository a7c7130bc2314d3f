"""Giving a loan back within the first days: principal and interest to the day, and nothing else."""

from __future__ import annotations

import dataclasses
import datetime as dt

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.idempotency import once
from ledger.enums.books import EntryKind
from ledger.services.posting import post_entry
from loans.account.bring_forward import brought_forward
from loans.account.state import instalment_states, live_instalments
from loans.account.terms import LoanTerms
from loans.enums.loan import LoanStatus, RepaymentMethod, RepaymentStatus
from loans.finance import payoff
from loans.journal.servicing import fee_refund_lines
from loans.models import Loan, Repayment
from loans.services.servicing.apply_payment import post_and_bring_forward
from loans.services.servicing.bring_forward import bring_forward
from loans.services.servicing.lifecycle import record_step, require_borrower
from p2plending.lib.database.references import new_reference
from p2plending.lib.database.transactions import lock_guard
from p2plending.lib.errors import Refused, required
from p2plending.lib.formatting import format_money


class WithdrawalTimeOver(Refused):
    """The days to give the loan back are over, or it never had any."""

    code = "withdrawal_time_over"
    status = 409
    default_message = _("The days to give this loan back are over. You can still pay it off early.")


class SumChanged(Refused):
    """The sum to pay is another than the one that was confirmed: a day has passed, or a payment came between."""

    code = "sum_changed"
    status = 409

    def __init__(self, to_pay: int) -> None:
        words = _t("The sum has changed since you opened this page: today it is %(sum)s. Check it and confirm again.")
        super().__init__(words % {"sum": format_money(to_pay)}, to_pay=to_pay)


@dataclasses.dataclass(frozen=True, slots=True)
class WithdrawalFigures:
    """What giving the loan back on a day takes, in minor units.

    `fee_refund` comes back to the wallet first; `credit` was paid ahead and is kept, so it need not be paid again.
    """

    principal: int
    interest: int
    late_fee: int
    credit: int
    fee_refund: int
    last_day: dt.date

    @property
    def to_pay(self) -> int:
        return self.principal + self.interest + self.late_fee - self.credit

    @property
    def from_wallet(self) -> int:
        """What the wallet must hold, once the fee is back in it."""
        return max(self.to_pay - self.fee_refund, 0)


def withdrawal_figures(loan: Loan, today: dt.date) -> WithdrawalFigures | None:
    """The figures of giving the loan back today; None when that is not possible (any more)."""
    if loan.status != LoanStatus.ACTIVE:
        return None
    terms = LoanTerms.from_json(loan.frozen_terms)
    last_day = required(loan.disbursed_on, "disbursed_on") + dt.timedelta(days=terms.withdrawal_days)
    if not terms.withdrawal_days or today > last_day:
        return None
    rows = live_instalments(loan)
    credit = brought_forward(loan, terms, rows, today).credit
    figure = payoff(instalment_states(rows), today)
    refund = required(loan.origination_fee, "origination_fee") if terms.refunds_fee_on_withdrawal else 0
    return WithdrawalFigures(figure.principal, figure.interest, figure.late_fee, credit, refund, last_day)


@once(model=Repayment, operation="loans.give_loan_back", besides=("confirmed",))
def give_loan_back(
    *, loan_id: int, actor: User, idempotency_key: str, today: dt.date, confirmed: int | None = None
) -> Repayment:
    """Pay principal and interest to the day from the wallet; the set-up fee comes back when the product says so.

    `confirmed` is the sum to pay that the borrower saw, in minor units; without it, whatever it is today.
    Raises NotYourLoan, WithdrawalTimeOver, SumChanged (context: to_pay), InsufficientBalance.
    """
    loan = lock_guard(Loan.objects.filter(pk=loan_id))
    require_borrower(loan, actor)
    bring_forward(loan, today=today)
    figures = withdrawal_figures(loan, today)
    if figures is None:
        raise WithdrawalTimeOver(today=today)
    if confirmed is not None and confirmed != figures.to_pay:
        raise SumChanged(to_pay=figures.to_pay)
    record_step(
        loan,
        "given_back",
        actor=actor,
        data={"paid": figures.to_pay, "fee_refund": figures.fee_refund},
    )
    repayment = Repayment(
        reference=new_reference("RP"),
        loan=loan,
        payer_id=loan.borrower_id,
        amount=figures.to_pay,
        method=RepaymentMethod.WALLET,
        value_date=today,
        status=RepaymentStatus.DECLARED,
    )
    if figures.fee_refund:
        # First, because the wallet may need the fee to pay the rest.
        _give_fee_back(loan, repayment, figures.fee_refund, actor, today)
    post_and_bring_forward(loan, repayment, live_instalments(loan), on=today, actor=actor, today=today)
    return repayment


def _give_fee_back(loan: Loan, repayment: Repayment, amount: int, actor: User, today: dt.date) -> None:
    post_entry(
        kind=EntryKind.FEE_REFUND,
        key=fee_refund_key(repayment),
        value_date=today,
        lines=fee_refund_lines(loan.borrower_id, amount),
        actor=actor,
        narrative=_t("Set-up fee of loan %(loan)s comes back") % {"loan": loan.reference},
        subject_type="loan",
        subject_reference=loan.reference,
    )


def fee_refund_key(repayment: Repayment) -> str:
    """The key of the entry that gave the set-up fee back with this payment; undoing the payment undoes it too."""
    return f"fee-refund:{repayment.reference}"
