"""API of loans that can't be paid as planned. Included by `loans.api.urls`."""

from __future__ import annotations

from django.urls import path

from loans.api import views_collections as views

urlpatterns = [
    path("loans/<slug:reference>/help/", views.HelpListView.as_view(), name="api-help"),
    path("loans/<slug:reference>/help/preview/", views.HelpPreviewView.as_view(), name="api-help-preview"),
    path(
        "loans/<slug:reference>/help/<slug:help_reference>/withdraw/",
        views.HelpWithdrawView.as_view(),
        name="api-help-withdraw",
    ),
    path("loans/<slug:reference>/new-plan/", views.NewPlanView.as_view(), name="api-new-plan"),
    path("loans/<slug:reference>/new-plan/accept/", views.AcceptPlanView.as_view(), name="api-new-plan-accept"),
    path("loans/<slug:reference>/new-plan/decline/", views.DeclinePlanView.as_view(), name="api-new-plan-decline"),
    path("loans/<slug:reference>/settlement/", views.SettlementView.as_view(), name="api-settlement"),
    path("loans/<slug:reference>/recoveries/", views.RecoveryListView.as_view(), name="api-recoveries"),
]
