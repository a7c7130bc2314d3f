"""The market as visitors, lenders and borrowers read it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.enums.people import Role
from accounts.models import User
from loans.enums.loan import LoanStatus
from loans.models import Loan, LoanQuestion
from loans.services.origination.review import cancel_listing
from matching.selectors.marketplace import Filters, market_counts, matching_loans, open_loans
from p2plending.lib.clock import business_date
from p2plending.tests.support import world
from p2plending.tests.support.cast import cast_dora
from p2plending.tests.support.shared import shared_scene

MARKET = "/marketplace/"
Market = Callable[..., Loan]
ClientOf = Callable[[User], Client]


def titles(response: Any) -> list[str]:
    return [row.loan.title for row in response.context["rows"]]


def test_a_visitor_reads_the_market_and_a_loan_without_its_story(market: Market, client: Client) -> None:
    loan = market("Nora", title="Boat", story="I want to sail to Crete.")
    page = client.get(MARKET)
    assert titles(page) == ["Boat"]
    assert "Sign in to lend" in page.content.decode()
    text = client.get(f"{MARKET}{loan.reference}/").content.decode()
    assert "sail to Crete" not in text
    assert "Sign in to read the story" in text
    assert "Sign in to lend" in text


def test_nothing_that_names_the_borrower_is_on_the_page(market: Market, bob: User, client_of: ClientOf) -> None:
    loan = market("Nora", title="Boat")
    text = client_of(bob).get(f"{MARKET}{loan.reference}/").content.decode()
    assert loan.borrower.member_number in text
    for secret in ("Nora", loan.borrower.email, "Main Street", "10115", "4,000.00", "1990"):
        assert secret not in text


def test_a_loan_that_is_no_longer_open_is_found_only_by_those_who_are_in_it(
    market: Market, bob: User, carol: User, dora: User, client: Client, client_of: ClientOf, now_day: dt.date
) -> None:
    loan = market("Nora")
    world.commit(loan, bob, 50_00, today=now_day)
    cancel_listing(loan_id=loan.pk, reason="Changed", actor=dora, idempotency_key=world.new_key(), today=now_day)
    path = f"{MARKET}{loan.reference}/"
    assert client.get(path).status_code == 404
    assert client_of(carol).get(path).status_code == 404
    text = client_of(bob).get(path).content.decode()
    assert "Cancelled, money returned" in text
    assert "This loan is not open for funding." in text


def test_an_application_that_was_never_open_is_not_found(alice: User, bob: User, client_of: ClientOf) -> None:
    loan = world.offered_loan(alice)
    assert client_of(bob).get(f"{MARKET}{loan.reference}/").status_code == 404


@shared_scene
def three_loans() -> tuple[Loan, Loan, Loan]:
    """Boat: 36 months of 2,000; van: 12 months of 1,000, half funded by Bob; roof: 60 months of 3,000."""
    cast_dora()

    def opened(name: str, **answers: Any) -> Loan:
        return world.listed_loan(world.verified(name, Role.BORROWER), today=business_date(), **answers)

    boat = opened("Nora", title="Boat", amount=2_000_00, term=36, purpose="other")
    van = opened("Olga", title="Van", amount=1_000_00, term=12, purpose="vehicle")
    roof = opened("Pia", title="Roof", amount=3_000_00, term=60, purpose="home")
    grades = ("B", "A", "D")
    rates = (Decimal("0.12"), Decimal("0.08"), Decimal("0.20"))
    losses = (Decimal("0.022"), Decimal("0.01"), Decimal("0.075"))
    for loan, grade, rate, loss in zip((boat, van, roof), grades, rates, losses, strict=True):
        Loan.objects.filter(pk=loan.pk).update(grade=grade, annual_rate=rate, expected_loss_rate=loss)
    return boat, van, roof


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Boat", "Van", "Roof"]),
        ("grade=A&grade=D", ["Van", "Roof"]),
        ("rate_min=12", ["Boat", "Roof"]),
        ("rate_min=8,5&rate_max=12.00", ["Boat"]),
        ("term=1", ["Van"]),
        ("term=2&term=3", ["Boat", "Roof"]),
        ("purpose=vehicle", ["Van"]),
        ("amount_min=2,000", ["Boat", "Roof"]),
        ("amount_max=1999.99", ["Van"]),
        ("needed=2000", ["Boat", "Roof"]),
        ("history=first", ["Boat", "Van", "Roof"]),
        ("history=repeat", []),
        ("ends=1", []),
        ("new=on", ["Boat", "Van", "Roof"]),
        ("sort=newest", ["Roof", "Van", "Boat"]),
        ("sort=net", ["Roof", "Boat", "Van"]),
        ("sort=risk", ["Van", "Boat", "Roof"]),
    ],
)
@pytest.mark.usefixtures("three_loans")
def test_each_filter_and_order_does_what_it_says(query: str, expected: list[str], client: Client) -> None:
    assert titles(client.get(f"{MARKET}?{query}")) == expected


def test_a_lender_hides_the_loans_he_is_in_and_sees_them_marked(
    three_loans: tuple[Loan, Loan, Loan], bob: User, client_of: ClientOf, now_day: dt.date
) -> None:
    world.commit(three_loans[1], bob, 250_00, today=now_day)
    page = client_of(bob).get(MARKET)
    assert [row.loan.my_amount for row in page.context["rows"]] == [0, 250_00, 0]
    assert "You lent €250.00" in page.content.decode()
    assert titles(client_of(bob).get(f"{MARKET}?hide_mine=on")) == ["Boat", "Roof"]
    assert titles(client_of(bob).get(f"{MARKET}?sort=funded"))[0] == "Van"


def test_a_borrower_who_paid_a_loan_before_is_found_as_such(alice: User, bob: User, now_day: dt.date) -> None:
    world.active_loan(alice, {bob: 500_00}, today=now_day)
    world.listed_loan(alice, title="Second", today=now_day)
    loans = open_loans(now_day, bob)
    assert [loan.title for loan in matching_loans(loans, Filters(history="repeat"), now_day)] == ["Second"]
    assert list(matching_loans(loans, Filters(history="first"), now_day)) == []


@pytest.mark.usefixtures("three_loans")
def test_counts_say_what_is_open_and_which_filter_is_tightest(client: Client, now_day: dt.date) -> None:
    counts = market_counts(open_loans(now_day), Filters(grades=("A",), rate_min=Decimal("0.10")), now_day, ("A", "B"))
    assert (counts.open_loans, counts.needed, counts.matching) == (3, 6_000_00, 0)
    assert counts.by_grade == {"A": 1, "B": 1, "C": 0, "D": 1, "E": 0}
    assert counts.by_term == {"1": 1, "2": 1, "3": 1}
    assert (counts.careful, counts.new, counts.fitting) == (2, 3, 2)
    assert counts.without == {"grades": 2, "rate_min": 1}
    assert counts.tightest == "grades"
    text = " ".join(client.get(f"{MARKET}?grade=A&rate_min=10").content.decode().split())
    assert "The tightest is “Grade A”. Without it, 2 loans match." in text


@pytest.mark.usefixtures("three_loans")
def test_chips_take_one_filter_away_and_keep_the_rest(client: Client) -> None:
    chips = client.get(f"{MARKET}?grade=A&grade=B&rate_min=8&sort=net&page=1").context["chips"]
    assert chips == [
        {"words": "Grades A, B", "url": "?rate_min=8&sort=net"},
        {"words": "Rate from 8.00%", "url": "?grade=A&grade=B&sort=net"},
    ]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("rate_min=abc", "Enter the rate as a number, like 12.5."),
        ("rate_min=-1", "Enter a rate of 0 or more."),
        ("rate_max=1e30", "Enter a rate of 100 or less."),
        ("rate_max=NaN", "Enter the rate as a number, like 12.5."),
        ("rate_min=20&rate_max=10", "The lowest rate is above the highest."),
        ("amount_min=many", "Enter the amount as a number, like 2400.00."),
        ("amount_min=-5", "Enter an amount above zero."),
        ("amount_max=1e30", "Enter the amount as a number, like 2400.00."),
        ("needed=0", "Enter an amount above zero."),
        ("grade=Z", "That is not one of the choices."),
        ("term=9", "That is not one of the choices."),
        ("purpose=yacht", "That is not one of the choices."),
        ("ends=x", "That is not one of the choices."),
        ("sort=price", "That is not one of the choices."),
        ("history=no", "That is not one of the choices."),
    ],
)
@pytest.mark.usefixtures("three_loans")
def test_wrong_filters_are_named_and_the_loans_stay(query: str, message: str, client: Client) -> None:
    page = client.get(f"{MARKET}?{query}")
    assert page.status_code == 422
    assert message in page.content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "999", "x", "1e9"])
@pytest.mark.usefixtures("three_loans")
def test_a_page_that_does_not_exist_shows_one_that_does(page: str, client: Client) -> None:
    assert len(titles(client.get(f"{MARKET}?page={page}"))) == 3


def test_without_open_loans_the_market_says_what_to_do(bob: User, client_of: ClientOf) -> None:
    text = client_of(bob).get(MARKET).content.decode()
    assert "No loan has been listed yet" in text
    assert "No request is being checked at the moment." in text
    assert "Set up auto-invest" in text


@pytest.mark.usefixtures("three_loans")
def test_an_empty_market_says_why(client: Client, now_day: dt.date) -> None:
    Loan.objects.update(status=LoanStatus.UNDER_REVIEW, listed_on=None, listed_at=None)
    assert "3 requests are being checked and may be listed next." in " ".join(
        client.get(MARKET).content.decode().split()
    )


def test_the_number_of_queries_does_not_grow_with_the_market(
    market: Market, bob: User, client_of: ClientOf, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    client = client_of(bob)
    market("Nora")
    with django_assert_max_num_queries(15) as first:
        client.get(MARKET)
    for number in range(9):
        market(f"Nora{number}")
    with django_assert_max_num_queries(15) as second:
        page = client.get(MARKET)
    assert len(first) == len(second)
    assert len(titles(page)) == 8


def test_what_an_amount_would_bring_is_worked_out_on_the_page(market: Market, bob: User, client_of: ClientOf) -> None:
    world.set_price(Decimal("0.12"))
    loan = market("Nora", amount=10_000_00)
    page = client_of(bob).get(f"{MARKET}{loan.reference}/?amount=100")
    earnings = page.context["earnings"]
    assert (earnings.amount, earnings.interest, earnings.fee) == (100_00, 6_61, 28)
    assert "What €100.00 would bring" in page.content.decode()


@pytest.mark.parametrize("amount", ["", "abc", "-5", "0", "1e30", "10.001"])
def test_a_wrong_amount_keeps_the_page_with_a_message(
    amount: str, market: Market, bob: User, client_of: ClientOf
) -> None:
    loan = market("Nora")
    page = client_of(bob).get(f"{MARKET}{loan.reference}/?amount={amount}")
    assert page.context["amount_form"].errors["amount"]
    assert page.context["earnings"].amount == 100_00


def test_only_lenders_ask(market: Market, alice: User, client: Client, client_of: ClientOf) -> None:
    path = f"{MARKET}{market('Nora').reference}/ask/"
    assert client.post(path, {"text": "Why?"}).status_code == 302
    assert client_of(alice).post(path, {"text": "Why?"}).status_code == 403
    assert LoanQuestion.objects.count() == 0


def test_a_question_is_read_by_others_without_a_name(
    market: Market, bob: User, carol: User, client_of: ClientOf
) -> None:
    loan = market("Nora")
    path = f"{MARKET}{loan.reference}/"
    answer = client_of(bob).post(f"{path}ask/", {"text": "How old is the boat?"})
    assert (answer.status_code, answer.url) == (302, path)
    text = client_of(carol).get(path).content.decode()
    assert "How old is the boat?" in text
    assert bob.member_number in text
    assert "Bob" not in text


def test_a_question_with_a_phone_number_is_held_and_shown_to_its_author_only(
    market: Market, bob: User, carol: User, client_of: ClientOf
) -> None:
    loan = market("Nora")
    path = f"{MARKET}{loan.reference}/"
    client_of(bob).post(f"{path}ask/", {"text": "Call me on +49 170 1234567 please"})
    assert "1234567" in client_of(bob).get(path).content.decode()
    assert "1234567" not in client_of(carol).get(path).content.decode()


def test_an_empty_question_is_refused_on_the_page(market: Market, bob: User, client_of: ClientOf) -> None:
    answer = client_of(bob).post(f"{MARKET}{market('Nora').reference}/ask/", {"text": "  "})
    assert answer.status_code == 422
    assert "Enter your question." in answer.content.decode()
    assert LoanQuestion.objects.count() == 0


def test_a_lender_who_may_not_lend_yet_reads_why(market: Market, eve: User, client_of: ClientOf) -> None:
    text = client_of(eve).get(f"{MARKET}{market('Nora').reference}/").content.decode()
    assert "Confirm your e-mail address first." in text
    assert "Lend €100.00" not in text


def test_a_borrower_reads_the_market_and_cannot_lend(market: Market, alice: User, client_of: ClientOf) -> None:
    text = client_of(alice).get(f"{MARKET}{market('Nora').reference}/").content.decode()
    assert "Only lenders can lend." in text
