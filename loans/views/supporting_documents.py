"""Supporting documents of a loan, for its borrower."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.enums.people import Role
from accounts.identity.uploads import UploadRefused
from accounts.views.files import file_response
from loans.forms.supporting_documents import LoanDocumentForm
from loans.models import Loan, LoanDocument
from loans.selectors.documents.supporting import documents_of, own_document
from loans.services.origination.supporting_documents import (
    MAX_DOCUMENTS,
    add_loan_document,
    read_loan_document,
    takes_documents,
)
from loans.views.own import own_loan
from p2plending.lib.clock import business_date
from p2plending.lib.errors import Refused
from p2plending.lib.web.actions import run_action
from p2plending.lib.web.decorators import get_only, get_or_post, role_required
from p2plending.lib.web.requests import AuthenticatedRequest


@get_or_post
@role_required(Role.BORROWER)
def documents(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    loan = own_loan(request, reference)
    form = LoanDocumentForm(request.POST, request.FILES) if request.method == "POST" else LoanDocumentForm()
    return run_action(
        request,
        form,
        lambda told: add_loan_document(
            loan_id=loan.pk, kind=told["kind"], upload=told["file"], actor=request.user, today=business_date()
        ),
        done=_("We have the file. It is stored encrypted, and only staff can open it."),
        then=lambda _added: redirect("loans:supporting_documents", reference),
        again=lambda status: _page(request, loan, form, status),
        show=_show,
    )


def _show(form: LoanDocumentForm, refusal: Refused) -> None:
    form.add_error("file" if isinstance(refusal, UploadRefused) else None, refusal.message)


def _page(request: AuthenticatedRequest, loan: Loan, form: LoanDocumentForm, status: int) -> HttpResponse:
    context = {
        "loan": loan,
        "documents": documents_of(loan),
        "form": form,
        "may_add": takes_documents(loan),
        "most": MAX_DOCUMENTS,
    }
    return render(request, "loans/supporting_documents.html", context, status=status)


@get_only
@role_required(Role.BORROWER)
def document_file(request: AuthenticatedRequest, reference: str, document_reference: str) -> HttpResponse:
    try:
        document = own_document(request.user, reference, document_reference)
    except LoanDocument.DoesNotExist as error:
        raise Http404 from error
    return file_response(document, read_loan_document(document=document, actor=request.user))
