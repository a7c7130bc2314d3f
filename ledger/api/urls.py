"""API of ledger."""

from __future__ import annotations

from django.urls import path

from ledger.api import views

urlpatterns = [
    path("wallet/", views.WalletView.as_view(), name="api-wallet"),
    path("wallet/transactions/", views.LineListView.as_view(), name="api-wallet-lines"),
    path("wallet/transactions/<slug:entry>/<int:seq>/", views.LineView.as_view(), name="api-wallet-line"),
    path("statements/", views.StatementView.as_view(), name="api-statements"),
    path("statements/pdf/", views.StatementPdfView.as_view(), name="api-statement-pdf"),
    path("deposits/", views.DepositListView.as_view(), name="api-deposits"),
    path("deposits/<slug:reference>/", views.DepositView.as_view(), name="api-deposit"),
    path("deposits/<slug:reference>/cancel/", views.DepositCancelView.as_view(), name="api-deposit-cancel"),
    path("withdrawals/", views.WithdrawalListView.as_view(), name="api-withdrawals"),
    path("withdrawals/<slug:reference>/", views.WithdrawalView.as_view(), name="api-withdrawal"),
    path("withdrawals/<slug:reference>/cancel/", views.WithdrawalCancelView.as_view(), name="api-withdrawal-cancel"),
]
