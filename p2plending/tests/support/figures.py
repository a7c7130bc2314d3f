"""Every figure that one person is shown, opened and compared: page, explanation, API, file, document and books.

assert_figures_agree(user)         # walks the wallet, statements, portfolio and loans of a person
assert_links_open("loan_offer")    # follows every notification for its reader; this event must be among them
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.enums.people import Role
from accounts.models import Notification, User
from ledger.chart import DUE_FROM_USER, WALLET_AVAILABLE, WALLET_RESERVED, WALLET_WITHDRAWING
from ledger.enums.books import LineCode
from ledger.models import Posting
from ledger.selectors import WalletLine, balance
from loans.enums.loan import LoanStatus, RepaymentStatus
from loans.models import Loan, Note, Repayment
from p2plending.lib.formatting import format_money

LONG_AGO, FAR_OFF = dt.date(2000, 1, 1), dt.date(2100, 1, 1)
# Lines that are no result of lending: money that came from outside or went there.
OUTSIDE = {LineCode.DEPOSIT, LineCode.WITHDRAWAL, LineCode.WITHDRAWAL_RETURN}
# Every line and part is compared over the API; of each kind of them, so many pages of a person are drawn.
DRAWN_OF_EACH_KIND = 3
ENDS_WITH_LOSS = (LoanStatus.WRITTEN_OFF, LoanStatus.SETTLED)


class Reader:
    """One person at their browser and at an API client."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.browser, self.api = Client(), APIClient()
        self.browser.force_login(user)
        self.api.credentials(HTTP_AUTHORIZATION=f"Bearer {RefreshToken.for_user(user).access_token}")

    def page(self, path: str) -> HttpResponse:
        answer = self.browser.get(path, follow=True)
        assert answer.status_code == 200, (self.user.email, path, answer.status_code)
        return answer

    def json(self, path: str) -> Any:
        cache.clear()  # the throttle counts
        answer = self.api.get(f"/api/v1/{path}")
        assert answer.status_code == 200, (self.user.email, path, answer.content)
        return answer.json()

    def all_of(self, path: str) -> Iterator[dict[str, Any]]:
        separator, number = "&" if "?" in path else "?", 1
        while True:
            page = self.json(f"{path}{separator}page={number}")
            yield from page["results"]
            if not page["next"]:
                return
            number += 1

    def csv(self, path: str) -> list[dict[str, str]]:
        answer = self.browser.get(path)
        assert answer.status_code == 200, path
        text = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))


def minor(text: str) -> int:
    """An amount of the API or of a file in minor units."""
    return int(Decimal(text).scaleb(settings.CURRENCY_EXPONENT))


def assert_figures_agree(user: User) -> None:
    """Everything that a borrower or a lender is shown says the same."""
    reader = Reader(user)
    rows = wallet_rows(reader)
    _wallet_is_the_books(reader, rows)
    _files_and_api_have_the_same_lines(reader, rows)
    drawn: Counter[tuple[str, str, bool]] = Counter()
    for row in rows:
        _a_row_is_explained_as_itself(reader, row)
        kind = (row.code, row.subject_type, row.change > 0)
        drawn[kind] += 1
        if drawn[kind] <= DRAWN_OF_EACH_KIND:
            _its_page_says_the_same(reader, row)
    _statement_adds_up(reader, rows)
    if user.role == Role.LENDER:
        _portfolio_adds_up(reader)
        _home_says_the_result(reader, rows)
    else:
        for loan in Loan.objects.filter(borrower=user, disbursed_on__isnull=False):
            _loan_says_the_same(reader, loan)


def wallet_rows(reader: Reader) -> list[WalletLine]:
    """Every row of every page of the wallet."""
    found, number = [], 1
    while True:
        answer = reader.page(f"{reverse('ledger:wallet')}?page={number}")
        found += answer.context["lines"]
        for row in answer.context["lines"]:
            assert format_money(row.change, sign=True) in answer.content.decode()
        if not answer.context["page"].has_next():
            assert len(found) == answer.context["page"].paginator.count
            assert sum(row.change for row in found) == answer.context["totals"].closing
            return found
        number += 1


def _wallet_is_the_books(reader: Reader, rows: list[WalletLine]) -> None:
    wallet, shown = reader.json("wallet/"), reader.page(reverse("ledger:wallet")).context["wallet"]
    codes = {"available": WALLET_AVAILABLE, "reserved": WALLET_RESERVED, "withdrawing": WALLET_WITHDRAWING}
    for name, code in codes.items():
        booked = balance(code, reader.user)
        assert minor(wallet[name]) == getattr(shown, name) == booked, (reader.user.email, name)
    assert minor(wallet["total"]) == shown.total
    assert minor(wallet["owed"]) == shown.owed == balance(DUE_FROM_USER, reader.user)
    assert sum(row.change for row in rows) == shown.available
    assert (rows[0].balance_after if rows else 0) == shown.available


