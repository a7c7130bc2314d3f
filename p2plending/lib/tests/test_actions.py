"""What a POST does: one call, then its words and the page after it, or the page again with why it was refused."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.test import RequestFactory

from p2plending.lib import clock
from p2plending.lib.errors import Busy, Refused
from p2plending.lib.web.actions import refusals_on, run_action, run_or_say, who_and_when
from p2plending.lib.web.forms import add_refusal


class AmountForm(forms.Form):
    amount = forms.IntegerField()


class Calls:
    """A service that keeps what it was called with, and a page that keeps its status."""

    def __init__(self, refusal: Refused | None = None) -> None:
        self.refusal = refusal
        self.made: list[dict[str, Any]] = []

    def __call__(self, told: dict[str, Any]) -> str:
        if self.refusal is not None:
            raise self.refusal
        self.made.append(told)
        return "DP-1"


def request_of() -> HttpRequest:
    request = RequestFactory().post("/")
    request._messages = CookieStorage(request)
    return request


def run(request: HttpRequest, form: forms.Form, call: Calls, **options: Any) -> HttpResponse:
    return run_action(
        request,
        form,
        call,
        then=lambda result: redirect(f"/{result}/"),
        again=lambda status: HttpResponse("again", status=status),
        **options,
    )


def said(request: HttpRequest) -> list[tuple[str, str]]:
    return [(message.level_tag, str(message)) for message in get_messages(request)]


def test_what_was_done_is_said_and_leads_to_the_page_after_it() -> None:
    request, call = request_of(), Calls()
    answer = run(request, AmountForm({"amount": "5"}), call, done=lambda result: f"{result} is there.")
    assert (answer.status_code, answer["Location"]) == (302, "/DP-1/")
    assert call.made == [{"amount": 5}]
    assert said(request) == [("success", "DP-1 is there.")]


def test_without_words_nothing_is_said() -> None:
    request = request_of()
    assert run(request, AmountForm({"amount": "5"}), Calls()).status_code == 302
    assert said(request) == []


@pytest.mark.parametrize(("sent", "status"), [({"amount": "x"}, 422), (None, 200)])
def test_a_form_that_is_wrong_or_was_never_sent_calls_nothing(sent: dict[str, str] | None, status: int) -> None:
    request, call = request_of(), Calls()
    assert run(request, AmountForm(sent), call, done="Done.").status_code == status
    assert call.made == []
    assert said(request) == []


def test_a_refusal_gives_the_page_again_and_stands_above_its_form() -> None:
    request, form = request_of(), AmountForm({"amount": "5"})
    answer = run(request, form, Calls(Refused("Not today.").at("amount")), done="Done.")
    assert (answer.status_code, answer.content) == (422, b"again")
    assert form.errors == {"__all__": ["Not today."]}
    assert said(request) == []


def test_a_page_may_show_a_refusal_at_its_field_and_speak_its_status() -> None:
    form = AmountForm({"amount": "5"})
    answer = run(request_of(), form, Calls(Busy().at("amount")), show=add_refusal, spoken={503})
    assert answer.status_code == 503
    assert list(form.errors) == ["amount"]


def test_a_look_before_it_takes_the_place_of_the_call() -> None:
    call, form = Calls(), AmountForm({"amount": "5"})
    answer = run(request_of(), form, call, check=lambda told: HttpResponse(f"Check {told['amount']}"))
    assert answer.content == b"Check 5"
    assert call.made == []
    assert run(request_of(), form, call, check=lambda _told: None).status_code == 302
    assert len(call.made) == 1


def test_a_look_before_it_may_refuse() -> None:
    def check(_told: dict[str, Any]) -> HttpResponse | None:
        raise Refused("Nothing is owed.")

    call, form = Calls(), AmountForm({"amount": "5"})
    assert run(request_of(), form, call, check=check).status_code == 422
    assert form.errors == {"__all__": ["Nothing is owed."]}
    assert call.made == []


def test_a_mistake_of_ours_is_no_refusal() -> None:
    with pytest.raises(ZeroDivisionError), refusals_on(AmountForm({"amount": "5"})):
        1 / 0  # noqa: B018 - the error is the point


def test_a_refused_block_ends_there_and_tells_why() -> None:
    form = AmountForm({"amount": "5"})
    went_on = False
    with refusals_on(form) as attempt:
        raise Refused("Not today.")
        went_on = True
    assert not went_on
    assert attempt.refusal is not None
    assert attempt.refusal.message == "Not today."
    assert form.errors == {"__all__": ["Not today."]}


def test_a_button_says_on_the_next_page_what_became_of_it() -> None:
    def refuse() -> str:
        raise Refused("Not today.")

    request = request_of()
    done = run_or_say(request, lambda: "on", done=lambda state: f"It is {state}.", then=lambda: redirect("/next/"))
    refused = run_or_say(request, refuse, done="Done.", then=lambda: redirect("/next/"))
    assert done["Location"] == refused["Location"] == "/next/"
    assert said(request) == [("success", "It is on."), ("error", "Not today.")]


def test_a_refused_button_may_lead_elsewhere() -> None:
    def refuse() -> str:
        raise Busy

    answer = run_or_say(
        request_of(),
        refuse,
        done="Done.",
        then=lambda: redirect("/next/"),
        refused=lambda refusal: HttpResponse(refusal.message, status=refusal.status),
    )
    assert (answer.status_code, answer.content.decode()) == (503, Busy.default_message)


@pytest.mark.django_db
def test_a_service_is_told_who_does_it_with_which_key_and_on_which_day() -> None:
    request = request_of()
    request.user = someone = object()
    told = who_and_when(request, {"form_key": "key-12345", "amount": 5})
    assert told == {"actor": someone, "idempotency_key": "key-12345", "today": clock.business_date()}
