"""Questions that were held because they look as if they had contact details in them."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.selectors.people import audit_trail
from adminpanel.forms.decisions import RefuseQuestionForm
from adminpanel.permissions import permission_required
from adminpanel.selectors import held_questions
from adminpanel.views.pages import Decision, decide, desk_page, page_of, with_tried
from loans.enums.loan import QuestionStatus
from loans.enums.permissions import MODERATE_QUESTIONS
from loans.models import LoanQuestion
from loans.selectors.access import QUESTIONS
from loans.services.origination.questions import refuse_question, release_question
from p2plending.lib import clock
from p2plending.lib.web.decorators import get_only, post_only
from p2plending.lib.web.requests import AuthenticatedRequest

HISTORY_LENGTH = 20


@get_only
@permission_required(MODERATE_QUESTIONS)
def queue(request: HttpRequest) -> HttpResponse:
    ctx = {"title": _("Questions held"), "page": page_of(request, held_questions())}
    return desk_page(request, "question_queue", ctx)


@get_only
@permission_required(MODERATE_QUESTIONS)
def question(request: HttpRequest, reference: str) -> HttpResponse:
    return _page(request, _question(request, reference))


@post_only
@permission_required(MODERATE_QUESTIONS)
def release(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    row = _question(request, reference)
    form = forms.Form(request.POST, auto_id="release_%s")
    return decide(
        request,
        form,
        lambda cleaned: release_question(question_id=row.pk, actor=request.user, today=clock.business_date()),
        done=_("The question is on the page, and the borrower was told."),
        target=lambda: reverse("admin:question_queue"),
        again=lambda status: _page(request, _question(request, reference), "release", form, status),
    )


@post_only
@permission_required(MODERATE_QUESTIONS)
def refuse(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    row = _question(request, reference)
    form = RefuseQuestionForm(request.POST, auto_id="refuse_%s")
    return decide(
        request,
        form,
        lambda cleaned: refuse_question(
            question_id=row.pk, note=cleaned["note"], actor=request.user, today=clock.business_date()
        ),
        done=_("The question is not published, and the lender was told why."),
        target=lambda: reverse("admin:question_queue"),
        again=lambda status: _page(request, _question(request, reference), "refuse", form, status),
    )


def _question(request: HttpRequest, reference: str) -> LoanQuestion:
    rows = QUESTIONS.visible_to(request.user).select_related("loan", "author")
    return get_object_or_404(rows, reference=reference)


def _page(
    request: HttpRequest, row: LoanQuestion, tried: str = "", form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    is_own = row.loan.borrower_id == request.user.pk
    paths = {name: reverse(f"admin:question_{name}", args=[row.reference]) for name in ("release", "refuse")}
    decisions = [
        Decision("release", _("There is nothing wrong with it"), _("Publish question"), paths["release"], forms.Form()),
        Decision(
            "refuse",
            _("It must not be read by others"),
            _("Do not publish"),
            paths["refuse"],
            RefuseQuestionForm(auto_id="refuse_%s"),
            danger=True,
        ),
    ]
    waits = row.status == QuestionStatus.HELD and not is_own
    ctx = {
        "title": row.reference,
        "row": row,
        "state": QuestionStatus(row.status).label,
        "decisions": with_tried(decisions, tried, form) if waits else [],
        "tried": tried,
        "failed": form,
        "history": audit_trail("question", row.reference)[:HISTORY_LENGTH],
    }
    return desk_page(request, "question", ctx, status)
