"""Money that still comes after a loan was written off or settled: our fee first, the rest by the principal lost."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from django.db.models import F, OuterRef, Subquery, Sum
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import Role
from accounts.models import User
from accounts.services.idempotency import once
from ledger.enums.books import EntryKind
from ledger.models import JournalEntry
from ledger.services.closed_period import require_open_period
from ledger.services.large_sums import require_below_ceiling
from ledger.services.posting import post_entry
from loans.account.terms import LoanTerms
from loans.enums.loan import LoanEvent, LoanStatus, RepaymentMethod
from loans.enums.permissions import RECORD_RECOVERIES
from loans.journal.collections import recovery_lines
from loans.models import Loan, LoanLoss, Note, Recovery, RecoveryShare
from loans.services.approvals.large_payments import require_for_one
from loans.services.approvals.permissions import require_loan_permission
from loans.services.notices.collections import notify_recovered
from loans.services.repayments.record import AmountTooSmall, DateInFuture, WalletPaysToday
from loans.services.servicing.lifecycle import NotYourLoan, move_loan
from loans.services.servicing.locking import lock_current_loan
from p2plending.lib import clock
from p2plending.lib.database.bulk import insert_rows
from p2plending.lib.database.references import new_reference
from p2plending.lib.errors import Refused, required
from p2plending.lib.formatting import format_day, format_money
from p2plending.lib.money import percent_of, split_by_ratio

SHARE_COLUMNS = ("recovery_id", "note_id", "weight", "amount")


class NothingLost(Refused):
    """Recoveries come after a loss; before it, money is a payment."""

    code = "nothing_lost"
    status = 409
    default_message = _("This loan was not written off or settled. Record the money as a payment.")


class MoreThanLost(Refused):
    """No more can be recovered than was lost."""

    code = "more_than_lost"
    default_message = _("That is more than what is still missing on this loan.")


class BeforeLoss(Refused):
    """A recovery can't be older than the loss; money from before it was a payment."""

    code = "before_loss"
    default_message = _("The date of a recovery can't be before the loss.")


@dataclasses.dataclass(frozen=True, slots=True)
class RecoveryPreview:
    """A recovery run dry, in minor units: our fee, and each note with its weight and share."""

    amount: int
    fee: int
    shares: Sequence[tuple[Note, int]]

    @property
    def to_lenders(self) -> int:
        return self.amount - self.fee


def missing_amount(loan: Loan) -> int:
    """What was lost on the loan and not recovered since, in minor units."""
    recovered = Recovery.objects.filter(loan=loan, undone_on=None).aggregate(total=Sum("amount"))["total"] or 0
    return LoanLoss.objects.get(open_key=loan.pk).total - recovered


def preview_recovery(*, loan_id: int, amount: int) -> RecoveryPreview:
    """How `amount` minor units would be shared: the posting's own figures, nothing written.

    Raises NothingLost, AmountTooSmall, MoreThanLost.
    """
    return _plan(Loan.objects.get(pk=loan_id), amount)


@once(model=Recovery, operation="loans.record_recovery")
def record_recovery(
    *,
    loan_id: int,
    amount: int,
    method: RepaymentMethod,
    value_date: dt.date,
    bank_reference: str = "",
    actor: User | None,
    idempotency_key: str,
    today: dt.date,
) -> Recovery:
    """Take `amount` minor units after a loss and pass it on (rule RCV).

    The fee is the product's share of what is recovered, as frozen on the loan, rounded half-up. The rest goes to the
    notes by the principal that each lost, by largest remainder (ties: the oldest note). Staff enter money that arrived;
    the borrower pays from the wallet, today. Raises NothingLost, AmountTooSmall, AboveCeiling, TwoPeopleNeeded,
    MoreThanLost, DateInFuture, BeforeLoss, PeriodClosed, WalletPaysToday, NotYourLoan, MissingPermission, OwnLoan,
    InsufficientBalance.
    """
    loan = lock_current_loan(loan_id, today)
    _require_payer(loan, method, actor)
    require_for_one(loan.borrower, amount, actor=actor, today=today)
    return enter_recovery(loan, amount, method, value_date, bank_reference, actor=actor, today=today)


