"""Nothing typed is lost: an ended session, a lost key, the Back button, a second click."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from ledger.models import Deposit, Withdrawal
from p2plending.lib.clock import business_date
from p2plending.tests.support.books import money_mark
from p2plending.tests.support.scene import Scene
from p2plending.tests.support.world import new_key

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

SITE = {"Origin": "http://testserver"}
PASSWORD_FIELDS = ("password", "code")
BACK = "What you typed is back: check it and send it again."
SENT = "You have sent this already."


def deposit(**changes: str) -> dict[str, str]:
    day = (business_date() - dt.timedelta(days=2)).isoformat()
    asked = {"form_key": new_key(), "amount": "80.50", "sent_on": day, "method": "cash", "bank_reference": "Savings"}
    return asked | changes


def end_session(client: Client) -> None:
    """As after two weeks, or when the table of sessions was emptied: the cookie of whose browser it is stays."""
    client.get(reverse("home"))
    del client.cookies["session"]


def page(response: HttpResponse) -> str:
    return response.content.decode()


def test_a_form_sent_after_the_session_ended_comes_back_filled_and_nothing_was_sent(
    bob: User, client_of: Callable[[User], Client]
) -> None:
    client, asked = client_of(bob), deposit()
    end_session(client)
    answer = client.post(reverse("ledger:add"), asked, headers=SITE)
    assert answer.url == f"{reverse('account_login')}?next={reverse('ledger:add')}"
    client.force_login(bob)
    shown = page(client.get(reverse("ledger:add")))
    assert BACK in shown
    for value in ("80.50", asked["sent_on"], "Savings", asked["form_key"]):
        assert f'value="{value}"' in shown
    assert Deposit.objects.count() == 0
    assert BACK not in page(client.get(reverse("ledger:add")))


def test_the_answers_of_a_check_page_come_back_in_the_form_before_it(
    bob: User, client_of: Callable[[User], Client]
) -> None:
    client, asked = client_of(bob), deposit()
    end_session(client)
    client.post(reverse("ledger:add_check"), asked, headers=SITE)
    client.force_login(bob)
    shown = client.get(reverse("ledger:add_check"), follow=True)
    assert shown.redirect_chain == [(reverse("ledger:add"), 302)]
    assert page(shown).count(BACK) == 1
    assert 'value="80.50"' in page(shown)


def test_nobody_else_at_the_same_browser_sees_what_was_typed(
    bob: User, carol: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(bob)
    end_session(client)
    client.post(reverse("ledger:add"), deposit(), headers=SITE)
    client.force_login(carol)
    shown = page(client.get(reverse("ledger:add")))
    assert "80.50" not in shown
    assert "Savings" not in shown
    client.force_login(bob)
    assert "80.50" not in page(client.get(reverse("ledger:add")))


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_what_another_site_sends_never_fills_a_form(
    bob: User, client_of: Callable[[User], Client], headers: dict[str, str]
) -> None:
    client = client_of(bob)
    end_session(client)
    client.post(reverse("ledger:add"), deposit(), headers=headers)
    client.force_login(bob)
    assert "80.50" not in page(client.get(reverse("ledger:add")))


def strict(user: User) -> Client:
    """A browser whose forms need their protection key."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    client.get(reverse("ledger:add"))
    return client


def test_a_form_whose_protection_key_was_lost_comes_back_filled(bob: User) -> None:
    client = strict(bob)
    answer = client.post(reverse("ledger:add"), deposit() | {"csrfmiddlewaretoken": "x" * 64}, headers=SITE)
    assert answer.url == reverse("ledger:add")
    shown = page(client.get(answer.url))
    assert BACK in shown
    assert 'value="80.50"' in shown
    assert Deposit.objects.count() == 0


