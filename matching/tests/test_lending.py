"""Amount, check page, done: lending as a person does it, and everything that may come between."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from ledger.selectors import wallet_summary
from loans.enums.loan import CommitmentSource, CommitmentStatus, LoanStatus
from loans.models import Commitment, Loan
from loans.services.origination.application import withdraw_application
from loans.services.origination.review import cancel_listing
from p2plending.tests.support import world

ClientOf = Callable[[User], Client]


@pytest.fixture
def boat(market: Callable[..., Loan]) -> Loan:
    return market("Nora", title="Boat", amount=1_000_00)


@pytest.fixture
def rich_bob(bob: User, now_day: dt.date) -> User:
    world.fund_wallet(bob, 1_000_00, today=now_day)
    return bob


def lend_path(loan: Loan) -> str:
    return f"/marketplace/{loan.reference}/lend/"


def check(client: Client, loan: Loan, amount: str = "100.00") -> dict[str, str]:
    """What the check page's form would send, with the box ticked."""
    page = client.get(lend_path(loan), {"amount": amount}, follow=True)
    assert page.status_code == 200
    form = page.context["form"]
    key = form["form_key"].value()
    return {"amount": amount, "form_key": key, "understood": "on"}


def test_only_lenders_enter_the_lending_pages(boat: Loan, alice: User, client: Client, client_of: ClientOf) -> None:
    assert client.get(lend_path(boat)).status_code == 302
    refused = client_of(alice).get(lend_path(boat))
    assert refused.status_code == 403
    assert "Only lenders can open this page." in refused.content.decode()


def test_the_check_page_shows_every_figure_and_moves_nothing(boat: Loan, rich_bob: User, client_of: ClientOf) -> None:
    page = client_of(rich_bob).get(lend_path(boat), {"amount": "100"}, follow=True)
    text = page.content.decode()
    assert page.context["available_after"] == 900_00
    assert page.context["exposure"].in_loan_after == 100_00
    for words in ("€100.00", "€900.00", "€0.00 → €100.00", "Losses to expect for the grade", "Lend €100.00"):
        assert words in text
    assert Commitment.objects.count() == 0


def test_lending_reserves_the_amount_and_shows_its_reference(boat: Loan, rich_bob: User, client_of: ClientOf) -> None:
    client = client_of(rich_bob)
    answer = client.post(lend_path(boat), check(client, boat))
    commitment = Commitment.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/marketplace/{boat.reference}/lent/{commitment.reference}/")
    text = client.get(answer.url).content.decode()
    assert "€100.00 is reserved" in text
    assert commitment.reference in text
    assert (commitment.amount, commitment.source) == (100_00, CommitmentSource.MANUAL)
    assert (wallet_summary(rich_bob).available, wallet_summary(rich_bob).reserved) == (900_00, 100_00)


def test_the_same_form_sent_twice_has_one_effect_and_one_answer(
    boat: Loan, rich_bob: User, client_of: ClientOf
) -> None:
    client = client_of(rich_bob)
    form = check(client, boat)
    first, second = client.post(lend_path(boat), form), client.post(lend_path(boat), form)
    assert first.url == second.url
    assert wallet_summary(rich_bob).reserved == 100_00


