"""The second person: one asks, another decides, and what was asked is done in the same transaction or not at all.

Each app says once what its kinds of requests do (`register_effects`, when Django starts); the rules that make two
people out of one request live here and nowhere else.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import ApprovalKind, ApprovalState
from accounts.enums.permissions import DECIDE_APPROVALS
from accounts.models import ApprovalRequest, User
from accounts.services import audit
from accounts.services.approvals.notices import notify_maker
from accounts.services.approvals.permissions import require_staff, require_staff_permission
from accounts.services.idempotency import fingerprint_of, once
from p2plending.lib.database.references import new_reference
from p2plending.lib.database.transactions import lock_guard, require_transaction, run_money
from p2plending.lib.errors import InvalidTransition, NotPermitted, Refused

VALID_DAYS = 14
SEALED = ("kind", "subject_type", "subject_reference", "before", "payload", "effect", "reason")


class AlreadyAsked(Refused):
    """The same thing waits for a second person already."""

    code = "already_asked"
    status = 409
    default_message = _("A second person has been asked about this already.")


class NoMaker(NotPermitted):
    """A job can't be one of two people."""

    code = "maker_missing"
    default_message = _("A person must ask for this.")


class OwnRequest(NotPermitted):
    """Nobody is the second person for what they asked themselves."""

    code = "own_request"
    default_message = _("You asked for this yourself. Somebody else must decide.")


class OwnAffair(NotPermitted):
    """Nobody asks for, or decides, what is about their own money, loan or rights."""

    code = "own_affair"
    default_message = _("This is about you. Somebody else must decide.")


class RequestDecided(InvalidTransition):
    """The request was decided or ran out before."""

    code = "request_decided"
    default_message = _("This request was decided before. The page was out of date.")


class RequestChanged(Refused):
    """What is stored is not what was asked for."""

    code = "request_changed"
    status = 409
    default_message = _("This request is not what was asked for. Nothing was done; tell compliance.")


class StartingPointChanged(Refused):
    """What the request would change is not what it was when it was asked for."""

    code = "starting_point_changed"
    status = 409
    default_message = _("This has changed since it was asked for. Refuse the request and ask again.")


def _nothing(subject: Any, request: ApprovalRequest, *, today: dt.date) -> None:
    """A request that leaves no trace when it is not approved."""


@dataclasses.dataclass(frozen=True, slots=True)
class Effect:
    """What a kind of request is about and what it does.

    `lock` takes the request and the day, locks the subject's guard before the request's own and returns it (None where
    there is none). `approve` does what was asked, looking at its conditions again; `refuse` and `expire` undo what
    asking did. `subject_type` and `audit_prefix` are as in the audit trail; `duty` is what the second person needs.
    """

    subject_type: str
    audit_prefix: str
    lock: Callable[[ApprovalRequest, dt.date], Any]
    approve: Callable[..., object]
    refuse: Callable[..., None] = _nothing
    expire: Callable[..., None] = _nothing
    duty: str = DECIDE_APPROVALS


_EFFECTS: dict[ApprovalKind, Effect] = {}


def register_effects(effects: Mapping[ApprovalKind, Effect]) -> None:
    """Say what kinds of requests do. Called once per app when Django starts."""
    _EFFECTS.update(effects)


def effect_of(kind: str) -> Effect:
    """What a kind of request does. Raises KeyError for a kind that no app has registered: a bug."""
    return _EFFECTS[ApprovalKind(kind)]


def request_approval(
    kind: ApprovalKind,
    subject_reference: str,
    payload: dict[str, Any],
    *,
    before: dict[str, Any] | None = None,
    effect: int | None = None,
    about: User | None = None,
    reason: str,
    actor: User | None,
    today: dt.date,
) -> ApprovalRequest:
    """Put `payload` before a second person for 14 days. Call under the subject's guard.

    `effect` is the money that would move, in minor units. Raises StaffOnly, NoMaker without a person, OwnAffair,
    AlreadyAsked when one of this kind waits for this subject.
    """
    require_transaction()
    if actor is None:
        raise NoMaker
    require_staff(actor)
    if about is not None and about.pk == actor.pk:
        raise OwnAffair
    subject_type = effect_of(kind).subject_type
    open_key = f"{kind.value}:{subject_type}:{subject_reference}"
    if ApprovalRequest.objects.filter(open_key=open_key).exists():
        raise AlreadyAsked
    request = ApprovalRequest(
        reference=new_reference("AR"),
        kind=kind,
        subject_type=subject_type,
        subject_reference=subject_reference,
        about=about,
        before=before or {},
        payload=payload,
        effect=effect,
        reason=reason,
        open_key=open_key,
        maker=actor,
        asked_on=today,
        expires_on=today + dt.timedelta(days=VALID_DAYS),
    )
    request.digest = digest_of(request)
    request.save()
    _record(request, "asked", actor, reason, {"approval": request.reference, **payload})
    return request


def digest_of(request: ApprovalRequest) -> str:
    """The digest that proves that nothing was changed between asking and deciding."""
    return fingerprint_of({name: getattr(request, name) for name in SEALED})


