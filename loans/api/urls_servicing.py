"""API of paying back. Included by `loans.api.urls`."""

from __future__ import annotations

from django.urls import path

from loans.api import views_paying as paying
from loans.api import views_servicing as views

urlpatterns = [
    path("loans/<slug:reference>/repayments/", views.RepaymentListView.as_view(), name="api-repayments"),
    path("loans/<slug:reference>/repayments/preview/", views.PreviewView.as_view(), name="api-repayment-preview"),
    path(
        "loans/<slug:reference>/repayments/<slug:repayment_reference>/",
        views.RepaymentView.as_view(),
        name="api-repayment",
    ),
    path("loans/<slug:reference>/autopay/", paying.AutopayView.as_view(), name="api-autopay"),
    path("loans/<slug:reference>/give-back/", paying.WithdrawLoanView.as_view(), name="api-give-back"),
    path("loans/<slug:reference>/payoff-quote/", views.PayoffQuoteView.as_view(), name="api-payoff-quote"),
    path("loans/<slug:reference>/plan/", views.PlanView.as_view(), name="api-payment-plan"),
]
