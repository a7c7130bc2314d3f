"""What waits for a second person: one queue and one page for every kind of request."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums.people import ApprovalState
from accounts.enums.permissions import DECIDE_APPROVALS
from accounts.models import ApprovalRequest, AuditEvent
from accounts.selectors.access import APPROVALS
from accounts.selectors.people import approval_queue, audit_trail
from accounts.services.approvals.requests import approve_request, effect_of, refuse_request, withdraw_request
from adminpanel.forms.collections import ApproveForm, RefuseForm
from adminpanel.permissions import VIEW_APPROVALS
from adminpanel.views.control.requested import requested
from adminpanel.views.pages import Decision
from adminpanel.views.rows import QueuePages, Step
from loans.enums.permissions import WORK_COLLECTIONS
from loans.services.decisions import ASKED_AGAIN, ask_again
from p2plending.lib.web.actions import who_and_when
from p2plending.lib.web.forms import KeyedForm
from p2plending.lib.web.requests import AuthenticatedRequest


class ApprovalPages(QueuePages[ApprovalRequest]):
    """What somebody asked for and another person decides."""

    page_name = "approval"
    queue_name = "approval_queue"
    queue_title = gettext_lazy("Waiting for a second person")
    rule = APPROVALS
    related = ("maker", "checker", "about")

    def waiting(self) -> QuerySet[ApprovalRequest]:
        return approval_queue()

    def listed(self, request: AuthenticatedRequest) -> dict[str, Any]:
        return {}

    def is_own(self, request: AuthenticatedRequest, row: ApprovalRequest) -> bool:
        return row.maker_id == request.user.pk and settings.SECOND_PERSON

    def shown(self, request: AuthenticatedRequest, row: ApprovalRequest) -> dict[str, Any]:
        return {
            **requested(request, row),
            "is_about_me": row.about_id == request.user.pk,
            "waits": row.state == ApprovalState.PENDING,
        }

    def history(self, request: AuthenticatedRequest, row: ApprovalRequest) -> QuerySet[AuditEvent]:
        return audit_trail(row.subject_type, row.subject_reference)

    def after(self, request: AuthenticatedRequest, row: ApprovalRequest) -> str:
        return self.queue_address()

    def offered(self, request: AuthenticatedRequest, row: ApprovalRequest, shown: dict[str, Any]) -> list[Decision]:
        # Agree or not, ask again, or take it back.
        if row.state != ApprovalState.PENDING or request.user.pk == row.about_id:
            return []
        names = ("approve", "refuse", "ask_again", "take_back")
        path = {name: self.address(row, f"approval_{name}") for name in names}
        is_changed = shown.get("is_changed", False)
        agree_form = ApproveForm(auto_id="approve_%s")
        agree = Decision("approve", _("Agree"), _("Approve and do it"), path["approve"], agree_form)
        say_no = Decision(
            "refuse", _("Do not agree"), _("Refuse"), path["refuse"], RefuseForm(auto_id="refuse_%s"), danger=True
        )
        again_form, back_form = KeyedForm(auto_id="again_%s"), KeyedForm(auto_id="take_back_%s")
        again = Decision(
            "ask_again", _("Ask again with today's figures"), _("Ask again"), path["ask_again"], again_form
        )
        back = Decision("take_back", _("Take it back"), _("Take back"), path["take_back"], back_form, danger=True)
        is_own = row.maker_id == request.user.pk
        may_ask = is_changed and row.kind in ASKED_AGAIN and request.user.has_perm(WORK_COLLECTIONS)
        found = [again] if may_ask else []
        if request.user.has_perm(effect_of(row.kind).duty) and not (is_own and settings.SECOND_PERSON):
            found += [say_no] if is_changed else [agree, say_no]
        return [*found, back] if is_own else found


PAGES = ApprovalPages()

queue = PAGES.queue_view(VIEW_APPROVALS)
approval = PAGES.row_view(VIEW_APPROVALS)


@PAGES.decision("approve", DECIDE_APPROVALS)
def approve(request: AuthenticatedRequest, row: ApprovalRequest) -> Step:
    return Step(
        ApproveForm(request.POST, auto_id="approve_%s"),
        lambda told: approve_request(note=told["note"], approval_id=row.pk, **who_and_when(request, told)),
        _("%(reference)s approved and done.") % {"reference": row.reference},
    )


@PAGES.decision("refuse", DECIDE_APPROVALS)
def refuse(request: AuthenticatedRequest, row: ApprovalRequest) -> Step:
    return Step(
        RefuseForm(request.POST, auto_id="refuse_%s"),
        lambda told: refuse_request(note=told["note"], approval_id=row.pk, **who_and_when(request, told)),
        _("%(reference)s refused. Nothing was done.") % {"reference": row.reference},
    )


@PAGES.decision("take_back", VIEW_APPROVALS)
def withdraw(request: AuthenticatedRequest, row: ApprovalRequest) -> Step:
    return Step(
        KeyedForm(request.POST, auto_id="take_back_%s"),
        lambda told: withdraw_request(approval_id=row.pk, **who_and_when(request, told)),
        _("%(reference)s taken back. Nothing was done.") % {"reference": row.reference},
    )


@PAGES.decision("ask_again", WORK_COLLECTIONS)
def ask_anew(request: AuthenticatedRequest, row: ApprovalRequest) -> Step:
    return Step(
        KeyedForm(request.POST, auto_id="again_%s"),
        lambda told: ask_again(approval_id=row.pk, **who_and_when(request, told)),
        _("Asked again with today's figures. Another person decides."),
    )
