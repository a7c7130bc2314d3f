"""LENDING: the life of a loan."""

from loans.models.charge import LoanCharge
from loans.models.default import (
    DefaultNotice,
    LoanDefault,
    LoanLoss,
    Recovery,
    RecoveryShare,
    SettlementOffer,
)
from loans.models.document import LoanDocument
from loans.models.failure import EndOfDayFailure
from loans.models.funding import Commitment, Note
from loans.models.hardship import CapitalisationShare, HardshipRequest, PlanProposal, Waiver
from loans.models.instalment import DefaultInterest, Instalment, ReminderSent, ScheduleVersion
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
    "CapitalisationShare",
    "Commitment",
    "CreditAssessment",
    "DefaultInterest",
    "DefaultNotice",
    "Distribution",
    "EndOfDayFailure",
    "GradeTerms",
    "HardshipRequest",
    "Instalment",
    "Loan",
    "LoanAgreement",
    "LoanCharge",
    "LoanDefault",
    "LoanDelinquency",
    "LoanDocument",
    "LoanLoss",
    "LoanProduct",
    "LoanQuestion",
    "LoanTransition",
    "Note",
    "PlanProposal",
    "Recovery",
    "RecoveryShare",
    "ReminderSent",
    "Repayment",
    "RepaymentAllocation",
    "ScheduleVersion",
    "SettlementOffer",
    "Waiver",
]
