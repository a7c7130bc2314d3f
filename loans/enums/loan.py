"""States of a loan and its parts, and the tables that say which step leads where."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    DEBT_CONSOLIDATION = "debt_consolidation", _("Pay off other debts")
    HOME = "home", _("Home")
    VEHICLE = "vehicle", _("Vehicle")
    EDUCATION = "education", _("Education")
    MEDICAL = "medical", _("Health")
    BUSINESS = "business", _("Business")
    OTHER = "other", _("Something else")


class Employment(models.TextChoices):
    EMPLOYED = "employed", _("Employed")
    SELF_EMPLOYED = "self_employed", _("Self-employed")
    RETIRED = "retired", _("Retired")
    STUDENT = "student", _("Student")
    NOT_WORKING = "not_working", _("Not working")


class Grade(models.TextChoices):
    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"


class LoanStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Sent")
    UNDER_REVIEW = "under_review", _("In review")
    INFO_REQUESTED = "info_requested", _("More information needed")
    OFFERED = "offered", _("Offer made")
    LISTED = "listed", _("Open for funding")
    PARTIAL_OFFER = "partial_offer", _("Partly funded")
    FUNDED = "funded", _("Funded")
    ACTIVE = "active", _("Being paid back")
    DEFAULTED = "defaulted", _("In default")
    REJECTED = "rejected", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    OFFER_EXPIRED = "offer_expired", _("Offer expired")
    EXPIRED = "expired", _("Not funded in time")
    CANCELLED = "cancelled", _("Cancelled")
    REPAID = "repaid", _("Repaid")
    SETTLED = "settled", _("Settled for less")
    WRITTEN_OFF = "written_off", _("Written off")

    @classmethod
    def application(cls) -> tuple[LoanStatus, ...]:
        """An open application: only one per borrower."""
        return (
            cls.DRAFT,
            cls.SUBMITTED,
            cls.UNDER_REVIEW,
            cls.INFO_REQUESTED,
            cls.OFFERED,
            cls.LISTED,
            cls.PARTIAL_OFFER,
            cls.FUNDED,
        )

    @classmethod
    def priced(cls) -> tuple[LoanStatus, ...]:
        """States that have an offer behind them, so grade, rate and fee are set."""
        return (
            cls.OFFERED,
            cls.LISTED,
            cls.PARTIAL_OFFER,
            cls.FUNDED,
            cls.ACTIVE,
            cls.DEFAULTED,
            cls.OFFER_EXPIRED,
            cls.EXPIRED,
            cls.REPAID,
            cls.SETTLED,
            cls.WRITTEN_OFF,
        )

    @classmethod
    def holding_commitments(cls) -> tuple[LoanStatus, ...]:
        """States in which lenders' money is reserved for the loan."""
        return (cls.LISTED, cls.PARTIAL_OFFER, cls.FUNDED)

    @classmethod
    def before_listing(cls) -> tuple[LoanStatus, ...]:
        """Sent, and not open to lenders yet."""
        return (cls.SUBMITTED, cls.UNDER_REVIEW, cls.INFO_REQUESTED, cls.OFFERED)

    @classmethod
    def disbursed(cls) -> tuple[LoanStatus, ...]:
        """States after the money was paid out."""
        return (cls.ACTIVE, cls.DEFAULTED, cls.REPAID, cls.SETTLED, cls.WRITTEN_OFF)

    @classmethod
    def owing(cls) -> tuple[LoanStatus, ...]:
        """States in which the borrower pays back by the schedule."""
        return (cls.ACTIVE, cls.DEFAULTED)

    @classmethod
    def lost(cls) -> tuple[LoanStatus, ...]:
        """Closed with a loss: what still comes in is a recovery."""
        return (cls.SETTLED, cls.WRITTEN_OFF)


class LoanDocumentKind(models.TextChoices):
    """What a borrower may add to an application or loan."""

    PAYSLIP = "payslip", _("Payslip")
    BANK_STATEMENT = "bank_statement", _("Bank statement")
    TAX_ASSESSMENT = "tax_assessment", _("Tax assessment")
    EMPLOYMENT = "employment", _("Contract of work")
    PENSION_OR_BENEFIT = "pension_or_benefit", _("Pension or benefit letter")
    PURPOSE = "purpose", _("Offer or invoice for what the loan is for")
    OTHER = "other", _("Something else")


class LoanEvent(models.TextChoices):
    SUBMIT = "submit"
    TAKE = "take"
    ASK = "ask"
    ANSWER = "answer"
    REJECT = "reject"
    APPROVE = "approve"
    ACCEPT = "accept"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    FILL = "fill"
    END_PARTLY_FUNDED = "end_partly_funded"
    END_UNFUNDED = "end_unfunded"
    ACCEPT_SMALLER = "accept_smaller"
    DECLINE_SMALLER = "decline_smaller"
    CANCEL = "cancel"
    DISBURSE = "disburse"
    PAY = "pay"
    REPAY_ALL = "repay_all"
    RESTRUCTURE = "restructure"
    DEFAULT = "default"
    CURE = "cure"
    SETTLE = "settle"
    WRITE_OFF = "write_off"
    RECOVER = "recover"
    REVERSE_PAYMENT = "reverse_payment"
    REOPEN_DEFAULT = "reopen_default"
    REOPEN_LOAN = "reopen_loan"
    RECOVERY_BACK = "recovery_back"


