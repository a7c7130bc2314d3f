"""The way into default: the notice that makes all of it due, and the default itself."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy as _

from adminpanel.forms.collections import DefaultForm, NoticeForm
from adminpanel.views.lending.actions.base import Call, CaseAction, Figures, is_late
from loans.enums.collections import DefaultCause
from loans.enums.permissions import WORK_COLLECTIONS
from loans.models import Loan
from loans.services.collections.default import declare_default, send_default_notice
from loans.services.collections.write_off import preview_write_off


def owed_figures(call: Call) -> Figures:
    """All that the loan owes today, part by part."""
    owed = preview_write_off(call.loan, call.today)
    return [
        (_("Principal"), owed.principal),
        (_("Interest up to today"), owed.interest),
        (_("Late fees"), owed.late_fee),
        (_("Owed in all"), owed.total),
        (_("Interest to come that is no longer charged"), owed.interest_to_come),
    ]


class SendDefaultNotice(CaseAction):
    """Tell the borrower that all of it becomes due unless what is late is paid in time."""

    slug = "notice"
    label = _("Send the default notice")
    submit = _("Check the notice")
    done = _("Notice sent.")
    permission = WORK_COLLECTIONS
    form_class = NoticeForm

    def applies(self, loan: Loan, today: dt.date) -> bool:
        return is_late(loan)

    def figures(self, call: Call) -> Figures:
        owed = preview_write_off(call.loan, call.today)
        return [(_("Late now"), call.loan.arrears_amount), (_("Becomes due in 14 days"), owed.total)]

    def run(self, call: Call) -> object:
        return send_default_notice(loan_id=call.loan.pk, **call.common)


class DeclareDefault(CaseAction):
    """Declare the default: all of it is due."""

    slug = "default"
    label = _("Declare the default")
    submit = _("Check the default")
    done = _("In default. Everybody is told.")
    permission = WORK_COLLECTIONS
    form_class = DefaultForm
    danger = True

    def applies(self, loan: Loan, today: dt.date) -> bool:
        return is_late(loan)

    def figures(self, call: Call) -> Figures:
        return owed_figures(call)

    def run(self, call: Call) -> object:
        cause = DefaultCause(call.cleaned["cause"])
        return declare_default(loan_id=call.loan.pk, cause=cause, note=call.cleaned["note"], **call.common)
