"""What staff do with an application: take it, ask, offer, decline, close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors.eligibility import Action, require_may
from accounts.services.approvals.permissions import require_staff
from accounts.services.idempotency import once
from loans.account.pricing import annual_rate_of, grade_terms_of, quote_for
from loans.account.terms import frozen_terms
from loans.enums.loan import DeclineReason, Grade, LoanEvent
from loans.models import GradeTerms, Loan
from loans.services.notices.origination import notify_cancelled, notify_declined, notify_offer, notify_question_of_staff
from loans.services.origination.underwriting import MOST_REASONS
from loans.services.servicing.lifecycle import move_loan, require_borrower, require_state
from loans.services.servicing.locking import lock_current_loan
from loans.services.servicing.release_commitments import end_funding
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import NotPermitted, Refused

MOST_GRADE_STEPS = 1


class ReasonMissing(Refused):
    """A decision needs its reason."""

    code = "reason_missing"
    default_message = _("Say why.")


class DateInThePast(Refused):
    """A date to answer by must lie ahead."""

    code = "date_in_the_past"
    default_message = _("Choose a date after today.")


class GradeTooFar(Refused):
    """A person may move the grade by one step from what the scorecard says."""

    code = "grade_too_far"
    default_message = _("The grade can be moved by one step at most.")


class GradeNotOffered(Refused):
    """The product has no such grade."""

    code = "grade_not_offered"
    default_message = _("This loan product has no such grade.")


class OwnApplication(NotPermitted):
    """Nobody decides about themselves."""

    code = "own_application"
    default_message = _("You can't decide on your own application.")


def _locked_for_staff(loan_id: int, actor: User | None, event: LoanEvent, today: dt.date) -> Loan:
    require_staff(actor)
    loan = lock_current_loan(loan_id, today)
    if actor is not None and actor.pk == loan.borrower_id:
        raise OwnApplication
    require_state(loan, event)
    return loan


def take_application(*, loan_id: int, actor: User | None, today: dt.date) -> Loan:
    """Take a sent application into review. Raises StaffOnly, OwnApplication, InvalidTransition."""

    def take() -> Loan:
        loan = _locked_for_staff(loan_id, actor, LoanEvent.TAKE, today)
        return move_loan(loan, LoanEvent.TAKE, actor=actor, today=today, reviewer=actor)

    return run_money(take)


def ask_applicant(*, loan_id: int, question: str, due_on: dt.date, actor: User | None, today: dt.date) -> Loan:
    """Ask the applicant something, to be answered by `due_on`.

    Raises StaffOnly, OwnApplication, InvalidTransition, ReasonMissing, DateInThePast.
    """

    def ask() -> Loan:
        loan = _locked_for_staff(loan_id, actor, LoanEvent.ASK, today)
        if not question.strip():
            raise ReasonMissing
        if due_on <= today:
            raise DateInThePast
        move_loan(
            loan,
            LoanEvent.ASK,
            actor=actor,
            today=today,
            info_request=question.strip(),
            info_answer="",
            info_due_on=due_on,
        )
        notify_question_of_staff(loan, today)
        return loan

    return run_money(ask)


def answer_request(*, loan_id: int, answer: str, actor: User | None, today: dt.date) -> Loan:
    """The applicant answers; the application goes back into review. Raises NotYourLoan, InvalidTransition,
    ReasonMissing."""

    def reply() -> Loan:
        loan = lock_current_loan(loan_id, today)
        require_borrower(loan, actor)
        require_state(loan, LoanEvent.ANSWER)
        if not answer.strip():
            raise ReasonMissing(_("Enter your answer."))
        return move_loan(loan, LoanEvent.ANSWER, actor=actor, today=today, info_answer=answer.strip())

    return run_money(reply)


@once(model=Loan, operation="loans.make_offer")
def make_offer(
    *,
    loan_id: int,
    grade: str | None = None,
    reason: str = "",
    actor: User | None,
    idempotency_key: str,
    today: dt.date,
) -> Loan:
    """Price the loan and offer it: grade, rate, fee and all terms of the product are frozen from here on.

    `grade` moves the scorecard's grade by one step at most, with a reason. Raises StaffOnly, OwnApplication,
    InvalidTransition, GradeTooFar, GradeNotOffered, ReasonMissing, and the refusals of the gate for applying.
    """
    reason = reason.strip()
    loan = _locked_for_staff(loan_id, actor, LoanEvent.APPROVE, today)
    require_may(loan.borrower, Action.APPLY)
    terms = _grade_terms(loan, grade, reason)
    fields = priced_fields(loan, terms, today)
    fields |= {
        "offered_on": today,
        "offer_expires_on": today + dt.timedelta(days=loan.product.offer_days),
    }
    move_loan(loan, LoanEvent.APPROVE, actor=actor, today=today, reason=reason, **fields)
    notify_offer(loan)
    return loan


def _grade_terms(loan: Loan, grade: str | None, reason: str) -> GradeTerms:
    scored = loan.assessment.grade
    chosen = grade or scored
    if chosen != scored:
        letters = Grade.values
        if chosen not in letters or abs(letters.index(chosen) - letters.index(scored)) > MOST_GRADE_STEPS:
            raise GradeTooFar(scored=scored, chosen=chosen)
        if not reason:
            raise ReasonMissing
    try:
        return grade_terms_of(loan.product, chosen)
    except GradeTerms.DoesNotExist as error:
        raise GradeNotOffered from error


def priced_fields(loan: Loan, terms: GradeTerms, today: dt.date) -> dict[str, Any]:
    """The columns that an offer freezes, for a loan priced as if it were paid out today."""
    quoted = quote_for(loan.product, terms, loan.principal, loan.term_months, today, loan.due_day)
    return {
        "grade": terms.grade,
        "annual_rate": annual_rate_of(loan.product, terms, loan.term_months),
        "origination_fee_rate": terms.origination_fee_rate,
        "origination_fee": quoted.fee,
        "servicing_fee_rate": loan.product.servicing_fee_rate,
        "expected_loss_rate": terms.expected_loss_rate,
        "instalment_amount": quoted.instalment_amount,
        "total_payment": quoted.total_payment,
        "apr_nominal": quoted.apr_nominal,
        "apr_effective": quoted.apr_effective,
        "frozen_terms": frozen_terms(loan.product, terms),
    }


@once(model=Loan, operation="loans.decline_application", besides=("reasons",))
def decline_application(
    *,
    loan_id: int,
    reasons: Sequence[DeclineReason | str],
    note: str,
    actor: User | None,
    idempotency_key: str,
    today: dt.date,
) -> Loan:
    """Decline with one to four reasons, which the applicant is told in plain words, and a note in our own.

    Raises StaffOnly, OwnApplication, InvalidTransition, ReasonMissing.
    """
    codes = list(dict.fromkeys(DeclineReason(reason).value for reason in reasons))
    loan = _locked_for_staff(loan_id, actor, LoanEvent.REJECT, today)
    if not 1 <= len(codes) <= MOST_REASONS:
        raise ReasonMissing(_("Choose one to four reasons."))
    if DeclineReason.OTHER.value in codes and not note.strip():
        raise ReasonMissing(_("Explain the other reason in the note."))
    move_loan(
        loan,
        LoanEvent.REJECT,
        actor=actor,
        today=today,
        reason=", ".join(codes),
        decline_reasons=codes,
        decline_note=note.strip(),
    )
    notify_declined(loan)
    return loan


@once(model=Loan, operation="loans.cancel_listing")
def cancel_listing(*, loan_id: int, reason: str, actor: User | None, idempotency_key: str, today: dt.date) -> Loan:
    """Close a request that is open for funding, partly funded or funded; lenders get their money back.

    Raises StaffOnly, OwnApplication, InvalidTransition, ReasonMissing.
    """
    loan = _locked_for_staff(loan_id, actor, LoanEvent.CANCEL, today)
    if not reason.strip():
        raise ReasonMissing
    end_funding(loan, LoanEvent.CANCEL, actor=actor, today=today, reason=reason.strip(), closed_on=today)
    notify_cancelled(loan, reason.strip())
    return loan