@once(model=ApprovalRequest, operation="accounts.approve_request")
def approve_request(
    *, approval_id: int, note: str = "", actor: User | None, idempotency_key: str, today: dt.date
) -> ApprovalRequest:
    """Agree as the second person: the conditions are looked at again, and it is done in the same transaction.

    Raises StaffOnly, MissingPermission, OwnAffair, OwnRequest, RequestDecided, RequestChanged, and what the thing
    itself refuses; nothing has moved then.
    """
    subject, request = _lock_to_decide(approval_id, actor, today)
    if request.digest != digest_of(request):
        raise RequestChanged
    end_request(request, ApprovalState.APPROVED, actor=actor, note=note, today=today)
    effect_of(request.kind).approve(subject, request, actor=actor, today=today)
    notify_maker(request)
    return request


@once(model=ApprovalRequest, operation="accounts.refuse_request")
def refuse_request(
    *, approval_id: int, note: str, actor: User | None, idempotency_key: str, today: dt.date
) -> ApprovalRequest:
    """Say no as the second person; nothing is done.

    Raises StaffOnly, MissingPermission, OwnAffair, OwnRequest, RequestDecided, and what locking the subject refuses.
    """
    subject, request = _lock_to_decide(approval_id, actor, today)
    end_request(request, ApprovalState.REFUSED, actor=actor, note=note, today=today)
    effect_of(request.kind).refuse(subject, request, today=today)
    notify_maker(request)
    return request


@once(model=ApprovalRequest, operation="accounts.withdraw_request")
def withdraw_request(*, approval_id: int, actor: User, idempotency_key: str, today: dt.date) -> ApprovalRequest:
    """Take one's own request back while nobody has decided it. Raises NotPermitted for others', RequestDecided."""
    subject, request = _lock(approval_id, today)
    if actor.pk != request.maker_id:
        raise NotPermitted(_("Only the person who asked for this can take it back."))
    require_waiting(request, today)
    end_request(request, ApprovalState.WITHDRAWN, actor=None, today=today)
    effect_of(request.kind).refuse(subject, request, today=today)
    return request


def expire_request(*, approval_id: int, today: dt.date) -> bool:
    """End a request that nobody decided in time, and tell who asked; says whether it did."""

    def run() -> bool:
        subject, request = _lock(approval_id, today)
        if request.state != ApprovalState.PENDING or today <= request.expires_on:
            return False
        end_request(request, ApprovalState.EXPIRED, actor=None, today=today)
        effect_of(request.kind).expire(subject, request, today=today)
        notify_maker(request)
        return True

    return run_money(run)


def drop_requests(subject_type: str, subject_reference: str, *, today: dt.date) -> None:
    """End what waits about a subject that was decided otherwise. Call under the subject's guard."""
    waiting = ApprovalRequest.objects.filter(
        subject_type=subject_type, subject_reference=subject_reference, state=ApprovalState.PENDING
    )
    for row in waiting:
        request = lock_guard(ApprovalRequest.objects.filter(pk=row.pk))
        if request.state == ApprovalState.PENDING:
            end_request(request, ApprovalState.WITHDRAWN, actor=None, today=today)
            notify_maker(request)


def require_waiting(request: ApprovalRequest, today: dt.date) -> None:
    """Raises RequestDecided unless the request can still be decided on `today`."""
    if request.state != ApprovalState.PENDING or today > request.expires_on:
        raise RequestDecided(state=request.state)


def end_request(
    request: ApprovalRequest, state: ApprovalState, *, actor: User | None, note: str = "", today: dt.date
) -> None:
    """Write how a request ended, with its audit event. Call under its guard."""
    is_alone = actor is not None and actor.pk == request.maker_id
    request.state, request.open_key = state, None
    request.checker, request.decided_alone = None if is_alone else actor, is_alone
    request.decided_on, request.decision_note = today, note
    request.save()
    data = {"approval": request.reference, "maker": request.maker.member_number}
    _record(request, state.value, actor, note, data | ({"alone": True} if is_alone else {}))


def _lock_to_decide(approval_id: int, actor: User | None, today: dt.date) -> tuple[Any, ApprovalRequest]:
    subject, request = _lock(approval_id, today)
    require_staff_permission(actor, effect_of(request.kind).duty)
    if actor is None or (actor.pk == request.maker_id and settings.SECOND_PERSON):
        raise OwnRequest
    if actor.pk == request.about_id:
        raise OwnAffair
    require_waiting(request, today)
    return subject, request


def _lock(approval_id: int, today: dt.date) -> tuple[Any, ApprovalRequest]:
    found = ApprovalRequest.objects.get(pk=approval_id)
    subject = effect_of(found.kind).lock(found, today)
    return subject, lock_guard(ApprovalRequest.objects.filter(pk=approval_id))


def _record(request: ApprovalRequest, event: str, actor: User | None, reason: str, data: dict[str, Any]) -> None:
    audit.record(
        action=f"{effect_of(request.kind).audit_prefix}.{request.kind}_{event}",
        actor=actor,
        subject_type=request.subject_type,
        subject_reference=request.subject_reference,
        reason=reason,
        data=data,
    )
