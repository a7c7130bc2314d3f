"""Lenders' money on its way into a loan: reserve and take back. Never more than the loan needs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.selectors.eligibility import Action, require_may
from accounts.services.audit import record_about
from accounts.services.idempotency import once
from ledger.enums.books import EntryKind
from ledger.services.posting import InsufficientBalance, post_entry
from loans.account.terms import LoanTerms
from loans.enums.loan import CommitmentSource, CommitmentStatus, LoanEvent, LoanStatus
from loans.journal.funding import reserve_lines
from loans.models import Commitment, Loan
from loans.selectors.exposure_limits import headroom_of
from loans.services.funding.agreement import prepare_agreement
from loans.services.notices.origination import notify_funded, notify_reserved
from loans.services.servicing.lifecycle import move_loan
from loans.services.servicing.locking import lock_current_loan
from loans.services.servicing.release_commitments import post_release
from p2plending.lib.database.references import new_reference
from p2plending.lib.errors import InvalidTransition, NotPermitted, Refused
from p2plending.lib.formatting import format_money
from p2plending.lib.rules.values import PlatformRules, platform_rules


class LoanNotOpen(Refused):
    """Filled, ended, taken back or not open yet; the message says which."""

    code = "loan_not_open"
    status = 409
    default_message = gettext_lazy("This loan is not open for lending. No money has moved.")


_FROZEN = gettext_lazy("This loan is being looked into, so nobody can lend to it now. No money has moved.")
_FILLED = gettext_lazy("This loan was filled while you were deciding. No money has moved.")
_ENDED = gettext_lazy("The time for lending to this loan has ended. No money has moved.")
WHY_NOT_OPEN = {
    LoanStatus.PARTIAL_OFFER: _ENDED,
    LoanStatus.EXPIRED: _ENDED,
    LoanStatus.WITHDRAWN: gettext_lazy("The borrower has taken this loan back. No money has moved."),
    LoanStatus.CANCELLED: gettext_lazy("We have taken this loan off the marketplace. No money has moved."),
    **dict.fromkeys((LoanStatus.FUNDED, *LoanStatus.disbursed()), _FILLED),
}


class OwnLoan(NotPermitted):
    """Nobody lends to themselves."""

    code = "own_loan"
    default_message = gettext_lazy("You can't lend to your own loan.")


class NotYourCommitment(NotPermitted):
    """Somebody else's reservation, or lending in somebody else's name."""

    code = "not_your_commitment"
    default_message = gettext_lazy("Only the lender whose money it is can do this.")


class BelowMinimum(Refused):
    """Less than the smallest amount, unless it is all that is left."""

    code = "below_minimum"


class NotAStep(Refused):
    """Not a multiple of the step, unless it is all that is left."""

    code = "not_a_step"


class MoreThanRemaining(Refused):
    """More than the loan still needs."""

    code = "more_than_remaining"
    status = 409


class LoanShareCap(Refused):
    """Too large a part of one loan in one hand."""

    code = "loan_share_cap"


class BorrowerCap(Refused):
    """Too much with one borrower."""

    code = "borrower_cap"


class TotalCap(Refused):
    """Too much lent in total."""

    code = "total_cap"


@once(model=Commitment, operation="loans.place_commitment", besides=("source",))
def place_commitment(
    *,
    loan_id: int,
    lender: User,
    amount: int,
    actor: User | None,
    idempotency_key: str,
    today: dt.date,
    source: CommitmentSource = CommitmentSource.MANUAL,
) -> Commitment:
    """Reserve `amount` (minor units) of the lender's wallet for the loan; the last part fills it and ends funding.

    `actor` is the lender, or None for an auto-invest rule. Raises LoanNotOpen, OwnLoan, NotYourCommitment, the
    refusals of the gate for lending, MoreThanRemaining, BelowMinimum, NotAStep, LoanShareCap, BorrowerCap, TotalCap,
    InsufficientBalance. Nothing is reserved when it raises.
    """
    loan = lock_current_loan(loan_id, today)
    if actor is not None and actor.pk != lender.pk:
        raise NotYourCommitment
    if loan.borrower_id == lender.pk:
        raise OwnLoan
    require_may(lender, Action.LEND)
    if loan.is_frozen:
        raise LoanNotOpen(str(_FROZEN), loan_status=loan.status)
    if loan.status != LoanStatus.LISTED:
        raise LoanNotOpen(str(WHY_NOT_OPEN.get(LoanStatus(loan.status), "")), loan_status=loan.status)
    _check_amount(loan, lender, amount, platform_rules())
    reference = new_reference("CM")
    _reserve(loan, lender, amount, reference, actor, today)
    is_first = not loan.commitments.filter(lender=lender, status__in=CommitmentStatus.holding()).exists()
    commitment = Commitment.objects.create(
        reference=reference, loan=loan, lender=lender, amount=amount, source=source, committed_on=today
    )
    loan.funded_amount += amount
    loan.lender_count += is_first
    _record(commitment, "reserved", actor, {"amount": amount, "source": source})
    notify_reserved(commitment)
    if loan.funded_amount == loan.principal:
        fill_loan(loan, LoanEvent.FILL, actor=actor, today=today)
    else:
        loan.save(update_fields=["funded_amount", "lender_count", "updated_at"])
    return commitment


def _check_amount(loan: Loan, lender: User, amount: int, rules: PlatformRules) -> None:
    room = headroom_of(loan, lender, rules)
    if amount > room.remaining:
        message = _("Only %(left)s is left. Enter that amount or less.") % {"left": format_money(room.remaining)}
        raise MoreThanRemaining(message, remaining=room.remaining)
    if amount != room.remaining:
        if amount < rules.min_commitment:
            message = _("Enter %(low)s or more.") % {"low": format_money(min(rules.min_commitment, room.remaining))}
            raise BelowMinimum(message, minimum=min(rules.min_commitment, room.remaining))
        if amount % rules.commitment_step:
            message = _("Enter an amount in steps of %(step)s.") % {"step": format_money(rules.commitment_step)}
            raise NotAStep(message, step=rules.commitment_step)
    if amount > room.loan_share:
        message = _("You can lend at most %(cap)s to this loan, and %(room)s more.") % {
            "cap": format_money(room.loan_share + _held(loan, lender)),
            "room": format_money(max(room.loan_share, 0)),
        }
        raise LoanShareCap(message, maximum=max(room.loan_share, 0))
    if amount > room.with_borrower:
        message = _("You can lend at most %(cap)s to one borrower, and %(room)s more.") % {
            "cap": format_money(rules.lender_borrower_cap),
            "room": format_money(max(room.with_borrower, 0)),
        }
        raise BorrowerCap(message, maximum=max(room.with_borrower, 0))
    if room.total is not None and amount > room.total:
        message = _("You can lend at most %(cap)s in total, and %(room)s more.") % {
            "cap": format_money(rules.lender_total_cap),
            "room": format_money(max(room.total, 0)),
        }
        raise TotalCap(message, maximum=max(room.total, 0))


def _held(loan: Loan, lender: User) -> int:
    amounts = loan.commitments.filter(lender=lender, status__in=CommitmentStatus.holding())
    return sum(amounts.values_list("amount", flat=True))


def _reserve(loan: Loan, lender: User, amount: int, reference: str, actor: User | None, today: dt.date) -> None:
    try:
        post_entry(
            kind=EntryKind.COMMIT_RESERVE,
            key=f"reserve:{reference}",
            value_date=today,
            lines=reserve_lines(lender.pk, amount),
            actor=actor,
            narrative=f"Reserved for {loan.reference}",
            subject_type="loan",
            subject_reference=loan.reference,
            actor_label="" if actor else "system:auto-invest",
        )
    except InsufficientBalance as error:
        available = amount - error.context["missing"]
        message = _("You have %(available)s available. Add money or lend less.") % {
            "available": format_money(available)
        }
        raise InsufficientBalance(message, available=available) from error


def fill_loan(loan: Loan, event: LoanEvent, *, actor: User | None, today: dt.date, **fields: Any) -> Loan:
    """The loan has all its money: freeze the agreement for signing. Call under the loan's guard."""
    signing_days = LoanTerms.from_json(loan.frozen_terms).signing_days
    move_loan(
        loan,
        event,
        actor=actor,
        today=today,
        funded_amount=loan.funded_amount,
        lender_count=loan.lender_count,
        funded_on=today,
        signing_ends_on=today + dt.timedelta(days=signing_days),
        **fields,
    )
    prepare_agreement(loan)
    notify_funded(loan)
    return loan


