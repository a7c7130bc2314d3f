"""Journal lines of lending up to the pay-out (docs/domain.md, posting rules RSV, REL, DISB)."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.chart import (
    EARNED_FEES,
    FEES_DUE,
    LENDERS_PRINCIPAL,
    ORIGINATION_FEE_INCOME,
    PRINCIPAL_OUTSTANDING,
    WALLET_AVAILABLE,
    WALLET_RESERVED,
)
from ledger.enums.books import LineCode
from ledger.services.posting import Line, credit, debit
from loans.models import Commitment, Loan
from p2plending.lib.errors import required


def reserve_lines(lender_id: int, amount: int) -> list[Line]:
    """RSV: set `amount` aside in the lender's wallet."""
    return [
        debit(WALLET_AVAILABLE, amount, LineCode.COMMIT_RESERVE, owner=lender_id),
        credit(WALLET_RESERVED, amount, LineCode.COMMIT_RESERVE, owner=lender_id),
    ]


def release_lines(commitments: Sequence[Commitment]) -> list[Line]:
    """REL: each lender's reserved amount becomes available again."""
    return [
        line
        for commitment in commitments
        for line in (
            debit(WALLET_RESERVED, commitment.amount, LineCode.COMMIT_RELEASE, owner=commitment.lender_id),
            credit(WALLET_AVAILABLE, commitment.amount, LineCode.COMMIT_RELEASE, owner=commitment.lender_id),
        )
    ]


def disbursement_lines(loan: Loan, commitments: Sequence[Commitment]) -> list[Line]:
    """DISB: reserved money to the borrower less the fee; the loan and the lenders' claim on it come into being."""
    fee = required(loan.origination_fee, "origination_fee")
    reserved = [
        debit(WALLET_RESERVED, commitment.amount, LineCode.LOAN_FUNDED, owner=commitment.lender_id)
        for commitment in commitments
    ]
    return [
        *reserved,
        credit(WALLET_AVAILABLE, loan.principal - fee, LineCode.LOAN_DISBURSED, owner=loan.borrower_id),
        credit(FEES_DUE, fee, LineCode.ORIGINATION_FEE),
        debit(PRINCIPAL_OUTSTANDING, loan.principal, LineCode.PRINCIPAL, loan_reference=loan.reference),
        credit(LENDERS_PRINCIPAL, loan.principal, LineCode.PRINCIPAL, loan_reference=loan.reference),
        debit(EARNED_FEES, fee, LineCode.ORIGINATION_FEE),
        credit(ORIGINATION_FEE_INCOME, fee, LineCode.ORIGINATION_FEE),
    ]
