"""The loan agreement: written once when the loan is funded, hashed, and signed by typing one's name."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task

from accounts.models import User
from accounts.selectors.eligibility import Action, require_may
from accounts.selectors.people import verification_of
from accounts.services.idempotency import once
from loans.account.pricing import quote_of_loan
from loans.account.terms import LoanTerms
from loans.enums.loan import CommitmentStatus, LoanEvent, LoanStatus
from loans.models import Loan, LoanAgreement
from loans.services.servicing.lifecycle import record_step, require_borrower, require_state
from loans.services.servicing.locking import lock_current_loan
from loans.wording.terms import borrower_clauses, interest_sentences, lender_clause
from p2plending.lib import clock
from p2plending.lib.database.transactions import require_transaction
from p2plending.lib.errors import InvalidTransition, Refused, required

TEMPLATE_VERSION = "2026-11-22"
TEMPLATE = "loans/agreement_text.html"
DISBURSE_TASK = "loans.tasks.disburse_signed_loan"


class SigningEnded(Refused):
    """The last day to sign has passed."""

    code = "signing_ended"
    status = 409
    default_message = _("The time to sign has ended. Nothing is owed.")


class NameDoesNotMatch(Refused):
    """The signature is the borrower's own name, as the identity check found it."""

    code = "name_does_not_match"
    default_message = _("Enter your full name as it is on your identity document.")


def prepare_agreement(loan: Loan) -> LoanAgreement:
    """Write the text for a loan that has just been funded, with pseudonyms for both sides, and its SHA-256.

    Call under the loan's guard. A loan funded a second time gets a new text; a signed one is never touched.
    """
    require_transaction()
    start, terms = required(loan.funded_on, "funded_on"), LoanTerms.from_json(loan.frozen_terms)
    commitments = loan.commitments.filter(status__in=CommitmentStatus.holding()).select_related("lender")
    context = {
        "loan": loan,
        "borrower": loan.borrower.member_number,
        "interest_sentences": interest_sentences(terms),
        "clauses": [*borrower_clauses(terms), lender_clause(terms)],
        "quote": quote_of_loan(loan, start),
        "parts": [
            {"lender": commitment.lender.member_number, "amount": commitment.amount}
            for commitment in commitments.order_by("pk")
        ],
        "start": start,
        "template_version": TEMPLATE_VERSION,
    }
    body = render_to_string(TEMPLATE, context)
    LoanAgreement.objects.filter(loan=loan, signed_at__isnull=True).delete()
    return LoanAgreement.objects.create(
        loan=loan,
        body=body,
        sha256=hashlib.sha256(body.encode()).hexdigest(),
        template_version=TEMPLATE_VERSION,
    )


@once(model=LoanAgreement, operation="loans.sign_agreement", besides=("ip_address",))
def sign_agreement(
    *,
    loan_id: int,
    typed_name: str,
    actor: User | None,
    ip_address: str | None,
    idempotency_key: str,
    today: dt.date,
) -> LoanAgreement:
    """Sign as the borrower, with the name of the identity check (case and blanks don't matter); the pay-out is queued.

    Raises NotYourLoan, InvalidTransition when not funded or signed already, SigningEnded, NameDoesNotMatch, and the
    refusals of the gate for applying.
    """
    loan = lock_current_loan(loan_id, today)
    require_borrower(loan, actor)
    if (
        loan.status == LoanStatus.CANCELLED
        and loan.signed_at is None
        and required(loan.signing_ends_on, "signing_ends_on") < today
    ):
        raise SigningEnded(ended_on=loan.signing_ends_on)
    require_state(loan, LoanEvent.DISBURSE)
    require_may(loan.borrower, Action.APPLY)
    if loan.signed_at is not None:
        raise InvalidTransition(status=loan.status, event="sign")
    name = " ".join(typed_name.split())
    # The name that was checked: the one in the profile can be anything, at any time.
    checked = verification_of(loan.borrower).legal_name
    if not name or name.casefold() != " ".join(checked.split()).casefold():
        raise NameDoesNotMatch
    agreement = loan.agreement
    agreement.signed_name = name
    agreement.signed_at = loan.signed_at = clock.now()
    agreement.signed_ip = ip_address
    agreement.save(update_fields=["signed_name", "signed_at", "signed_ip"])
    loan.save(update_fields=["signed_at", "updated_at"])
    record_step(loan, "signed", actor=actor, data={"sha256": agreement.sha256})
    async_task(DISBURSE_TASK, loan.pk)
    return agreement
