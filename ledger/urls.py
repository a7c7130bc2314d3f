"""Pages of ledger, under /wallet/."""

from __future__ import annotations

from django.urls import path, register_converter

from ledger.views import deposits, statements, wallet, withdrawals
from p2plending.lib.web.converters import IsoDay

register_converter(IsoDay, "iso_day")

app_name = "ledger"
urlpatterns = [
    path("", wallet.wallet, name="wallet"),
    path("lines.csv", wallet.lines_csv, name="lines_csv"),
    path("lines/<slug:reference>/<int:seq>/", wallet.line, name="line"),
    path("add/", deposits.add, name="add"),
    path("add/check/", deposits.add_check, name="add_check"),
    path("deposits/<slug:reference>/", deposits.deposit, name="deposit"),
    path("deposits/<slug:reference>/cancel/", deposits.cancel, name="cancel_deposit"),
    path("take-out/", withdrawals.take_out, name="take_out"),
    path("take-out/check/", withdrawals.take_out_check, name="take_out_check"),
    path("withdrawals/<slug:reference>/", withdrawals.withdrawal, name="withdrawal"),
    path("withdrawals/<slug:reference>/cancel/", withdrawals.cancel, name="cancel_withdrawal"),
    path("statements/", statements.statements, name="statements"),
    path("statements/<iso_day:start>/<iso_day:end>/", statements.statement, name="statement"),
    path("statements/<iso_day:start>/<iso_day:end>.csv", statements.statement_csv, name="statement_csv"),
    path("statements/<iso_day:start>/<iso_day:end>/print/", statements.statement_print, name="statement_print"),
    path("statements/<iso_day:start>/<iso_day:end>.pdf", statements.statement_pdf, name="statement_pdf"),
]
