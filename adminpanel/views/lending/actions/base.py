"""What an action of the collections desk is: one class says who may, what is filled in and shown, and what it does."""

from __future__ import annotations

import abc
import dataclasses
import datetime as dt
from typing import Any, ClassVar

from django.utils.functional import Promise

from accounts.models import User
from adminpanel.forms.collections import StepForm
from loans.enums.loan import LoanStatus
from loans.models import Loan
from loans.selectors.charges import has_progressive_schedule

Figures = list[tuple[str | Promise, int]]


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """What an action is done with: the loan, what was filled in, who does it, and the day."""

    loan: Loan
    # Each action knows what its own form offers.
    form: Any
    actor: User
    today: dt.date

    @property
    def cleaned(self) -> dict[str, Any]:
        """What was filled in. Only of a valid form."""
        return self.form.cleaned_data

    @property
    def common(self) -> dict[str, Any]:
        """The arguments that every service takes."""
        return {"actor": self.actor, "idempotency_key": self.cleaned["form_key"], "today": self.today}

    def picked(self, *names: str) -> dict[str, Any]:
        """Some of what was filled in, under the names that its service gives it too."""
        return {name: self.cleaned[name] for name in names}


class CaseAction(abc.ABC):
    """One thing that staff can do about a loan in trouble.

    Its form is sent twice: the first time the check page shows the figures, the second time, from there, it is done.
    """

    # The last part of its address, and its name among the decisions of a case.
    slug: ClassVar[str]
    # What it is called, what stands on the button that leads to its check page, and what is said once it is done.
    label: ClassVar[str | Promise]
    submit: ClassVar[str | Promise]
    done: ClassVar[str | Promise]
    # Who may.
    permission: ClassVar[str]
    form_class: ClassVar[type[StepForm]]
    # Whether it takes something away that nobody can give back.
    danger: ClassVar[bool] = False

    @abc.abstractmethod
    def applies(self, loan: Loan, today: dt.date) -> bool:
        """Whether it is offered for this loan today. The service is asked again when it is sent."""

    def form(self, loan: Loan, today: dt.date, data: Any = None, **options: Any) -> StepForm:
        """Its form for this loan: empty, or with what was sent."""
        return self.form_class(data, **self.form_needs(loan, today, is_sent=data is not None), **options)

    def form_needs(self, loan: Loan, today: dt.date, *, is_sent: bool) -> dict[str, Any]:
        """What its form has to know: the day, or the rows to choose from."""
        return {}

    def figures(self, call: Call) -> Figures:
        """The amounts on the check page; none when no money moves. Raises what the service would refuse."""
        return []

    def preview(self, call: Call) -> dict[str, Any]:
        """The context of its check page: the figures, and whatever else shows what it changes. Raises as they do."""
        return {"figures": self.figures(call)}

    @abc.abstractmethod
    def run(self, call: Call) -> object:
        """Do it, with one service call. A request for a second person is given back; raises what was refused."""


def is_owing(loan: Loan) -> bool:
    """Whether the loan is still being paid back, or should be."""
    return loan.status in LoanStatus.owing()


def follows(loan: Loan) -> bool:
    """Whether it is being paid back and its plan follows the money: charges are rows of their own there."""
    return is_owing(loan) and has_progressive_schedule(loan)


def is_late(loan: Loan) -> bool:
    """Whether the loan is late and not yet in default."""
    return loan.status == LoanStatus.ACTIVE and loan.days_past_due > 0
