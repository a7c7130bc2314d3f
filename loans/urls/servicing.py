"""Pages of a loan that is being paid back. Included by `loans.urls`."""

from __future__ import annotations

from django.urls import path

from loans.views import autopay, repayment, statements

urlpatterns = [
    path("loans/<slug:reference>/pay/", repayment.pay, name="pay"),
    path("loans/<slug:reference>/pay/check/", repayment.pay_check, name="pay_check"),
    path("loans/<slug:reference>/payments/<slug:repayment_reference>/", repayment.repayment, name="repayment"),
    path("loans/<slug:reference>/autopay/", autopay.switch_autopay, name="switch_autopay"),
    path("loans/<slug:reference>/give-back/", autopay.withdraw_loan, name="give_back"),
    path("loans/<slug:reference>/early/", statements.early, name="early"),
    path("loans/<slug:reference>/plan/", statements.plan, name="plan"),
    path("loans/<slug:reference>/plan.csv", statements.plan_csv, name="plan_csv"),
    path("loans/<slug:reference>/certificate/", statements.certificate, name="certificate"),
    path("payments/<slug:reference>/explained/", statements.explain_repayment, name="explain_repayment"),
]
