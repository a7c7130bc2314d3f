"""Lines of a wallet: the list, the statement of a period, and how one line came about.

A line is a posting on the account of free money (C2100), on which being paid, reserving and taking out all show.
The list runs in the order in which things were written and carries the balance stored then. A statement is by value
date: its balance is added up from the opening, so opening + lines = closing whatever was booked late.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from accounts.models import User
from ledger.chart import CHART, WALLET_AVAILABLE, WALLET_RESERVED, WALLET_WITHDRAWING
from ledger.enums.books import Book, EntryKind, LineCode, Side
from ledger.models import JournalEntry, Posting
from ledger.selectors.access import WALLET_LINES
from ledger.selectors.wallet import WALLET_CODES
from ledger.wording.links import subject_url
from p2plending.lib.errors import required


@dataclasses.dataclass(frozen=True, slots=True)
class WalletLine:
    """One change of the free money. Amounts in minor units; one of `amount_in` and `amount_out` is zero.

    Where one entry made several lines of a kind, as a payment does for a lender with several parts of the loan, pages
    show them as one line with its `parts`, oldest first; its place and balance are those of the last.
    """

    entry_reference: str
    seq: int
    code: LineCode
    value_date: dt.date
    posted_at: dt.datetime
    subject_type: str
    subject_reference: str
    amount_in: int
    amount_out: int
    balance_after: int
    parts: tuple[WalletLine, ...] = ()

    @property
    def words(self) -> str:
        return str(self.code.label)

    @property
    def link(self) -> str:
        return subject_url(self.subject_type, self.subject_reference)

    @property
    def change(self) -> int:
        return self.amount_in - self.amount_out


@dataclasses.dataclass(frozen=True, slots=True)
class WalletTotals:
    """What the chosen lines add up to; opening and closing are of the free money by value date."""

    opening: int
    amount_in: int
    amount_out: int
    count: int

    @property
    def closing(self) -> int:
        return self.opening + self.amount_in - self.amount_out


@dataclasses.dataclass(frozen=True, slots=True)
class CodeTotal:
    """All lines of one code in a period."""

    code: LineCode
    amount_in: int
    amount_out: int


@dataclasses.dataclass(frozen=True, slots=True)
class Statement:
    """A period of one wallet, both days included: opening + lines = closing.

    `reserved` and `withdrawing` say what else the person had with us at the end of the last day.
    """

    start: dt.date
    end: dt.date
    opening: int
    lines: list[WalletLine]
    reserved: int
    withdrawing: int

    @property
    def amount_in(self) -> int:
        return sum(line.amount_in for line in self.lines)

    @property
    def amount_out(self) -> int:
        return sum(line.amount_out for line in self.lines)

    @property
    def closing(self) -> int:
        return self.opening + self.amount_in - self.amount_out

    @property
    def rows(self) -> list[WalletLine]:
        """The lines as pages show them: those of one entry and kind together."""
        return grouped(self.lines)

    @property
    def by_code(self) -> list[CodeTotal]:
        """Totals by kind of line, in the order of the documented codes."""
        found: dict[LineCode, list[int]] = {}
        for line in self.lines:
            sums = found.setdefault(line.code, [0, 0])
            sums[0] += line.amount_in
            sums[1] += line.amount_out
        return [CodeTotal(code, *found[code]) for code in LineCode if code in found]


@dataclasses.dataclass(frozen=True, slots=True)
class EntrySide:
    """One account that an entry touched, and how much more (or less) it holds since.

    `change` is None where it would tell about other people.
    """

    account_code: str
    is_own: bool
    change: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class LineExplanation:
    """A line, the entry that made it, and both sides of that entry as this person may see them.

    `row` is the line as pages show it: with the others of its kind that the entry made on this wallet.
    """

    line: WalletLine
    row: WalletLine
    kind: EntryKind
    sides: list[EntrySide]
    reverses: str
    reversed_by: str


def wallet_postings(
    user: User,
    *,
    codes: Collection[str] = (),
    start: dt.date | None = None,
    end: dt.date | None = None,
) -> QuerySet[Posting]:
    """The lines of a person's free money, newest first, of some codes and value dates. For pages and files."""
    postings = WALLET_LINES.own_of(user)
    if codes:
        postings = postings.filter(code__in=codes)
    if start:
        postings = postings.filter(entry__value_date__gte=start)
    if end:
        postings = postings.filter(entry__value_date__lte=end)
    return postings.select_related("entry").order_by("-seq")