def _files_and_api_have_the_same_lines(reader: Reader, rows: list[WalletLine]) -> None:
    lines = [part for row in rows for part in (row.parts[::-1] or (row,))]
    on_page = [(line.entry_reference, line.seq, str(line.code), line.change, line.balance_after) for line in lines]
    booked = Posting.objects.filter(account__owner=reader.user, account__code=WALLET_AVAILABLE).order_by("-seq")
    in_books = [
        (line.entry.reference, line.seq, line.code, line.credit - line.debit, line.balance_after)
        for line in booked.select_related("entry")
    ]
    over_api = [
        (line["entry"], line["seq"], line["code"], minor(line["amount_in"]) - minor(line["amount_out"]),
         minor(line["balance_after"]))
        for line in reader.all_of("wallet/transactions/")
    ]  # fmt: skip
    in_file = [
        (line["entry"], int(line["line"]), line["code"], minor(line["amount_in"]) - minor(line["amount_out"]),
         minor(line["balance_after"]))
        for line in reader.csv(reverse("ledger:lines_csv"))
    ]  # fmt: skip
    assert sorted(on_page) == sorted(in_books)
    assert over_api == in_file == in_books


def _a_row_is_explained_as_itself(reader: Reader, row: WalletLine) -> None:
    told = reader.json(f"wallet/transactions/{row.entry_reference}/{row.seq}/")
    assert minor(told["row"]["amount_in"]) - minor(told["row"]["amount_out"]) == row.change
    parts = [minor(part["amount_in"]) - minor(part["amount_out"]) for part in told["parts"]]
    assert sum(parts or [row.change]) == row.change


def _its_page_says_the_same(reader: Reader, row: WalletLine) -> None:
    """The explanation has the figure of the row, and what it leads to as well."""
    answer = reader.page(reverse("ledger:line", args=[row.entry_reference, row.seq]))
    assert answer.context["line"] == row
    assert format_money(row.change, sign=True) in answer.content.decode()
    own = [side for _words, side in answer.context["sides"] if side.is_own and side.account_code == WALLET_AVAILABLE]
    of_entry = Posting.objects.filter(
        account__owner=reader.user, account__code=WALLET_AVAILABLE, entry__reference=row.entry_reference
    )
    assert [side.change for side in own] == [sum(line.credit - line.debit for line in of_entry)]
    if not row.link:
        return
    subject = reader.page(row.link)
    explanation = subject.context.get("explanation")
    is_payment = row.subject_type == "repayment" and row.code == LineCode.REPAYMENT
    if is_payment and reader.user.role == Role.LENDER and row.amount_in:
        assert explanation.received == row.change
        assert format_money(row.change) in subject.content.decode()


def _statement_adds_up(reader: Reader, rows: list[WalletLine]) -> None:
    address = [LONG_AGO, FAR_OFF]
    shown = reader.page(reverse("ledger:statement", args=address)).context["statement"]
    told = reader.json(f"statements/?from={LONG_AGO}&to={FAR_OFF}")
    file = reader.csv(reverse("ledger:statement_csv", args=address))
    printed = reader.page(reverse("ledger:statement_print", args=address))
    assert printed.context["statement"] == shown
    change = Counter({row.entry_reference: 0 for row in rows})
    for row in rows:
        change[row.entry_reference] += row.change
    for lines in ([(one.entry_reference, one.change) for one in shown.rows], _changes(told["lines"]), _changes(file)):
        found = Counter()
        for entry, amount in lines:
            found[entry] += amount
        assert dict(found) == dict(change)
    assert shown.closing == minor(told["closing"]) == sum(change.values())
    assert (shown.reserved, shown.withdrawing) == (minor(told["reserved"]), minor(told["withdrawing"]))
    assert sum(one.amount_in for one in shown.by_code) == shown.amount_in == minor(told["amount_in"])
    assert shown.reserved == balance(WALLET_RESERVED, reader.user)
    for figure in (shown.opening, shown.amount_in, shown.amount_out, shown.closing):
        assert format_money(figure) in printed.content.decode()


def _changes(lines: Iterable[dict[str, str]]) -> list[tuple[str, int]]:
    return [(line["entry"], minor(line["amount_in"]) - minor(line["amount_out"])) for line in lines]


