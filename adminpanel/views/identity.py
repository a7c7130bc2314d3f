"""Identity checks: the queue, one check with its documents, and the three decisions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.enums.people import VerificationStatus
from accounts.enums.permissions import READ_DOCUMENTS, REVIEW_IDENTITY
from accounts.models import IdentityVerification
from accounts.selectors.access import IDENTITY_CHECKS
from accounts.selectors.people import IDENTITY_SUBJECT, audit_trail, current_documents, identity_queue
from accounts.services.identity.review import approve_identity, ask_again, claim_identity, reject_identity
from adminpanel.forms.decisions import ApproveIdentityForm, AskAgainForm, RejectIdentityForm
from adminpanel.permissions import VIEW_IDENTITY, permission_required
from adminpanel.selectors import findings_about
from adminpanel.views.pages import decide, desk_page, page_of
from p2plending.lib import clock
from p2plending.lib.web.decorators import get_only, post_only
from p2plending.lib.web.requests import AuthenticatedRequest

HISTORY_LENGTH = 20


@get_only
@permission_required(VIEW_IDENTITY)
def identity_list(request: HttpRequest) -> HttpResponse:
    ctx = {
        "title": _("Identity checks waiting"),
        "page": page_of(request, identity_queue()),
        "now": clock.now(),
        "soon": clock.business_date(),
    }
    return desk_page(request, "identity_queue", ctx)


@get_only
@permission_required(VIEW_IDENTITY)
def review(request: HttpRequest, member_number: str) -> HttpResponse:
    return _page(request, _verification(request, member_number))


@post_only
@permission_required(REVIEW_IDENTITY)
def claim(request: AuthenticatedRequest, member_number: str) -> HttpResponse:
    verification = _verification(request, member_number)
    return _decide(
        request,
        verification,
        "claim",
        forms.Form(request.POST),
        lambda _cleaned: claim_identity(verification_id=verification.pk, actor=request.user),
        _("You have this check for 30 minutes."),
        stay=True,
    )


@post_only
@permission_required(REVIEW_IDENTITY)
def approve(request: AuthenticatedRequest, member_number: str) -> HttpResponse:
    verification = _verification(request, member_number)
    return _decide(
        request,
        verification,
        "approve",
        ApproveIdentityForm(request.POST, auto_id="approve_%s"),
        lambda cleaned: approve_identity(verification_id=verification.pk, actor=request.user, note=cleaned["note"]),
        _("Identity of %(who)s approved.") % {"who": member_number},
    )


@post_only
@permission_required(REVIEW_IDENTITY)
def ask(request: AuthenticatedRequest, member_number: str) -> HttpResponse:
    verification = _verification(request, member_number)
    form = AskAgainForm(request.POST, documents=current_documents(verification), auto_id="ask_%s")
    return _decide(
        request,
        verification,
        "ask",
        form,
        lambda cleaned: ask_again(
            verification_id=verification.pk, reasons=form.reasons(), note=cleaned["note"], actor=request.user
        ),
        _("Asked %(who)s for better documents.") % {"who": member_number},
    )


@post_only
@permission_required(REVIEW_IDENTITY)
def reject(request: AuthenticatedRequest, member_number: str) -> HttpResponse:
    verification = _verification(request, member_number)
    return _decide(
        request,
        verification,
        "reject",
        RejectIdentityForm(request.POST, auto_id="reject_%s"),
        lambda cleaned: reject_identity(
            verification_id=verification.pk,
            note=cleaned["note"],
            is_final=cleaned["is_final"],
            actor=request.user,
        ),
        _("Identity of %(who)s refused.") % {"who": member_number},
    )


def _verification(request: HttpRequest, member_number: str) -> IdentityVerification:
    rows = IDENTITY_CHECKS.visible_to(request.user).select_related("user", "claimed_by", "decided_by")
    return get_object_or_404(rows, user__member_number=member_number)


def _decide(
    request: AuthenticatedRequest,
    verification: IdentityVerification,
    name: str,
    form: forms.Form,
    step: Any,
    done: str,
    *,
    stay: bool = False,
) -> HttpResponse:
    def again(status: int) -> HttpResponse:
        found = _verification(request, verification.user.member_number)
        return _page(request, found, status=status, tried={name: form})

    def target() -> str:
        if stay:
            return reverse("admin:identity_review", args=[verification.user.member_number])
        following = identity_queue().exclude(user=request.user).first()
        if following is None:
            return reverse("admin:identity_queue")
        return reverse("admin:identity_review", args=[following.user.member_number])

    return decide(request, form, step, done=done, target=target, again=again)


def _page(
    request: HttpRequest,
    verification: IdentityVerification,
    *,
    status: int = 200,
    tried: dict[str, forms.Form] | None = None,
) -> HttpResponse:
    documents = current_documents(verification)
    may_decide = request.user.has_perm(REVIEW_IDENTITY) and verification.user_id != request.user.pk
    shown = {
        "approve": ApproveIdentityForm(auto_id="approve_%s"),
        "ask": AskAgainForm(documents=documents, auto_id="ask_%s"),
        "reject": RejectIdentityForm(auto_id="reject_%s"),
    } | (tried or {})
    ctx = {
        "title": verification.legal_name or verification.user.email,
        "verification": verification,
        "documents": documents,
        "findings": findings_about(verification, clock.business_date()),
        "history": audit_trail(IDENTITY_SUBJECT, verification.user.member_number)[:HISTORY_LENGTH],
        "may_read": request.user.has_perm(READ_DOCUMENTS),
        "is_own": verification.user_id == request.user.pk,
        "can_claim": may_decide and verification.status in VerificationStatus.waiting(),
        "can_decide": may_decide and verification.status == VerificationStatus.IN_REVIEW,
        "forms": shown,
        "failed": next(iter((tried or {}).values()), None),
        "tried": next(iter(tried or {}), ""),
    }
    return desk_page(request, "identity_review", ctx, status)
