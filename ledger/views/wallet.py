"""The wallet: what one has, its lines, and how a line came about."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from accounts.enums.people import Role
from accounts.selectors.eligibility import Action, blocking_refusal
from ledger import selectors
from ledger.enums.books import LineCode
from ledger.forms import LineFilterForm
from ledger.views.account_text import side_words
from ledger.views.csv_lines import LINE_HEADER, line_row
from p2plending.lib.documents.csv_files import csv_response
from p2plending.lib.web.decorators import get_only, role_required
from p2plending.lib.web.requests import AuthenticatedRequest

LINES_PER_PAGE = 25
MOST_DIGITS = 10


@get_only
@role_required(Role.BORROWER, Role.LENDER)
def wallet(request: AuthenticatedRequest) -> HttpResponse:
    form = LineFilterForm(request.GET, codes=selectors.wallet_codes(request.user))
    choice = form.choice()
    totals = selectors.wallet_totals(request.user, **choice)
    asked = request.GET.get("page", "1")
    number = max(int(asked), 1) if asked.isascii() and asked.isdecimal() and len(asked) < MOST_DIGITS else 1
    count, lines = selectors.wallet_rows(request.user, page=number, size=LINES_PER_PAGE, **choice)
    page = Paginator(range(count), LINES_PER_PAGE).get_page(number)
    wallet = selectors.wallet_summary(request.user)
    context = {
        "form": form,
        "is_filtered": any(choice.values()),
        "is_by_type": bool(choice["codes"]),
        "totals": totals,
        "page": page,
        "lines": lines,
        "wallet": wallet,
        "debts": selectors.debts_of(request.user, wallet.owed),
        "deposits": selectors.waiting_deposits(request.user),
        "withdrawals": selectors.open_withdrawals(request.user),
        "deposit_blocked": blocking_refusal(request.user, Action.DEPOSIT),
        "withdraw_blocked": blocking_refusal(request.user, Action.WITHDRAW),
    }
    return render(request, "ledger/wallet.html", context)


@get_only
@role_required(Role.BORROWER, Role.LENDER)
def lines_csv(request: AuthenticatedRequest) -> StreamingHttpResponse:
    postings = selectors.wallet_postings(request.user, **LineFilterForm(request.GET, codes=LineCode.values).choice())
    rows = (line_row(selectors.line_of(posting)) for posting in postings.iterator(chunk_size=2000))
    return csv_response("wallet-lines.csv", LINE_HEADER, rows)


@get_only
@role_required(Role.BORROWER, Role.LENDER)
def line(request: AuthenticatedRequest, reference: str, seq: int) -> HttpResponse:
    explanation = selectors.explain_line(request.user, reference, seq)
    if explanation is None:
        raise Http404
    sides = [(side_words(side), side) for side in explanation.sides]
    return render(request, "ledger/line.html", {"explanation": explanation, "line": explanation.row, "sides": sides})
