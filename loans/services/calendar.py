"""What the calendar does to a loan that is being paid back, posted and stored."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from accounts.models import User
from ledger.enums import EntryKind
from ledger.services.posting import post_entry
from loans.falling_due import CalendarEvent, FallsDue, LateFee, OverdueInterest, apply_calendar
from loans.journal_servicing import interest_due_lines, late_fee_lines
from loans.models import DefaultInterest, Instalment, Loan
from loans.terms import LoanTerms

CALENDAR_COLUMNS = ("status", "interest_posted", "late_fee_due", "late_fee_charged_on", "default_interest_to")
CALENDAR_KINDS = (EntryKind.INTEREST_DUE, EntryKind.LATE_FEE_CHARGED)


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
    events = apply_calendar(rows, terms, until)
    for event in events:
        _post_event(loan, event, actor, posted_on or event.on)
    if events:
        Instalment.objects.bulk_update({event.row.pk: event.row for event in events}.values(), CALENDAR_COLUMNS)


def row_of_key(key: str) -> tuple[int, int]:
    """Version and number of the instalment that an entry of the calendar is about."""
    _name, _loan, version, number, *_rest = key.split(":")
    return int(version), int(number)


def _key(loan: Loan, name: str, row: Instalment, *rest: object) -> str:
    # Played again, the calendar posts the same instalment anew.
    replay = [f"r{loan.replays}"] if loan.replays else []
    return ":".join(map(str, [name, loan.reference, row.schedule_version, row.number, *rest, *replay]))


def _post_event(loan: Loan, event: CalendarEvent, actor: User | None, posted_on: dt.date) -> None:
    row = event.row
    rest: tuple[object, ...] = ()
    if isinstance(event, FallsDue):
        kind, name, amount = EntryKind.INTEREST_DUE, "due", event.interest
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
    if not amount:
        return
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
        DefaultInterest.objects.create(
            instalment=row,
            from_date=event.since,
            to_date=event.on,
            principal=event.principal,
            annual_rate=event.annual_rate,
            amount=amount,
            entry=entry,
        )
