"""The borrower's answer to an offer, and to a smaller loan when lenders offered a part."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task

from accounts.models import User
from accounts.selectors.eligibility import Action, require_may
from accounts.services.idempotency import once
from loans.account.pricing import quote_of_loan
from loans.enums.loan import LoanEvent, LoanStatus
from loans.models import Loan
from loans.services.funding.commitments import fill_loan
from loans.services.notices.origination import notify_listed
from loans.services.servicing.lifecycle import move_loan, require_borrower, require_state
from loans.services.servicing.locking import lock_current_loan
from loans.services.servicing.release_commitments import end_funding
from p2plending.lib import clock
from p2plending.lib.errors import Refused

LOAN_LISTED_TASK = "matching.tasks.loan_listed"


class OfferEnded(Refused):
    """The last day of the offer has passed."""

    code = "offer_ended"
    status = 409
    default_message = _("This offer has ended. Nothing is owed. You can apply again.")


@once(model=Loan, operation="loans.accept_offer")
def accept_offer(*, loan_id: int, actor: User | None, idempotency_key: str, today: dt.date) -> Loan:
    """Accept on or before the offer's last day: the loan opens for funding and the auto-invest rules are started.

    Raises NotYourLoan, InvalidTransition, OfferEnded, and the refusals of the gate for applying.
    """
    loan = lock_current_loan(loan_id, today)
    require_borrower(loan, actor)
    if loan.status == LoanStatus.OFFER_EXPIRED:
        raise OfferEnded(ended_on=loan.offer_expires_on)
    require_state(loan, LoanEvent.ACCEPT)
    require_may(loan.borrower, Action.APPLY)
    move_loan(
        loan,
        LoanEvent.ACCEPT,
        actor=actor,
        today=today,
        listed_at=clock.now(),
        listed_on=today,
        listing_ends_on=today + dt.timedelta(days=loan.frozen_terms["listing_days"]),
    )
    notify_listed(loan)
    async_task(LOAN_LISTED_TASK, loan.pk)
    return loan


@once(model=Loan, operation="loans.decline_offer")
def decline_offer(*, loan_id: int, actor: User | None, idempotency_key: str, today: dt.date) -> Loan:
    """Turn the offer down, which ends the application. Raises NotYourLoan, InvalidTransition when there is no offer."""
    loan = lock_current_loan(loan_id, today)
    require_borrower(loan, actor)
    require_state(loan, LoanEvent.ACCEPT)
    return move_loan(loan, LoanEvent.WITHDRAW, actor=actor, today=today, reason="offer declined by the borrower")


@once(model=Loan, operation="loans.accept_smaller_loan")
def accept_smaller_loan(*, loan_id: int, actor: User | None, idempotency_key: str, today: dt.date) -> Loan:
    """Take what lenders offered: the principal becomes the funded amount, priced again at the same rate.

    Raises NotYourLoan, InvalidTransition, OfferEnded after the last day to decide, and the refusals of the gate for
    applying.
    """
    loan = lock_current_loan(loan_id, today)
    require_borrower(loan, actor)
    if loan.status == LoanStatus.EXPIRED and loan.partial_offer_ends_on is not None:
        raise OfferEnded(ended_on=loan.partial_offer_ends_on)
    require_state(loan, LoanEvent.ACCEPT_SMALLER)
    require_may(loan.borrower, Action.APPLY)
    loan.principal = loan.funded_amount
    quoted = quote_of_loan(loan, today)
    return fill_loan(
        loan,
        LoanEvent.ACCEPT_SMALLER,
        actor=actor,
        today=today,
        principal=loan.principal,
        origination_fee=quoted.fee,
        instalment_amount=quoted.instalment_amount,
        total_payment=quoted.total_payment,
        apr_nominal=quoted.apr_nominal,
        apr_effective=quoted.apr_effective,
    )


@once(model=Loan, operation="loans.decline_smaller_loan")
def decline_smaller_loan(*, loan_id: int, actor: User | None, idempotency_key: str, today: dt.date) -> Loan:
    """Close the request at no cost; lenders get their money back. Raises NotYourLoan, InvalidTransition."""
    loan = lock_current_loan(loan_id, today)
    require_borrower(loan, actor)
    return end_funding(
        loan,
        LoanEvent.DECLINE_SMALLER,
        actor=actor,
        today=today,
        reason="smaller loan declined by the borrower",
    )