def line_of(posting: Posting, balance_after: int | None = None) -> WalletLine:
    """A posting on a wallet as the person reads it; its entry must have been fetched with it."""
    entry = posting.entry
    return WalletLine(
        entry_reference=entry.reference,
        seq=required(posting.seq, "seq"),
        code=LineCode(posting.code),
        value_date=entry.value_date,
        posted_at=entry.posted_at,
        subject_type=entry.subject_type,
        subject_reference=entry.subject_reference,
        amount_in=posting.credit,
        amount_out=posting.debit,
        balance_after=required(posting.balance_after, "balance_after") if balance_after is None else balance_after,
    )


def grouped(lines: Sequence[WalletLine]) -> list[WalletLine]:
    """Lines as pages show them: those of one entry, kind and direction as one, with its parts, where the last is."""
    found: dict[tuple[str, str, bool], list[tuple[int, WalletLine]]] = {}
    for place, line in enumerate(lines):
        found.setdefault((line.entry_reference, line.code, line.amount_in > 0), []).append((place, line))
    return [_together([line for _place, line in row]) for row in sorted(found.values(), key=lambda row: row[-1][0])]


def _together(parts: list[WalletLine]) -> WalletLine:
    if len(parts) == 1:
        return parts[0]
    amount_in, amount_out = sum(part.amount_in for part in parts), sum(part.amount_out for part in parts)
    return dataclasses.replace(parts[-1], amount_in=amount_in, amount_out=amount_out, parts=tuple(parts))


