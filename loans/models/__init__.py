"""LENDING: the life of a loan."""

from loans.models.funding import Commitment, Note
from loans.models.instalment import Instalment, ReminderSent, ScheduleVersion
from loans.models.loan import (
    CreditAssessment,
    Loan,
    LoanAgreement,
    LoanDelinquency,
    LoanQuestion,
    LoanTransition,
)
from loans.models.product import GradeTerms, LoanProduct
from loans.models.repayment import Distribution, Repayment, RepaymentAllocation

__all__ = [
    "Commitment",
    "CreditAssessment",
    "Distribution",
    "GradeTerms",
    "Instalment",
    "Loan",
    "LoanAgreement",
    "LoanDelinquency",
    "LoanProduct",
    "LoanQuestion",
    "LoanTransition",
    "Note",
    "ReminderSent",
    "Repayment",
    "RepaymentAllocation",
    "ScheduleVersion",
]
