"""Payments worked out again: the loan is taken back to a day, and what came after is applied anew, in its order.

Nothing is deleted. Every entry that no longer holds gets its mirror (rule REV), and a payment that comes out otherwise
becomes a new row with a new entry, linked to the old one. What the calendar paid from money paid ahead is undone, too;
the calendar makes it anew, from what is kept then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from ledger.enums.books import EntryKind
from ledger.models import JournalEntry
from ledger.services.posting import reverse_entry
from loans.account.progressive import is_progressive
from loans.account.state import live_instalments
from loans.account.terms import LoanTerms
from loans.enums.loan import RepaymentStatus
from loans.models import DefaultInterest, Instalment, Loan, LoanCharge, Repayment, ScheduleVersion, Waiver
from loans.services.servicing.accrual_posting import CALENDAR_KINDS, day_of_key, row_of_key
from loans.services.servicing.apply_payment import accrue_until, bring_forward_after_payment
from loans.services.servicing.payment_posting import post_payment
from loans.services.servicing.restore import restore_following, restore_instalments, restore_notes
from p2plending.lib.database.references import new_reference
from p2plending.lib.errors import Refused, required

# What can be undone and done again; anything else on the loan was a decision of people.
_REPEATABLE = (*CALENDAR_KINDS, EntryKind.REPAYMENT, EntryKind.REVERSAL, EntryKind.WAIVER)


class PlanAgreedSince(Refused):
    """People agreed on another plan, or gave part of the debt up, after that day: the past can't be played again."""

    code = "plan_agreed_since"
    status = 409
    default_message = _(
        "The payment plan was changed by agreement after that day, or something was waived. "
        "This can't be undone while the loan runs; once it is written off, a payment that came back can."
    )


def post_backdated_payment(
    loan: Loan, terms: LoanTerms, repayment: Repayment, *, narrative: str, actor: User | None, today: dt.date
) -> list[Repayment]:
    """Let a new payment count on its value date, before `today`; returns the later ones that were worked out again.

    Call under the loan's guard, with the loan brought to today. Raises PlanAgreedSince.
    """
    repayment.counted_on = repayment.value_date
    later = payments_from(loan, after=repayment.value_date)
    roll_back(loan, terms, later, to=repayment.value_date, narrative=narrative, actor=actor, today=today)
    rows, closing = reprocess(loan, terms, [repayment, *later], actor=actor, today=today)
    closed_on = closing.counted_on if closing else None
    bring_forward_after_payment(loan, terms, rows, closed_on=closed_on, actor=actor, today=today, posted_on=today)
    return made_by_people(later)


def payments_from(loan: Loan, *, after: dt.date | None = None, first: Repayment | None = None) -> list[Repayment]:
    """Confirmed payments that count after a day, or `first` and those after it, in the order in which they count."""
    found = Repayment.objects.filter(loan=loan, status=RepaymentStatus.CONFIRMED).select_related("entry", "payer")
    if first is not None:
        found = found.filter(entry_id__gte=first.entry_id)
    if after is not None:
        found = found.filter(counted_on__gt=after)
    return list(found.order_by("entry_id"))


def made_by_people(payments: Sequence[Repayment]) -> list[Repayment]:
    """The payments without those that the calendar made from money paid ahead."""
    return [payment for payment in payments if not payment.is_from_credit]


def roll_back(
    loan: Loan,
    terms: LoanTerms,
    payments: Sequence[Repayment],
    *,
    to: dt.date,
    narrative: str,
    actor: User | None,
    today: dt.date,
) -> None:
    """Undo the payments and what the calendar did after `to`: mirrored in the books, restored in the rows.

    Wallets that are too empty for it become dues (C1300). The payments are REPLACED, until the caller says otherwise.
    Call under the loan's guard, with the loan brought to today. Raises PlanAgreedSince.
    """
    _require_repeatable(loan, terms, payments, to)
    rows = {row.pk: row for row in Instalment.objects.filter(loan=loan)}
    calendar = _calendar_entries(loan, list(rows.values()), to)
    entries = [*calendar, *(required(payment.entry, "entry") for payment in payments)]
    loan.replays += 1
    for entry in sorted(entries, key=lambda entry: entry.pk, reverse=True):
        reverse_entry(
            entry=entry,
            key=f"reverse:{entry.reference}",
            value_date=today,
            actor=actor,
            actor_label="" if actor else "system:calendar",
            narrative=narrative,
            may_owe=True,
        )
    Repayment.objects.filter(pk__in=[payment.pk for payment in payments]).update(status=RepaymentStatus.REPLACED)
    loan.credit_held -= sum(payment.credit_change for payment in payments)
    if is_progressive(loan, terms):
        restore_following(loan, terms, list(rows.values()), payments, calendar, to)
    else:
        restore_instalments(list(rows.values()), payments, calendar, to)
    restore_notes(payments)