def enter_recovery(
    loan: Loan,
    amount: int,
    method: RepaymentMethod,
    value_date: dt.date,
    bank_reference: str,
    *,
    actor: User | None,
    today: dt.date,
) -> Recovery:
    """The steps of `record_recovery`. Call under the loan's guard, brought up to `today`."""
    plan = _plan(loan, amount)
    require_date(loan, method, value_date, today)
    reference = new_reference("RC")
    entry = _post(loan, plan, reference, method, value_date, actor)
    recovery = Recovery.objects.create(
        reference=reference,
        loan=loan,
        payer_id=loan.borrower_id,
        amount=amount,
        fee=plan.fee,
        method=method,
        value_date=value_date,
        bank_reference=bank_reference,
        entry=entry,
        entered_on=today,
        actor=actor,
    )
    _store_shares(recovery, plan)
    move_loan(loan, LoanEvent.RECOVER, actor=actor, today=today, reason=reference)
    notify_recovered(loan, recovery, [(note.owner, share) for note, share in plan.shares])
    return recovery


def _require_payer(loan: Loan, method: RepaymentMethod, actor: User | None) -> None:
    if actor is not None and actor.role == Role.STAFF and method == RepaymentMethod.DECLARED:
        require_loan_permission(actor, RECORD_RECOVERIES, loan)
    elif actor is None or actor.pk != loan.borrower_id or method != RepaymentMethod.WALLET:
        raise NotYourLoan


def require_date(loan: Loan, method: RepaymentMethod, value_date: dt.date, today: dt.date) -> None:
    """Raises DateInFuture, BeforeLoss, PeriodClosed, WalletPaysToday unless money of that day can be recovered."""
    if value_date > today:
        raise DateInFuture(today=today)
    if value_date < required(loan.closed_on, "closed_on"):
        raise BeforeLoss(
            _t("The loss was on %(day)s. The date of a recovery can't be before it.")
            % {"day": format_day(required(loan.closed_on, "closed_on"))},
            closed_on=loan.closed_on,
        )
    require_open_period(value_date)
    if method == RepaymentMethod.WALLET and value_date != today:
        raise WalletPaysToday(today=today)


def _plan(loan: Loan, amount: int) -> RecoveryPreview:
    if loan.status not in LoanStatus.lost():
        raise NothingLost(status=loan.status)
    if amount <= 0:
        raise AmountTooSmall
    require_below_ceiling(amount)
    missing = missing_amount(loan)
    if amount > missing:
        raise MoreThanLost(
            _t("%(missing)s is still missing on this loan. Enter that or less.") % {"missing": format_money(missing)},
            missing=missing,
        )
    fee = percent_of(amount, LoanTerms.from_json(loan.frozen_terms).collection_fee_rate)
    notes = list(Note.objects.filter(loan=loan, principal_lost__gt=0).select_related("owner").order_by("pk"))
    if not notes:
        # Only interest and fees were lost: they were owed by the principal that each note had.
        notes = list(Note.objects.filter(loan=loan).select_related("owner").order_by("pk"))
    shares = split_by_ratio(amount - fee, [note.principal_lost or note.principal for note in notes])
    return RecoveryPreview(amount, fee, list(zip(notes, shares, strict=True)))


def _post(
    loan: Loan, plan: RecoveryPreview, reference: str, method: RepaymentMethod, value_date: dt.date, actor: User | None
) -> JournalEntry:
    return post_entry(
        kind=EntryKind.RECOVERY,
        key=f"recovery:{reference}",
        value_date=value_date,
        lines=recovery_lines(
            loan.reference,
            loan.borrower_id,
            amount=plan.amount,
            fee=plan.fee,
            shares=[(note.owner_id, share) for note, share in plan.shares],
            from_wallet=method == RepaymentMethod.WALLET,
        ),
        actor=actor,
        narrative=f"Recovered on loan {loan.reference}",
        subject_type="recovery",
        subject_reference=reference,
    )


def _store_shares(recovery: Recovery, plan: RecoveryPreview) -> None:
    """The shares, and their sums on the notes: two statements for any number of them."""
    insert_rows(
        RecoveryShare,
        SHARE_COLUMNS,
        [(recovery.pk, note.pk, note.principal_lost or note.principal, share) for note, share in plan.shares],
    )
    share = RecoveryShare.objects.filter(recovery=recovery, note=OuterRef("pk")).values("amount")[:1]
    Note.objects.filter(pk__in=RecoveryShare.objects.filter(recovery=recovery).values("note")).update(
        recovered=F("recovered") + Subquery(share), updated_at=clock.now()
    )
