"""The chart of accounts. The tables of docs/domain.md are written from this."""

from __future__ import annotations

import dataclasses

from ledger.enums.books import AccountType, Book, OwnerKind, Side


@dataclasses.dataclass(frozen=True, slots=True)
class ChartLine:
    """One account of the chart, or one per owner.

    A guarded account belongs to one owner whose guard row is locked before it is touched: it keeps a running balance
    and a gap-free sequence. The others are touched by everybody: they keep neither, so that they are never a queue.
    """

    code: str
    name: str
    type: AccountType
    owner: OwnerKind = OwnerKind.NONE
    may_be_negative: bool = True

    @property
    def book(self) -> Book:
        return Book(self.code[0])

    @property
    def normal_side(self) -> Side:
        return Side.DEBIT if self.type in (AccountType.ASSET, AccountType.EXPENSE) else Side.CREDIT

    @property
    def is_guarded(self) -> bool:
        return self.owner != OwnerKind.NONE


_T, _O = AccountType, OwnerKind
CHART: dict[str, ChartLine] = {
    line.code: line
    for line in (
        ChartLine("C1000", "Client bank, lenders' escrow", _T.ASSET),
        ChartLine("C1010", "Client bank, repayments escrow", _T.ASSET),
        ChartLine("C1300", "Due from user", _T.ASSET, _O.USER, may_be_negative=False),
        ChartLine("C2100", "Wallet, available", _T.LIABILITY, _O.USER, may_be_negative=False),
        ChartLine("C2110", "Wallet, reserved for commitments", _T.LIABILITY, _O.USER, may_be_negative=False),
        ChartLine("C2120", "Wallet, withdrawal pending", _T.LIABILITY, _O.USER, may_be_negative=False),
        ChartLine("C2130", "Loan collection account", _T.LIABILITY, _O.LOAN, may_be_negative=False),
        ChartLine("C2140", "Fees due to platform", _T.LIABILITY),
        ChartLine("C2150", "Contingency fund cash", _T.LIABILITY),
        ChartLine("C2170", "Tax withheld, payable", _T.LIABILITY),
        ChartLine("L1200", "Principal outstanding", _T.ASSET, _O.LOAN, may_be_negative=False),
        ChartLine("L1210", "Interest receivable", _T.ASSET, _O.LOAN, may_be_negative=False),
        ChartLine("L1220", "Late fees receivable", _T.ASSET, _O.LOAN, may_be_negative=False),
        ChartLine("L2200", "Lenders' principal claims", _T.LIABILITY, _O.LOAN, may_be_negative=False),
        ChartLine("L2210", "Lenders' interest claims", _T.LIABILITY, _O.LOAN, may_be_negative=False),
        ChartLine("L2220", "Lenders' late-fee claims", _T.LIABILITY, _O.LOAN, may_be_negative=False),
        ChartLine("L9000", "Written-off balances", _T.MEMO, _O.LOAN),
        ChartLine("L9001", "Written-off balances, contra", _T.MEMO, _O.LOAN),
        ChartLine("P1100", "Own bank", _T.ASSET),
        ChartLine("P1310", "Earned fees still in the client account", _T.ASSET),
        ChartLine("P3000", "Equity", _T.EQUITY),
        ChartLine("P4000", "Origination fee income", _T.INCOME),
        ChartLine("P4010", "Servicing fee income", _T.INCOME),
        ChartLine("P4020", "Late fee income", _T.INCOME),
        ChartLine("P4030", "Secondary-market fee income", _T.INCOME),
        ChartLine("P4040", "Collection fee income", _T.INCOME),
        ChartLine("P5010", "Goodwill and corrections", _T.EXPENSE),
        ChartLine("P5020", "Bank charges", _T.EXPENSE),
        ChartLine("P5030", "Bad debt", _T.EXPENSE),
    )
}

CLIENT_BANK = "C1000"
REPAYMENTS_BANK = "C1010"
DUE_FROM_USER = "C1300"
WALLET_AVAILABLE = "C2100"
WALLET_RESERVED = "C2110"
WALLET_WITHDRAWING = "C2120"
LOAN_COLLECTION = "C2130"
FEES_DUE = "C2140"
CONTINGENCY_FUND = "C2150"
TAX_WITHHELD = "C2170"
PRINCIPAL_OUTSTANDING = "L1200"
INTEREST_RECEIVABLE = "L1210"
LATE_FEES_RECEIVABLE = "L1220"
LENDERS_PRINCIPAL = "L2200"
LENDERS_INTEREST = "L2210"
LENDERS_LATE_FEES = "L2220"
WRITTEN_OFF = "L9000"
WRITTEN_OFF_CONTRA = "L9001"
OWN_BANK = "P1100"
EARNED_FEES = "P1310"
ORIGINATION_FEE_INCOME = "P4000"
SERVICING_FEE_INCOME = "P4010"
LATE_FEE_INCOME = "P4020"
COLLECTION_FEE_INCOME = "P4040"
CORRECTIONS = "P5010"
