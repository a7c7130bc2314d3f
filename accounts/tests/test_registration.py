from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.enums.agreed_terms import RISKS, TERMS
from accounts.enums.people import Role
from accounts.models import TermsAcceptance, User
from accounts.selectors.people import email_is_verified
from accounts.services.people.registration import RoleNotOpen, register_user
from p2plending.tests.support.cast import PASSWORD
from p2plending.tests.support.markup import title_of
from p2plending.tests.support.queue import carry_out_tasks

REGISTER = "/accounts/register/"
LOGIN = "/accounts/login/"
FORM = {
    "role": "lender",
    "full_name": "Frank Example",
    "email": "Frank@Example.org",
    "password": "a quiet river at noon",
    "terms": "on",
}


@pytest.fixture(autouse=True)
def fresh_limits(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def link_in(message: mail.EmailMessage) -> str:
    return re.search(r"http://127\.0\.0\.1:8000(/\S+)", message.body)[1]


# --- registering -----------------------------------------------------------------------------------------------------
def test_nobody_registers_as_staff(db: None, client: Client) -> None:
    with pytest.raises(RoleNotOpen):
        register_user(email="x@example.org", password="p", role=Role.STAFF, full_name="X", ip_address=None)
    assert client.post(REGISTER, FORM | {"role": "staff"}).status_code == 422
    assert User.objects.count() == 0


def test_a_person_registers_confirms_with_the_button_and_signs_in(client: Client) -> None:
    response = client.post(REGISTER, FORM, follow=True)
    assert response.redirect_chain == [("/accounts/registered/", 302)]
    frank = User.objects.get()
    assert (frank.email, frank.role, frank.full_name) == ("frank@example.org", Role.LENDER, "Frank Example")
    assert frank.check_password("a quiet river at noon")
    assert not email_is_verified(frank)

    carry_out_tasks()
    (message,) = mail.outbox
    assert (message.subject, message.to) == ("Confirm your e-mail address", ["frank@example.org"])
    link = link_in(message)
    assert "Confirm your e-mail address" in client.get(link).content.decode()
    assert not email_is_verified(frank)  # opening the link, as mail scanners do, is not confirming
    client.post(link)
    assert email_is_verified(frank)
    assert "This link does not work" in client.get(link).content.decode()
    response = client.post(LOGIN, {"login": "FRANK@example.org", "password": "a quiet river at noon"})
    assert (response.status_code, response.url) == (302, "/home/")


QUOTE = "/borrowing/apply/amount/?product=standard&requested_amount=3000&term_months=12"


def register_for_a_quote(client: Client) -> str:
    """Register from the quote's link; the path of the confirmation link."""
    page = client.get("/borrowing/quote/?requested_amount=3000&term_months=12&grade=B").content.decode()
    to = html.unescape(re.search(r'href="(/accounts/register/\?[^"]*)"', page)[1])
    assert to == f"{REGISTER}?role=borrower&next={quote(QUOTE, safe='')}"
    form = client.get(to)
    assert form.context["form"]["role"].value() == "borrower"
    assert f'<input type="hidden" name="next" value="{html.escape(QUOTE)}">' in form.content.decode()
    client.post(REGISTER, FORM | {"role": "borrower", "next": QUOTE})
    carry_out_tasks()
    return link_in(mail.outbox[-1])


def test_applying_without_an_account_leads_through_registration_and_keeps_the_quote(client: Client) -> None:
    link = register_for_a_quote(client)
    confirmed = client.post(link)
    assert confirmed.url == "/getting-started/"
    # Signed in: the password was chosen in this browser a moment ago.
    page = client.get(confirmed.url)
    assert (page.status_code, page.context["user"].email) == (200, "frank@example.org")
    assert [(step.title, step.state) for step in page.context["steps"]] == [
        ("Confirm your e-mail address", "done"),
        ("Identity check", "open"),
        ("Apply for a loan", "later"),
    ]
    assert page.context["steps"][2].url == QUOTE
    amount = client.get(QUOTE).context["form"]
    assert (amount["requested_amount"].value(), amount["term_months"].value()) == ("3000.00", 12)


def test_the_link_signs_nobody_in_who_did_not_register_in_that_browser(client: Client) -> None:
    link = register_for_a_quote(client)
    other = Client()
    assert other.post(link).url == LOGIN
    assert other.get("/home/").status_code == 302
    other.force_login(User.objects.get())
    assert other.get("/getting-started/").context["steps"][2].url == QUOTE


@pytest.mark.parametrize(
    "page",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb", "/" + "x" * 300],
)
def test_only_pages_of_this_site_are_kept_for_later(client: Client, page: str) -> None:
    client.post(REGISTER, FORM | {"next": page})
    assert User.objects.get().first_page == ""
    assert page not in client.get(REGISTER, {"next": page}).content.decode()


def test_nothing_that_the_registering_person_wrote_reaches_the_mailbox(client: Client) -> None:
    assert client.post(REGISTER, FORM | {"full_name": "Prize won:\nhttps://evil.example/"}).status_code == 422
    client.post(REGISTER, FORM | {"full_name": "Prize\xa0won: https://evil.example/"})
    carry_out_tasks()
    assert User.objects.get().full_name == "Prize won: https://evil.example/"
    message = mail.outbox[0]
    assert message.body.startswith("Hello,\n")
    for text in (message.subject, message.body, message.alternatives[0].content):
        assert "evil" not in text
        assert "Prize" not in text


def test_the_confirmation_link_ends_after_48_hours(client: Client) -> None:
    with time_machine.travel("2026-01-15T10:00:00Z", tick=False) as traveller:
        client.post(REGISTER, FORM)
        carry_out_tasks()
        link = link_in(mail.outbox[0])
        traveller.shift(48 * 3600 + 1)
        assert "This link does not work" in client.get(link).content.decode()
        client.post(link)
    assert not email_is_verified(User.objects.get())


def test_what_was_agreed_to_is_kept_by_version_and_digest(client: Client) -> None:
    client.post(REGISTER, FORM)
    rows = TermsAcceptance.objects.order_by("document").values_list("document", "version", "sha256", "ip_address")
    assert list(rows) == [
        ("risks", RISKS.version, RISKS.sha256(), "127.0.0.1"),
        ("terms", TERMS.version, TERMS.sha256(), "127.0.0.1"),
    ]


def test_a_borrower_does_not_accept_the_risks_of_lending(client: Client) -> None:
    client.post(REGISTER, FORM | {"role": "borrower"})
    assert list(TermsAcceptance.objects.values_list("document", flat=True)) == ["terms"]


@pytest.mark.parametrize("email", ["alice@example.org", " ALICE@Example.org "])
def test_a_known_address_gets_the_same_answer_and_a_mail_to_its_owner(
    alice: User, settings: object, email: str
) -> None:
    settings.DEMO_MODE = False
    fresh, known = Client(), Client()
    count = User.objects.count()
    of_known = known.post(REGISTER, FORM | {"email": email}, follow=True)
    assert User.objects.count() == count
    of_fresh = fresh.post(REGISTER, FORM, follow=True)
    assert of_known.redirect_chain == of_fresh.redirect_chain
    without_tokens = [re.sub(r'value="\w{64}"', "", page.content.decode()) for page in (of_known, of_fresh)]
    assert without_tokens[0] == without_tokens[1]
    carry_out_tasks()
    assert [(message.subject, message.to) for message in mail.outbox] == [
        ("You already have an account", ["alice@example.org"]),
        ("Confirm your e-mail address", ["frank@example.org"]),
    ]
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_the_link_is_on_the_page_only_in_the_demo(client: Client, settings: object) -> None:
    settings.DEMO_MODE = False
    assert "/accounts/confirm-email/" not in client.post(REGISTER, FORM, follow=True).content.decode()
    settings.DEMO_MODE = True
    page = Client().post(REGISTER, FORM | {"email": "greta@example.org"}, follow=True).content.decode()
    link = re.search(r'href="(/accounts/confirm-email/[^"]+)"', page)[1]
    client.post(link)
    assert EmailAddress.objects.get(email="greta@example.org").verified


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("role", "", "Choose whether you want to borrow or to lend."),
        ("full_name", " ", "Enter your name."),
        ("email", "frank", "Enter an e-mail address, like name@example.org."),
        ("email", "", "Enter your e-mail address."),
        ("password", "", "Enter a password."),
        ("password", "short", "This password is too short. It must contain at least 12 characters."),
        ("password", "frank@example.org", "The password is too similar to the e-mail address."),
        ("terms", "", "Accept the terms to go on."),
    ],
)
def test_each_mistake_is_named_in_words_and_makes_no_account(
    client: Client, field: str, value: str, words: str
) -> None:
    response = client.post(REGISTER, FORM | {field: value})
    assert response.status_code == 422
    page = response.content.decode()
    assert words in page
    assert title_of(page).startswith("Error: Create account")
    assert User.objects.count() == 0


