"""Who may see loans and what hangs on them: the borrower, the lenders of the loan, everybody on the market, staff."""

from __future__ import annotations

from django.db.models import Q

from accounts.enums.people import Role
from accounts.models import User
from ledger.models import JournalEntry
from loans.enums.loan import CommitmentStatus, LoanStatus, QuestionStatus, RepaymentStatus
from loans.enums.permissions import (
    READ_LOAN_DOCUMENTS,
    VIEW_COMMITMENTS,
    VIEW_DISTRIBUTIONS,
    VIEW_LOANS,
    VIEW_NOTES,
    VIEW_QUESTIONS,
    VIEW_REPAYMENTS,
)
from loans.models import (
    Commitment,
    Distribution,
    HardshipRequest,
    Loan,
    LoanAgreement,
    LoanDocument,
    LoanQuestion,
    Note,
    PlanProposal,
    Recovery,
    RecoveryShare,
    Repayment,
    SettlementOffer,
)
from p2plending.lib.access import NOBODY, AccessRule

PARTIES = (*CommitmentStatus.holding(), CommitmentStatus.CONVERTED)
_OPEN = Q(status=LoanStatus.LISTED, is_frozen=False)
_FULL = Q(status__in=LoanStatus.holding_commitments(), is_frozen=False, listed_on__isnull=False)


def _of_borrower(user: User) -> Q:
    return Q(loan__borrower=user)


def _lent_by(user: User) -> Q:
    """Loans in which the person reserved money or holds a part, whatever became of it."""
    reserved = Commitment.objects.filter(lender=user).values("loan")
    held = Note.objects.filter(owner=user).values("loan")
    return Q(pk__in=reserved) | Q(pk__in=held)


def _listings_beside_own(user: User) -> Q:
    """A full loan shows to lenders until it is paid out; one that is over, to its lenders only."""
    full = _FULL if user.role == Role.LENDER else NOBODY
    return full | (_lent_by(user) & Q(listed_on__isnull=False))


def _with_question_of(user: User) -> Q:
    return Q(pk__in=LoanQuestion.objects.filter(author=user).values("loan"))


def _once_listed(user: User) -> Q:
    return Q(listed_on__isnull=False) if user.role == Role.LENDER else NOBODY


def _agreements_lent_by(user: User) -> Q:
    """Signed agreements by which the person lent, or is about to; money that came back makes nobody a party."""
    parts = Commitment.objects.filter(lender=user, status__in=PARTIES).values("loan")
    return Q(signed_at__isnull=False, loan__in=parts)


def _questions_beside_own(user: User) -> Q:
    """Questions on what the person may see; one that is held for its words shows to its author and to staff alone."""
    listings = LISTINGS.visible_to(user).values("pk")
    return Q(loan__in=listings) & ~Q(status__in=QuestionStatus.unpublished())


def _repayments_shared(user: User) -> Q:
    """Payments of which the person's notes got a share."""
    shares = Distribution.objects.filter(note__owner=user).values("repayment")
    return Q(pk__in=shares, status__in=RepaymentStatus.posted())


def _recoveries_shared(user: User) -> Q:
    return Q(pk__in=RecoveryShare.objects.filter(note__owner=user).values("recovery"))


def _changes_of_own_loans(user: User) -> Q:
    partly_owned = Note.objects.filter(owner=user).values("loan")
    loans = Loan.objects.filter(Q(borrower=user) | Q(pk__in=partly_owned))
    return Q(subject_type="loan", subject_reference__in=loans.values("reference"))


# A loan with the borrower's own figures: applications and drafts too.
LOANS = AccessRule(Loan, VIEW_LOANS, own=lambda user: Q(borrower=user))
# The same loan as the market shows it, without what is the borrower's own.
LISTINGS = AccessRule(
    Loan,
    VIEW_LOANS,
    own=lambda user: Q(borrower=user, listed_on__isnull=False),
    others=_listings_beside_own,
    public=_OPEN,
)
# A form that a lender opened while a loan was on the market: the service says what became of it.
LISTED_ONCE = AccessRule(Loan, VIEW_LOANS, others=_once_listed, public=_OPEN)
# What somebody asked a question about, in whatever state it is now: only to say what became of it.
ASKED_ABOUT = AccessRule(Loan, VIEW_LOANS, own=_with_question_of)
QUESTIONS = AccessRule(LoanQuestion, VIEW_QUESTIONS, own=lambda user: Q(author=user), others=_questions_beside_own)
COMMITMENTS = AccessRule(Commitment, VIEW_COMMITMENTS, own=lambda user: Q(lender=user))
NOTES = AccessRule(Note, VIEW_NOTES, own=lambda user: Q(owner=user))
# Of what others may see of a payment each sees the own part: `loans.selectors.explanations.repayment`.
REPAYMENTS = AccessRule(Repayment, VIEW_REPAYMENTS, own=lambda user: Q(payer=user), others=_repayments_shared)
RECOVERIES = AccessRule(Recovery, VIEW_REPAYMENTS, own=lambda user: Q(payer=user), others=_recoveries_shared)
DISTRIBUTIONS = AccessRule(Distribution, VIEW_DISTRIBUTIONS, own=lambda user: Q(note__owner=user))
RECOVERY_SHARES = AccessRule(RecoveryShare, VIEW_REPAYMENTS, own=lambda user: Q(note__owner=user))
# Read by its borrower as soon as it is written, and by lenders and staff once it is signed.
AGREEMENTS = AccessRule(LoanAgreement, VIEW_LOANS, own=_of_borrower, others=_agreements_lent_by)
# What was waived, became principal or was lost is explained by its entry: to the borrower and the owners of notes.
LOAN_CHANGES = AccessRule(JournalEntry, VIEW_LOANS, others=_changes_of_own_loans)
# Payslips and statements: never anything for lenders, who only learn which kinds were checked.
LOAN_DOCUMENTS = AccessRule(LoanDocument, READ_LOAN_DOCUMENTS, own=_of_borrower)
HARDSHIP_REQUESTS = AccessRule(HardshipRequest, VIEW_LOANS, own=_of_borrower)
PLAN_PROPOSALS = AccessRule(PlanProposal, VIEW_LOANS, own=_of_borrower)
SETTLEMENT_OFFERS = AccessRule(SettlementOffer, VIEW_LOANS, own=_of_borrower)