@once(model=Commitment, operation="loans.withdraw_commitment")
def withdraw_commitment(*, commitment_id: int, actor: User | None, idempotency_key: str, today: dt.date) -> Commitment:
    """Take reserved money back while the loan is open for funding.

    Raises NotYourCommitment, InvalidTransition when the loan is funded or the reservation has ended.
    """
    loan_id = Commitment.objects.values_list("loan_id", flat=True).get(pk=commitment_id)
    loan = lock_current_loan(loan_id, today)
    commitment = Commitment.objects.select_related("lender").get(pk=commitment_id)
    if actor is None or actor.pk != commitment.lender_id:
        raise NotYourCommitment
    if loan.status != LoanStatus.LISTED or commitment.status != CommitmentStatus.RESERVED:
        raise InvalidTransition(status=commitment.status, event="withdraw", loan_status=loan.status)
    post_release(loan, [commitment], actor, today, key=f"release:{commitment.reference}")
    commitment.status = CommitmentStatus.WITHDRAWN
    commitment.ended_on = today
    commitment.save(update_fields=["status", "ended_on", "updated_at"])
    loan.funded_amount -= commitment.amount
    loan.lender_count -= not _held(loan, commitment.lender)
    loan.save(update_fields=["funded_amount", "lender_count", "updated_at"])
    _record(commitment, "withdrawn", actor, {"amount": commitment.amount})
    return commitment


def _record(commitment: Commitment, action: str, actor: User | None, data: dict[str, Any]) -> None:
    record_about(commitment, action, actor, data=data, actor_label="" if actor else "system:auto-invest")