def test_somebody_signed_in_has_nothing_to_register(alice: User, client: Client) -> None:
    client.force_login(alice)
    assert client.get(REGISTER).url == "/home/"


def test_registering_in_a_row_is_stopped(client: Client) -> None:
    statuses = [client.post(REGISTER, FORM | {"email": f"p{n}@example.org"}).status_code for n in range(21)]
    assert statuses == [302] * 20 + [429]
    assert User.objects.count() == 20


def test_a_new_link_can_be_asked_for_once_in_three_minutes(eve: User, client: Client) -> None:
    client.force_login(eve)
    with time_machine.travel("2026-01-15T10:00:00Z", tick=False) as traveller:
        for _again in range(3):
            client.post("/accounts/email/", {"action_send": "", "email": eve.email})
        carry_out_tasks()
        assert [message.subject for message in mail.outbox] == ["Confirm your e-mail address"]
        traveller.shift(181)
        client.post("/accounts/email/", {"action_send": "", "email": eve.email})
        carry_out_tasks()
    assert len(mail.outbox) == 2


# --- signing in ------------------------------------------------------------------------------------------------------
WRONG = "The e-mail address or the password is not right."
WRONG_PASSWORD = "not the password"
TOO_MANY = "Too many tries. Wait 15 minutes, or choose a new password."


