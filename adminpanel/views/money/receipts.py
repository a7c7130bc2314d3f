"""Money that people say to have sent, whatever for: staff found it on our account, or did not."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.selectors.people import waiting_about
from adminpanel.forms.decisions import ConfirmMoneyForm, NotFoundForm
from adminpanel.views.pages import Decision, asked_words
from adminpanel.views.rows import QueuePages, Step
from ledger.enums.books import DepositStatus
from ledger.models import Deposit
from loans.enums.loan import RepaymentStatus
from loans.models import Repayment
from p2plending.lib import clock
from p2plending.lib.web.actions import who_and_when
from p2plending.lib.web.decorators import View
from p2plending.lib.web.requests import AuthenticatedRequest

Receipt = TypeVar("Receipt", Deposit, Repayment)


class ReceiptPages(QueuePages[Receipt]):
    """What waits to be found, and the two decisions about it."""

    # The states of the rows: one is declared until it is found.
    states: ClassVar[type[DepositStatus | RepaymentStatus]]
    # Who may decide.
    duty: ClassVar[str]
    # The words of the button, and what is said after each decision, with `reference`.
    confirm_words: ClassVar[str | Promise]
    confirmed_words: ClassVar[str | Promise]
    rejected_words: ClassVar[str | Promise]

    def declared_on(self, row: Receipt) -> dt.date:
        """The day on which the person says to have sent it."""
        raise NotImplementedError

    def confirm_it(self, row: Receipt, *, value_date: dt.date, **who: Any) -> Receipt:
        """The service call when it was found: the row as it is then. Raises what was refused."""
        raise NotImplementedError

    def reject_it(self, row: Receipt, *, note: str, **who: Any) -> object:
        """The service call when it was not. Raises what was refused."""
        raise NotImplementedError

    def confirm_view(self) -> View:
        """The view of a POST: it was found. A large sum waits for a second person first."""
        return self.decision("confirm", self.duty)(self._confirm)

    def reject_view(self) -> View:
        """The view of a POST: it was not found."""
        return self.decision("reject", self.duty)(self._reject)

    def _confirm(self, request: AuthenticatedRequest, row: Receipt) -> Step:
        def words(found: Any) -> str:
            if found.status == self.states.CONFIRMED:
                return self.confirmed_words % {"reference": row.reference}
            return asked_words()

        return Step(
            self._confirm_form(row, request.POST),
            lambda told: self.confirm_it(row, value_date=told["value_date"], **who_and_when(request, told)),
            words,
        )

    def _reject(self, request: AuthenticatedRequest, row: Receipt) -> Step:
        return Step(
            NotFoundForm(request.POST, auto_id="reject_%s"),
            lambda told: self.reject_it(row, note=told["note"], **who_and_when(request, told)),
            self.rejected_words % {"reference": row.reference},
        )

    def shown(self, request: AuthenticatedRequest, row: Receipt) -> dict[str, Any]:
        return {"waiting_second": waiting_about(self.subject, row.reference).first()}

    def offered(self, request: AuthenticatedRequest, row: Receipt, shown: dict[str, Any]) -> list[Decision]:
        if shown["is_own"] or row.status != self.states.DECLARED or not request.user.has_perm(self.duty):
            return []
        reject = Decision(
            "reject",
            _("We could not find it"),
            _("Mark as not found"),
            self.address(row, f"{self.page_name}_reject"),
            NotFoundForm(auto_id="reject_%s"),
            danger=True,
        )
        if shown["waiting_second"]:
            return [reject]
        path = self.address(row, f"{self.page_name}_confirm")
        form = self._confirm_form(row)
        return [Decision("confirm", _("The money arrived"), str(self.confirm_words), path, form), reject]

    def _confirm_form(self, row: Receipt, data: Any = None) -> ConfirmMoneyForm:
        today = clock.business_date()
        return ConfirmMoneyForm(data, today=today, declared_on=self.declared_on(row), auto_id="confirm_%s")
