"""What a person typed, kept in their session until the page that needs it has shown it.

Two uses. A check page is opened by an address that Back and reload can open again: the answers of the form before it
wait under their one-time key, and once they were sent the key leads to what became of them. A form that could not be
sent, because the session had ended or its protection key was lost, waits under its address and comes back filled.

Answers are encrypted: a session row is read by more people than a table of identity data.
"""

from __future__ import annotations

import dataclasses
import re
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlencode

from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, resolve_url
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.fields import secret_box
from accounts.models import User
from p2plending.lib import clock

# The key's name in the address of a check page.
PARAMETER = "form"
CHECKS = "kept_checks"
HELD = "held_forms"
MOST_KEPT = 10
MOST_CHARACTERS = 40_000
HELD_SECONDS = 3600
# Never kept: what proves who somebody is, and Django's own key of the form.
SECRET_NAMES = re.compile(r"password|passwd|\bcode\b|otp|token", re.IGNORECASE)
FORM_KEY = re.compile(r"[0-9A-Za-z-]{8,64}")

# The answers that the form on the page being made is filled with.
held_answers: ContextVar[QueryDict | None] = ContextVar("held_answers", default=None)


def open_check_page(request: HttpRequest, to: str, *arguments: Any) -> HttpResponse:
    """Keep the posted answers of a valid form and send the browser to the check page `to` (URL name)."""
    key = request.POST["form_key"]
    _store(request, CHECKS, key, {"answers": _sealed(request.POST), "done": ""})
    return redirect(f"{resolve_url(to, *arguments)}?{urlencode({PARAMETER: key})}")


def kept_answers(request: HttpRequest) -> QueryDict | None:
    """The answers that the address names, for the check page or to change them; None when there are none any more."""
    entry = _entry(request, CHECKS, request.GET.get(PARAMETER, ""))
    return _opened(entry["answers"]) if entry else None


def answers_to_check(request: HttpRequest) -> QueryDict | None:
    """What a check page is about: what it sends now, or the answers that its address names."""
    return request.POST if request.method == "POST" else kept_answers(request)


def first_values(request: HttpRequest) -> dict[str, Any]:
    """What a form starts with when its answers are to be changed; empty for a new one."""
    kept = kept_answers(request)
    return kept.dict() if kept else {}


def open_done_page(request: HttpRequest, key: str, to: str, *arguments: Any) -> HttpResponse:
    """Send the browser to the page that shows what became of the answers, and remember it for their key.

    Whoever sent them before (a second click) is told so: the service has answered with its first result.
    """
    known = _entry(request, CHECKS, key)
    if known is not None and known["done"]:
        return _show_done(request, known["done"])
    address = resolve_url(to, *arguments)
    _store(request, CHECKS, key, {"answers": "", "done": address})
    return redirect(address)


def sent_before(request: HttpRequest) -> HttpResponse | None:
    """A redirect to what became of the answers that the address names, when they were sent: somebody went back."""
    entry = _entry(request, CHECKS, request.GET.get(PARAMETER, ""))
    return _show_done(request, entry["done"]) if entry and entry["done"] else None


def _show_done(request: HttpRequest, address: str) -> HttpResponse:
    messages.info(request, _("You have sent this already. Nothing was sent twice; this is what became of it."))
    return redirect(address)


def owner_mark(user: User) -> str:
    """Names a person to their own browser without telling anybody who it is."""
    return salted_hmac("accounts.views.kept_answers.owner", user.member_number).hexdigest()[:32]


@dataclasses.dataclass(frozen=True, slots=True)
class HeldForm:
    """Answers that came back, whose they are, whether files were with them, and whether their owner was told."""

    answers: QueryDict
    owner: str
    with_files: bool = False
    is_told: bool = False


def hold_form(request: HttpRequest, owner: str) -> None:
    """Keep what was posted to this address for `owner` (an `owner_mark`; empty: a visitor), to fill the form with."""
    _hold(request, request.path, HeldForm(request.POST, owner, with_files=bool(request.FILES)))


def hold_again(request: HttpRequest, held: HeldForm, path: str) -> None:
    """Keep answers for another address, the one that theirs has led to."""
    _hold(request, path, dataclasses.replace(held, is_told=True))


def take_held_form(request: HttpRequest, owner: str) -> HeldForm | None:
    """The answers that wait for this address; they wait no longer.

    None when there are none, when they are an hour old, and when they are somebody else's.
    """
    entry = _entry(request, HELD, request.path)
    if entry is None:
        return None
    request.session[HELD] = {path: other for path, other in request.session[HELD].items() if path != request.path}
    if entry["owner"] != owner or clock.now().timestamp() - entry["at"] > HELD_SECONDS:
        return None
    answers = _opened(entry["answers"])
    return HeldForm(answers, owner, entry["files"], entry["told"]) if answers else None


def _hold(request: HttpRequest, path: str, held: HeldForm) -> None:
    others = [(name, other) for name, other in request.session.get(HELD, {}).items() if name != path]
    entry = {
        "answers": _sealed(held.answers),
        "owner": held.owner,
        "at": int(clock.now().timestamp()),
        "files": held.with_files,
        "told": held.is_told,
    }
    request.session[HELD] = dict([*others, (path, entry)][-MOST_KEPT:])


def _store(request: HttpRequest, shelf: str, key: str, entry: dict[str, Any]) -> None:
    if FORM_KEY.fullmatch(key):
        others = [(name, other) for name, other in request.session.get(shelf, {}).items() if name != key]
        request.session[shelf] = dict([*others, (key, entry)][-MOST_KEPT:])


def _entry(request: HttpRequest, shelf: str, key: str) -> dict[str, Any] | None:
    return request.session.get(shelf, {}).get(key)


def _sealed(posted: QueryDict) -> str:
    kept = posted.copy()
    for name in [name for name in kept if name == "csrfmiddlewaretoken" or SECRET_NAMES.search(name)]:
        del kept[name]
    text = kept.urlencode()
    return secret_box().encrypt(text.encode()).decode() if len(text) <= MOST_CHARACTERS else ""


def _opened(sealed: str) -> QueryDict | None:
    try:
        return QueryDict(secret_box().decrypt(sealed.encode()).decode()) if sealed else None
    except InvalidToken:  # the key was taken out of service meanwhile: nothing can be shown
        return None