def _portfolio_adds_up(reader: Reader) -> None:
    wallet = reader.json("wallet/")
    for tab in ("running", "reserved", "finished", "all"):
        parts, number, sums = [], 1, None
        while True:
            answer = reader.page(f"{reverse('matching:portfolio')}?tab={tab}&page={number}")
            parts, sums = parts + list(answer.context["page"].object_list), answer.context["sums"]
            if not answer.context["page"].has_next():
                break
            number += 1
        for name in ("amount", "principal_received", "interest_received", "fees_paid", "outstanding", "stake"):
            assert sum(getattr(part, name) for part in parts) == getattr(sums, name), (tab, name)
        assert len(parts) == sums.count
        file = reader.csv(f"{reverse('matching:portfolio_csv')}?tab={tab}")
        assert sorted(minor(one["lent"]) for one in file) == sorted(part.amount for part in parts)
        assert sum(minor(one["principal_outstanding"]) for one in file) == sums.outstanding
        if tab == "reserved":
            assert sums.stake == minor(wallet["reserved"])
    notes = {one["reference"]: one for one in reader.all_of("notes/")}
    drawn: Counter[tuple[str, bool]] = Counter()
    for note in Note.objects.filter(owner=reader.user).select_related("loan"):
        assert minor(notes[note.reference]["principal_outstanding"]) == note.principal_outstanding
        assert minor(notes[note.reference]["interest_received"]) == note.interest_received
        kind = (note.loan.status, note.loan.is_restructured)
        drawn[kind] += 1
        if drawn[kind] > DRAWN_OF_EACH_KIND:
            continue
        page = reader.page(reverse("matching:note", args=[note.reference])).content.decode()
        assert format_money(note.principal_outstanding) in page


def _home_says_the_result(reader: Reader, rows: list[WalletLine]) -> None:
    """What lending brought is what the account is worth, less what was put in, whatever way it is added up."""
    answer = reader.page(reverse("matching:lending_home"))
    wallet, figures = answer.context["wallet"], answer.context["figures"]
    notes = list(Note.objects.filter(owner=reader.user).select_related("loan"))
    outstanding = sum(note.principal_outstanding for note in notes if note.closed_on is None)
    assert figures.lent_out == outstanding
    assert answer.context["value"] == wallet.total + outstanding
    withdrawn = wallet.withdrawing
    put_in = sum(row.change for row in rows if row.code in OUTSIDE) + withdrawn
    # Interest that became principal is part of what is owed, and no income yet.
    became_principal = sum(note.capitalised for note in notes if note.loan.status not in ENDS_WITH_LOSS)
    result = wallet.total + outstanding - wallet.owed - put_in
    if not any(row.code == LineCode.DUE for row in rows):
        assert result == figures.net_received + became_principal, reader.user.email
    assert format_money(figures.net_received, sign=True) in answer.content.decode()


def _loan_says_the_same(reader: Reader, loan: Loan) -> None:
    page = reader.page(reverse("loans:plan", args=[loan.reference]))
    document = reader.page(reverse("loans:document", args=["plan", loan.reference]))
    totals, lines = page.context["totals"], page.context["lines"]
    paid = Repayment.objects.filter(loan=loan, status=RepaymentStatus.CONFIRMED)
    for name in ("principal", "interest", "late_fee"):
        assert totals[name] == sum(getattr(one, name) for one in paid)
    assert document.context["totals"] == totals
    file = reader.csv(reverse("loans:plan_csv", args=[loan.reference]))
    assert [minor(one["total"]) for one in file] == [line.total for line in lines]
    assert [minor(one["paid"]) for one in file] == [line.paid_total for line in lines]
    assert [line.total for line in document.context["lines"]] == [line.total for line in lines]
    told = reader.json(f"loans/{loan.reference}/")
    assert minor(told["principal_outstanding"]) == loan.principal_outstanding
    for one in paid[:DRAWN_OF_EACH_KIND]:
        receipt = reader.page(reverse("loans:document", args=["receipt", one.reference])).content.decode()
        assert format_money(one.amount) in receipt
        assert reader.page(reverse("loans:explain_repayment", args=[one.reference])).status_code == 200


def assert_links_open(*events: str, of_each: int | None = None) -> None:
    """Links of notifications open for the person who was told, those of `events` among them.

    With `of_each`, so many of each event are followed, the newest first. Where a test has broken a page on purpose,
    it leaves only the notifications of those who do not need it.
    """
    dead, told, seen = [], Counter(), set()
    browsers: dict[int, Client] = {}
    for row in Notification.objects.select_related("user").order_by("-pk"):
        told[row.event] += 1
        if not row.link or (row.user_id, row.link) in seen or (of_each and told[row.event] > of_each):
            continue
        seen.add((row.user_id, row.link))
        if row.user_id not in browsers:
            browsers[row.user_id] = Client()
            browsers[row.user_id].force_login(row.user)
        status = browsers[row.user_id].get(row.link, follow=True).status_code
        if status != 200:
            dead.append((row.event, row.user.email, row.link, status))
    assert dead == [], dead
    assert set(events) <= told.keys(), set(events) - told.keys()
