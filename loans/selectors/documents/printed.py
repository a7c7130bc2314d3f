"""The documents of a loan: agreement, key facts, payment plan, certificate and receipts, each for who may have it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from loans.account.pricing import quote_of_loan
from loans.account.terms import LoanTerms
from loans.enums.loan import LoanStatus, RepaymentStatus
from loans.selectors.access import LOANS, REPAYMENTS
from loans.selectors.borrower import loan_for_borrower
from loans.selectors.charges import charges_of
from loans.selectors.documents.agreement import agreement_for
from loans.selectors.servicing import paid_totals, payment_plan
from loans.wording.schedule import schedule_wording
from loans.wording.terms import cost_words
from p2plending.lib.clock import business_date
from p2plending.lib.documents.printed import Document
from p2plending.lib.formatting import local

AGREEMENT, KEY_FACTS, PLAN, CERTIFICATE, RECEIPT = "agreement", "key-facts", "plan", "certificate", "receipt"


def document_for(user: User, kind: str, reference: str) -> Document | None:
    """A document of one of `KINDS` as this person may have it; None when there is none for them.

    `reference` is that of the loan, and of the payment for a receipt.
    """
    return _BUILDERS[kind](user, reference)


def _document(kind: str, reference: str, *, title: str, back_url: str, **rest: Any) -> Document:
    return Document(
        template=_TEMPLATES[kind],
        title=title,
        reference=reference,
        name=f"{kind}-{reference}",
        print_url=reverse("loans:document", args=[kind, reference]),
        pdf_url=reverse("loans:document_pdf", args=[kind, reference]),
        back_url=back_url,
        **rest,
    )


def _agreement(user: User, reference: str) -> Document | None:
    found = agreement_for(user, reference)
    if found is None:
        return None
    return _document(
        AGREEMENT,
        reference,
        title=_("Loan agreement"),
        back_url=reverse("loans:agreement", args=[reference]),
        on=local(found.agreement.signed_at or found.agreement.prepared_at).date(),
        context={"found": found, "agreement": found.agreement, "loan": found.loan},
    )


def _key_facts(user: User, reference: str) -> Document | None:
    loan = LOANS.own_of(user).select_related("borrower").filter(reference=reference).first()
    if loan is None or loan.offered_on is None:
        return None
    quote = quote_of_loan(loan, loan.offered_on)
    costs = cost_words(LoanTerms.from_json(loan.frozen_terms), payment=quote.instalment_amount)
    return _document(
        KEY_FACTS,
        reference,
        title=_("Key facts of your loan"),
        back_url=reverse("loans:loan", args=[reference]),
        on=loan.offered_on,
        context={"loan": loan, "quote": quote, "costs": costs},
    )


def _plan(user: User, reference: str) -> Document | None:
    loan, today = loan_for_borrower(user, reference, LoanStatus.disbursed()), business_date()
    if loan is None:
        return None
    lines = payment_plan(loan, today)
    context = {
        "loan": loan,
        "lines": lines,
        "totals": paid_totals(loan),
        "words": schedule_wording(loan),
        "charges": charges_of(loan, today),
        "has_charges": any(line.charges for line in lines),
        "asked": sum(line.total for line in lines),
        "paid": sum(line.paid_total for line in lines),
    }
    back_url = reverse("loans:plan", args=[reference])
    return _document(PLAN, reference, title=_("Payment plan"), back_url=back_url, context=context)


def _certificate(user: User, reference: str) -> Document | None:
    loan = loan_for_borrower(user, reference, [LoanStatus.REPAID])
    if loan is None:
        return None
    return _document(
        CERTIFICATE,
        reference,
        title=_("Certificate of repayment"),
        back_url=reverse("loans:certificate", args=[reference]),
        context={"loan": loan, "totals": paid_totals(loan), "words": schedule_wording(loan)},
    )


def _receipt(user: User, reference: str) -> Document | None:
    found = REPAYMENTS.own_of(user).select_related("loan__borrower", "entry").filter(reference=reference)
    repayment = found.filter(status=RepaymentStatus.CONFIRMED).first()
    if repayment is None:
        return None
    return _document(
        RECEIPT,
        reference,
        title=_("Receipt"),
        back_url=reverse("loans:repayment", args=[repayment.loan.reference, reference]),
        on=repayment.value_date,
        context={"loan": repayment.loan, "repayment": repayment, "words": schedule_wording(repayment.loan)},
    )


_TEMPLATES = {
    AGREEMENT: "documents/agreement.html",
    KEY_FACTS: "documents/key_facts.html",
    PLAN: "documents/plan.html",
    CERTIFICATE: "documents/certificate.html",
    RECEIPT: "documents/receipt.html",
}
_BUILDERS: dict[str, Callable[[User, str], Document | None]] = {
    AGREEMENT: _agreement,
    KEY_FACTS: _key_facts,
    PLAN: _plan,
    CERTIFICATE: _certificate,
    RECEIPT: _receipt,
}
KINDS = tuple(_BUILDERS)
