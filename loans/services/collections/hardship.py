"""A borrower asks for help: reminders and late fees pause, a person answers, and the answer is a plan or a reason."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.idempotency import once
from loans.account.hardship_choices import help_choices
from loans.account.restructure import NewPlan, PlanTerms
from loans.account.terms import LoanTerms
from loans.enums.collections import HardshipCause, HardshipStatus
from loans.enums.loan import LoanEvent
from loans.enums.permissions import WORK_COLLECTIONS
from loans.models import HardshipRequest, Loan
from loans.selectors.collections import open_help
from loans.services.approvals.permissions import require_loan_permission
from loans.services.collections.restructuring import make_proposal, preview_plan
from loans.services.collections.waivers import ReasonMissing
from loans.services.notices.collections import notify_help_declined, notify_help_received
from loans.services.servicing.lifecycle import record_step, require_borrower, require_state
from loans.services.servicing.locking import lock_owing_loan
from loans.services.servicing.state import pause_collections
from p2plending.lib.database.references import new_reference
from p2plending.lib.errors import InvalidTransition, Refused

# At most this long do late fees and default interest wait for our answer, and only once in a while. They are the
# lenders': neither asking again and again nor our silence may take them away for ever.
PAUSE_DAYS = 14
PAUSE_AGAIN_AFTER_DAYS = 90


class HelpAsked(Refused):
    """One request at a time."""

    code = "help_asked"
    status = 409
    default_message = _("You have asked for help already. We answer within two working days.")


class OptionNotOffered(Refused):
    """The loan has no such change, or only staff can make it."""

    code = "option_not_offered"
    default_message = _("This change can't be asked for with this loan.")


class PaymentsOutOfRange(Refused):
    """A pause or smaller payments for more or fewer payments than can be asked for."""

    code = "payments_out_of_range"


class HelpDecided(InvalidTransition):
    """The request was answered or taken back before."""

    code = "help_decided"
    default_message = _("This request was answered before. The page was out of date.")


def preview_help(loan: Loan, asked: PlanTerms, today: dt.date) -> NewPlan:
    """The plan that an option would give today, with its cost: the figures that a later plan is made of.

    Raises OptionNotOffered, PaymentsOutOfRange, and what `restructuring.preview_plan` raises.
    """
    choices = help_choices(LoanTerms.from_json(loan.frozen_terms))
    choice = next((one for one in choices if one.option == asked.option), None)
    if choice is None:
        raise OptionNotOffered(offered=[str(one.option) for one in choices]).at("option")
    if not choice.takes(asked.payments):
        limits = {"low": choice.low, "high": choice.high}
        words = _("Enter a number of payments from %(low)d to %(high)d.")
        raise PaymentsOutOfRange(words % limits, **limits).at("payments")
    return preview_plan(loan, asked, today)


@once(model=HardshipRequest, operation="loans.request_help")
def request_help(
    *,
    loan_id: int,
    cause: HardshipCause,
    story: str,
    expected_months: int,
    affordable_amount: int,
    asked: PlanTerms,
    actor: User | None,
    idempotency_key: str,
    today: dt.date,
) -> HardshipRequest:
    """Ask for another plan. Until it is answered no reminder and no notice of default is sent; late fees and default
    interest wait, too, but for at most 14 days, and not again for who asked in the last 90 days.

    `affordable_amount` (minor units) is what the borrower could pay a month. Raises NotYourLoan, LoanNotOwing,
    InvalidTransition (in default), HelpAsked, OptionNotOffered, PaymentsOutOfRange, and what `preview_plan` raises.
    """
    loan = lock_owing_loan(loan_id, today)
    require_borrower(loan, actor)
    require_state(loan, LoanEvent.RESTRUCTURE)
    if open_help(loan) is not None:
        raise HelpAsked
    preview_help(loan, asked, today)
    paused_until = today + dt.timedelta(days=_days_of_pause(loan, today))
    request = HardshipRequest.objects.create(
        reference=new_reference("HR"),
        loan=loan,
        cause=cause,
        story=story,
        expected_months=expected_months,
        affordable_amount=affordable_amount,
        option=asked.option,
        due_day=asked.due_day,
        payments=asked.payments,
        open_key=loan.pk,
        asked_on=today,
        paused_until=paused_until,
    )
    pause_collections(loan, paused_until, today=today)
    data = {"request": request.reference, "cause": str(cause), "option": str(asked.option)}
    record_step(loan, "help_asked", actor=actor, data=data)
    notify_help_received(loan, request)
    return request


@once(model=HardshipRequest, operation="loans.withdraw_help")
def withdraw_help(*, request_id: int, actor: User | None, idempotency_key: str, today: dt.date) -> HardshipRequest:
    """Take the request back; the pause ends. Raises NotYourLoan, LoanNotOwing, HelpDecided."""
    loan, request = _lock_open(request_id, today)
    require_borrower(loan, actor)
    return _decide(loan, request, HardshipStatus.WITHDRAWN, "", actor, today)


@once(model=HardshipRequest, operation="loans.approve_help")
def approve_help(
    *, request_id: int, asked: PlanTerms, note: str, actor: User | None, idempotency_key: str, today: dt.date
) -> HardshipRequest:
    """Answer with a plan, the one asked for or another: it becomes a proposal that the borrower may accept.

    The pause goes on until the proposal ends. Raises StaffOnly, MissingPermission, OwnLoan, LoanNotOwing, HelpDecided,
    and what `propose_plan` raises.
    """
    loan, request = _lock_open(request_id, today)
    require_loan_permission(actor, WORK_COLLECTIONS, loan)
    decided = _decide(loan, request, HardshipStatus.APPROVED, note, actor, today)
    reason = note.strip() or request.get_cause_display()
    proposal = make_proposal(loan, asked, reason=reason, hardship=decided, actor=actor, today=today)
    pause_collections(loan, proposal.expires_on, today=today)
    return decided


@once(model=HardshipRequest, operation="loans.decline_help")
def decline_help(
    *, request_id: int, note: str, actor: User | None, idempotency_key: str, today: dt.date
) -> HardshipRequest:
    """Say that no plan is possible, and why, in words for the borrower; the pause ends.

    Raises StaffOnly, MissingPermission, OwnLoan, LoanNotOwing, HelpDecided, ReasonMissing.
    """
    loan, request = _lock_open(request_id, today)
    require_loan_permission(actor, WORK_COLLECTIONS, loan)
    if not note.strip():
        raise ReasonMissing
    decided = _decide(loan, request, HardshipStatus.DECLINED, note.strip(), actor, today)
    notify_help_declined(loan, decided)
    return decided


def _days_of_pause(loan: Loan, today: dt.date) -> int:
    recent = today - dt.timedelta(days=PAUSE_AGAIN_AFTER_DAYS)
    return 0 if HardshipRequest.objects.filter(loan=loan, asked_on__gt=recent).exists() else PAUSE_DAYS


def _lock_open(request_id: int, today: dt.date) -> tuple[Loan, HardshipRequest]:
    found = HardshipRequest.objects.get(pk=request_id)
    loan = lock_owing_loan(found.loan_id, today)
    request = HardshipRequest.objects.get(pk=request_id)
    if request.status != HardshipStatus.OPEN:
        raise HelpDecided(status=request.status)
    return loan, request


def _decide(
    loan: Loan, request: HardshipRequest, status: HardshipStatus, note: str, actor: User | None, today: dt.date
) -> HardshipRequest:
    request.status, request.open_key = status, None
    request.decided_on, request.decided_by, request.decision_note = today, actor, note
    request.save()
    if status != HardshipStatus.APPROVED:
        pause_collections(loan, today, today=today)
    record_step(loan, f"help_{status.value}", actor=actor, reason=note, data={"request": request.reference})
    return request
