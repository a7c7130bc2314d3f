"""Default: notice at least 14 days before, then the whole balance is due; cured when what was late is paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.services.idempotency import once
from loans.account.accrual import oldest_unpaid_due_date
from loans.account.balances import outstanding_balance
from loans.account.state import live_instalments
from loans.account.terms import LoanTerms
from loans.enums.collections import NOTICE_DAYS, DefaultCause
from loans.enums.loan import LoanEvent
from loans.enums.permissions import WORK_COLLECTIONS
from loans.models import DefaultNotice, Instalment, Loan, LoanDefault
from loans.selectors.collections import open_help
from loans.services.approvals.permissions import require_loan_permission
from loans.services.collections.acceleration import accelerate
from loans.services.notices.collections import notify_default, notify_default_notice
from loans.services.servicing.cure import end_notice
from loans.services.servicing.lifecycle import record_step, require_state
from loans.services.servicing.locking import lock_owing_loan
from loans.services.servicing.state import move_with_columns
from p2plending.lib.database.references import new_reference
from p2plending.lib.errors import Refused


class NotLateEnough(Refused):
    """The loan is on time, or still in its days of grace, or not late for as long as its terms say."""

    code = "not_late_enough"
    status = 409
    default_message = gettext_lazy("This loan is not late for long enough.")


class CollectionsPaused(Refused):
    """The borrower has asked for help and waits for an answer."""

    code = "collections_paused"
    status = 409
    default_message = gettext_lazy("The borrower has asked for help. Answer that first.")


class NoticeMissing(Refused):
    """No notice, or the days that it gives are not over."""

    code = "notice_missing"
    status = 409
    default_message = gettext_lazy("Send the notice first and wait until the day it names is over.")


class NoticeSent(Refused):
    """A notice about this lateness is out already."""

    code = "notice_sent"
    status = 409
    default_message = gettext_lazy("A notice about this was sent already.")


def valid_notice(loan: Loan, rows: Sequence[Instalment]) -> DefaultNotice | None:
    """The notice that is about today's lateness: sent after the oldest unpaid payment fell due. Paying ends it."""
    since = oldest_unpaid_due_date(rows)
    notice = DefaultNotice.objects.filter(open_key=loan.pk).first()
    return notice if notice is not None and since is not None and notice.sent_on > since else None


@once(model=DefaultNotice, operation="loans.send_default_notice")
def send_default_notice(*, loan_id: int, actor: User | None, idempotency_key: str, today: dt.date) -> DefaultNotice:
    """Tell the borrower that the whole loan becomes due unless what is late is paid or agreed within 14 days.

    Raises StaffOnly, MissingPermission, OwnLoan, LoanNotOwing, InvalidTransition, NotLateEnough (days of grace not
    over), CollectionsPaused, NoticeSent.
    """
    loan = lock_owing_loan(loan_id, today)
    require_loan_permission(actor, WORK_COLLECTIONS, loan)
    require_state(loan, LoanEvent.DEFAULT)
    _require_not_paused(loan)
    terms = LoanTerms.from_json(loan.frozen_terms)
    if loan.days_past_due <= terms.grace_days:
        raise NotLateEnough(days_past_due=loan.days_past_due, more_than=terms.grace_days)
    rows = live_instalments(loan)
    if valid_notice(loan, rows) is not None:
        raise NoticeSent
    end_notice(loan, today)
    notice = DefaultNotice.objects.create(
        reference=new_reference("DN"),
        loan=loan,
        arrears=loan.arrears_amount,
        total=outstanding_balance(rows, today).total,
        sent_on=today,
        pay_by=today + dt.timedelta(days=NOTICE_DAYS),
        open_key=loan.pk,
        actor=actor,
    )
    data = {"notice": notice.reference, "arrears": notice.arrears, "pay_by": str(notice.pay_by)}
    record_step(loan, "default_notice", actor=actor, data=data)
    notify_default_notice(loan, notice)
    return notice


@once(model=LoanDefault, operation="loans.declare_default")
def declare_default(
    *, loan_id: int, cause: DefaultCause, note: str, actor: User | None, idempotency_key: str, today: dt.date
) -> LoanDefault:
    """Declare the default: everything is due now, interest to come and further late fees are not charged.

    After bankruptcy or fraud the loan needn't be late for the days of its terms; the notice is always needed.
    Raises StaffOnly, MissingPermission, OwnLoan, LoanNotOwing, InvalidTransition, NotLateEnough, CollectionsPaused,
    NoticeMissing.
    """
    loan = lock_owing_loan(loan_id, today)
    require_loan_permission(actor, WORK_COLLECTIONS, loan)
    require_state(loan, LoanEvent.DEFAULT)
    _require_not_paused(loan)
    terms = LoanTerms.from_json(loan.frozen_terms)
    if cause == DefaultCause.DAYS_LATE and loan.days_past_due <= terms.default_after_days:
        raise NotLateEnough(days_past_due=loan.days_past_due, more_than=terms.default_after_days)
    rows = live_instalments(loan)
    notice = valid_notice(loan, rows)
    if notice is None or today <= notice.pay_by:
        raise NoticeMissing(pay_by=notice.pay_by if notice else None)
    owed = outstanding_balance(rows, today)
    accelerate(loan, reason=_("In default: everything is due"), actor=actor, today=today)
    default = LoanDefault.objects.create(
        loan=loan,
        cause=cause,
        note=note,
        declared_on=today,
        schedule_version=loan.schedule_version,
        principal=owed.principal,
        interest=owed.interest,
        late_fee=owed.late_fee,
        interest_removed=owed.interest_to_come,
        actor=actor,
    )
    end_notice(loan, today)
    move_with_columns(loan, LoanEvent.DEFAULT, actor=actor, today=today, reason=note or str(DefaultCause(cause).label))
    notify_default(loan, default)
    return default


def _require_not_paused(loan: Loan) -> None:
    if open_help(loan) is not None:
        raise CollectionsPaused
