"""Journal lines of paying back (docs/domain.md, posting rules ACC, LATE, REP, REP-F, OVR)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from enum import StrEnum

from ledger.chart import (
    CLIENT_BANK,
    EARNED_FEES,
    FEES_DUE,
    INTEREST_RECEIVABLE,
    LATE_FEE_INCOME,
    LATE_FEES_RECEIVABLE,
    LENDERS_INTEREST,
    LENDERS_LATE_FEES,
    LENDERS_PRINCIPAL,
    LOAN_COLLECTION,
    ORIGINATION_FEE_INCOME,
    PRINCIPAL_OUTSTANDING,
    SERVICING_FEE_INCOME,
    WALLET_AVAILABLE,
)
from ledger.enums.books import LineCode
from ledger.services.posting import Line, credit, debit


class MoneySource(StrEnum):
    """Where the money of a payment comes from."""

    WALLET = "wallet"
    BANK = "bank"
    CREDIT = "credit"


@dataclasses.dataclass(frozen=True, slots=True)
class RepaymentFigures:
    """A payment in minor units. `interest_recognised` is the part of its interest that is not in the books yet;
    `nets` holds what each note receives, with the lender's id, in the order of the notes. `held` stays in the loan's
    collection account, `credit_used` was there before."""

    amount: int
    late_fee: int
    interest: int
    principal: int
    surplus: int
    held: int
    credit_used: int
    servicing_fee: int
    interest_recognised: int
    nets: Sequence[tuple[int, int]]
    late_fees_to_lenders: bool


def interest_due_lines(loan_reference: str, amount: int) -> list[Line]:
    """ACC: interest becomes a claim."""
    return [
        debit(INTEREST_RECEIVABLE, amount, LineCode.INTEREST, loan_reference=loan_reference),
        credit(LENDERS_INTEREST, amount, LineCode.INTEREST, loan_reference=loan_reference),
    ]


def late_fee_lines(loan_reference: str, fee: int) -> list[Line]:
    """LATE: a late fee becomes a claim."""
    return [
        debit(LATE_FEES_RECEIVABLE, fee, LineCode.LATE_FEE, loan_reference=loan_reference),
        credit(LENDERS_LATE_FEES, fee, LineCode.LATE_FEE, loan_reference=loan_reference),
    ]


def fee_refund_lines(borrower_id: int, fee: int) -> list[Line]:
    """REFUND: the set-up fee comes back to the borrower of a loan that was given back in its first days."""
    return [
        debit(FEES_DUE, fee, LineCode.ORIGINATION_FEE),
        credit(WALLET_AVAILABLE, fee, LineCode.REFUND, owner=borrower_id),
        debit(ORIGINATION_FEE_INCOME, fee, LineCode.ORIGINATION_FEE),
        credit(EARNED_FEES, fee, LineCode.ORIGINATION_FEE),
    ]


def repayment_lines(
    loan_reference: str, payer_id: int, figures: RepaymentFigures, *, source: MoneySource
) -> list[Line]:
    """REP, REP-F, OVR and PRE-a: in through the loan's collection account, out to lenders, fees and payer's surplus.

    Money paid ahead stays in that account until it is due. Each note gets one line with its net; the parts are on its
    Distribution row.
    """
    return [
        *_money_in(loan_reference, payer_id, figures.amount, source),
        *_money_out(loan_reference, payer_id, figures),
        *_claims_settled(loan_reference, figures),
        *_fees_earned(figures),
    ]


def _money_in(loan_reference: str, payer_id: int, amount: int, source: MoneySource) -> list[Line]:
    if source is MoneySource.CREDIT:
        return []
    if source is MoneySource.WALLET:
        paid = debit(WALLET_AVAILABLE, amount, LineCode.REPAYMENT, owner=payer_id)
    else:
        paid = debit(CLIENT_BANK, amount, LineCode.REPAYMENT)
    return [paid, credit(LOAN_COLLECTION, amount, LineCode.REPAYMENT, loan_reference=loan_reference)]


def _money_out(loan_reference: str, payer_id: int, figures: RepaymentFigures) -> list[Line]:
    paid_out = figures.amount + figures.credit_used - figures.held
    return [
        debit(LOAN_COLLECTION, paid_out, LineCode.REPAYMENT, loan_reference=loan_reference),
        *(credit(WALLET_AVAILABLE, net, LineCode.REPAYMENT, owner=lender_id) for lender_id, net in figures.nets),
        credit(FEES_DUE, figures.servicing_fee, LineCode.SERVICING_FEE),
        credit(FEES_DUE, _kept_late_fee(figures), LineCode.LATE_FEE),
        credit(WALLET_AVAILABLE, figures.surplus, LineCode.REFUND, owner=payer_id),
    ]


def _claims_settled(loan_reference: str, figures: RepaymentFigures) -> list[Line]:
    pairs = (
        (LENDERS_INTEREST, INTEREST_RECEIVABLE, figures.interest, LineCode.INTEREST),
        (LENDERS_PRINCIPAL, PRINCIPAL_OUTSTANDING, figures.principal, LineCode.PRINCIPAL),
        (LENDERS_LATE_FEES, LATE_FEES_RECEIVABLE, figures.late_fee, LineCode.LATE_FEE),
    )
    lines = interest_due_lines(loan_reference, figures.interest_recognised)
    for claim, receivable, amount, code in pairs:
        lines += [
            debit(claim, amount, code, loan_reference=loan_reference),
            credit(receivable, amount, code, loan_reference=loan_reference),
        ]
    return lines


def _fees_earned(figures: RepaymentFigures) -> list[Line]:
    kept = _kept_late_fee(figures)
    return [
        debit(EARNED_FEES, figures.servicing_fee + kept, LineCode.SERVICING_FEE),
        credit(SERVICING_FEE_INCOME, figures.servicing_fee, LineCode.SERVICING_FEE),
        credit(LATE_FEE_INCOME, kept, LineCode.LATE_FEE),
    ]


def _kept_late_fee(figures: RepaymentFigures) -> int:
    return 0 if figures.late_fees_to_lenders else figures.late_fee
