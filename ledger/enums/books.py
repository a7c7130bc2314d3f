"""Books, account types, kinds of entries, fixed codes of statement lines."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Book(models.TextChoices):
    """Every entry balances within each book, so client money and our own can't be mixed in a posting."""

    CLIENT = "C", _("Client money")
    LOANS = "L", _("Loan book")
    PLATFORM = "P", _("Platform")


class AccountType(models.TextChoices):
    ASSET = "asset", _("Asset")
    LIABILITY = "liability", _("Liability")
    EQUITY = "equity", _("Equity")
    INCOME = "income", _("Income")
    EXPENSE = "expense", _("Expense")
    MEMO = "memo", _("Memo")


class Side(models.TextChoices):
    DEBIT = "debit", _("Debit")
    CREDIT = "credit", _("Credit")


class OwnerKind(models.TextChoices):
    NONE = "none", _("Platform-wide")
    USER = "user", _("One per user")
    LOAN = "loan", _("One per loan")


class EntryKind(models.TextChoices):
    """Fixed codes: stored in the books and shown in exports for ever. New ones may be added, none renamed."""

    DEPOSIT = "DEPOSIT", _("Money added")
    WITHDRAWAL_REQUEST = "WITHDRAWAL_REQUEST", _("Money on its way out")
    WITHDRAWAL = "WITHDRAWAL", _("Money taken out")
    WITHDRAWAL_RETURN = "WITHDRAWAL_RETURN", _("Money back in the wallet")
    COMMIT_RESERVE = "COMMIT_RESERVE", _("Reserved for a loan")
    COMMIT_RELEASE = "COMMIT_RELEASE", _("Reservation ended")
    LOAN_DISBURSED = "LOAN_DISBURSED", _("Loan paid out")
    INTEREST_DUE = "INTEREST_DUE", _("Interest fell due")
    LATE_FEE_CHARGED = "LATE_FEE_CHARGED", _("Late fee charged")
    REPAYMENT = "REPAYMENT", _("Payment")
    WAIVER = "WAIVER", _("Waived")
    CAPITALISATION = "CAPITALISATION", _("Added to the loan")
    WRITE_OFF = "WRITE_OFF", _("Written off")
    RECOVERY = "RECOVERY", _("Recovered")
    FEE_REFUND = "FEE_REFUND", _("Set-up fee paid back")
    REVERSAL = "REVERSAL", _("Reversal")


class LineCode(models.TextChoices):
    """What a statement line is. Documented in docs/domain.md; stable."""

    DEPOSIT = "DEPOSIT", _("Money added")
    WITHDRAWAL = "WITHDRAWAL", _("Money taken out")
    WITHDRAWAL_RETURN = "WITHDRAWAL_RETURN", _("Withdrawal came back")
    COMMIT_RESERVE = "COMMIT_RESERVE", _("Reserved for a loan")
    COMMIT_RELEASE = "COMMIT_RELEASE", _("Reservation ended")
    LOAN_FUNDED = "LOAN_FUNDED", _("Lent to a loan")
    LOAN_DISBURSED = "LOAN_DISBURSED", _("Loan paid out to you")
    ORIGINATION_FEE = "ORIGINATION_FEE", _("Set-up fee")
    REPAYMENT = "REPAYMENT", _("Loan payment")
    PRINCIPAL = "PRINCIPAL", _("Principal")
    INTEREST = "INTEREST", _("Interest")
    LATE_FEE = "LATE_FEE", _("Late fee")
    SERVICING_FEE = "SERVICING_FEE", _("Servicing fee")
    COLLECTION_FEE = "COLLECTION_FEE", _("Collection fee")
    RECOVERY = "RECOVERY", _("Recovery")
    REFUND = "REFUND", _("Paid back to you")
    REVERSAL = "REVERSAL", _("Reversal")
    DUE = "DUE", _("Owed to us for a payment that came back")
    OTHER = "OTHER", _("Other")


class DepositStatus(models.TextChoices):
    DECLARED = "declared", _("Looking for your money")
    CONFIRMED = "confirmed", _("Received")
    REJECTED = "rejected", _("Not found")
    CANCELLED = "cancelled", _("Cancelled")
    REVERSED = "reversed", _("Came back")


class WithdrawalStatus(models.TextChoices):
    REQUESTED = "requested", _("Requested")
    APPROVED = "approved", _("Approved")
    PAID = "paid", _("Paid")
    REJECTED = "rejected", _("Not possible")
    CANCELLED = "cancelled", _("Cancelled")

    @classmethod
    def open(cls) -> tuple[WithdrawalStatus, ...]:
        """States in which the money sits in the account of withdrawals on their way."""
        return (cls.REQUESTED, cls.APPROVED)


class PaymentMethod(models.TextChoices):
    BANK_TRANSFER = "bank_transfer", _("Bank transfer")
    CARD = "card", _("Card")
    CASH = "cash", _("Cash at a partner")


DEPOSIT_TRANSITIONS: dict[DepositStatus, tuple[DepositStatus, ...]] = {
    DepositStatus.DECLARED: (DepositStatus.CONFIRMED, DepositStatus.REJECTED, DepositStatus.CANCELLED),
    DepositStatus.CONFIRMED: (DepositStatus.REVERSED,),
}
WITHDRAWAL_TRANSITIONS: dict[WithdrawalStatus, tuple[WithdrawalStatus, ...]] = {
    WithdrawalStatus.REQUESTED: (
        WithdrawalStatus.APPROVED,
        WithdrawalStatus.REJECTED,
        WithdrawalStatus.CANCELLED,
    ),
    WithdrawalStatus.APPROVED: (WithdrawalStatus.PAID, WithdrawalStatus.REJECTED),
}
