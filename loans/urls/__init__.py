"""Pages of loans, under /borrowing/."""

from __future__ import annotations

from django.urls import include, path

import loans.forms.converters  # noqa: F401 - registers the kinds of documents
from loans.views import agreement, apply, documents, home, loan, offer, questions, quote, supporting_documents

app_name = "loans"
urlpatterns = [
    path("", home.borrowing_home, name="borrowing_home"),
    path("loans/", home.loan_list, name="loan_list"),
    path("quote/", quote.quote, name="quote"),
    path("apply/", apply.start, name="apply_start"),
    path("apply/amount/", apply.amount, name="apply_amount"),
    path("apply/purpose/", apply.purpose, name="apply_purpose"),
    path("apply/income/", apply.income, name="apply_income"),
    path("apply/check/", apply.check, name="apply_check"),
    path("apply/sent/<slug:reference>/", apply.sent, name="apply_sent"),
    path("references/<slug:reference>/", loan.by_reference, name="by_reference"),
    path("loans/<slug:reference>/", loan.loan, name="loan"),
    path("loans/<slug:reference>/answer/", loan.answer_info, name="answer_info"),
    path("loans/<slug:reference>/documents/", supporting_documents.documents, name="supporting_documents"),
    path(
        "loans/<slug:reference>/documents/<slug:document_reference>/",
        supporting_documents.document_file,
        name="supporting_document",
    ),
    path("loans/<slug:reference>/withdraw/", loan.withdraw, name="withdraw"),
    path("loans/<slug:reference>/offer/accept/", offer.accept, name="accept_offer"),
    path("loans/<slug:reference>/smaller/", offer.decide_smaller, name="decide_smaller"),
    path("loans/<slug:reference>/sign/", agreement.sign, name="sign"),
    path("loans/<slug:reference>/agreement/", agreement.agreement, name="agreement"),
    path("documents/<document_kind:kind>/<slug:reference>/", documents.document, name="document"),
    path("documents/<document_kind:kind>/<slug:reference>.pdf", documents.document_pdf, name="document_pdf"),
    path(
        "loans/<slug:reference>/questions/<slug:question_reference>/answer/",
        questions.answer,
        name="answer_question",
    ),
    path("", include("loans.urls.servicing")),
    path("", include("loans.urls.collections")),
]
