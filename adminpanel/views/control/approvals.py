"""What waits for a second person: one queue and one page for every kind of request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.enums.people import ApprovalState
from accounts.enums.permissions import DECIDE_APPROVALS
from accounts.models import ApprovalRequest
from accounts.selectors.access import APPROVALS
from accounts.selectors.people import approval_queue, audit_trail
from accounts.services.approvals.requests import approve_request, effect_of, refuse_request, withdraw_request
from adminpanel.forms.collections import ApproveForm, RefuseForm
from adminpanel.permissions import VIEW_APPROVALS, permission_required
from adminpanel.views.control.requested import requested
from adminpanel.views.pages import Decision, decide, desk_page, page_of, with_tried
from loans.enums.permissions import WORK_COLLECTIONS
from loans.services.decisions import ASKED_AGAIN, ask_again
from p2plending.lib import clock
from p2plending.lib.web.decorators import get_only, post_only
from p2plending.lib.web.forms import KeyedForm
from p2plending.lib.web.requests import AuthenticatedRequest

HISTORY_LENGTH = 20


@get_only
@permission_required(VIEW_APPROVALS)
def queue(request: HttpRequest) -> HttpResponse:
    ctx = {"title": _("Waiting for a second person"), "page": page_of(request, approval_queue())}
    return desk_page(request, "approval_queue", ctx)


@get_only
@permission_required(VIEW_APPROVALS)
def approval(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    return _page(request, _approval(request, reference))


@post_only
@permission_required(DECIDE_APPROVALS)
def approve(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    return _decide(
        request,
        reference,
        "approve",
        ApproveForm(request.POST, auto_id="approve_%s"),
        lambda cleaned: approve_request(note=cleaned["note"], **_of(request, reference, cleaned)),
        _("%(reference)s approved and done.") % {"reference": reference},
    )


@post_only
@permission_required(DECIDE_APPROVALS)
def refuse(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    return _decide(
        request,
        reference,
        "refuse",
        RefuseForm(request.POST, auto_id="refuse_%s"),
        lambda cleaned: refuse_request(note=cleaned["note"], **_of(request, reference, cleaned)),
        _("%(reference)s refused. Nothing was done.") % {"reference": reference},
    )


@post_only
@permission_required(VIEW_APPROVALS)
def withdraw(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    return _decide(
        request,
        reference,
        "take_back",
        KeyedForm(request.POST, auto_id="take_back_%s"),
        lambda cleaned: withdraw_request(**_of(request, reference, cleaned)),
        _("%(reference)s taken back. Nothing was done.") % {"reference": reference},
    )


@post_only
@permission_required(WORK_COLLECTIONS)
def ask_anew(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    return _decide(
        request,
        reference,
        "ask_again",
        KeyedForm(request.POST, auto_id="again_%s"),
        lambda cleaned: ask_again(**_of(request, reference, cleaned)),
        _("Asked again with today's figures. Another person decides."),
    )


def _decide(
    request: AuthenticatedRequest,
    reference: str,
    name: str,
    form: forms.Form,
    step: Callable[[dict[str, Any]], object],
    done: str,
) -> HttpResponse:
    _approval(request, reference)
    return decide(
        request,
        form,
        step,
        done=done,
        target=lambda: reverse("admin:approval_queue"),
        again=lambda status: _page(request, _approval(request, reference), name, form, status),
    )


def _of(request: HttpRequest, reference: str, cleaned: dict[str, Any]) -> dict[str, Any]:
    """What every decision about a request is told."""
    return {
        "approval_id": _approval(request, reference).pk,
        "actor": request.user,
        "idempotency_key": cleaned["form_key"],
        "today": clock.business_date(),
    }


def _approval(request: HttpRequest, reference: str) -> ApprovalRequest:
    rows = APPROVALS.visible_to(request.user).select_related("maker", "checker", "about")
    return get_object_or_404(rows, reference=reference)


def _page(
    request: AuthenticatedRequest,
    row: ApprovalRequest,
    tried: str = "",
    form: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    asked = requested(request, row)
    decisions = _decisions(request, row, is_changed=asked.get("is_changed", False))
    ctx = {
        "title": row.reference,
        "row": row,
        **asked,
        "decisions": with_tried(decisions, tried, form),
        "tried": tried,
        "failed": form,
        "is_own": row.maker_id == request.user.pk and settings.SECOND_PERSON,
        "is_about_me": row.about_id == request.user.pk,
        "waits": row.state == ApprovalState.PENDING,
        "history": audit_trail(row.subject_type, row.subject_reference)[:HISTORY_LENGTH],
    }
    return desk_page(request, "approval", ctx, status)


def _decisions(request: HttpRequest, row: ApprovalRequest, *, is_changed: bool) -> list[Decision]:
    """What this member of staff may do about a request that waits: agree or not, ask again, or take it back."""
    if row.state != ApprovalState.PENDING or request.user.pk == row.about_id:
        return []
    names = ("approve", "refuse", "ask_again", "take_back")
    path = {name: reverse(f"admin:approval_{name}", args=[row.reference]) for name in names}
    agree = Decision("approve", _("Agree"), _("Approve and do it"), path["approve"], ApproveForm(auto_id="approve_%s"))
    say_no = Decision(
        "refuse", _("Do not agree"), _("Refuse"), path["refuse"], RefuseForm(auto_id="refuse_%s"), danger=True
    )
    again_form, back_form = KeyedForm(auto_id="again_%s"), KeyedForm(auto_id="take_back_%s")
    again = Decision("ask_again", _("Ask again with today's figures"), _("Ask again"), path["ask_again"], again_form)
    back = Decision("take_back", _("Take it back"), _("Take back"), path["take_back"], back_form, danger=True)
    is_own = row.maker_id == request.user.pk
    may_ask = is_changed and row.kind in ASKED_AGAIN and request.user.has_perm(WORK_COLLECTIONS)
    found = [again] if may_ask else []
    if request.user.has_perm(effect_of(row.kind).duty) and not (is_own and settings.SECOND_PERSON):
        found += [say_no] if is_changed else [agree, say_no]
    return [*found, back] if is_own else found
