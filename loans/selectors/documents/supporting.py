"""Documents of a loan, and what may be said about them."""

from __future__ import annotations

from accounts.models import User
from loans.enums.loan import LoanDocumentKind
from loans.models import Loan, LoanDocument
from loans.selectors.access import LOAN_DOCUMENTS


def documents_of(loan: Loan) -> list[LoanDocument]:
    """All files with the loan, newest first."""
    return list(loan.documents.select_related("checked_by").order_by("-id"))


def own_document(user: User, loan_reference: str, reference: str) -> LoanDocument:
    """A file of the borrower's own loan. Raises LoanDocument.DoesNotExist for anybody else's."""
    rows = LOAN_DOCUMENTS.own_of(user).select_related("loan")
    return rows.get(reference=reference, loan__reference=loan_reference)


def checked_kinds(loan: Loan) -> list[str]:
    """Kinds of documents that staff have checked, in words and in the order of the list: all that lenders may know."""
    kinds = set(loan.documents.filter(checked_at__isnull=False).values_list("kind", flat=True))
    return [str(kind.label) for kind in LoanDocumentKind if kind in kinds]
