"""Waiving interest or a late fee of one instalment, in part or whole, for a reason."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.idempotency import once
from ledger.enums.books import EntryKind
from ledger.models import JournalEntry
from ledger.services.posting import post_entry
from loans.account.progressive import is_progressive
from loans.account.terms import LoanTerms
from loans.enums.loan import InstalmentStatus
from loans.enums.permissions import WAIVE_CHARGES
from loans.journal.collections import waiver_lines
from loans.models import Instalment, Loan, Waiver
from loans.services.approvals.permissions import require_loan_permission
from loans.services.notices.collections import notify_waived
from loans.services.servicing.bring_forward import bring_forward
from loans.services.servicing.lifecycle import record_step
from loans.services.servicing.locking import lock_owing_loan
from loans.services.servicing.state import close_if_nothing_is_owed, settled_status
from p2plending.lib.database.references import new_reference
from p2plending.lib.errors import Refused

WAIVED_COLUMNS = ("status", "interest_removed", "late_fee_removed", "interest_posted", "settled_on")


class NothingToWaive(Refused):
    """Both amounts are zero, or one is below it."""

    code = "nothing_to_waive"
    default_message = _("Enter how much interest or late fee to waive.")


class MoreThanOwed(Refused):
    """Only what is due and unpaid can be waived."""

    code = "more_than_owed"
    default_message = _("That is more than is due and unpaid on this payment.")


class ReasonMissing(Refused):
    """Nobody gives money away without saying why."""

    code = "reason_missing"
    default_message = _("Enter a reason.")


class WaiveTheCharge(Refused):
    """The plan follows the money, so what it asks for can't be lowered by hand; a charge can be taken away."""

    code = "waive_the_charge"
    status = 409
    default_message = _("The plan of this loan follows its payments. Waive one of its charges in place of this.")


class WrongInstalment(Refused):
    """The instalment is not one of this loan, or was replaced by another plan."""

    code = "wrong_instalment"
    status = 409
    default_message = _("This payment is not part of the plan any more. Open the page again.")


@once(model=Waiver, operation="loans.waive_charges")
def waive_charges(
    *,
    loan_id: int,
    instalment_id: int,
    interest: int,
    late_fee: int,
    reason: str,
    actor: User | None,
    idempotency_key: str,
    today: dt.date,
) -> Waiver:
    """Waive `interest` and `late_fee` (minor units) of an instalment that is due, up to what is unpaid (rule WAIVE).

    The last charge waived on a loan whose principal is paid closes it. Raises StaffOnly, MissingPermission, OwnLoan,
    LoanNotOwing, WaiveTheCharge, WrongInstalment, NothingToWaive, MoreThanOwed, ReasonMissing.
    """
    reason = reason.strip()
    loan = lock_owing_loan(loan_id, today)
    require_loan_permission(actor, WAIVE_CHARGES, loan)
    if is_progressive(loan, LoanTerms.from_json(loan.frozen_terms)):
        raise WaiveTheCharge
    if not reason:
        raise ReasonMissing
    row = _instalment(loan, instalment_id)
    _require_amounts(row, interest, late_fee, today)
    entry = _post(loan, row, interest, late_fee, actor, today)
    row.interest_removed += interest
    row.interest_posted -= interest
    row.late_fee_removed += late_fee
    if not row.total_unpaid:
        row.status, row.settled_on = settled_status(row), today
    row.save(update_fields=WAIVED_COLUMNS)
    waiver = Waiver.objects.create(
        reference=new_reference("WV"),
        loan=loan,
        instalment=row,
        interest=interest,
        late_fee=late_fee,
        reason=reason,
        waived_on=today,
        actor=actor,
        entry=entry,
    )
    data = {"waiver": waiver.reference, "interest": interest, "late_fee": late_fee, "payment": row.number}
    record_step(loan, "charges_waived", actor=actor, reason=reason, data=data)
    if not close_if_nothing_is_owed(loan, actor=actor, today=today):
        bring_forward(loan, today=today)
    notify_waived(loan, waiver)
    return waiver


def _instalment(loan: Loan, instalment_id: int) -> Instalment:
    row = Instalment.objects.filter(loan=loan, pk=instalment_id).exclude(status=InstalmentStatus.SUPERSEDED).first()
    if row is None:
        raise WrongInstalment
    return row


def _require_amounts(row: Instalment, interest: int, late_fee: int, today: dt.date) -> None:
    if min(interest, late_fee) < 0 or not interest + late_fee:
        raise NothingToWaive
    is_due = row.due_date <= today
    most_interest = row.interest_unpaid if is_due else 0
    if interest > most_interest or late_fee > row.late_fee_unpaid:
        raise MoreThanOwed(interest=most_interest, late_fee=row.late_fee_unpaid)


def _post(
    loan: Loan, row: Instalment, interest: int, late_fee: int, actor: User | None, today: dt.date
) -> JournalEntry:
    return post_entry(
        kind=EntryKind.WAIVER,
        key=f"waive:{loan.reference}:{row.schedule_version}:{row.number}:{loan.version}",
        value_date=today,
        lines=waiver_lines(loan.reference, interest=interest, late_fee=late_fee),
        actor=actor,
        narrative=f"Charges waived on payment {row.number} of loan {loan.reference}",
        subject_type="loan",
        subject_reference=loan.reference,
    )