def try_login(client: Client, email: str, password: str = WRONG_PASSWORD, ip_address: str = "10.0.0.1") -> str:
    response = client.post(LOGIN, {"login": email, "password": password}, REMOTE_ADDR=ip_address)
    if response.status_code == 302:
        return "in"
    page = response.content.decode()
    return next(words for words in (WRONG, TOO_MANY) if words in page)


def test_a_wrong_password_and_an_unknown_address_get_the_same_words(alice: User, client: Client) -> None:
    assert try_login(client, "alice@example.org") == WRONG
    assert try_login(client, "nobody@example.org") == WRONG


def test_five_wrong_passwords_close_an_account_for_fifteen_minutes_from_anywhere(alice: User, client: Client) -> None:
    with time_machine.travel("2026-01-15T10:00:00Z", tick=False) as traveller:
        tries = [try_login(client, "alice@example.org", ip_address=f"10.0.0.{n}") for n in range(6)]
        assert tries == [WRONG] * 5 + [TOO_MANY]
        assert try_login(client, "alice@example.org", PASSWORD, "10.0.9.9") == TOO_MANY
        traveller.shift(15 * 60 + 1)
        assert try_login(client, "alice@example.org", PASSWORD, "10.0.9.9") == "in"


def test_an_unknown_address_is_closed_just_the_same(client: Client) -> None:
    assert [try_login(client, "nobody@example.org") for _ in range(6)] == [WRONG] * 5 + [TOO_MANY]


def test_twenty_wrong_passwords_close_one_address_of_the_network_only(alice: User, client: Client) -> None:
    with time_machine.travel("2026-01-15T10:00:00Z", tick=False) as traveller:
        tries = [try_login(client, f"p{n}@example.org") for n in range(21)]
        assert tries == [WRONG] * 20 + [TOO_MANY]
        assert try_login(client, "alice@example.org", PASSWORD) == TOO_MANY
        assert try_login(Client(), "alice@example.org", PASSWORD, "10.0.0.2") == "in"
        traveller.shift(15 * 60 + 1)
        assert try_login(client, "alice@example.org", PASSWORD) == "in"


def test_signing_in_rightly_uses_up_no_tries(alice: User) -> None:
    for _again in range(7):
        assert try_login(Client(), "alice@example.org", PASSWORD) == "in"


def test_an_address_is_added_only_after_the_password_was_entered_again(client: Client, bob: User) -> None:
    client.force_login(bob)
    form = {"action_add": "", "email": "thief@example.org"}
    asked = client.post("/accounts/email/", form)
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert not EmailAddress.objects.filter(email="thief@example.org").exists()

    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/email/", form)
    assert EmailAddress.objects.filter(user=bob, email="thief@example.org", verified=False).exists()


def test_a_changed_password_is_told_by_mail_and_ends_other_browsers(client: Client, bob: User) -> None:
    client.post(LOGIN, {"login": bob.email, "password": PASSWORD})
    other = Client()
    other.force_login(bob)
    words = {"password1": "four other words here", "password2": "four other words here"}
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD} | words)
    carry_out_tasks()
    assert [(message.subject, message.to) for message in mail.outbox] == [("Your password was changed", [bob.email])]
    assert client.get("/account/profile/").status_code == 200
    assert other.get("/account/profile/")["Location"].startswith(LOGIN)
