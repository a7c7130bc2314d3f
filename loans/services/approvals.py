"""The second person: agrees and it is done, refuses and it is not, or the time runs out."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.idempotency import run_once
from loans.collection_enums import ApprovalKind, ApprovalState
from loans.models import ApprovalRequest, Loan
from loans.permissions import DECIDE_APPROVALS
from loans.services.duties import require_duty
from loans.services.lifecycle import record_step
from loans.services.reversal_request import apply_reversal
from loans.services.second_person import seal_of
from loans.services.settlement import expire_settlement, open_settlement, refuse_settlement
from loans.services.standing import lock_current_loan, lock_owing_loan
from loans.services.write_off import apply_write_off
from p2plending.lib.db import lock_guard, run_money
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


@dataclasses.dataclass(frozen=True, slots=True)
class Effect:
    """What happens to the loan when a request of this kind is approved, refused, or not decided in time.

    `is_for_closed_too`: the loan may have been closed, for example by the very payment that came back.
    """

    approve: Callable[..., object]
    refuse: Callable[..., None]
    expire: Callable[..., None]
    is_for_closed_too: bool = False


def _nothing(loan: Loan, approval: ApprovalRequest, *, today: dt.date) -> None:
    """A request that leaves no trace on the loan when it is not approved."""


EFFECTS: dict[ApprovalKind, Effect] = {
    ApprovalKind.WRITE_OFF: Effect(apply_write_off, _nothing, _nothing),
    ApprovalKind.SETTLEMENT: Effect(open_settlement, refuse_settlement, expire_settlement),
    ApprovalKind.REVERSAL: Effect(apply_reversal, _nothing, _nothing, is_for_closed_too=True),
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
    found = ApprovalRequest.objects.get(pk=approval_id)
    lock = lock_current_loan if EFFECTS[ApprovalKind(found.kind)].is_for_closed_too else lock_owing_loan
    loan = lock(found.loan_id, today)
    approval = lock_guard(ApprovalRequest.objects.filter(pk=approval_id))
    require_duty(actor, DECIDE_APPROVALS, loan)
    if actor is None or actor.pk == approval.maker_id:
        raise OwnRequest
    if approval.state != ApprovalState.PENDING or today > approval.expires_on:
        raise RequestDecided(state=approval.state)
    return loan, approval


def _decide(approval: ApprovalRequest, state: ApprovalState, note: str, actor: User | None, today: dt.date) -> None:
    approval.state, approval.open_key = state, None
    approval.checker, approval.decided_on, approval.decision_note = actor, today, note
    approval.save()


def _record(loan: Loan, approval: ApprovalRequest, action: str, actor: User | None, note: str) -> None:
    data = {"approval": approval.reference, "maker": approval.maker.member_number}
    record_step(loan, f"{approval.kind}_{action}", actor=actor, reason=note, data=data)