def test_a_form_from_another_site_is_refused_and_not_kept(bob: User) -> None:
    client = strict(bob)
    answer = client.post(reverse("ledger:add"), deposit(), headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "80.50" not in page(client.get(reverse("ledger:add")))


def test_a_browser_without_cookies_is_told_and_not_sent_round_in_circles() -> None:
    answer = Client(enforce_csrf_checks=True).post(reverse("accounts:register"), {"email": "x"}, headers=SITE)
    assert answer.status_code == 403


def test_passwords_and_codes_are_not_kept_and_nothing_is_kept_readably(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get(reverse("accounts:register"))
    typed = {"full_name": "Nora Newcomer", "email": "nora@example.org", "password": "correct horse battery"}
    client.post(reverse("accounts:register"), typed | {"csrfmiddlewaretoken": "x" * 64}, headers=SITE)
    assert "Nora" not in str(dict(client.session.items()))
    shown = page(client.get(reverse("accounts:register")))
    assert 'value="Nora Newcomer"' in shown
    assert 'value="nora@example.org"' in shown
    assert "correct horse" not in shown


def test_held_answers_wait_an_hour_at_most(bob: User, client_of: Callable[[User], Client], time_machine: Any) -> None:
    time_machine.move_to("2026-05-04 12:00+00:00")
    client = client_of(bob)
    end_session(client)
    client.post(reverse("ledger:add"), deposit(), headers=SITE)
    time_machine.move_to("2026-05-04 13:00:01+00:00")
    client.force_login(bob)
    assert "80.50" not in page(client.get(reverse("ledger:add")))


def money_forms(scene: Scene) -> list[tuple[User, str, dict[str, str], str]]:
    """Person, form, good answers, check page: every journey of three pages."""
    active = scene.active.reference
    paying = {"kind": "other", "amount": "20", "method": "wallet"}
    pause = {"cause": "income", "expected_months": "3", "affordable_amount": "20", "option": "holiday", "payments": "2"}
    account = {"account_holder": "Lena", "iban": "DE89370400440532013000"}
    return [
        (scene.lender, reverse("ledger:add"), deposit(), reverse("ledger:add_check")),
        (scene.lender, reverse("ledger:take_out"), {"amount": "12.34", **account}, reverse("ledger:take_out_check")),
        (scene.active.borrower, reverse("loans:pay", args=[active]), paying, reverse("loans:pay_check", args=[active])),
        (scene.active.borrower, reverse("loans:help", args=[active]), pause, reverse("loans:help_send", args=[active])),
    ]


def test_back_reload_and_a_second_click_lead_to_what_was_done(
    scene: Scene, client_of: Callable[[User], Client]
) -> None:
    for person, form, answers, check in money_forms(scene):
        client, key = client_of(person), new_key()
        sent = answers | {"value_date": business_date().isoformat(), "form_key": key}
        before = money_mark()
        opened = client.post(form, answers | {"form_key": key})
        assert (opened.status_code, opened.url) == (302, f"{check}?form={key}"), form
        assert client.get(opened.url).status_code == 200, form
        assert client.get(opened.url).status_code == 200, form
        changed = page(client.get(f"{form}?form={key}"))
        assert key in changed, form
        assert money_mark() == before, form
        done = client.post(check, sent)
        assert done.status_code == 302, (form, page(done)[:2000])
        after = money_mark()
        for again in (client.get(opened.url, follow=True), client.post(check, sent, follow=True)):
            assert again.redirect_chain == [(done.url, 302)], form
            assert SENT in page(again), form
        assert money_mark() == after, form


def test_back_after_lending_shows_the_reservation(scene: Scene, client_of: Callable[[User], Client]) -> None:
    client, path = client_of(scene.lender), reverse("matching:lend", args=[scene.listed.reference])
    check = client.get(path, {"amount": "25"})
    assert check.url.startswith(f"{path}?amount=25&form=")
    form = client.get(check.url).context["form"]
    sent = {"amount": "25", "understood": "on", "form_key": form["form_key"].value()}
    done = client.post(path, sent)
    back = client.get(check.url)
    assert back.url == done.url
    assert SENT in page(client.get(back.url))


def test_back_after_the_application_was_sent_shows_it(scene: Scene, client_of: Callable[[User], Client]) -> None:
    client = client_of(scene.sent.borrower)
    for step in ("purpose", "income", "check", "amount"):
        shown = client.get(reverse(f"loans:apply_{step}"), follow=True)
        assert shown.redirect_chain[-1][0] == reverse("loans:loan", args=[scene.sent.reference])
        assert shown.status_code == 200


def test_back_after_a_cancellation_shows_what_was_cancelled(scene: Scene, client_of: Callable[[User], Client]) -> None:
    client = client_of(scene.lender)
    things = [
        (reverse("ledger:cancel_deposit", args=[scene.deposit.reference]), Deposit, scene.deposit),
        (reverse("ledger:cancel_withdrawal", args=[scene.withdrawal.reference]), Withdrawal, scene.withdrawal),
        (
            reverse("matching:withdraw_commitment", args=[scene.listed.reference, scene.commitment.reference]),
            type(scene.commitment),
            scene.commitment,
        ),
    ]
    for path, model, thing in things:
        assert client.get(path).status_code == 200
        client.post(path, {"form_key": new_key()})
        assert model.objects.get(pk=thing.pk).status in ("cancelled", "withdrawn")
        shown = client.get(path, follow=True)
        assert shown.redirect_chain, path
        assert shown.status_code == 200