def test_a_form_used_for_another_amount_is_refused(boat: Loan, rich_bob: User, client_of: ClientOf) -> None:
    client = client_of(rich_bob)
    form = check(client, boat)
    client.post(lend_path(boat), form)
    answer = client.post(lend_path(boat), form | {"amount": "50.00"})
    assert answer.status_code == 422
    assert "This form was already used for something else." in answer.content.decode()
    assert wallet_summary(rich_bob).reserved == 100_00


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"understood": ""}, "Tick the box to show that you understand the risk."),
        ({"form_key": ""}, "This page was out of date. Open it again."),
        ({"form_key": "short"}, "This page was out of date. Open it again."),
        ({"amount": "abc"}, "Enter the amount as a number, like 2400.00."),
        ({"amount": ""}, "Enter an amount to lend."),
        ({"amount": "-100"}, "Enter an amount above zero."),
        ({"amount": "0"}, "Enter an amount above zero."),
        ({"amount": "1e30"}, "Enter the amount as a number, like 2400.00."),
        ({"amount": "100.001"}, "Enter the amount with at most 2 decimals, like 2400.00."),
        ({"amount": "999999999999999999"}, "Enter a smaller amount."),
    ],
)
def test_a_form_with_a_mistake_comes_back_and_moves_nothing(
    change: dict[str, str], message: str, boat: Loan, rich_bob: User, client_of: ClientOf
) -> None:
    client = client_of(rich_bob)
    answer = client.post(lend_path(boat), check(client, boat) | change)
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert Commitment.objects.count() == 0


@pytest.mark.parametrize("amount", ["", "abc", "-5", "0", "1e30", "1.001"])
def test_a_wrong_amount_in_the_address_asks_again(amount: str, boat: Loan, rich_bob: User, client_of: ClientOf) -> None:
    page = client_of(rich_bob).get(lend_path(boat), {"amount": amount}, follow=True)
    assert page.status_code == 422
    assert "How much do you want to lend?" in page.content.decode()


@pytest.mark.parametrize(
    ("amount", "message", "next_best"),
    [
        ("20.00", "Enter €25.00 or more.", None),
        ("26.00", "Enter an amount in steps of €5.00.", None),
        ("1500.00", "Only €1,000.00 is left.", "Lend €250.00"),
        ("300.00", "You can lend at most €250.00 to this loan", "Lend €250.00"),
    ],
)
def test_a_refusal_says_what_is_possible_and_moves_nothing(
    amount: str, message: str, next_best: str | None, boat: Loan, rich_bob: User, client_of: ClientOf
) -> None:
    client = client_of(rich_bob)
    answer = client.post(lend_path(boat), check(client, boat) | {"amount": amount})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert message in text
    assert "No money has moved." in text
    if next_best:
        assert next_best in text
    assert Commitment.objects.count() == 0
    assert wallet_summary(rich_bob).available == 1_000_00


@pytest.mark.parametrize(
    ("money", "amount", "words", "way_out"),
    [
        (35_00, "100", "You have €35.00 available. You can lend €35.00.", "/wallet/add/"),
        (1_000_00, "300", "One lender may have at most 25% of a loan. You can lend €250.00.", "/marketplace/"),
        (1_000_00, "20", "Enter €25.00 or more.", "/marketplace/"),
        (1_000_00, "27", "Enter an amount in steps of €5.00, like €25.00.", "/marketplace/"),
        (1_00, "25", "You have €1.00 available. Add money to lend to this loan.", "/wallet/add/"),
    ],
)
def test_the_limit_that_binds_is_said_once_at_the_amount_before_the_check_page(
    boat: Loan, carol: User, client_of: ClientOf, now_day: dt.date, money: int, amount: str, words: str, way_out: str
) -> None:
    world.fund_wallet(carol, money, today=now_day)
    client = client_of(carol)
    listing = client.get(f"/marketplace/{boat.reference}/", {"amount": amount}).content.decode()
    assert listing.count(words) == 1
    assert f'href="{way_out}"' in listing[listing.index(words) :][:200]
    assert f"Lend €{amount}.00" not in listing
    asked = client.get(lend_path(boat), {"amount": amount}, follow=True)
    assert asked.status_code == 422
    assert asked.content.decode().count(words) >= 1
    assert "Check before you lend" not in asked.content.decode()
    assert Commitment.objects.count() == 0


