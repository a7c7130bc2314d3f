"""Pages of a loan that is being paid back. Included by `loans.urls`."""

from __future__ import annotations

from django.urls import path

from loans.views import servicing, statements

urlpatterns = [
    path("loans/<str:reference>/pay/", servicing.pay, name="pay"),
    path("loans/<str:reference>/pay/check/", servicing.pay_check, name="pay_check"),
    path("loans/<str:reference>/payments/<str:repayment_reference>/", servicing.repayment, name="repayment"),
    path("loans/<str:reference>/early/", statements.early, name="early"),
    path("loans/<str:reference>/plan/", statements.plan, name="plan"),
    path("loans/<str:reference>/plan.csv", statements.plan_csv, name="plan_csv"),
    path("loans/<str:reference>/certificate/", statements.certificate, name="certificate"),
    path("payments/<str:reference>/explained/", statements.explain_repayment, name="explain_repayment"),
]
