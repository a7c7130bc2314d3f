"""What the calendar does to a loan that is being paid back, posted and stored."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from accounts.models import User
from ledger.enums.books import EntryKind
from ledger.models import JournalEntry
from ledger.services.posting import post_entry
from loans.account.accrual import CalendarEvent, FallsDue, LateFee, OverdueInterest, apply_calendar, pauses_of
from loans.account.progressive import is_progressive, recalculate_rows
from loans.account.terms import LoanTerms
from loans.enums.loan import ChargePart
from loans.journal.servicing import interest_due_lines, late_fee_lines
from loans.models import DefaultInterest, Instalment, Loan, LoanCharge
from p2plending.lib.database.references import new_reference

CALENDAR_COLUMNS = (
    "status",
    "interest_posted",
    "late_fee_due",
    "late_fee_charged_on",
    "late_fee_base",
    "default_interest_to",
    "default_interest_carry",
)
# The plan of a progressive loan follows the money, so every figure of an instalment may change with the day.
FOLLOWING_COLUMNS = (
    *CALENDAR_COLUMNS,
    "due_date",
    "principal_due",
    "principal_paid",
    "interest_due",
    "interest_paid",
    "late_fee_paid",
    "late_fee_removed",
    "interest_to_date",
    "settled_on",
    "superseded_by",
)
CALENDAR_KINDS = (EntryKind.INTEREST_DUE, EntryKind.LATE_FEE_CHARGED)
# How the keys of its entries begin; a charge that somebody entered has another.
_KEY_NAMES = ("due", "late", "default")


def post_calendar(
    loan: Loan,
    terms: LoanTerms,
    rows: list[Instalment],
    *,
    until: dt.date,
    actor: User | None,
    posted_on: dt.date | None = None,
) -> None:
    """Post and store what the calendar brings to `rows` up to `until`. Call under the loan's guard.

    Each event is dated on its own day, or on `posted_on` when the past is played again.
    """
    if is_progressive(loan, terms):
        _post_following(loan, terms, rows, until, actor, posted_on)
        return
    events = apply_calendar(rows, terms, until, pauses_of(loan))
    for event in events:
        _post_event(loan, event, actor, posted_on or event.on, is_following=False)
    if events:
        Instalment.objects.bulk_update({event.row.pk: event.row for event in events}.values(), CALENDAR_COLUMNS)


def row_of_key(key: str) -> tuple[int, int] | None:
    """Version and number of the instalment that an entry of the calendar is about; None for another entry."""
    name, _loan, *rest = key.split(":")
    return (int(rest[0]), int(rest[1])) if name in _KEY_NAMES else None


def day_of_key(key: str) -> dt.date | None:
    """The day of an entry of the calendar that says so in its key: an instalment may have several of them."""
    rest = [part for part in key.split(":")[4:] if not part.startswith("r")]
    return dt.date.fromisoformat(rest[0]) if rest else None


def store_following(rows: list[Instalment], before: dict[int, tuple[object, ...]]) -> None:
    """Write the instalments of a progressive loan that differ from `before`, by their `figures_of`; new ones, too.

    An instalment may be in `rows` more than once.
    """
    for row in rows:
        if row.pk is None:
            row.save()
    changed = {row.pk: row for row in rows if figures_of(row) != before.get(row.pk)}
    if changed:
        Instalment.objects.bulk_update(changed.values(), FOLLOWING_COLUMNS)


def figures_of(row: Instalment) -> tuple[object, ...]:
    """Everything of an instalment that money and time change."""
    return tuple(getattr(row, name) for name in FOLLOWING_COLUMNS)


def _post_following(
    loan: Loan, terms: LoanTerms, rows: list[Instalment], until: dt.date, actor: User | None, posted_on: dt.date | None
) -> None:
    known = list(rows)
    before = {row.pk: figures_of(row) for row in known}
    calendar = recalculate_rows(loan, terms, rows, until).calendar
    store_following([*known, *rows], before)
    for event in calendar:
        _post_event(loan, event, actor, posted_on or event.on, is_following=True)


def _key(loan: Loan, name: str, row: Instalment, *rest: object) -> str:
    # Played again, the calendar posts the same instalment anew.
    replay = [f"r{loan.replays}"] if loan.replays else []
    return ":".join(map(str, [name, loan.reference, row.schedule_version, row.number, *rest, *replay]))


def _post_event(
    loan: Loan, event: CalendarEvent, actor: User | None, posted_on: dt.date, *, is_following: bool
) -> None:
    row = event.row
    rest: tuple[object, ...] = ()
    if isinstance(event, FallsDue):
        kind, name, amount = EntryKind.INTEREST_DUE, "due", event.interest
        rest = (event.on,) if is_following else ()
        lines = interest_due_lines(loan.reference, amount)
        narrative = _("Interest of payment %(number)d of loan %(loan)s")
    elif isinstance(event, LateFee):
        kind, name, amount = EntryKind.LATE_FEE_CHARGED, "late", event.fee
        lines = late_fee_lines(loan.reference, amount)
        narrative = _("Late fee on payment %(number)d of loan %(loan)s")
    else:
        kind, name, amount, rest = EntryKind.LATE_FEE_CHARGED, "default", event.amount, (event.on,)
        lines = late_fee_lines(loan.reference, amount)
        narrative = _("Default interest on payment %(number)d of loan %(loan)s")
    entry = None
    if amount:
        entry = post_entry(
            kind=kind,
            key=_key(loan, name, row, *rest),
            value_date=posted_on,
            lines=lines,
            actor=actor,
            actor_label="" if actor else "system:calendar",
            narrative=narrative % {"number": row.number, "loan": loan.reference},
            subject_type="loan",
            subject_reference=loan.reference,
        )
    if isinstance(event, OverdueInterest):
        _store_default_interest(event, entry)
    elif isinstance(event, LateFee) and is_following and entry:
        _store_late_fee(loan, event, entry)


def _store_default_interest(event: OverdueInterest, entry: JournalEntry | None) -> None:
    """Days that brought no whole minor unit are kept, too: the fraction that they carried goes on from there."""
    DefaultInterest.objects.create(
        instalment=event.row,
        from_date=event.since,
        to_date=event.on,
        principal=event.principal,
        annual_rate=event.annual_rate,
        carry_before=event.carry_before,
        amount=event.amount,
        entry=entry,
    )


def _store_late_fee(loan: Loan, event: LateFee, entry: JournalEntry) -> None:
    """On a progressive loan a late fee is a charge, which payments find by its due date."""
    LoanCharge.objects.create(
        reference=new_reference("LC"),
        loan=loan,
        part=ChargePart.PENALTY,
        due_on=event.on,
        amount=event.fee,
        total=event.fee,
        entered_on=event.on,
        reason=_("Late fee"),
        entry=entry,
        instalment=event.row,
    )