def test_the_next_best_amount_can_be_sent_at_once(boat: Loan, rich_bob: User, client_of: ClientOf) -> None:
    client = client_of(rich_bob)
    answer = client.post(lend_path(boat), check(client, boat) | {"amount": "300.00"})
    form = answer.context["form"]
    again = {"amount": form["amount"].value(), "form_key": form["form_key"].value(), "understood": "on"}
    assert again["amount"] == "250.00"
    assert client.post(lend_path(boat), again).status_code == 302
    assert wallet_summary(rich_bob).reserved == 250_00


def test_the_last_of_a_loan_is_offered_when_less_is_left(
    boat: Loan, rich_bob: User, carol: User, client_of: ClientOf, now_day: dt.date
) -> None:
    client = client_of(rich_bob)
    form = check(client, boat, "100.00")
    world.lift_lending_limits()
    world.commit(boat, carol, 965_00, today=now_day)
    answer = client.post(lend_path(boat), form)
    text = answer.content.decode()
    assert "Only €35.00 is left." in text
    assert "Lend €35.00" in text


def test_a_loan_filled_meanwhile_says_so_and_shows_similar_ones(
    boat: Loan,
    market: Callable[..., Loan],
    rich_bob: User,
    carol: User,
    client_of: ClientOf,
    now_day: dt.date,
) -> None:
    market("Olga", title="Van")
    client = client_of(rich_bob)
    form = check(client, boat)
    world.lift_lending_limits()
    world.commit(boat, carol, 1_000_00, today=now_day)
    answer = client.post(lend_path(boat), form)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "This loan was filled while you were deciding. No money has moved." in text
    assert [row.loan.title for row in answer.context["similar"]] == ["Van"]
    assert wallet_summary(rich_bob).available == 1_000_00


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (LoanStatus.EXPIRED, "The time for lending to this loan has ended."),
        (LoanStatus.WITHDRAWN, "The borrower has taken this loan back."),
        (LoanStatus.CANCELLED, "We have taken this loan off the marketplace."),
    ],
)
def test_a_loan_that_went_without_being_filled_says_what_became_of_it(
    boat: Loan,
    rich_bob: User,
    client_of: ClientOf,
    api_of: Callable[[User], APIClient],
    now_day: dt.date,
    status: LoanStatus,
    words: str,
) -> None:
    client = client_of(rich_bob)
    form = check(client, boat)
    if status == LoanStatus.EXPIRED:
        Loan.objects.filter(pk=boat.pk).update(listing_ends_on=now_day - dt.timedelta(days=1))
    elif status == LoanStatus.WITHDRAWN:
        withdraw_application(loan_id=boat.pk, actor=boat.borrower, idempotency_key=world.new_key(), today=now_day)
    else:
        cancel_listing(loan_id=boat.pk, reason="Fraud", actor=None, idempotency_key=world.new_key(), today=now_day)
    answer = client.post(lend_path(boat), form)
    assert answer.status_code == 422
    assert f"{words} No money has moved." in answer.content.decode()
    assert "filled" not in answer.content.decode()

    path = f"/api/v1/listings/{boat.reference}/commitments/"
    told = api_of(rich_bob).post(path, {"amount": "100.00"}, HTTP_IDEMPOTENCY_KEY=world.new_key())
    assert (told.status_code, told.data["code"]) == (409, "loan_not_open")
    assert told.data["detail"] == f"{words} No money has moved."
    boat.refresh_from_db()
    assert (boat.status, wallet_summary(rich_bob).available) == (status, 1_000_00)


def test_too_little_money_offers_what_is_there(boat: Loan, bob: User, client_of: ClientOf, now_day: dt.date) -> None:
    world.fund_wallet(bob, 82_00, today=now_day)
    client = client_of(bob)
    answer = client.post(lend_path(boat), check(client, boat, "50.00") | {"amount": "100.00"})
    text = answer.content.decode()
    assert "You have €82.00 available. Add money or lend less." in text
    assert "Lend €80.00" in text


