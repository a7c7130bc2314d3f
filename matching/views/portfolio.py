"""What a lender holds: the list with its sums, the same as a file, and one note."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import Role
from loans.selectors.collections import lender_events
from loans.selectors.explanations.changes import changes_of
from matching.selectors.portfolio import (
    ALL,
    FINISHED,
    RESERVED,
    RUNNING,
    TABS,
    Part,
    Parts,
    counts_of,
    note_plan,
    notes_of,
    parts_of,
    receipts_of,
    sums_of,
)
from p2plending.lib.clock import business_date
from p2plending.lib.documents.csv_files import csv_response, plain
from p2plending.lib.web.decorators import get_only, role_required
from p2plending.lib.web.requests import AuthenticatedRequest

PAGE_SIZE = 25
ROWS_PER_READ = 500
TAB_WORDS = {RUNNING: _("Running"), RESERVED: _("Reserved"), FINISHED: _("Finished"), ALL: _("All")}
CSV_HEAD = (
    "reference",
    "loan",
    "title",
    "grade",
    "annual_rate",
    "state",
    "lent",
    "principal_received",
    "interest_received",
    "servicing_fees",
    "principal_outstanding",
    "began_on",
    "next_payment_on",
    "ended_on",
)


@get_only
@role_required(Role.LENDER)
def portfolio(request: AuthenticatedRequest) -> HttpResponse:
    tab = _tab(request)
    parts = parts_of(request.user, tab)
    counts = counts_of(request.user)
    context = {
        "tab": tab,
        "tabs": [{"key": key, "words": TAB_WORDS[key], "count": counts[key]} for key in TABS],
        "has_parts": counts[ALL] > 0,
        "sums": sums_of(parts),
        "page": Paginator(parts, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "matching/portfolio.html", context)


@get_only
@role_required(Role.LENDER)
def portfolio_csv(request: AuthenticatedRequest) -> StreamingHttpResponse:
    tab = _tab(request)
    filename = f"portfolio-{tab}-{business_date().isoformat()}.csv"
    return csv_response(filename, CSV_HEAD, _csv_rows(parts_of(request.user, tab)))


def _tab(request: AuthenticatedRequest) -> str:
    tab = request.GET.get("tab", RUNNING)
    return tab if tab in TABS else RUNNING


def _csv_rows(parts: Parts) -> Iterator[list[Any]]:
    for start in range(0, len(parts), ROWS_PER_READ):
        for part in parts[start : start + ROWS_PER_READ]:
            yield _csv_row(part)


def _csv_row(part: Part) -> list[Any]:
    return [
        part.reference,
        part.loan.reference,
        part.loan.title,
        part.loan.grade,
        part.loan.annual_rate,
        part.status,
        *(
            plain(amount)
            for amount in (
                part.amount,
                part.principal_received,
                part.interest_received,
                part.fees_paid,
                part.outstanding,
            )
        ),
        *(day.isoformat() if day else "" for day in (part.began_on, part.next_due_on, part.ended_on)),
    ]


@get_only
@role_required(Role.LENDER)
def note(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    found = notes_of(request.user).filter(reference=reference).first()
    if found is None:
        # Messages that were sent long ago name the loan.
        of_loan = get_object_or_404(notes_of(request.user).order_by("pk").filter(loan__reference=reference)[:1])
        return redirect("matching:note", of_loan.reference)
    context = {
        "note": found,
        "loan": found.loan,
        "plan": note_plan(found, business_date()),
        "receipts": list(receipts_of(found)),
        "steps": list(found.loan.transitions.order_by("pk")),
        "events": lender_events(found.loan),
        "changes": changes_of(found.loan),
        "recoveries": list(found.recovery_shares.select_related("recovery").order_by("pk")),
        "interest_net": found.interest_received + found.late_fees_received - found.servicing_fees_paid,
    }
    return render(request, "matching/note.html", context)
