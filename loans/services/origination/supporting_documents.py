"""Documents with an application or loan: the borrower adds them, staff read and check them, lenders see none."""

from __future__ import annotations

import datetime as dt

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.identity.private_files import load_file
from accounts.identity.uploads import CleanFile, clean_upload
from accounts.models import User
from accounts.services.approvals.permissions import StaffOnly
from accounts.services.audit import record
from accounts.services.identity.documents import keep_file
from loans.enums.loan import LoanDocumentKind, LoanStatus
from loans.enums.permissions import READ_LOAN_DOCUMENTS, REVIEW_APPLICATIONS
from loans.models import Loan, LoanDocument
from loans.selectors.access import LOAN_DOCUMENTS
from loans.services.servicing.lifecycle import require_borrower
from loans.services.servicing.locking import lock_current_loan
from p2plending.lib import clock
from p2plending.lib.database.references import new_reference
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import InvalidTransition, NotPermitted, Refused

MAX_DOCUMENTS = 20


class TooManyLoanDocuments(Refused):
    """The loan has as many files as one may have."""

    code = "too_many_loan_documents"
    default_message = _("There are 20 documents with this loan already. Write to us if you need to send more.")


def takes_documents(loan: Loan) -> bool:
    """Whether files can be added: while the application is open and while the loan is paid back."""
    return loan.status in (*LoanStatus.application(), *LoanStatus.owing())


def add_loan_document(
    *, loan_id: int, kind: str, upload: UploadedFile, actor: User | None, today: dt.date
) -> LoanDocument:
    """Check, encrypt and keep one file; the same file of the same kind again is the first document.

    Nothing stays on the disk after a refusal: UploadRefused (`accounts.identity.uploads`), NotYourLoan,
    InvalidTransition when the loan has ended, TooManyLoanDocuments.
    """
    kind = LoanDocumentKind(kind)
    clean = clean_upload(upload)
    return keep_file(clean, lambda name: _keep(loan_id, kind, clean, name, actor, today))


def _keep(
    loan_id: int, kind: LoanDocumentKind, clean: CleanFile, name: str, actor: User | None, today: dt.date
) -> LoanDocument:
    loan = lock_current_loan(loan_id, today)
    require_borrower(loan, actor)
    if not takes_documents(loan):
        raise InvalidTransition(status=str(loan.status), event="add_document")
    same = loan.documents.filter(kind=kind, sha256=clean.sha256).first()
    if same is not None:
        return same
    if loan.documents.count() >= MAX_DOCUMENTS:
        raise TooManyLoanDocuments(most=MAX_DOCUMENTS)
    seen_elsewhere = LoanDocument.objects.filter(sha256=clean.sha256).exclude(loan__borrower=loan.borrower_id).exists()
    document = LoanDocument.objects.create(
        loan=loan,
        reference=new_reference("DOC"),
        kind=kind,
        stored_name=name,
        content_type=clean.content_type,
        size=len(clean.content),
        sha256=clean.sha256,
    )
    _audit(document, "added", actor, same_file_from_others=seen_elsewhere)
    return document


def read_loan_document(*, document: LoanDocument, actor: User) -> bytes:
    """The plain bytes, for whom `LOAN_DOCUMENTS` lets; the audit row is written first. Raises NotPermitted."""
    if not LOAN_DOCUMENTS.visible_to(actor).filter(pk=document.pk).exists():
        raise NotPermitted
    run_money(lambda: _audit(document, "read", actor))
    return load_file(document.stored_name)


def check_loan_document(*, document_id: int, actor: User) -> LoanDocument:
    """Say that a document bears out what the borrower says; once. Lenders then see that its kind was checked.

    Raises StaffOnly without the duty to review applications, NotPermitted for one's own loan.
    """
    if not (actor.is_staff and actor.has_perm(REVIEW_APPLICATIONS) and actor.has_perm(READ_LOAN_DOCUMENTS)):
        raise StaffOnly

    def check() -> LoanDocument:
        document = LoanDocument.objects.select_for_update().select_related("loan").get(pk=document_id)
        if document.loan.borrower_id == actor.pk:
            raise NotPermitted
        if document.checked_at is None:
            document.checked_by, document.checked_at = actor, clock.now()
            document.save(update_fields=["checked_by", "checked_at"])
            _audit(document, "checked", actor)
        return document

    return run_money(check)


def _audit(document: LoanDocument, step: str, actor: User | None, **data: object) -> None:
    record(
        action=f"loans.document.{step}",
        actor=actor,
        subject_type="loan",
        subject_reference=document.loan.reference,
        data={"document": document.reference, "kind": str(document.kind)} | data,
    )
