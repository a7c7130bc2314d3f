"""Questions that were held because they look as if they had contact details in them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from adminpanel.forms.decisions import RefuseQuestionForm
from adminpanel.selectors import held_questions
from adminpanel.views.pages import Decision
from adminpanel.views.rows import QueuePages, Step
from loans.enums.loan import QuestionStatus
from loans.enums.permissions import MODERATE_QUESTIONS
from loans.models import LoanQuestion
from loans.selectors.access import QUESTIONS
from loans.services.origination.questions import refuse_question, release_question
from p2plending.lib import clock
from p2plending.lib.web.requests import AuthenticatedRequest


class QuestionPages(QueuePages[LoanQuestion]):
    """What a lender asked and nobody else reads yet."""

    page_name = subject = "question"
    queue_name = "question_queue"
    queue_title = gettext_lazy("Questions held")
    rule = QUESTIONS
    related = ("loan", "author")

    def waiting(self) -> QuerySet[LoanQuestion]:
        return held_questions()

    def listed(self, request: AuthenticatedRequest) -> dict[str, Any]:
        return {}

    def is_own(self, request: AuthenticatedRequest, row: LoanQuestion) -> bool:
        return row.loan.borrower_id == request.user.pk

    def shown(self, request: AuthenticatedRequest, row: LoanQuestion) -> dict[str, Any]:
        return {"state": QuestionStatus(row.status).label}

    def offered(self, request: AuthenticatedRequest, row: LoanQuestion, shown: dict[str, Any]) -> list[Decision]:
        if shown["is_own"] or row.status != QuestionStatus.HELD:
            return []
        release_path = self.address(row, "question_release")
        return [
            Decision("release", _("There is nothing wrong with it"), _("Publish question"), release_path, forms.Form()),
            Decision(
                "refuse",
                _("It must not be read by others"),
                _("Do not publish"),
                self.address(row, "question_refuse"),
                RefuseQuestionForm(auto_id="refuse_%s"),
                danger=True,
            ),
        ]

    def after(self, request: AuthenticatedRequest, row: LoanQuestion) -> str:
        return self.queue_address()


PAGES = QuestionPages()

queue = PAGES.queue_view(MODERATE_QUESTIONS)
question = PAGES.row_view(MODERATE_QUESTIONS)


@PAGES.decision("release", MODERATE_QUESTIONS)
def release(request: AuthenticatedRequest, row: LoanQuestion) -> Step:
    return Step(
        forms.Form(request.POST, auto_id="release_%s"),
        lambda _told: release_question(question_id=row.pk, actor=request.user, today=clock.business_date()),
        _("The question is on the page, and the borrower was told."),
    )


@PAGES.decision("refuse", MODERATE_QUESTIONS)
def refuse(request: AuthenticatedRequest, row: LoanQuestion) -> Step:
    return Step(
        RefuseQuestionForm(request.POST, auto_id="refuse_%s"),
        lambda told: refuse_question(
            question_id=row.pk, note=told["note"], actor=request.user, today=clock.business_date()
        ),
        _("The question is not published, and the lender was told why."),
    )
