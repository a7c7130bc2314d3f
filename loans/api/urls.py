"""API of loans."""

from __future__ import annotations

from django.urls import include, path

import loans.forms.converters  # noqa: F401 - registers the kinds of documents
from loans.api import documents, questions, supporting_documents, views

urlpatterns = [
    path("products/", views.ProductListView.as_view(), name="api-products"),
    path("calculator/", views.CalculatorView.as_view(), name="api-calculator"),
    path("loans/", views.LoanListView.as_view(), name="api-loans"),
    path("loans/<slug:reference>/", views.LoanView.as_view(), name="api-loan"),
    path("loans/<slug:reference>/submit/", views.SubmitView.as_view(), name="api-loan-submit"),
    path("loans/<slug:reference>/answer/", views.AnswerView.as_view(), name="api-loan-answer"),
    path("loans/<slug:reference>/accept/", views.AcceptView.as_view(), name="api-loan-accept"),
    path("loans/<slug:reference>/decline/", views.DeclineView.as_view(), name="api-loan-decline"),
    path("loans/<slug:reference>/smaller/", views.SmallerLoanView.as_view(), name="api-loan-smaller"),
    path("loans/<slug:reference>/withdraw/", views.WithdrawView.as_view(), name="api-loan-withdraw"),
    path("loans/<slug:reference>/sign/", views.SignView.as_view(), name="api-loan-sign"),
    path("loans/<slug:reference>/agreement/", views.AgreementView.as_view(), name="api-loan-agreement"),
    path("documents/<document_kind:kind>/<slug:reference>/", documents.DocumentView.as_view(), name="api-document"),
    path(
        "loans/<slug:reference>/documents/", supporting_documents.LoanDocumentsView.as_view(), name="api-loan-documents"
    ),
    path(
        "loans/<slug:reference>/documents/<slug:document_reference>/",
        supporting_documents.LoanDocumentFileView.as_view(),
        name="api-loan-document",
    ),
    path("loans/<slug:reference>/schedule/", views.ScheduleView.as_view(), name="api-loan-schedule"),
    path("listings/<slug:reference>/questions/", questions.QuestionListView.as_view(), name="api-questions"),
    path(
        "listings/<slug:reference>/questions/<slug:question_reference>/answer/",
        questions.QuestionAnswerView.as_view(),
        name="api-question-answer",
    ),
    path("", include("loans.api.urls_servicing")),
    path("", include("loans.api.urls_collections")),
]