def wallet_rows(user: User, *, page: int, size: int, **choice: Any) -> tuple[int, list[WalletLine]]:
    """How many rows the chosen lines make, and those of one page (from 1), newest first, each with its parts.

    `choice` is that of `wallet_postings`. A page beyond the last is the last. Three queries, whatever there is.
    """
    postings = wallet_postings(user, **choice)
    is_in = ExpressionWrapper(Q(credit__gt=0), output_field=BooleanField())
    rows = postings.order_by().annotate(is_in=is_in).values("entry_id", "code", "is_in").annotate(last=Max("seq"))
    count = rows.count()
    start = min(page - 1, max(count - 1, 0) // size) * size
    chosen = Q(pk__in=[])
    for row in rows.order_by("-last")[start : start + size]:
        side = Q(credit__gt=0) if row["is_in"] else Q(credit=0)
        chosen |= side & Q(entry_id=row["entry_id"], code=row["code"])
    found = postings.filter(chosen).order_by("seq")
    return count, grouped([line_of(posting) for posting in found])[::-1]


def wallet_codes(user: User) -> set[str]:
    """The kinds of lines that this person's wallet has."""
    return set(wallet_postings(user).order_by().values_list("code", flat=True).distinct())


def wallet_totals(
    user: User,
    *,
    codes: Collection[str] = (),
    start: dt.date | None = None,
    end: dt.date | None = None,
) -> WalletTotals:
    """Sums over all lines that `wallet_postings` gives for the same choice, and the opening before them; one query."""
    chosen = Q()
    if codes:
        chosen &= Q(code__in=codes)
    if start:
        chosen &= Q(entry__value_date__gte=start)
    if end:
        chosen &= Q(entry__value_date__lte=end)
    before = Q(entry__value_date__lt=start) if start else Q(pk__isnull=True)
    sums = WALLET_LINES.own_of(user).aggregate(
        opening=Coalesce(Sum(F("credit") - F("debit"), filter=before), 0),
        amount_in=Coalesce(Sum("credit", filter=chosen), 0),
        amount_out=Coalesce(Sum("debit", filter=chosen), 0),
        count=Count("pk", filter=chosen),
    )
    return WalletTotals(**{name: int(value) for name, value in sums.items()})


def statement(user: User, start: dt.date, end: dt.date) -> Statement:
    """The person's statement from `start` to `end` inclusive, by value date. Two queries, whatever the period holds.

    Raises ValueError when the period ends before it starts.
    """
    if end < start:
        raise ValueError("A statement can't end before it starts.")
    opening, reserved, withdrawing = _standing(user, start, end)
    lines: list[WalletLine] = []
    standing = opening
    for posting in wallet_postings(user, start=start, end=end).order_by("entry__value_date", "seq"):
        standing += posting.credit - posting.debit
        lines.append(line_of(posting, balance_after=standing))
    return Statement(start, end, opening, lines, reserved, withdrawing)


def _standing(user: User, start: dt.date, end: dt.date) -> tuple[int, int, int]:
    """Free money before the period, reserved and withdrawing money at its end."""
    rows = (
        Posting.objects.filter(account__owner=user, account__code__in=WALLET_CODES, entry__value_date__lte=end)
        .order_by()
        .values("account__code")
        .annotate(
            before=Coalesce(Sum(F("credit") - F("debit"), filter=Q(entry__value_date__lt=start)), 0),
            after=Sum(F("credit") - F("debit")),
        )
    )
    standing: dict[str, Any] = {row["account__code"]: row for row in rows}

    def figure(code: str, name: str) -> int:
        return int(standing[code][name]) if code in standing else 0

    return figure(WALLET_AVAILABLE, "before"), figure(WALLET_RESERVED, "after"), figure(WALLET_WITHDRAWING, "after")


def first_line_on(user: User) -> dt.date | None:
    """Value date of the person's earliest line; None when no money has moved."""
    first: dt.date | None = wallet_postings(user).order_by().aggregate(first=Min("entry__value_date"))["first"]
    return first


def explain_line(user: User, reference: str, seq: int) -> LineExplanation | None:
    """How a line of this person's wallet came about; None when there is no such line of theirs.

    Amounts of other people are left out; accounts of the loan book and the platform's own are not the person's money.
    """
    posting = wallet_postings(user).filter(entry__reference=reference, seq=seq).first()
    if posting is None:
        return None
    entry = posting.entry
    reversal = JournalEntry.objects.filter(reverses=entry).values_list("reference", flat=True).first()
    original = JournalEntry.objects.filter(pk=entry.reverses_id or 0).values_list("reference", flat=True).first()
    of_entry = wallet_postings(user).filter(entry=entry).order_by("seq")
    rows = grouped([line_of(one) for one in of_entry])
    row = next(row for row in rows if seq in {line.seq for line in row.parts or (row,)})
    return LineExplanation(
        line=line_of(posting),
        row=row,
        kind=EntryKind(entry.kind),
        sides=_sides(entry, user),
        reverses=original or "",
        reversed_by=reversal or "",
    )


def _sides(entry: JournalEntry, user: User) -> list[EntrySide]:
    client_lines = entry.postings.filter(account__book=Book.CLIENT).order_by()
    own = Q(account__owner=user)
    others = Q(account__owner__isnull=True) | ~own
    change = F("debit") - F("credit")
    rows = list(
        client_lines.values("account__code").annotate(
            own_change=Sum(change, filter=own),
            other_change=Sum(change, filter=others),
            other_people=Count("account__owner", filter=others),
        )
    )
    concerns_others = any(row["other_people"] for row in rows)
    sides = [_side(row["account__code"], True, row["own_change"]) for row in rows if row["own_change"] is not None]
    for row in rows:
        if row["other_change"] is not None:
            sides.append(_side(row["account__code"], False, None if concerns_others else row["other_change"]))
    return sides


def _side(code: str, is_own: bool, debit_change: int | None) -> EntrySide:
    if debit_change is None:
        return EntrySide(code, is_own, None)
    return EntrySide(code, is_own, int(debit_change if CHART[code].normal_side == Side.DEBIT else -debit_change))
