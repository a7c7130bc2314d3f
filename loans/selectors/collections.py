"""Reads of loans in trouble: what borrowers, lenders and staff see of help, default, loss and recovery."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from django.db.models import DateField, ExpressionWrapper, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Cast, Greatest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import ApprovalKind, ApprovalState
from accounts.models import ApprovalRequest, User
from accounts.selectors.people import waiting_about
from loans.enums.collections import HardshipStatus, SettlementStatus
from loans.enums.loan import Bucket, LoanEvent, LoanStatus
from loans.models import (
    DefaultNotice,
    HardshipRequest,
    Loan,
    LoanDefault,
    LoanDelinquency,
    LoanLoss,
    PlanProposal,
    Recovery,
    RecoveryShare,
    SettlementOffer,
    Waiver,
)
from loans.selectors.access import RECOVERIES, RECOVERY_SHARES

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

# What lenders read of each step; nothing about the borrower's reasons but the category.
LENDER_WORDS: dict[str, str | Promise] = {
    LoanEvent.RESTRUCTURE: _("New payment plan agreed"),
    LoanEvent.DEFAULT: _("In default: everything is due"),
    LoanEvent.CURE: _("What was late is paid; the loan goes on"),
    LoanEvent.SETTLE: _("Settled for less"),
    LoanEvent.WRITE_OFF: _("Written off"),
    LoanEvent.RECOVER: _("Money recovered"),
    LoanEvent.RECOVERY_BACK: _("Recovered money came back"),
    LoanEvent.REOPEN_DEFAULT: _("A payment came back: in default again"),
    LoanEvent.REOPEN_LOAN: _("The settlement's payment came back: all is owed again"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class LenderEvent:
    """One line of the timeline that lenders read."""

    on: dt.date
    words: str | Promise


@dataclasses.dataclass(frozen=True, slots=True)
class RecoveryExplanation:
    """One recovery as one viewer may see it: lenders their own notes, the borrower none, staff all."""

    recovery: Recovery
    shares: Sequence[RecoveryShare]
    total_weight: int


def open_help(loan: Loan) -> HardshipRequest | None:
    """The request for help that waits for an answer."""
    return HardshipRequest.objects.filter(open_key=loan.pk).first()


def latest_help(loan: Loan) -> HardshipRequest | None:
    """The request for help that was sent last, whatever became of it."""
    return HardshipRequest.objects.filter(loan=loan).order_by("-pk").first()


def open_proposal(loan: Loan, today: dt.date) -> PlanProposal | None:
    """The new plan that the borrower may accept today."""
    return PlanProposal.objects.filter(open_key=loan.pk, expires_on__gte=today).first()


def open_proposals(loans: Sequence[Loan], today: dt.date) -> dict[int, PlanProposal]:
    """The new plans that wait for an answer today, by the id of their loan. One query."""
    found = PlanProposal.objects.filter(open_key__in=[loan.pk for loan in loans], expires_on__gte=today)
    return {proposal.loan_id: proposal for proposal in found}


def open_offer(loan: Loan, today: dt.date) -> SettlementOffer | None:
    """The amount that closes the loan today, agreed by two people."""
    offers = SettlementOffer.objects.filter(open_key=loan.pk, status=SettlementStatus.OPEN, pay_by__gte=today)
    return offers.select_related("approval").first()


def agreed_offer(loan: Loan) -> SettlementOffer | None:
    """The last amount that two people agreed on to close the loan, whatever became of it."""
    offers = SettlementOffer.objects.filter(loan=loan, approval__state=ApprovalState.APPROVED)
    return offers.select_related("approval").order_by("-pk").first()


def open_notice(loan: Loan) -> DefaultNotice | None:
    """The default notice about today's lateness; one that was overtaken by a payment is not shown."""
    notice = DefaultNotice.objects.filter(open_key=loan.pk).first()
    if notice is None or loan.next_due_on is None or notice.sent_on <= loan.next_due_on:
        return None
    return notice


def open_default(loan: Loan) -> LoanDefault | None:
    """The default that the loan is in: the last one, until it is cured."""
    if loan.status != LoanStatus.DEFAULTED:
        return None
    return loan.defaults.filter(cured_on__isnull=True).order_by("pk").last()


def loss_of(loan: Loan) -> LoanLoss | None:
    """What was lost on the loan, if it was written off or settled."""
    return LoanLoss.objects.filter(open_key=loan.pk).first()


def recoveries_of(loan: Loan) -> QuerySet[Recovery]:
    """Money that came after the loss, newest first."""
    return Recovery.objects.filter(loan=loan).select_related("entry").order_by("-pk")


def counted_recoveries(loan: Loan) -> QuerySet[Recovery]:
    """Recoveries whose money is still here, newest first."""
    return recoveries_of(loan).filter(undone_on=None)


def explain_recovery(reference: str, viewer: User) -> RecoveryExplanation | None:
    """Explain a recovery to `viewer`; None when there is none, or it is none of theirs."""
    found = RECOVERIES.visible_to(viewer).select_related("loan", "payer", "entry")
    recovery = found.filter(reference=reference).first()
    if recovery is None:
        return None
    rows = RecoveryShare.objects.filter(recovery=recovery)
    shown = RECOVERY_SHARES.visible_to(viewer).filter(recovery=recovery)
    shares = list(shown.select_related("note").order_by("note_id"))
    return RecoveryExplanation(recovery, shares, rows.aggregate(total=Sum("weight"))["total"])


