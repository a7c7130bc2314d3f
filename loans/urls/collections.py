"""Pages of a loan that can't be paid as planned. Included by `loans.urls`."""

from __future__ import annotations

from django.urls import path

from loans.views import hardship as views

urlpatterns = [
    path("loans/<slug:reference>/help/", views.ask, name="help"),
    path("loans/<slug:reference>/help/send/", views.send, name="help_send"),
    path("loans/<slug:reference>/help/take-back/", views.withdraw_request, name="help_take_back"),
    path("loans/<slug:reference>/new-plan/", views.new_plan, name="new_plan"),
    path("loans/<slug:reference>/new-plan/accept/", views.accept_new_plan, name="accept_new_plan"),
    path("loans/<slug:reference>/new-plan/decline/", views.decline_new_plan, name="decline_new_plan"),
    path("loans/<slug:reference>/settlement/", views.settlement, name="settlement"),
    path("loans/<slug:reference>/pay-after-loss/", views.pay_loss, name="pay_loss"),
    path("recoveries/<slug:reference>/explained/", views.explain_recovery, name="explain_recovery"),
    path("changes/<slug:reference>/explained/", views.explain_change, name="explain_change"),
]