_S, _E = LoanStatus, LoanEvent
_NOT_DISBURSED = LoanStatus.application()
LOAN_TRANSITIONS: dict[tuple[LoanStatus, LoanEvent], LoanStatus] = {
    (_S.DRAFT, _E.SUBMIT): _S.SUBMITTED,
    (_S.SUBMITTED, _E.TAKE): _S.UNDER_REVIEW,
    (_S.UNDER_REVIEW, _E.ASK): _S.INFO_REQUESTED,
    (_S.INFO_REQUESTED, _E.ANSWER): _S.UNDER_REVIEW,
    (_S.SUBMITTED, _E.REJECT): _S.REJECTED,
    (_S.UNDER_REVIEW, _E.REJECT): _S.REJECTED,
    (_S.UNDER_REVIEW, _E.APPROVE): _S.OFFERED,
    (_S.OFFERED, _E.ACCEPT): _S.LISTED,
    (_S.OFFERED, _E.EXPIRE): _S.OFFER_EXPIRED,
    **{(status, _E.WITHDRAW): _S.WITHDRAWN for status in _NOT_DISBURSED},
    (_S.LISTED, _E.FILL): _S.FUNDED,
    (_S.LISTED, _E.END_PARTLY_FUNDED): _S.PARTIAL_OFFER,
    (_S.LISTED, _E.END_UNFUNDED): _S.EXPIRED,
    (_S.PARTIAL_OFFER, _E.ACCEPT_SMALLER): _S.FUNDED,
    (_S.PARTIAL_OFFER, _E.DECLINE_SMALLER): _S.EXPIRED,
    (_S.LISTED, _E.CANCEL): _S.CANCELLED,
    (_S.PARTIAL_OFFER, _E.CANCEL): _S.CANCELLED,
    (_S.FUNDED, _E.CANCEL): _S.CANCELLED,
    (_S.FUNDED, _E.DISBURSE): _S.ACTIVE,
    (_S.ACTIVE, _E.PAY): _S.ACTIVE,
    (_S.DEFAULTED, _E.PAY): _S.DEFAULTED,
    (_S.ACTIVE, _E.REPAY_ALL): _S.REPAID,
    (_S.DEFAULTED, _E.REPAY_ALL): _S.REPAID,
    (_S.ACTIVE, _E.RESTRUCTURE): _S.ACTIVE,
    (_S.ACTIVE, _E.DEFAULT): _S.DEFAULTED,
    (_S.DEFAULTED, _E.CURE): _S.ACTIVE,
    (_S.ACTIVE, _E.SETTLE): _S.SETTLED,
    (_S.DEFAULTED, _E.SETTLE): _S.SETTLED,
    (_S.ACTIVE, _E.WRITE_OFF): _S.WRITTEN_OFF,
    (_S.DEFAULTED, _E.WRITE_OFF): _S.WRITTEN_OFF,
    (_S.WRITTEN_OFF, _E.RECOVER): _S.WRITTEN_OFF,
    (_S.SETTLED, _E.RECOVER): _S.SETTLED,
    (_S.ACTIVE, _E.REVERSE_PAYMENT): _S.ACTIVE,
    (_S.DEFAULTED, _E.REVERSE_PAYMENT): _S.DEFAULTED,
    (_S.REPAID, _E.REVERSE_PAYMENT): _S.ACTIVE,
    (_S.REPAID, _E.REOPEN_DEFAULT): _S.DEFAULTED,
    (_S.SETTLED, _E.REOPEN_LOAN): _S.ACTIVE,
    (_S.SETTLED, _E.REOPEN_DEFAULT): _S.DEFAULTED,
    (_S.SETTLED, _E.REVERSE_PAYMENT): _S.SETTLED,
    (_S.WRITTEN_OFF, _E.REVERSE_PAYMENT): _S.WRITTEN_OFF,
    (_S.SETTLED, _E.RECOVERY_BACK): _S.SETTLED,
    (_S.WRITTEN_OFF, _E.RECOVERY_BACK): _S.WRITTEN_OFF,
}


class CommitmentStatus(models.TextChoices):
    RESERVED = "reserved", _("Reserved")
    CONVERTED = "converted", _("Lent")
    WITHDRAWN = "withdrawn", _("Taken back")
    RELEASED = "released", _("Returned")

    @classmethod
    def holding(cls) -> tuple[CommitmentStatus, ...]:
        """States in which the lender's money is set aside."""
        return (cls.RESERVED,)


class CommitmentSource(models.TextChoices):
    MANUAL = "manual", _("By hand")
    SUGGESTION = "suggestion", _("From a suggestion")
    MANDATE = "mandate", _("Auto-invest")


