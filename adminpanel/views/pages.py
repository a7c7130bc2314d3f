"""What every page of the desk does the same way: its frame, its pages of 25 rows, the POST of a decision."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from p2plending.lib.web.actions import run_action
from p2plending.lib.web.forms import add_refusal
from p2plending.lib.web.requests import AuthenticatedRequest

PAGE_SIZE = 25
# A refusal with one of these says more than "the form has a problem".
SPOKEN_STATUS = {403, 503}


def desk_page(request: AuthenticatedRequest, name: str, ctx: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page of `templates/admin/desk/`, in the frame of the staff site."""
    frame = admin.site.each_context(request)
    return render(request, f"admin/desk/{name}.html", {**frame, "has_error": status >= 400, **ctx}, status=status)


def page_of(request: AuthenticatedRequest, rows: QuerySet[Any]) -> Page:
    """The page of 25 rows that the query string asks for; nonsense gives the first or the last."""
    return Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))


def decide(
    request: AuthenticatedRequest,
    form: forms.BaseForm,
    step: Callable[[dict[str, Any]], object],
    *,
    done: str | Promise | Callable[[Any], str | Promise],
    target: Callable[[], str],
    again: Callable[[int], HttpResponse],
    check: Callable[[dict[str, Any]], HttpResponse | None] | None = None,
) -> HttpResponse:
    """POST of a decision: `run_action`, as the desk says it. Once it is done the browser goes to `target`.

    A refusal stands at its field, and what staff may not do now (403, 503) keeps its own status.
    """
    return run_action(
        request,
        form,
        step,
        done=done,
        then=lambda _result: redirect(target()),
        again=again,
        check=check,
        show=add_refusal,
        spoken=SPOKEN_STATUS,
    )


def asked_words() -> str:
    """What is said when a second person was asked in place of doing something at once."""
    if settings.SECOND_PERSON:
        return _("A second person is asked. Nothing has moved yet.")
    return _("Nothing has moved yet. One person may decide alone here: open it under “Second person” and agree.")


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """One thing that can be done on a page: its name, its form, and where that is sent."""

    name: str
    label: str
    submit: str
    action: str
    form: forms.Form
    danger: bool = False


def with_tried(decisions: list[Decision], name: str, form: forms.Form | None) -> list[Decision]:
    """The decisions of a page, with the form that was just tried in its place and its errors."""
    return [
        dataclasses.replace(decision, form=form) if form is not None and decision.name == name else decision
        for decision in decisions
    ]
