"""Statements of any period, on the page and as a file."""

from __future__ import annotations

import datetime as dt

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render

from accounts.enums.people import Role
from ledger import selectors
from ledger.forms import PeriodForm
from ledger.selectors.documents import MOST_LINES_OF_PDF, statement_document
from ledger.views.csv_lines import LINE_HEADER, line_row
from ledger.wording.periods import usual_periods
from p2plending.lib.clock import business_date
from p2plending.lib.documents.csv_files import csv_response
from p2plending.lib.documents.printed import pdf_file, print_page
from p2plending.lib.web.decorators import get_only, role_required
from p2plending.lib.web.requests import AuthenticatedRequest


@get_only
@role_required(Role.BORROWER, Role.LENDER)
def statements(request: AuthenticatedRequest) -> HttpResponse:
    asked = "start" in request.GET or "end" in request.GET
    form = PeriodForm(request.GET if asked else None)
    if form.is_valid():
        return redirect("ledger:statement", form.cleaned_data["start"], form.cleaned_data["end"])
    today = business_date()
    first = selectors.first_line_on(request.user)
    context = {"form": form, "periods": usual_periods(first or today, today), "header": LINE_HEADER}
    return render(request, "ledger/statements.html", context, status=422 if asked else 200)


@get_only
@role_required(Role.BORROWER, Role.LENDER)
def statement(request: AuthenticatedRequest, start: dt.date, end: dt.date) -> HttpResponse:
    if end < start:
        raise Http404
    shown = selectors.statement(request.user, start, end)
    return render(request, "ledger/statement.html", {"statement": shown, "today": business_date()})


@get_only
@role_required(Role.BORROWER, Role.LENDER)
def statement_csv(request: AuthenticatedRequest, start: dt.date, end: dt.date) -> StreamingHttpResponse:
    if end < start:
        raise Http404
    lines = selectors.statement(request.user, start, end).lines
    name = f"statement-{start.isoformat()}-{end.isoformat()}.csv"
    return csv_response(name, LINE_HEADER, (line_row(line) for line in lines))


@get_only
@role_required(Role.BORROWER, Role.LENDER)
def statement_print(request: AuthenticatedRequest, start: dt.date, end: dt.date) -> HttpResponse:
    if end < start:
        raise Http404
    return print_page(request, statement_document(request.user, start, end))


@get_only
@role_required(Role.BORROWER, Role.LENDER)
def statement_pdf(request: AuthenticatedRequest, start: dt.date, end: dt.date) -> HttpResponse:
    if end < start:
        raise Http404
    return pdf_file(request, statement_document(request.user, start, end, most_lines=MOST_LINES_OF_PDF))
