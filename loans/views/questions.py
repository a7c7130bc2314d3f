"""The borrower answers what lenders ask."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.enums.people import Role
from loans.forms.loan import AnswerForm
from loans.models import LoanQuestion
from loans.selectors.borrower import question_for_borrower
from loans.services.origination.questions import answer_question
from loans.views.loan import loan_page
from loans.views.own import own_loan
from p2plending.lib import clock
from p2plending.lib.web.actions import run_action
from p2plending.lib.web.decorators import post_only, role_required
from p2plending.lib.web.requests import AuthenticatedRequest


@post_only
@role_required(Role.BORROWER)
def answer(request: AuthenticatedRequest, reference: str, question_reference: str) -> HttpResponse:
    found = own_loan(request, reference)
    try:
        question = question_for_borrower(found, request.user, question_reference)
    except LoanQuestion.DoesNotExist as error:
        raise Http404 from error
    form = AnswerForm(request.POST)
    return run_action(
        request,
        form,
        lambda told: answer_question(
            question_id=question.pk, answer=told["answer"], actor=request.user, today=clock.business_date()
        ),
        done=_("Your answer is shown to all lenders."),
        then=lambda _answered: redirect("loans:loan", reference),
        again=lambda status: loan_page(request, found, form=form, question_reference=question_reference, status=status),
    )
