"""The second person: agrees and it is done, refuses and it is not, or the time runs out."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.idempotency import run_once
from loans.claims import OpenClaims
from loans.collection_enums import ApprovalKind, ApprovalState
from loans.models import ApprovalRequest, Loan
from loans.permissions import DECIDE_APPROVALS, WORK_COLLECTIONS
from loans.services.asked_figures import FiguresChanged, require_asked_figures
from loans.services.duties import require_duty
from loans.services.lifecycle import record_step
from loans.services.recovery_reversal import apply_recovery_reversal
from loans.services.reversal_request import apply_reversal
from loans.services.second_person import seal_of
from loans.services.settlement import (
    ask_settlement_again,
    expire_settlement,
    open_settlement,
    preview_settlement,
    refuse_settlement,
)
from loans.services.standing import lock_current_loan, lock_owing_loan
from loans.services.write_off import apply_write_off, ask_write_off_again
from p2plending.lib.db import lock_guard, run_dry, run_money
from p2plending.lib.errors import InvalidTransition, NotPermitted, Refused


class OwnRequest(NotPermitted):
    """Nobody is the second person for what they asked themselves."""

    code = "own_request"
    default_message = _("You asked for this yourself. Somebody else must decide.")


class RequestDecided(InvalidTransition):
    """The request was decided or ran out before."""

    code = "request_decided"
    default_message = _("This request was decided before. The page was out of date.")


class RequestChanged(Refused):
    """What is stored is not what was asked for."""

    code = "request_changed"
    status = 409
    default_message = _("This request is not what was asked for. Nothing was done; tell compliance.")


class FiguresStand(Refused):
    """What was asked for is still what is owed: it waits for the second person."""

    code = "figures_stand"
    status = 409
    default_message = _("What is owed has not changed. The request waits for a second person.")


@dataclasses.dataclass(frozen=True, slots=True)
class Effect:
    """What happens to the loan when a request of this kind is approved, refused, or not decided in time.

    `ask_again` makes the same request with today's figures, where a request has figures that change by themselves.
    `is_for_closed_too`: the loan may have been closed, for example by the very payment that came back.
    """

    approve: Callable[..., object]
    refuse: Callable[..., None]
    expire: Callable[..., None]
    ask_again: Callable[..., ApprovalRequest] | None = None
    is_for_closed_too: bool = False


def _nothing(loan: Loan, approval: ApprovalRequest, *, today: dt.date) -> None:
    """A request that leaves no trace on the loan when it is not approved."""


EFFECTS: dict[ApprovalKind, Effect] = {
    ApprovalKind.WRITE_OFF: Effect(apply_write_off, _nothing, _nothing, ask_write_off_again),
    ApprovalKind.SETTLEMENT: Effect(open_settlement, refuse_settlement, expire_settlement, ask_settlement_again),
    ApprovalKind.REVERSAL: Effect(apply_reversal, _nothing, _nothing, is_for_closed_too=True),
    ApprovalKind.RECOVERY: Effect(apply_recovery_reversal, _nothing, _nothing, is_for_closed_too=True),
}


def approve_request(
    *, approval_id: int, note: str = "", actor: User | None, idempotency_key: str, today: dt.date
) -> ApprovalRequest:
    """Agree as the second person: the conditions are looked at again, and it is done in the same transaction.

    Raises StaffOnly, NotYourDuty, OwnLoan, OwnRequest, RequestDecided, RequestChanged, LoanNotOwing, and what the thing
    itself refuses; nothing has moved then.
    """

    def run() -> ApprovalRequest:
        loan, approval = _lock(approval_id, actor, today)
        if approval.payload_sha256 != seal_of(approval.payload):
            raise RequestChanged
        _decide(approval, ApprovalState.APPROVED, note, actor, today)
        EFFECTS[ApprovalKind(approval.kind)].approve(loan, approval, actor=actor, today=today)
        _record(loan, approval, "approved", actor, note)
        return approval

    return run_once(
        run,
        model=ApprovalRequest,
        operation="loans.approve_request",
        key=idempotency_key,
        actor=actor,
        parameters={"approval": approval_id, "note": note},
    )


def refuse_request(
    *, approval_id: int, note: str, actor: User | None, idempotency_key: str, today: dt.date
) -> ApprovalRequest:
    """Say no as the second person; nothing is done.

    Raises StaffOnly, NotYourDuty, OwnLoan, OwnRequest, RequestDecided, LoanNotOwing.
    """

    def run() -> ApprovalRequest:
        loan, approval = _lock(approval_id, actor, today)
        _decide(approval, ApprovalState.REFUSED, note, actor, today)
        EFFECTS[ApprovalKind(approval.kind)].refuse(loan, approval, today=today)
        _record(loan, approval, "refused", actor, note)
        return approval

    return run_once(
        run,
        model=ApprovalRequest,
        operation="loans.refuse_request",
        key=idempotency_key,
        actor=actor,
        parameters={"approval": approval_id, "note": note},
    )


def ask_again(*, approval_id: int, actor: User | None, idempotency_key: str, today: dt.date) -> ApprovalRequest:
    """Ask for the same thing with today's figures, because what is owed has changed; the old request ends as REPLACED.

    Whoever asks again is the one who asks: another person must decide. Raises StaffOnly, NotYourDuty, OwnLoan,
    RequestDecided, FiguresStand, LoanNotOwing, and what asking for the thing itself refuses.
    """

    def run() -> ApprovalRequest:
        loan, approval = _lock_waiting(approval_id, today)
        require_duty(actor, WORK_COLLECTIONS, loan)
        _require_waiting(approval, today)
        make = EFFECTS[ApprovalKind(approval.kind)].ask_again
        if make is None or not _has_changed(loan, approval, today):
            raise FiguresStand
        _decide(approval, ApprovalState.REPLACED, "", None, today)
        again = make(loan, approval, actor=actor, today=today)
        _record(loan, approval, "replaced", actor, "")
        return again

    return run_once(
        run,
        model=ApprovalRequest,
        operation="loans.ask_again",
        key=idempotency_key,
        actor=actor,
        parameters={"approval": approval_id},
    )


def owed_today(approval: ApprovalRequest, today: dt.date) -> OpenClaims:
    """What the loan of a waiting request owes today, part by part: the posting's own figures, nothing written.

    Raises LoanNotOwing.
    """
    return run_dry(lambda: preview_settlement(lock_owing_loan(approval.loan_id, today), today))


def expire_request(*, approval_id: int, today: dt.date) -> bool:
    """End a request that nobody decided in time, or whose loan was closed; says whether it did."""

    def run() -> bool:
        found = ApprovalRequest.objects.get(pk=approval_id)
        loan = lock_current_loan(found.loan_id, today)
        approval = lock_guard(ApprovalRequest.objects.filter(pk=approval_id))
        if approval.state != ApprovalState.PENDING or today <= approval.expires_on:
            return False
        _decide(approval, ApprovalState.EXPIRED, "", None, today)
        EFFECTS[ApprovalKind(approval.kind)].expire(loan, approval, today=today)
        _record(loan, approval, "expired", None, "")
        return True

    return run_money(run)


def _lock(approval_id: int, actor: User | None, today: dt.date) -> tuple[Loan, ApprovalRequest]:
    loan, approval = _lock_waiting(approval_id, today)
    require_duty(actor, DECIDE_APPROVALS, loan)
    if actor is None or actor.pk == approval.maker_id:
        raise OwnRequest
    _require_waiting(approval, today)
    return loan, approval


def _lock_waiting(approval_id: int, today: dt.date) -> tuple[Loan, ApprovalRequest]:
    found = ApprovalRequest.objects.get(pk=approval_id)
    lock = lock_current_loan if EFFECTS[ApprovalKind(found.kind)].is_for_closed_too else lock_owing_loan
    loan = lock(found.loan_id, today)
    return loan, lock_guard(ApprovalRequest.objects.filter(pk=approval_id))


def _require_waiting(approval: ApprovalRequest, today: dt.date) -> None:
    if approval.state != ApprovalState.PENDING or today > approval.expires_on:
        raise RequestDecided(state=approval.state)


def _has_changed(loan: Loan, approval: ApprovalRequest, today: dt.date) -> bool:
    try:
        require_asked_figures(approval, preview_settlement(loan, today))
    except FiguresChanged:
        return True
    return False


def _decide(approval: ApprovalRequest, state: ApprovalState, note: str, actor: User | None, today: dt.date) -> None:
    approval.state, approval.open_key = state, None
    approval.checker, approval.decided_on, approval.decision_note = actor, today, note
    approval.save()


def _record(loan: Loan, approval: ApprovalRequest, action: str, actor: User | None, note: str) -> None:
    data = {"approval": approval.reference, "maker": approval.maker.member_number}
    record_step(loan, f"{approval.kind}_{action}", actor=actor, reason=note, data=data)
