"""Journal lines of loans that are not paid as planned (docs/domain.md, posting rules WAIVE, RES-cap, WOFF, RCV)."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.chart import (
    CLIENT_BANK,
    COLLECTION_FEE_INCOME,
    EARNED_FEES,
    FEES_DUE,
    INTEREST_RECEIVABLE,
    LATE_FEES_RECEIVABLE,
    LENDERS_INTEREST,
    LENDERS_LATE_FEES,
    LENDERS_PRINCIPAL,
    LOAN_COLLECTION,
    PRINCIPAL_OUTSTANDING,
    WALLET_AVAILABLE,
    WRITTEN_OFF,
    WRITTEN_OFF_CONTRA,
)
from ledger.enums.books import LineCode
from ledger.services.posting import Line, credit, debit
from loans.journal.servicing import interest_due_lines


def waiver_lines(loan_reference: str, *, interest: int, late_fee: int) -> list[Line]:
    """WAIVE: claims for interest and late fees end."""
    return [
        debit(LENDERS_INTEREST, interest, LineCode.INTEREST, loan_reference=loan_reference),
        credit(INTEREST_RECEIVABLE, interest, LineCode.INTEREST, loan_reference=loan_reference),
        debit(LENDERS_LATE_FEES, late_fee, LineCode.LATE_FEE, loan_reference=loan_reference),
        credit(LATE_FEES_RECEIVABLE, late_fee, LineCode.LATE_FEE, loan_reference=loan_reference),
    ]


def recognition_lines(loan_reference: str, interest: int) -> list[Line]:
    """ACC: interest that was earned but not in the books yet."""
    return interest_due_lines(loan_reference, interest)


def capitalisation_lines(loan_reference: str, *, interest: int, late_fee: int) -> list[Line]:
    """RES-cap: unpaid interest and late fees become principal, on both sides of the loan book."""
    lines = waiver_lines(loan_reference, interest=interest, late_fee=late_fee)
    added = interest + late_fee
    return [
        *lines,
        debit(PRINCIPAL_OUTSTANDING, added, LineCode.PRINCIPAL, loan_reference=loan_reference),
        credit(LENDERS_PRINCIPAL, added, LineCode.PRINCIPAL, loan_reference=loan_reference),
    ]


def loss_lines(loan_reference: str, *, principal: int, interest: int, late_fee: int) -> list[Line]:
    """WOFF: principal, interest and late fees leave the loan book, and the memo accounts remember the sum."""
    total = principal + interest + late_fee
    return [
        debit(LENDERS_PRINCIPAL, principal, LineCode.PRINCIPAL, loan_reference=loan_reference),
        credit(PRINCIPAL_OUTSTANDING, principal, LineCode.PRINCIPAL, loan_reference=loan_reference),
        *waiver_lines(loan_reference, interest=interest, late_fee=late_fee),
        debit(WRITTEN_OFF, total, LineCode.OTHER, loan_reference=loan_reference),
        credit(WRITTEN_OFF_CONTRA, total, LineCode.OTHER, loan_reference=loan_reference),
    ]


def recovery_lines(
    loan_reference: str,
    payer_id: int,
    *,
    amount: int,
    fee: int,
    shares: Sequence[tuple[int, int]],
    from_wallet: bool,
) -> list[Line]:
    """RCV: money after a loss, to the notes (`shares`: lender's id and amount) and our collection fee."""
    if from_wallet:
        source = debit(WALLET_AVAILABLE, amount, LineCode.RECOVERY, owner=payer_id)
    else:
        source = debit(CLIENT_BANK, amount, LineCode.RECOVERY)
    return [
        source,
        credit(LOAN_COLLECTION, amount, LineCode.RECOVERY, loan_reference=loan_reference),
        debit(LOAN_COLLECTION, amount, LineCode.RECOVERY, loan_reference=loan_reference),
        *(credit(WALLET_AVAILABLE, share, LineCode.RECOVERY, owner=lender_id) for lender_id, share in shares),
        credit(FEES_DUE, fee, LineCode.COLLECTION_FEE),
        debit(WRITTEN_OFF_CONTRA, amount, LineCode.RECOVERY, loan_reference=loan_reference),
        credit(WRITTEN_OFF, amount, LineCode.RECOVERY, loan_reference=loan_reference),
        debit(EARNED_FEES, fee, LineCode.COLLECTION_FEE),
        credit(COLLECTION_FEE_INCOME, fee, LineCode.COLLECTION_FEE),
    ]
