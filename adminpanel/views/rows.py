"""The pages of one kind of thing that staff decide about: the queue of what waits, one row of it, and its decisions."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, ClassVar, Generic, TypeVar

from django import forms
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise

from accounts.models import AuditEvent
from accounts.selectors.people import audit_trail
from adminpanel.views.pages import Decision, decide, desk_page, page_of, with_tried
from p2plending.lib.access import AccessRule

HISTORY_LENGTH = 20
Row = TypeVar("Row", bound=Model)


class RowPages(Generic[Row]):
    """One row on its own page, with what staff may decide about it.

    A subclass says what the rows are. Its views stay functions, one for each address, since who may is declared there.
    """

    # The name of its address and of its template, and what its audit trail is kept under.
    page_name: ClassVar[str]
    subject: ClassVar[str]
    # What an address names a row by; with a dot when that is told by another row.
    key: ClassVar[str] = "reference"
    # Who may see the rows, and what is read along with one.
    rule: ClassVar[AccessRule]
    related: ClassVar[tuple[str, ...]] = ()

    def rows(self, request: HttpRequest) -> QuerySet[Row]:
        """The rows that have a page for this member of staff."""
        rows = self.rule.visible_to(request.user)
        # Without a name, `select_related` would read everything that a row points to.
        return rows.select_related(*self.related) if self.related else rows

    def row(self, request: HttpRequest, key: str) -> Row:
        """One of them. Raises Http404."""
        return get_object_or_404(self.rows(request), **{self.key.replace(".", "__"): key})

    def key_of(self, row: Row) -> str:
        """What its address names a row by."""
        return attrgetter(self.key)(row)

    def address(self, row: Row, step: str = "") -> str:
        """The address of its page, or where one of its decisions is sent."""
        return reverse(f"admin:{step or self.page_name}", args=[self.key_of(row)])

    def is_own(self, request: HttpRequest, row: Row) -> bool:
        """Whether it is this member of staff's own, so that somebody else must decide."""
        raise NotImplementedError

    def shown(self, request: HttpRequest, row: Row) -> dict[str, Any]:
        """What its page shows besides, as context of the template. `offered` is given it too."""
        return {}

    def offered(self, request: HttpRequest, row: Row, shown: dict[str, Any]) -> list[Decision]:
        """What this member of staff may decide about it now; `shown` says besides whether it `is_own`."""
        raise NotImplementedError

    def choices(
        self, request: HttpRequest, row: Row, shown: dict[str, Any], tried: str, form: forms.Form | None
    ) -> dict[str, Any]:
        """What is offered, as context of the template, with the form that was just `tried` in its place."""
        return {"decisions": with_tried(self.offered(request, row, shown), tried, form)}

    def before_again(self, form: forms.Form, shown: dict[str, Any]) -> None:
        """Bring a form that was refused up to date with the page that it is shown on again."""

    def title(self, row: Row) -> str:
        """What its page is called."""
        return self.key_of(row)

    def history(self, request: HttpRequest, row: Row) -> QuerySet[AuditEvent] | None:
        """What was done about it, the latest first; None: not for this member of staff."""
        return audit_trail(self.subject, self.key_of(row))

    def page(
        self, request: HttpRequest, row: Row, tried: str = "", form: forms.Form | None = None, status: int = 200
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

    def decide(
        self,
        request: HttpRequest,
        row: Row,
        name: str,
        form: forms.Form,
        call: Callable[[dict[str, Any]], object],
        done: str | Callable[[Any], str],
        *,
        target: Callable[[], str] | None = None,
    ) -> HttpResponse:
        """POST of the decision `name` (`pages.decide`), then `target` or the row's page.

        A refusal shows the row again as it stands by then.
        """
        return decide(
            request,
            form,
            call,
            done=done,
            target=target or (lambda: self.after(request, row)),
            again=lambda status: self.page(request, self.row(request, self.key_of(row)), name, form, status),
        )

    def after(self, request: HttpRequest, row: Row) -> str:
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

    def waiting_for(self, request: HttpRequest) -> QuerySet[Row]:
        """Those of them that this member of staff may decide about."""
        return self.waiting()

    def queue(self, request: HttpRequest, **more: Any) -> HttpResponse:
        """The page of 25 rows of the queue that was asked for; `more` is what its template needs besides."""
        ctx = {"title": self.queue_title, "page": page_of(request, self.waiting()), **more}
        return desk_page(request, self.queue_name, ctx)

    def queue_address(self) -> str:
        """The address of the queue."""
        return reverse(f"admin:{self.queue_name}")

    def after(self, request: HttpRequest, row: Row) -> str:
        following = self.waiting_for(request).first()
        return self.address(following) if following else self.queue_address()
