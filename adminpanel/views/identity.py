"""Identity checks: the queue, one check with its documents, and the three decisions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums.people import VerificationStatus
from accounts.enums.permissions import READ_DOCUMENTS, REVIEW_IDENTITY
from accounts.models import IdentityVerification
from accounts.selectors.access import IDENTITY_CHECKS
from accounts.selectors.people import IDENTITY_SUBJECT, current_documents, identity_queue
from accounts.services.identity.review import approve_identity, ask_again, claim_identity, reject_identity
from adminpanel.forms.decisions import ApproveIdentityForm, AskAgainForm, RejectIdentityForm
from adminpanel.permissions import VIEW_IDENTITY
from adminpanel.selectors import findings_about
from adminpanel.views.rows import QueuePages, Step
from p2plending.lib import clock
from p2plending.lib.web.requests import AuthenticatedRequest


class IdentityPages(QueuePages[IdentityVerification]):
    """Who somebody is. The page has a place of its own for each decision, so it is given the forms by name."""

    page_name = "identity_review"
    subject = IDENTITY_SUBJECT
    key = "user.member_number"
    queue_name = "identity_queue"
    queue_title = gettext_lazy("Identity checks waiting")
    rule = IDENTITY_CHECKS
    related = ("user", "claimed_by", "decided_by")

    def waiting(self) -> QuerySet[IdentityVerification]:
        return identity_queue()

    def waiting_for(self, request: AuthenticatedRequest) -> QuerySet[IdentityVerification]:
        return self.waiting().exclude(user=request.user)

    def listed(self, request: AuthenticatedRequest) -> dict[str, Any]:
        return {**super().listed(request), "soon": clock.business_date()}

    def is_own(self, request: AuthenticatedRequest, row: IdentityVerification) -> bool:
        return row.user_id == request.user.pk

    def title(self, row: IdentityVerification) -> str:
        return row.legal_name or row.user.email

    def shown(self, request: AuthenticatedRequest, row: IdentityVerification) -> dict[str, Any]:
        may_decide = request.user.has_perm(REVIEW_IDENTITY) and not self.is_own(request, row)
        return {
            "verification": row,
            "documents": current_documents(row),
            "findings": findings_about(row, clock.business_date()),
            "may_read": request.user.has_perm(READ_DOCUMENTS),
            "can_claim": may_decide and row.status in VerificationStatus.waiting(),
            "can_decide": may_decide and row.status == VerificationStatus.IN_REVIEW,
        }

    def choices(
        self,
        request: AuthenticatedRequest,
        row: IdentityVerification,
        shown: dict[str, Any],
        tried: str,
        form: forms.Form | None,
    ) -> dict[str, Any]:
        empty = {
            "approve": ApproveIdentityForm(auto_id="approve_%s"),
            "ask": AskAgainForm(documents=shown["documents"], auto_id="ask_%s"),
            "reject": RejectIdentityForm(auto_id="reject_%s"),
        }
        return {"forms": empty if form is None else {**empty, tried: form}}


PAGES = IdentityPages()

identity_list = PAGES.queue_view(VIEW_IDENTITY)
review = PAGES.row_view(VIEW_IDENTITY)


@PAGES.decision("claim", REVIEW_IDENTITY)
def claim(request: AuthenticatedRequest, verification: IdentityVerification) -> Step:
    return Step(
        forms.Form(request.POST),
        lambda _told: claim_identity(verification_id=verification.pk, actor=request.user),
        _("You have this check for 30 minutes."),
        stays=True,
    )


@PAGES.decision("approve", REVIEW_IDENTITY)
def approve(request: AuthenticatedRequest, verification: IdentityVerification) -> Step:
    return Step(
        ApproveIdentityForm(request.POST, auto_id="approve_%s"),
        lambda told: approve_identity(verification_id=verification.pk, actor=request.user, note=told["note"]),
        _("Identity of %(who)s approved.") % {"who": verification.user.member_number},
    )


@PAGES.decision("ask", REVIEW_IDENTITY)
def ask(request: AuthenticatedRequest, verification: IdentityVerification) -> Step:
    form = AskAgainForm(request.POST, documents=current_documents(verification), auto_id="ask_%s")
    return Step(
        form,
        lambda told: ask_again(
            verification_id=verification.pk, reasons=form.reasons(), note=told["note"], actor=request.user
        ),
        _("Asked %(who)s for better documents.") % {"who": verification.user.member_number},
    )


@PAGES.decision("reject", REVIEW_IDENTITY)
def reject(request: AuthenticatedRequest, verification: IdentityVerification) -> Step:
    return Step(
        RejectIdentityForm(request.POST, auto_id="reject_%s"),
        lambda told: reject_identity(
            verification_id=verification.pk,
            note=told["note"],
            is_final=told["is_final"],
            actor=request.user,
        ),
        _("Identity of %(who)s refused.") % {"who": verification.user.member_number},
    )
