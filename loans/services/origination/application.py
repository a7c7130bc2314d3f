"""From the draft to the sent application, and taking it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums.people import Role
from accounts.models import User
from accounts.selectors.eligibility import Action, require_may
from accounts.services.idempotency import once
from loans.enums.loan import LoanEvent, LoanStatus
from loans.models import Loan, LoanProduct
from loans.services.notices.origination import notify_application_sent, notify_declined
from loans.services.origination.contact_details import has_contact_details
from loans.services.origination.underwriting import assess, freeze_assessment
from loans.services.servicing.lifecycle import move_loan, record_step, require_borrower, require_state
from loans.services.servicing.locking import lock_current_loan
from loans.services.servicing.release_commitments import end_funding
from p2plending.lib import clock
from p2plending.lib.database.references import new_reference
from p2plending.lib.database.transactions import lock_guard, run_money
from p2plending.lib.errors import InvalidTransition, NotPermitted, Refused
from p2plending.lib.formatting import format_money
from p2plending.lib.rules.values import platform_rules

DRAFT_FIELDS = frozenset(
    {
        "product",
        "requested_amount",
        "term_months",
        "due_day",
        "purpose",
        "title",
        "story",
        "accepts_partial_funding",
        "monthly_income",
        "monthly_expenses",
        "monthly_debt_service",
        "employment",
        "employment_months",
        "dependants",
        "is_homeowner",
        "region",
    }
)
NEEDED_FIELDS = (
    "purpose",
    "title",
    "monthly_income",
    "monthly_expenses",
    "monthly_debt_service",
    "employment",
    "employment_months",
    "region",
)


class BorrowersOnly(NotPermitted):
    """Only people who registered as borrowers can apply."""

    code = "borrowers_only"
    default_message = gettext_lazy("Only borrowers can apply for a loan.")


class OpenApplicationExists(Refused):
    """One application at a time."""

    code = "open_application"
    status = 409
    default_message = gettext_lazy("You have an open application. Finish it or take it back first.")


class AmountNotOffered(Refused):
    """Outside the product's amounts, or not a multiple of its step."""

    code = "amount_not_offered"


class TermNotOffered(Refused):
    """Outside the product's terms."""

    code = "term_not_offered"


class ProductNotOffered(Refused):
    """The product was taken off the shelf."""

    code = "product_not_offered"
    default_message = gettext_lazy("We don't offer this loan at the moment.")


class ApplicationIncomplete(Refused):
    """Answers are missing; `fields` names them."""

    code = "application_incomplete"
    default_message = gettext_lazy("Some answers are missing. Fill them in before you send your application.")


class ContactDetailsInText(Refused):
    """Title and story are public, so they must not lead to the person."""

    code = "contact_details"
    default_message = gettext_lazy(
        "Take phone numbers, e-mail addresses and account numbers out of the text. Lenders will read it."
    )


class TooManyLoans(Refused):
    """As many running loans as one person may have."""

    code = "too_many_loans"
    default_message = gettext_lazy("You are paying back as many loans as one person can have here.")


class ExposureCap(Refused):
    """Owing and asking together pass the cap for one person."""

    code = "exposure_cap"


def create_draft(
    *,
    borrower: User,
    product: LoanProduct,
    amount: int,
    term_months: int,
    actor: User | None,
    today: dt.date,
    **fields: Any,
) -> Loan:
    """Start an application of `amount` minor units over `term_months`.

    Raises BorrowersOnly, OpenApplicationExists, ProductNotOffered, AmountNotOffered, TermNotOffered,
    ContactDetailsInText.
    """
    return run_money(lambda: _create_draft(borrower, product, amount, term_months, actor, today, fields))


def _create_draft(
    borrower: User,
    product: LoanProduct,
    amount: int,
    term_months: int,
    actor: User | None,
    today: dt.date,
    fields: Mapping[str, Any],
) -> Loan:
    if borrower.role != Role.BORROWER or (actor is not None and actor.pk != borrower.pk):
        raise BorrowersOnly
    earlier = Loan.objects.filter(open_application_of=borrower.pk).first()
    if earlier is not None:
        raise OpenApplicationExists(reference=earlier.reference)
    loan = Loan(
        reference=new_reference("LN"),
        borrower=borrower,
        product=product,
        open_application_of=borrower.pk,
        requested_amount=amount,
        principal=amount,
        term_months=term_months,
    )
    _set_draft_fields(loan, fields)
    loan.save(force_insert=True)
    record_step(loan, "created", actor=actor, data={"business_date": today.isoformat()})
    return loan


