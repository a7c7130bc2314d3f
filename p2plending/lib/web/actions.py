"""What a POST does, written once: one service call, then its words and the page after it, or why it was refused."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.utils.functional import Promise

from p2plending.lib import clock
from p2plending.lib.errors import Refused
from p2plending.lib.web.forms import add_refusal_above
from p2plending.lib.web.requests import AuthenticatedRequest

Result = TypeVar("Result")
Show = Callable[[Any, Refused], None]
OK = 200
# The form has a problem: the same page comes again, with what was wrong.
INVALID = 422


@dataclasses.dataclass(slots=True)
class Attempt:
    """What became of one service call: `refusal` is the no that was said to it."""

    refusal: Refused | None = None


@contextlib.contextmanager
def refusals_on(form: forms.BaseForm, show: Show = add_refusal_above) -> Iterator[Attempt]:
    """A refusal inside ends the block and is shown on the form; what follows the block gives the page again.

    `show` says where on the form. Every other error passes.
    """
    attempt = Attempt()
    try:
        yield attempt
    except Refused as refusal:
        attempt.refusal = refusal
        show(form, refusal)


def run_action(
    request: AuthenticatedRequest,
    form: forms.BaseForm,
    call: Callable[[dict[str, Any]], Result],
    *,
    then: Callable[[Result], HttpResponse],
    again: Callable[[int], HttpResponse],
    done: str | Promise | Callable[[Result], str | Promise] = "",
    check: Callable[[dict[str, Any]], HttpResponse | None] | None = None,
    show: Show = add_refusal_above,
    spoken: Collection[int] = (),
) -> HttpResponse:
    """One service call with what the form was filled in with, and the answer to the browser.

    When it is done: the message `done` (or what it makes of the result) and the answer of `then`. A form that is not
    valid, or a refusal, gives the page `again`, with its status; nothing has moved. A form that nobody has sent yet is
    such a page too, with status 200. `check` is asked before the call: the page that it returns is shown in place of
    it, and it may refuse. `show` says where on the form a refusal stands; the statuses in `spoken` are the refusal's
    own, every other one is 422.
    """
    if not form.is_valid():
        return again(INVALID if form.is_bound else OK)
    with refusals_on(form, show) as attempt:
        asked = check(form.cleaned_data) if check else None
        if asked is not None:
            return asked
        result = call(form.cleaned_data)
        _say(request, done, result)
        return then(result)
    refused = attempt.refusal.status if attempt.refusal else INVALID
    return again(refused if refused in spoken else INVALID)


def run_or_say(
    request: AuthenticatedRequest,
    call: Callable[[], Result],
    *,
    done: str | Promise | Callable[[Result], str | Promise],
    then: Callable[[], HttpResponse],
    refused: Callable[[Refused], HttpResponse] | None = None,
) -> HttpResponse:
    """One service call of a button without a form: what became of it is a message on the page after it.

    `refused` gives another page than `then` after a refusal, which is said there too.
    """
    try:
        result = call()
    except Refused as refusal:
        messages.error(request, refusal.message)
        return refused(refusal) if refused else then()
    _say(request, done, result)
    return then()


def who_and_when(request: AuthenticatedRequest, told: dict[str, Any]) -> dict[str, Any]:
    """What every service that a form with a key reaches is told besides: who does it, the key, and the day."""
    return {"actor": request.user, "idempotency_key": told["form_key"], "today": clock.business_date()}


def _say(
    request: AuthenticatedRequest, done: str | Promise | Callable[[Result], str | Promise], result: Result
) -> None:
    words = done(result) if callable(done) else done
    if words:
        messages.success(request, str(words))