def test_an_unverified_lender_reads_why_and_cannot_send(boat: Loan, eve: User, client_of: ClientOf) -> None:
    client = client_of(eve)
    page = client.get(lend_path(boat), {"amount": "100"}, follow=True)
    assert "Confirm your e-mail address first." in page.content.decode()
    assert '<button class="btn btn-primary">Lend' not in page.content.decode()
    form = {"amount": "100.00", "form_key": world.new_key(), "understood": "on"}
    answer = client.post(lend_path(boat), form)
    assert answer.status_code == 422
    assert Commitment.objects.count() == 0


def test_lending_from_a_suggestion_is_remembered_as_such(boat: Loan, rich_bob: User, client_of: ClientOf) -> None:
    client = client_of(rich_bob)
    page = client.get(lend_path(boat), {"amount": "100", "via": "suggestion"}, follow=True)
    form = check(client, boat) | {"from_suggestion": str(page.context["form"]["from_suggestion"].value())}
    client.post(lend_path(boat), form)
    assert Commitment.objects.get().source == CommitmentSource.SUGGESTION


@pytest.fixture
def reserved(boat: Loan, rich_bob: User, client_of: ClientOf) -> Commitment:
    client = client_of(rich_bob)
    client.post(lend_path(boat), check(client, boat))
    return Commitment.objects.get()


def take_back_path(commitment: Commitment) -> str:
    return f"/marketplace/{commitment.loan.reference}/lent/{commitment.reference}/take-back/"


def test_others_neither_see_nor_take_back_a_reservation(reserved: Commitment, carol: User, client_of: ClientOf) -> None:
    client = client_of(carol)
    path = take_back_path(reserved)
    assert client.get(path).status_code == 404
    assert client.post(path, {"form_key": world.new_key()}).status_code == 404
    assert client.get(path.removesuffix("take-back/")).status_code == 404
    reserved.refresh_from_db()
    assert reserved.status == CommitmentStatus.RESERVED


def test_a_reservation_is_taken_back_once(reserved: Commitment, rich_bob: User, client_of: ClientOf) -> None:
    client = client_of(rich_bob)
    page = client.get(take_back_path(reserved))
    assert "Take €100.00 back?" in page.content.decode()
    form = {"form_key": page.context["form"]["form_key"].value()}
    for _time in range(2):
        assert client.post(take_back_path(reserved), form).status_code == 302
    reserved.refresh_from_db()
    assert reserved.status == CommitmentStatus.WITHDRAWN
    assert wallet_summary(rich_bob).available == 1_000_00


def test_money_of_a_full_loan_stays(
    reserved: Commitment, rich_bob: User, carol: User, client_of: ClientOf, now_day: dt.date
) -> None:
    world.lift_lending_limits()
    loan = world.commit(reserved.loan, carol, 900_00, today=now_day)
    assert loan.status == LoanStatus.FUNDED
    answer = client_of(rich_bob).post(take_back_path(reserved), {"form_key": world.new_key()})
    assert answer.status_code == 422
    assert wallet_summary(rich_bob).reserved == 100_00


def test_a_loan_of_another_reference_is_not_found(rich_bob: User, client_of: ClientOf) -> None:
    client = client_of(rich_bob)
    for path in ("/marketplace/LN-00000000/", "/marketplace/LN-00000000/lend/", "/marketplace/x/lent/y/"):
        assert client.get(path).status_code == 404


def test_the_check_page_costs_the_same_with_many_holdings(
    boat: Loan,
    market: Callable[..., Loan],
    rich_bob: User,
    client_of: ClientOf,
    now_day: dt.date,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    client = client_of(rich_bob)
    with django_assert_max_num_queries(40) as first:
        client.get(lend_path(boat), {"amount": "100"}, follow=True)
    for name in ("Olga", "Pia", "Rita"):
        world.commit(market(name), rich_bob, 50_00, today=now_day)
    with django_assert_max_num_queries(40) as second:
        client.get(lend_path(boat), {"amount": "100"}, follow=True)
    assert len(first) == len(second)