def lender_events(loan: Loan) -> list[LenderEvent]:
    """What lenders are told of a loan in trouble, in order: three queries."""
    steps = loan.transitions.filter(event__in=LENDER_WORDS).values_list("business_date", "event")
    events = [LenderEvent(on, LENDER_WORDS[event]) for on, event in steps]
    for request in loan.hardship_requests.all():
        words = _("The borrower asked for help: %(cause)s") % {"cause": request.get_cause_display()}
        events.append(LenderEvent(request.asked_on, words))
    events += [LenderEvent(notice.sent_on, _("Default notice sent")) for notice in loan.default_notices.all()]
    return sorted(events, key=lambda event: event.on)


class Proposed(TypedDict):
    """What the calendar adds to a loan whose default it proposes."""

    default_proposed_on: dt.date


def default_proposals(today: dt.date) -> QuerySet[WithAnnotations[Loan, Proposed]]:
    """Loans whose default the calendar proposes: late enough, and the notice about it has run out.

    Both are facts that the calendar keeps (the bucket, by the roll to the day; the notice, by the daily round); a
    person declares the default or not. A request for help that waits holds it back. `default_proposed_on` is the first
    day on which both held, and the longest waiting comes first.
    """
    late_enough = LoanDelinquency.objects.filter(loan=OuterRef("pk"), bucket=Bucket.DEFAULT, to_date__isnull=True)
    after_notice = ExpressionWrapper(F("default_notices__pay_by") + dt.timedelta(days=1), DateField())
    rows = Loan.objects.filter(
        status=LoanStatus.ACTIVE,
        bucket=Bucket.DEFAULT,
        default_notices__open_key__isnull=False,
        default_notices__pay_by__lt=today,
        default_notices__sent_on__gt=F("next_due_on"),
    ).exclude(pk__in=HardshipRequest.objects.filter(status=HardshipStatus.OPEN).values("loan"))
    proposed_on = Greatest(Cast(after_notice, DateField()), Subquery(late_enough.values("from_date")[:1]))
    return rows.annotate(default_proposed_on=proposed_on).order_by("default_proposed_on", "pk")


def default_proposed_on(loan: Loan, today: dt.date) -> dt.date | None:
    """Since when the calendar proposes this loan's default; None when it does not."""
    return default_proposals(today).filter(pk=loan.pk).values_list("default_proposed_on", flat=True).first()


def proposed_defaults(today: dt.date) -> QuerySet[Loan]:
    """The loans of `default_proposals` as the list of loans in trouble shows them."""
    return late_loans(today).filter(default_proposed_on__isnull=False).order_by("default_proposed_on", "pk")


def late_loans(today: dt.date) -> QuerySet[WithAnnotations[Loan, Proposed]]:
    """Loans that staff work on: late, in default, or with a request for help; the longest late first.

    Each with its next step: `help_waiting`, `default_proposed_on`, or `notice_waiting`.
    """
    asked = Q(hardship_requests__status=HardshipStatus.OPEN)
    late = Q(days_past_due__gt=0) | Q(status=LoanStatus.DEFAULTED)
    rows = Loan.objects.filter(late | asked, status__in=LoanStatus.owing()).select_related("borrower").distinct()
    waiting = Prefetch(
        "hardship_requests", HardshipRequest.objects.filter(status=HardshipStatus.OPEN), to_attr="help_waiting"
    )
    running = DefaultNotice.objects.filter(ended_on__isnull=True, sent_on__gt=F("loan__next_due_on"))
    notices = Prefetch("default_notices", running, to_attr="notice_waiting")
    proposed = default_proposals(today).filter(pk=OuterRef("pk")).values("default_proposed_on")[:1]
    rows = rows.annotate(default_proposed_on=Subquery(proposed))
    return rows.prefetch_related(waiting, notices).order_by("-days_past_due", "pk")


def closed_with_loss() -> QuerySet[Loan]:
    """Loans on which money may still be recovered, the newest first."""
    rows = Loan.objects.filter(status__in=LoanStatus.lost()).select_related("borrower")
    counted = Prefetch("losses", LoanLoss.objects.filter(undone_on=None), to_attr="loss_counted")
    return rows.prefetch_related(counted).order_by("-closed_on", "-pk")


def waiting_request(loan: Loan, kind: ApprovalKind) -> ApprovalRequest | None:
    """What of this kind waits for a second person on the loan; there is one at most."""
    return waiting_about("loan", loan.reference).filter(kind=kind).first()


def waivers_of(loan: Loan) -> list[Waiver]:
    """Charges that were waived, newest first."""
    return list(Waiver.objects.filter(loan=loan).select_related("instalment", "actor", "entry"))


def proposals_of(loan: Loan) -> list[PlanProposal]:
    """Every new plan that was proposed, newest first."""
    return list(PlanProposal.objects.filter(loan=loan).select_related("hardship", "proposed_by"))
