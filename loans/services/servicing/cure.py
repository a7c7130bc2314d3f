"""Cure of a default: the loan goes on by its plan when all that was late is paid."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from accounts.models import User
from loans.account.balances import REPLACED_COLUMNS, replace_rows
from loans.account.restructure import CureFigure, cure_figure, new_rows, replaced_rows
from loans.account.state import finance_terms, live_instalments
from loans.account.terms import LoanTerms
from loans.enums.loan import LoanEvent, LoanStatus
from loans.finance.restructure import relevel_lines
from loans.models import DefaultNotice, Instalment, Loan, ScheduleVersion
from loans.selectors.collections import open_default
from loans.services.notices.collections import notify_cured
from loans.services.servicing.state import move_with_columns, store_version
from p2plending.lib.database.transactions import require_transaction
from p2plending.lib.errors import required
from p2plending.lib.rules.values import platform_rules


def cure_if_paid(loan: Loan, *, actor: User | None, today: dt.date) -> bool:
    """Bring a loan in default back on plan when all that was late is paid; says whether it did.

    What is left is levelled anew over the due dates of the old plan that are still to come, as the next schedule
    version. Nothing happens when the platform's setting says so. Call under the loan's guard, after a payment.
    """
    require_transaction()
    if loan.status != LoanStatus.DEFAULTED or not platform_rules().allow_cure:
        return False
    figure = current_cure(loan, today)
    if figure is None or figure.amount:
        return False
    default = required(open_default(loan), "default")
    rows = live_instalments(loan)
    unpaid = [row for row in rows if row.total_unpaid]
    balance = sum(row.principal_unpaid for row in unpaid)
    kept = [row for row in rows if not row.total_unpaid]
    replace_rows(unpaid, loan.schedule_version + 1)
    Instalment.objects.bulk_update(unpaid, REPLACED_COLUMNS)
    terms = finance_terms(loan, LoanTerms.from_json(loan.frozen_terms))
    lines = relevel_lines(terms, balance, today, figure.dates, max((row.number for row in kept), default=0) + 1)
    added = new_rows(loan, lines, loan.schedule_version + 1)
    store_version(loan, _("Back on plan"), added, actor=actor, today=today)
    default.cured_on = today
    default.save(update_fields=["cured_on"])
    move_with_columns(loan, LoanEvent.CURE, actor=actor, today=today)
    notify_cured(loan, default)
    return True


def current_cure(loan: Loan, today: dt.date) -> CureFigure | None:
    """What must be paid for the loan to go on by its plan; None when it is not in default or its plan has ended."""
    default = open_default(loan)
    if default is None:
        return None
    # A default after the last due date replaced no plan: the number then is that of a plan which something else made.
    made = ScheduleVersion.objects.filter(
        loan=loan, number=default.schedule_version, starts_on=default.declared_on, repayment__isnull=True
    )
    if not made.exists():
        return None
    return cure_figure(live_instalments(loan), replaced_rows(loan, default.schedule_version), today)


def end_notice(loan: Loan, today: dt.date) -> None:
    """End the loan's notice, if one is out: paid, overtaken, or followed by the default. Call under the guard."""
    DefaultNotice.objects.filter(open_key=loan.pk).update(ended_on=today, open_key=None)
