"""The books: what the checks say, and the trial balance of any day."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from adminpanel.forms.settings import AsOfForm
from adminpanel.permissions import VIEW_BOOKS, permission_required
from adminpanel.selectors import last_books_check
from adminpanel.services.books_check import CHECKS, check_books
from adminpanel.views.pages import desk_page
from ledger.enums.books import Book
from ledger.selectors import trial_balance as balances
from p2plending.lib import clock
from p2plending.lib.web.actions import INVALID
from p2plending.lib.web.decorators import get_only, get_or_post
from p2plending.lib.web.requests import AuthenticatedRequest


@get_or_post
@permission_required(VIEW_BOOKS)
def books(request: AuthenticatedRequest) -> HttpResponse:
    if request.method == "POST":
        broken = len(check_books(actor=request.user).data["breaks"])
        if broken:
            words = ngettext("%(count)s break found.", "%(count)s breaks found.", broken)
            messages.error(request, words % {"count": broken})
        else:
            messages.success(request, _("Every check holds."))
        return redirect("admin:books")
    event = last_books_check()
    data = event.data if event else {"red": [], "breaks": []}
    ctx = {
        "title": _("Checks of the books"),
        "event": event,
        "checks": [(check, check.code in data["red"]) for check in CHECKS],
        "breaks": data["breaks"],
    }
    return desk_page(request, "books", ctx)


@get_only
@permission_required(VIEW_BOOKS)
def trial_balance(request: AuthenticatedRequest) -> HttpResponse:
    form = AsOfForm(request.GET or None)
    as_of = form.day()
    lines = balances(as_of)
    ctx = {
        "title": _("Trial balance"),
        "form": form,
        "as_of": as_of or clock.business_date(),
        "books": [_book(book, [line for line in lines if line.chart_line.book == book]) for book in Book],
    }
    return desk_page(request, "trial_balance", ctx, INVALID if form.errors else 200)


def _book(book: Book, lines: list) -> dict:
    return {
        "name": book.label,
        "lines": lines,
        "debit": sum(line.debit for line in lines),
        "credit": sum(line.credit for line in lines),
    }
