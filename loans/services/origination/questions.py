"""Public questions on a listing, and the borrower's answers: both sides stay pseudonymous."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy as _

from accounts.enums.people import Role
from accounts.models import User
from accounts.services.audit import record_about
from loans.enums.loan import LoanStatus, QuestionStatus
from loans.enums.permissions import MODERATE_QUESTIONS
from loans.models import LoanQuestion
from loans.services.approvals.permissions import require_loan_permission
from loans.services.notices.origination import notify_answer, notify_question, notify_question_refused
from loans.services.origination.application import ContactDetailsInText
from loans.services.origination.contact_details import has_contact_details
from loans.services.servicing.lifecycle import require_borrower
from loans.services.servicing.locking import lock_current_loan
from p2plending.lib import clock
from p2plending.lib.database.references import new_reference
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import InvalidTransition, NotPermitted, Refused

# The borrower gets a message for each.
MOST_WAITING = 5


class LendersAsk(NotPermitted):
    """Questions come from lenders in good standing, in their own name."""

    code = "lenders_only"
    default_message = _("Only lenders can ask a question.")


class TooManyQuestions(Refused):
    """One lender's questions about one loan that wait for an answer have reached the most there may be."""

    code = "too_many_questions"
    default_message = _("You have asked five questions about this loan. Wait for an answer before you ask another.")


class TextMissing(Refused):
    """An empty question or answer."""

    code = "text_missing"


def ask_question(*, loan_id: int, author: User, text: str, actor: User | None, today: dt.date) -> LoanQuestion:
    """Ask in public while the loan is open for funding; the same question of the same lender again is the first one.

    A text with contact details is held for staff and shown to nobody else. Raises LendersAsk, TextMissing,
    TooManyQuestions, InvalidTransition when the loan is not open for funding.
    """
    words = " ".join(text.split())

    def ask() -> LoanQuestion:
        loan = lock_current_loan(loan_id, today)
        if author.role != Role.LENDER or author.is_suspended or (actor is not None and actor.pk != author.pk):
            raise LendersAsk
        if not words:
            raise TextMissing(_("Enter your question."))
        if loan.status != LoanStatus.LISTED or loan.is_frozen:
            raise InvalidTransition(status=loan.status, event="ask_question")
        earlier = loan.questions.filter(author=author, text=words).first()
        if earlier is not None:
            return earlier
        waiting = loan.questions.filter(author=author, status__in=(QuestionStatus.OPEN, QuestionStatus.HELD))
        if waiting.count() >= MOST_WAITING:
            raise TooManyQuestions
        question = LoanQuestion.objects.create(
            loan=loan,
            reference=new_reference("QU"),
            author=author,
            text=words,
            status=QuestionStatus.HELD if has_contact_details(words) else QuestionStatus.OPEN,
        )
        _record(question, "asked", actor)
        if question.status == QuestionStatus.OPEN:
            notify_question(question)
        return question

    return run_money(ask)


def answer_question(*, question_id: int, answer: str, actor: User | None, today: dt.date) -> LoanQuestion:
    """Answer once, for all lenders to read.

    Raises NotYourLoan, TextMissing, ContactDetailsInText, InvalidTransition when answered, held, or the loan is no
    longer open for funding.
    """
    words = answer.strip()

    def reply() -> LoanQuestion:
        loan_id = LoanQuestion.objects.values_list("loan_id", flat=True).get(pk=question_id)
        loan = lock_current_loan(loan_id, today)
        require_borrower(loan, actor)
        question = LoanQuestion.objects.select_related("author").get(pk=question_id)
        question.loan = loan
        if not words:
            raise TextMissing(_("Enter your answer."))
        if question.status == QuestionStatus.ANSWERED and question.answer == words:
            return question
        if question.status != QuestionStatus.OPEN or loan.status != LoanStatus.LISTED:
            raise InvalidTransition(status=question.status, event="answer_question")
        if has_contact_details(words):
            raise ContactDetailsInText
        question.answer = words
        question.answered_at = clock.now()
        question.status = QuestionStatus.ANSWERED
        question.save(update_fields=["answer", "answered_at", "status"])
        _record(question, "answered", actor)
        notify_answer(question)
        return question

    return run_money(reply)


def release_question(*, question_id: int, actor: User | None, today: dt.date) -> LoanQuestion:
    """Publish a held question; the borrower is told and may answer.

    Raises StaffOnly, MissingPermission, OwnLoan, InvalidTransition unless it is held and the loan is open for funding.
    """

    def run() -> LoanQuestion:
        question = _lock_held(question_id, actor, today)
        if question.loan.status != LoanStatus.LISTED:
            raise InvalidTransition(status=question.loan.status, event="release_question")
        question.status = QuestionStatus.OPEN
        question.save(update_fields=["status"])
        _record(question, "released", actor)
        notify_question(question)
        return question

    return run_money(run)


def refuse_question(*, question_id: int, note: str, actor: User | None, today: dt.date) -> LoanQuestion:
    """Keep a held question from being published, whatever became of the loan; `note` tells the lender why.

    Raises StaffOnly, MissingPermission, OwnLoan, TextMissing, InvalidTransition unless it is held.
    """
    words = " ".join(note.split())

    def run() -> LoanQuestion:
        question = _lock_held(question_id, actor, today)
        if not words:
            raise TextMissing(_("Enter why it is not published."))
        question.status, question.refusal_note = QuestionStatus.REFUSED, words
        question.save(update_fields=["status", "refusal_note"])
        _record(question, "refused", actor, words)
        notify_question_refused(question)
        return question

    return run_money(run)


def _lock_held(question_id: int, actor: User | None, today: dt.date) -> LoanQuestion:
    loan_id = LoanQuestion.objects.values_list("loan_id", flat=True).get(pk=question_id)
    loan = lock_current_loan(loan_id, today)
    require_loan_permission(actor, MODERATE_QUESTIONS, loan)
    question = LoanQuestion.objects.select_related("author").get(pk=question_id)
    question.loan = loan
    if question.status != QuestionStatus.HELD:
        raise InvalidTransition(status=question.status, event="decide_question")
    return question


def _record(question: LoanQuestion, action: str, actor: User | None, reason: str = "") -> None:
    data = {"loan": question.loan.reference, "status": str(question.status)}
    record_about(question, action, actor, subject="question", reason=reason, data=data)
