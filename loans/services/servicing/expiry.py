"""What ends by itself when its last day has passed. Called by the end of day under the loan's guard.

Each function does nothing before its day, so calling it again is harmless; each says whether it acted.
"""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from accounts.models import User
from loans.account.pricing import quote_of_loan
from loans.account.terms import LoanTerms
from loans.enums.loan import LoanEvent, LoanStatus
from loans.models import Loan
from loans.services.notices.origination import (
    notify_cancelled,
    notify_not_funded,
    notify_offer_ended,
    notify_partly_funded,
)
from loans.services.servicing.lifecycle import move_loan
from loans.services.servicing.release_commitments import end_funding
from p2plending.lib.errors import required


def expire_offer(loan: Loan, *, today: dt.date, actor: User | None = None) -> bool:
    """End an offer that was not accepted in time."""
    if loan.status != LoanStatus.OFFERED or today <= required(loan.offer_expires_on, "offer_expires_on"):
        return False
    move_loan(loan, LoanEvent.EXPIRE, actor=actor, today=today, reason="not accepted in time")
    notify_offer_ended(loan)
    return True


def expire_information_request(loan: Loan, *, today: dt.date, actor: User | None = None) -> bool:
    """Withdraw an application whose question was not answered in time."""
    if loan.status != LoanStatus.INFO_REQUESTED or today <= required(loan.info_due_on, "info_due_on"):
        return False
    move_loan(loan, LoanEvent.WITHDRAW, actor=actor, today=today, reason="question not answered in time")
    notify_cancelled(loan, _("our question was not answered in time."))
    return True


def end_listing(loan: Loan, *, today: dt.date, actor: User | None = None) -> bool:
    """End funding after the last day: an offer of the smaller loan when enough came together, else release all.

    Enough is the product's smallest part funded, at least its smallest amount, and a borrower who takes less.
    """
    if loan.status != LoanStatus.LISTED or today <= required(loan.listing_ends_on, "listing_ends_on"):
        return False
    terms = LoanTerms.from_json(loan.frozen_terms)
    is_enough = loan.funded_amount >= loan.principal * terms.min_funding_rate
    if not (loan.accepts_partial_funding and is_enough and loan.funded_amount >= terms.min_amount):
        _end_unfunded(loan, LoanEvent.END_UNFUNDED, today, actor)
        return True
    ends_on = today + dt.timedelta(days=terms.partial_offer_days)
    move_loan(loan, LoanEvent.END_PARTLY_FUNDED, actor=actor, today=today, partial_offer_ends_on=ends_on)
    smaller = quote_of_loan(loan, today, loan.funded_amount)
    notify_partly_funded(loan, smaller.instalment_amount, smaller.total_payment)
    return True


def end_partial_offer(loan: Loan, *, today: dt.date, actor: User | None = None) -> bool:
    """Release everything when the borrower did not take the smaller loan in time."""
    if loan.status != LoanStatus.PARTIAL_OFFER or today <= required(
        loan.partial_offer_ends_on, "partial_offer_ends_on"
    ):
        return False
    _end_unfunded(loan, LoanEvent.DECLINE_SMALLER, today, actor)
    return True


def end_signing(loan: Loan, *, today: dt.date, actor: User | None = None) -> bool:
    """Close a funded loan whose agreement was not signed in time."""
    if (
        loan.status != LoanStatus.FUNDED
        or loan.signed_at is not None
        or today <= required(loan.signing_ends_on, "signing_ends_on")
    ):
        return False
    end_funding(loan, LoanEvent.CANCEL, actor=actor, today=today, reason="not signed in time", closed_on=today)
    notify_cancelled(loan, _("the agreement was not signed in time."))
    return True


def _end_unfunded(loan: Loan, event: LoanEvent, today: dt.date, actor: User | None) -> None:
    percent = loan.funded_percent
    end_funding(loan, event, actor=actor, today=today, reason="not funded in time", closed_on=today)
    notify_not_funded(loan, percent)
