"""The pages of one kind of thing that staff decide about: the queue of what waits, one row of it, and its decisions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import wraps
from operator import attrgetter
from typing import Any, ClassVar, Generic, TypeVar

from django import forms
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise

from accounts.models import AuditEvent
from accounts.selectors.people import audit_trail
from adminpanel.permissions import permission_required
from adminpanel.views.pages import Decision, decide, desk_page, page_of, with_tried
from p2plending.lib import clock
from p2plending.lib.access import AccessRule
from p2plending.lib.web.decorators import View, get_only, post_only
from p2plending.lib.web.requests import AuthenticatedRequest

HISTORY_LENGTH = 20
Row = TypeVar("Row", bound=Model)


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One step with a row: its form as it was sent, the one service call, and what is said when it was done.

    It leads to wherever decisions about such rows lead, or, when it `stays`, to the row's own page. `check` is asked
    before the call, as in `run_action`.
    """

    form: forms.Form
    call: Callable[[dict[str, Any]], object]
    done: str | Callable[[Any], str]
    stays: bool = False
    check: Callable[[dict[str, Any]], HttpResponse | None] | None = None


class RowPages(Generic[Row]):
    """One row on its own page, with what staff may decide about it.

    A subclass says what the rows are. Who may is said where its views are made, one for each address.
    """

    # The name of its address and of its template, and what its audit trail is kept under.
    page_name: ClassVar[str]
    subject: ClassVar[str]
    # What an address names a row by; with a dot when that is told by another row.
    key: ClassVar[str] = "reference"
    # Who may see the rows, and what is read along with one.
    rule: ClassVar[AccessRule]
    related: ClassVar[tuple[str, ...]] = ()

    def rows(self, request: AuthenticatedRequest) -> QuerySet[Row]:
        """The rows that have a page for this member of staff."""
        rows = self.rule.visible_to(request.user)
        # Without a name, `select_related` would read everything that a row points to.
        return rows.select_related(*self.related) if self.related else rows

    def row(self, request: AuthenticatedRequest, key: str) -> Row:
        """One of them. Raises Http404."""
        return get_object_or_404(self.rows(request), **{self.key.replace(".", "__"): key})

    def key_of(self, row: Row) -> str:
        """What its address names a row by."""
        return attrgetter(self.key)(row)

    def address(self, row: Row, step: str = "") -> str:
        """The address of its page, or where one of its decisions is sent."""
        return reverse(f"admin:{step or self.page_name}", args=[self.key_of(row)])

    def is_own(self, request: AuthenticatedRequest, row: Row) -> bool:
        """Whether it is this member of staff's own, so that somebody else must decide."""
        raise NotImplementedError

    def shown(self, request: AuthenticatedRequest, row: Row) -> dict[str, Any]:
        """What its page shows besides, as context of the template. `offered` is given it too."""
        return {}

    def offered(self, request: AuthenticatedRequest, row: Row, shown: dict[str, Any]) -> list[Decision]:
        """What this member of staff may decide about it now; `shown` says besides whether it `is_own`."""
        raise NotImplementedError

    def choices(
        self, request: AuthenticatedRequest, row: Row, shown: dict[str, Any], tried: str, form: forms.Form | None
    ) -> dict[str, Any]:
        """What is offered, as context of the template, with the form that was just `tried` in its place."""
        return {"decisions": with_tried(self.offered(request, row, shown), tried, form)}

    def before_again(self, form: forms.Form, shown: dict[str, Any]) -> None:
        """Bring a form that was refused up to date with the page that it is shown on again."""

    def title(self, row: Row) -> str:
        """What its page is called."""
        return self.key_of(row)

    def history(self, request: AuthenticatedRequest, row: Row) -> QuerySet[AuditEvent] | None:
        """What was done about it, the latest first; None: not for this member of staff."""
        return audit_trail(self.subject, self.key_of(row))

    def page(
        self,
        request: AuthenticatedRequest,
        row: Row,
        tried: str = "",
        form: forms.Form | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """Its page, with the form that was just `tried` in its place and what was wrong about it."""
        shown = {"is_own": self.is_own(request, row), **self.shown(request, row)}
        if form is not None:
            self.before_again(form, shown)
        history = self.history(request, row)
        ctx = {
            "title": self.title(row),
            "row": row,
            **shown,
            **self.choices(request, row, shown, tried, form),
            "tried": tried,
            "failed": form,
            "history": history if history is None else history[:HISTORY_LENGTH],
        }
        return desk_page(request, self.page_name, ctx, status)

    def row_view(self, permission: str) -> View:
        """The view of a row's page, for staff with this permission."""

        @get_only
        @permission_required(permission)
        def view(request: AuthenticatedRequest, **address: str) -> HttpResponse:
            return self.page(request, self.row(request, *address.values()))

        return view

    def decision(self, name: str, permission: str) -> Callable[[Callable[[AuthenticatedRequest, Row], Step]], View]:
        """Make a view of what says the step that a POST takes with a row, for staff with this permission.

        A step that is refused shows the row again as it stands by then, with the form of the decision `name`.
        """

        def decorate(step_of: Callable[[AuthenticatedRequest, Row], Step]) -> View:
            @post_only
            @permission_required(permission)
            @wraps(step_of)
            def view(request: AuthenticatedRequest, **address: str) -> HttpResponse:
                row = self.row(request, *address.values())
                step = step_of(request, row)
                return decide(
                    request,
                    step.form,
                    step.call,
                    done=step.done,
                    target=lambda: self.address(row) if step.stays else self.after(request, row),
                    again=lambda status: self.page(
                        request, self.row(request, self.key_of(row)), name, step.form, status
                    ),
                    check=step.check,
                )

            return view

        return decorate

    def after(self, request: AuthenticatedRequest, row: Row) -> str:
        """The address that a decision leads to."""
        return self.address(row)


class QueuePages(RowPages[Row]):
    """Rows that wait in a queue: a decision about one leads to the next."""

    # The name of the queue's address and of its template, and what it is called.
    queue_name: ClassVar[str]
    queue_title: ClassVar[str | Promise]

    def waiting(self) -> QuerySet[Row]:
        """The rows that wait, in the order in which they are to be decided."""
        raise NotImplementedError

    def waiting_for(self, request: AuthenticatedRequest) -> QuerySet[Row]:
        """Those of them that this member of staff may decide about."""
        return self.waiting()

    def listed(self, request: AuthenticatedRequest) -> dict[str, Any]:
        """What the queue shows besides, as context of its template."""
        return {"now": clock.now()}

    def queue_view(self, permission: str) -> View:
        """The view of the queue, 25 rows to a page, for staff with this permission."""

        @get_only
        @permission_required(permission)
        def view(request: AuthenticatedRequest) -> HttpResponse:
            ctx = {"title": self.queue_title, "page": page_of(request, self.waiting()), **self.listed(request)}
            return desk_page(request, self.queue_name, ctx)

        return view

    def queue_address(self) -> str:
        """The address of the queue."""
        return reverse(f"admin:{self.queue_name}")

    def after(self, request: AuthenticatedRequest, row: Row) -> str:
        following = self.waiting_for(request).first()
        return self.address(following) if following else self.queue_address()