def update_draft(*, loan_id: int, fields: Mapping[str, Any], actor: User | None) -> Loan:
    """Save answers of a draft. Raises NotYourLoan, InvalidTransition when it was sent, and what create_draft raises."""

    def update() -> Loan:
        loan = lock_guard(Loan.objects.filter(pk=loan_id))
        require_borrower(loan, actor)
        if loan.status != LoanStatus.DRAFT:
            raise InvalidTransition(status=loan.status, event="edit")
        _set_draft_fields(loan, fields)
        loan.save(update_fields=[*fields, "principal", "updated_at"])
        return loan

    return run_money(update)


def _set_draft_fields(loan: Loan, fields: Mapping[str, Any]) -> None:
    unknown = set(fields) - DRAFT_FIELDS
    if unknown:
        raise TypeError(f"Not fields of a draft: {sorted(unknown)}.")
    for name, value in fields.items():
        setattr(loan, name, value)
    loan.principal = loan.requested_amount
    check_product_limits(loan.product, loan.requested_amount, loan.term_months)
    if has_contact_details(loan.title) or has_contact_details(loan.story):
        raise ContactDetailsInText


def check_product_limits(product: LoanProduct, amount: int, term_months: int) -> None:
    """Raises ProductNotOffered, AmountNotOffered, TermNotOffered, with the limits."""
    if not product.is_offered:
        raise ProductNotOffered
    if not product.min_amount <= amount <= product.max_amount or amount % product.amount_step:
        message = _("Enter an amount from %(low)s to %(high)s in steps of %(step)s.") % {
            "low": format_money(product.min_amount),
            "high": format_money(product.max_amount),
            "step": format_money(product.amount_step),
        }
        raise AmountNotOffered(message, minimum=product.min_amount, maximum=product.max_amount)
    if not product.min_term_months <= term_months <= product.max_term_months:
        message = _("Choose from %(low)s to %(high)s months.") % {
            "low": product.min_term_months,
            "high": product.max_term_months,
        }
        raise TermNotOffered(message, minimum=product.min_term_months, maximum=product.max_term_months)


@once(model=Loan, operation="loans.submit_application")
def submit_application(*, loan_id: int, actor: User | None, idempotency_key: str, today: dt.date) -> Loan:
    """Send the application: limits, affordability and score are checked and frozen; some are declined at once.

    Raises NotYourLoan, InvalidTransition, the refusals of the gate for applying, ApplicationIncomplete, TooManyLoans,
    ExposureCap and what create_draft raises. A decline by rule is no refusal: the loan comes back as REJECTED with
    its reasons.
    """
    loan = lock_current_loan(loan_id, today)
    require_borrower(loan, actor)
    require_state(loan, LoanEvent.SUBMIT)
    require_may(loan.borrower, Action.APPLY)
    missing = [name for name in NEEDED_FIELDS if getattr(loan, name) in ("", None)]
    if missing:
        raise ApplicationIncomplete(fields=missing)
    check_product_limits(loan.product, loan.requested_amount, loan.term_months)
    rules = platform_rules()
    _check_exposure(loan, rules.max_active_loans, rules.borrower_total_cap)
    outcome = assess(loan, rules, today=today)
    move_loan(loan, LoanEvent.SUBMIT, actor=actor, today=today, submitted_at=clock.now())
    freeze_assessment(loan, outcome, today=today)
    if outcome.decline_reasons:
        codes = [reason.value for reason in outcome.decline_reasons]
        move_loan(loan, LoanEvent.REJECT, actor=None, today=today, reason=", ".join(codes), decline_reasons=codes)
        notify_declined(loan)
    else:
        notify_application_sent(loan)
    return loan


def _check_exposure(loan: Loan, max_active_loans: int, total_cap: int) -> None:
    running = Loan.objects.filter(borrower_id=loan.borrower_id, status__in=LoanStatus.owing())
    if running.count() >= max_active_loans:
        raise TooManyLoans(maximum=max_active_loans)
    owed = running.aggregate(owed=Sum("principal_outstanding"))["owed"] or 0
    if owed + loan.principal > total_cap:
        message = _("You can owe at most %(cap)s here and you owe %(owed)s now. Ask for %(room)s or less.") % {
            "cap": format_money(total_cap),
            "owed": format_money(owed),
            "room": format_money(max(total_cap - owed, 0)),
        }
        raise ExposureCap(message, maximum=max(total_cap - owed, 0))


@once(model=Loan, operation="loans.withdraw_application")
def withdraw_application(*, loan_id: int, actor: User | None, idempotency_key: str, today: dt.date) -> Loan:
    """Take the application back at any time before the pay-out, free of charge; reserved money returns to lenders.

    Raises NotYourLoan, InvalidTransition.
    """
    loan = lock_current_loan(loan_id, today)
    require_borrower(loan, actor)
    return end_funding(loan, LoanEvent.WITHDRAW, actor=actor, today=today, reason="withdrawn by the borrower")