class NoteStatus(models.TextChoices):
    ACTIVE = "active", _("Running")
    REPAID = "repaid", _("Paid back")
    SETTLED = "settled", _("Settled for less")
    WRITTEN_OFF = "written_off", _("Written off")

    @classmethod
    def open(cls) -> tuple[NoteStatus, ...]:
        return (cls.ACTIVE,)


class InstalmentStatus(models.TextChoices):
    SCHEDULED = "scheduled", _("Planned")
    DUE = "due", _("Due")
    PARTIAL = "partial", _("Partly paid")
    PAID = "paid", _("Paid")
    SUPERSEDED = "superseded", _("Replaced")
    WAIVED = "waived", _("Waived")
    WRITTEN_OFF = "written_off", _("Written off")

    @classmethod
    def unpaid(cls) -> tuple[InstalmentStatus, ...]:
        return (cls.SCHEDULED, cls.DUE, cls.PARTIAL)


class RepaymentMethod(models.TextChoices):
    WALLET = "wallet", _("From the wallet")
    DECLARED = "declared", _("Transferred to us")
    AUTOPAY = "autopay", _("Automatic payment")
    CREDIT = "credit", _("From what was paid ahead")


class RepaymentStatus(models.TextChoices):
    DECLARED = "declared", _("Looking for your money")
    CONFIRMED = "confirmed", _("Received")
    REJECTED = "rejected", _("Not found")
    REVERSED = "reversed", _("Came back")
    REPLACED = "replaced", _("Worked out again")

    @classmethod
    def posted(cls) -> tuple[RepaymentStatus, ...]:
        """States in which the payment stands in the books, be it undone since."""
        return (cls.CONFIRMED, cls.REVERSED, cls.REPLACED)


class ExtraMode(models.TextChoices):
    """What money above the amount due does; the pure twin is `loans.finance.PrepaymentMode`, with the same values.

    The first keeps it until the next payments are due; the other two change the payment plan.
    """

    CREDIT = "credit", _("It is kept for the next payments")
    SHORTER = "shorter", _("The loan ends sooner")
    LOWER = "lower", _("The payments get smaller")


class Bucket(models.TextChoices):
    """How late a loan is; the pure twin is `loans.finance.arrears.Bucket`, with the same values."""

    CURRENT = "current", _("On time")
    GRACE = "grace", _("1 to 15 days late")
    LATE_16_30 = "late_16_30", _("16 to 30 days late")
    LATE_31_60 = "late_31_60", _("31 to 60 days late")
    LATE_61_90 = "late_61_90", _("61 to 90 days late")
    DEFAULT = "default", _("In default")


class DeclineReason(models.TextChoices):
    """Why we can't lend, in plain words; up to four are shown."""

    AFFORDABILITY = "AFFORDABILITY", _("The payment would leave too little each month after your other costs.")
    DEBT_RATIO = "DEBT_RATIO", _("Payments on your other debts are high compared with your income.")
    INCOME_NOT_SHOWN = "INCOME_NOT_SHOWN", _("We could not confirm your income.")
    EMPLOYMENT_SHORT = "EMPLOYMENT_SHORT", _("You have had your present job for a short time.")
    SCORE = "SCORE", _("Taken together, your answers score below the lowest grade that we lend to.")
    HISTORY = "HISTORY", _("An earlier loan with us was not paid back as agreed.")
    AMOUNT = "AMOUNT", _("The amount is large compared with your yearly income.")
    STORY = "STORY", _("We could not follow what the loan is for.")
    IDENTITY = "IDENTITY", _("Your identity check raised questions.")
    OTHER = "OTHER", _("Another reason, explained in our message to you.")


class ReminderKind(models.TextChoices):
    """When the borrower is reminded, in days from the due date."""

    BEFORE_3 = "before_3", _("3 days before")
    ON_THE_DAY = "on_the_day", _("On the day")
    LATE_1 = "late_1", _("1 day late")


REMINDER_DAYS: dict[ReminderKind, int] = {
    ReminderKind.BEFORE_3: -3,
    ReminderKind.ON_THE_DAY: 0,
    ReminderKind.LATE_1: 1,
}


class ServicingMethod(models.TextChoices):
    """Whether a payment changes the plan only where people choose so, or the plan follows the money by itself."""

    PLAN = "plan", _("The plan holds; extra money changes it as the borrower chooses")
    PROGRESSIVE = "progressive", _("The plan follows the money by rules")


class ChargePart(models.TextChoices):
    FEE = "fee", _("Fee")
    PENALTY = "penalty", _("Penalty")


class ChargeBase(models.TextChoices):
    """What a charge in per cent is worked out from, payment by payment of the first plan."""

    PRINCIPAL = "principal", _("Principal")
    INTEREST = "interest", _("Interest")
    INSTALMENT = "instalment", _("Principal and interest")


class QuestionStatus(models.TextChoices):
    OPEN = "open", _("Waiting for an answer")
    ANSWERED = "answered", _("Answered")
    HELD = "held", _("Held for a check")
    REFUSED = "refused", _("Not published")

    @classmethod
    def unpublished(cls) -> tuple[QuestionStatus, ...]:
        """States in which nobody but the author and staff sees a question."""
        return (cls.HELD, cls.REFUSED)