def reprocess(
    loan: Loan, terms: LoanTerms, payments: Sequence[Repayment], *, actor: User | None, today: dt.date
) -> tuple[list[Instalment], Repayment | None]:
    """Apply payments again in the given order, each on the day on which it counts, posted today.

    One that was posted before becomes a new row that replaces it; those from money paid ahead are left to the calendar.
    Returns the live instalments, and the payment that left nothing to pay, if there is one. Call after `roll_back`.
    """
    rows = live_instalments(loan)
    closing = None
    for payment in made_by_people(payments):
        again = _again(payment) if payment.entry_id else payment
        if closing is None:
            accrue_until(
                loan, terms, rows, until=required(payment.counted_on, "counted_on"), posted_on=today, actor=None
            )
        plan = post_payment(
            loan,
            terms,
            again,
            rows if closing is None else [],
            on=required(payment.counted_on, "counted_on"),
            posted_on=today,
            actor=actor,
            may_owe=True,
        )
        if closing is None:
            rows = plan.rows
            closing = again if plan.closes_loan else None
    if closing is not None and LoanCharge.objects.filter(loan=loan, entered_on__gt=closing.counted_on).exists():
        # A charge that came after it is still to pay.
        rows, closing = live_instalments(loan), None
    return rows, closing


def _again(payment: Repayment) -> Repayment:
    return Repayment(
        reference=new_reference("RP"),
        replaces=payment,
        **{
            name: getattr(payment, name)
            for name in (
                "loan",
                "payer",
                "amount",
                "method",
                "extra_mode",
                "value_date",
                "bank_reference",
                "decided_by",
                "decided_at",
                "found_on",
            )
        },
    )


def _require_repeatable(loan: Loan, terms: LoanTerms, payments: Sequence[Repayment], to: dt.date) -> None:
    since = Q(starts_on__gt=to)
    entries = JournalEntry.objects.filter(value_date__gt=to)
    if payments:
        since |= Q(created_at__gt=required(payments[0].entry, "entry").posted_at)
        entries = JournalEntry.objects.filter(pk__gt=payments[0].entry_id)
    agreed = ScheduleVersion.objects.filter(since, loan=loan, number__gt=1, repayment__isnull=True)
    others = entries.filter(postings__account__loan_reference=loan.reference).exclude(kind__in=_REPEATABLE)
    if is_progressive(loan, terms):
        # What is waived of a charge is what was unpaid of it that day, which the past decides.
        others |= entries.filter(postings__account__loan_reference=loan.reference, kind=EntryKind.WAIVER)
    if agreed.exists() or others.exists() or _given_up(loan, payments, to).exists():
        raise PlanAgreedSince(since=to)


def _given_up(loan: Loan, payments: Sequence[Repayment], to: dt.date) -> QuerySet[Waiver]:
    """Waivers that would not hold in the past played again.

    Interest that was waived when all of it was due can't be earned day by day once more; and what was waived on a plan
    that a payment made is gone with that plan.
    """
    made = ScheduleVersion.objects.filter(repayment__in=payments).values("number")
    is_lost = Q(interest__gt=0, instalment__due_date__gt=to) | Q(instalment__schedule_version__in=made)
    return Waiver.objects.filter(is_lost, loan=loan)


def _calendar_entries(loan: Loan, rows: Sequence[Instalment], to: dt.date) -> list[JournalEntry]:
    """Entries of the calendar for what it did after `to`, as far as nobody waived a part of it since."""
    by_version = {(row.schedule_version, row.number): row for row in rows}
    posted = JournalEntry.objects.filter(
        subject_type="loan", subject_reference=loan.reference, kind__in=CALENDAR_KINDS, reversed_by__isnull=True
    )
    charged = {
        charge.entry_id: charge for charge in DefaultInterest.objects.filter(instalment__loan=loan, is_undone=False)
    }
    found = []
    for entry in posted.order_by("pk"):
        place = row_of_key(entry.idempotency_key)
        row = by_version.get(place) if place else None
        if row is None:
            continue
        if entry.kind == EntryKind.INTEREST_DUE:
            day, is_waived = day_of_key(entry.idempotency_key) or row.due_date, bool(row.interest_removed)
        elif entry.pk in charged:
            day, is_waived = charged[entry.pk].to_date, bool(row.late_fee_removed)
        else:
            day = required(row.late_fee_charged_on, "late_fee_charged_on")
            is_waived = bool(row.late_fee_removed)
        if day > to and not is_waived:
            found.append(entry)
    return found
