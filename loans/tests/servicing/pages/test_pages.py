"""Pages of paying back: who may open them, what they say, and that money moves once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from loans.enums.loan import LoanStatus, RepaymentStatus
from loans.models import Loan, Repayment
from loans.selectors.servicing import payoff_figure
from loans.tests.servicing.paying import available, confirm, fresh, pay
from p2plending.lib.clock import business_date
from p2plending.tests.support.markup import compact
from p2plending.tests.support.world import example_loan, verified

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
PAGES = ("pay", "pay/check", "early", "plan", "plan.csv", "certificate")


def url(loan: Loan, page: str) -> str:
    return f"/borrowing/loans/{loan.reference}/{page}" + ("" if page.endswith(".csv") else "/")


def words(response: HttpResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()).replace("\N{NO-BREAK SPACE}", " "))


def hidden(response: HttpResponse) -> dict[str, str]:
    """The hidden fields of the check page."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', compact(response.content.decode()))
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def check(client: Client, loan: Loan, **changes: str) -> HttpResponse:
    asked = {"form_key": "key-of-this-form", "kind": "next", "method": "wallet"}
    return client.post(url(loan, "pay"), asked | changes, follow=True)


# --- who may not ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("page", PAGES)
def test_lenders_and_staff_are_sent_away_and_another_borrower_finds_nothing(
    running: Loan, page: str, bob: User, dora: User, client_of: ClientOf
) -> None:
    assert client_of(bob).get(url(running, page)).status_code == 403
    assert client_of(dora).get(url(running, page)).status_code == 403
    stranger = client_of(verified("Frank", "borrower"))
    assert stranger.get(url(running, page)).status_code == 404
    assert Client().get(url(running, page)).url.startswith("/accounts/login/")


def test_another_borrower_cannot_pay_by_posting(running: Loan, client_of: ClientOf) -> None:
    stranger = client_of(verified("Frank", "borrower"))
    answer = stranger.post(
        url(running, "pay/check"),
        {"form_key": "key-of-this-form", "amount": "10.00", "method": "wallet", "value_date": str(business_date())},
    )
    assert answer.status_code == 404
    assert not Repayment.objects.exists()


# --- form, check, done ------------------------------------------------------------------------------------------------
def test_the_form_offers_the_next_payment_and_the_pay_off_figure(running: Loan, client_of: ClientOf) -> None:
    text = words(client_of(running.borrower).get(url(running, "pay")))
    assert "Next payment Counts for" in text
    assert "€888.49" in text
    figure = payoff_figure(running, business_date())
    assert f"€{figure.total // 100:,}.{figure.total % 100:02d}" in text


def test_a_payment_is_shown_before_it_moves_and_paid_once(running: Loan, bob: User, client_of: ClientOf) -> None:
    client = client_of(running.borrower)
    shown = check(client, running)
    assert shown.status_code == 200
    assert "Pay €888.49" in words(shown)
    assert "Interest €0.00 Principal €0.00 Kept for your next payments €888.49" in words(shown)
    assert "Paid ahead, kept €888.49 Still to pay next €0.00" in words(shown)
    assert "Wallet before €11,700.00 Wallet after €10,811.51" in words(shown)
    assert not Repayment.objects.exists()
    sent = hidden(shown) | {"extra_mode": "credit"}
    first = client.post(url(running, "pay/check"), sent)
    second = client.post(url(running, "pay/check"), sent)
    paid = Repayment.objects.get()
    assert first.url == second.url == url(running, f"payments/{paid.reference}")
    assert available(running.borrower, bob) == [10_811_51, 0]
    done = words(client.get(first.url))
    assert f"Reference {paid.reference}" in done
    assert "Payment received" in done


def test_the_page_of_the_loan_says_what_is_covered_and_what_is_next(running: Loan, client_of: ClientOf) -> None:
    pay(running, 1_000_00, business_date(), extra_mode="credit")
    first, second = (row.due_date for row in running.instalments.order_by("due_date")[:2])
    text = words(client_of(running.borrower).get(f"/borrowing/loans/{running.reference}/"))
    assert f"Your payments up to {first.day} {first:%B %Y} are covered: €1,000.00 that you paid ahead is kept" in text
    assert f"€776.98 due {second.day} {second:%b}" in text
    assert "Less what you paid ahead €111.51" in text
    figure = payoff_figure(fresh(running), business_date())
    assert f"Less what you paid ahead €1,000.00 To pay today €{figure.total / 100:,.2f}" in text
    home = words(client_of(running.borrower).get("/borrowing/"))
    assert "is covered by what you paid ahead" in home


def test_extra_money_shows_three_ways_with_their_figures(running: Loan, client_of: ClientOf) -> None:
    text = words(check(client_of(running.borrower), running, kind="other", amount="2,000.00"))
    assert "End the loan sooner" in text
    assert "Make the payments smaller" in text
    assert "Keep it for the next payments" in text
    assert text.count("Interest still to pay") == 3


def test_the_chosen_way_is_what_happens(running: Loan, client_of: ClientOf) -> None:
    client = client_of(running.borrower)
    sent = hidden(check(client, running, kind="other", amount="2,000.00")) | {"extra_mode": "lower"}
    client.post(url(running, "pay/check"), sent)
    assert Repayment.objects.get().extra_mode == "lower"
    assert fresh(running).schedule_version == 2
    assert "Extra payment: smaller payments" in words(client.get(url(running, "plan")))


def test_too_much_from_the_wallet_is_lowered_and_said(running: Loan, client_of: ClientOf) -> None:
    client = client_of(running.borrower)
    shown = check(client, running, kind="other", amount="11000")
    figure = payoff_figure(running, business_date())
    assert "We lowered the amount." in words(shown)
    client.post(url(running, "pay/check"), hidden(shown))
    assert fresh(running).status == LoanStatus.REPAID
    assert Repayment.objects.get().amount == figure.total


def test_a_wallet_that_is_too_empty_has_no_pay_button(
    alice: User, bob: User, carol: User, dan: User, client_of: ClientOf
) -> None:
    loan = example_loan(alice, (bob, carol, dan), today=business_date() - dt.timedelta(days=10))
    shown = check(client_of(alice), fresh(loan), kind="payoff")
    assert "You have €9,700.00 available." in words(shown)
    assert "Pay €" not in words(shown)
    sent = hidden(shown)
    refused = client_of(alice).post(url(loan, "pay/check"), sent)
    assert refused.status_code == 422
    assert "There is a problem" in words(refused)
    assert not Repayment.objects.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": ""}, "Choose how much you want to pay."),
        ({"kind": "other"}, "Enter an amount."),
        ({"kind": "other", "amount": "a lot"}, "Enter the amount as a number, like 2400.00."),
        ({"kind": "other", "amount": "-5"}, "Enter an amount above zero."),
        ({"kind": "other", "amount": "0"}, "Enter an amount above zero."),
        ({"kind": "other", "amount": "1e30"}, "Enter the amount as a number, like 2400.00."),
        ({"kind": "other", "amount": "10.123"}, "Enter the amount with at most 2 decimals, like 2400.00."),
        ({"method": ""}, "Choose where the money comes from."),
        ({"method": "declared", "value_date": "2999-01-01"}, "The date of the transfer can't be after today."),
        ({"form_key": ""}, "This page was out of date. Open it again."),
    ],
)
def test_wrong_input_is_said_beside_the_field(
    running: Loan, client_of: ClientOf, changes: dict[str, str], message: str
) -> None:
    answer = check(client_of(running.borrower), running, **changes)
    assert answer.status_code == 422
    assert message in words(answer).replace("&#x27;", "'")
    assert not Repayment.objects.exists()


def test_a_transfer_waits_for_staff_and_says_so(running: Loan, dora: User, client_of: ClientOf) -> None:
    client = client_of(running.borrower)
    shown = check(client, running, method="declared", bank_reference="May rent")
    assert "I have sent €888.49" in words(shown)
    done = client.post(url(running, "pay/check"), hidden(shown))
    told = Repayment.objects.get()
    assert (told.status, told.bank_reference) == (RepaymentStatus.DECLARED, "May rent")
    assert "You told us that you sent €888.49." in words(client.get(done.url))
    confirm(told, business_date(), dora, business_date())
    assert "Payment received" in words(client.get(done.url))


# --- reading ----------------------------------------------------------------------------------------------------------
def test_the_plan_shows_every_payment_and_the_file_has_the_same(running: Loan, client_of: ClientOf) -> None:
    client = client_of(running.borrower)
    assert words(client.get(url(running, "plan"))).count(" of 12") == 12
    lines = b"".join(client.get(url(running, "plan.csv")).streaming_content).decode().splitlines()
    assert len(lines) == 13
    assert lines[1].split(",")[2:7] == ["next", "788.49", "100.00", "0.00", "888.49"]


def test_the_plan_costs_the_same_queries_with_one_payment_and_with_three(running: Loan, client_of: ClientOf) -> None:
    client = client_of(running.borrower)
    counts = []
    for payments in (1, 2):
        for _ in range(payments):
            pay(running, 100_00, business_date())
        with CaptureQueriesContext(connection) as queries:
            assert words(client.get(url(running, "plan"))).count("RP-") == len(Repayment.objects.all())
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_pay_off_page_answers_for_thirty_days(running: Loan, client_of: ClientOf) -> None:
    client = client_of(running.borrower)
    today = business_date()
    day = today + dt.timedelta(days=5)
    figure = payoff_figure(running, day)
    text = words(client.get(url(running, "early"), {"date": day.isoformat()}))
    assert f"Interest that you save €{figure.interest_saved / 100:.2f}" in text
    late = client.get(url(running, "early"), {"date": (today + dt.timedelta(days=31)).isoformat()})
    assert late.status_code == 422
    assert "Choose a day from today to 30 days from now." in words(late)
    assert client.get(url(running, "early"), {"date": "soon"}).status_code == 422


def test_the_certificate_exists_only_when_all_is_paid(running: Loan, client_of: ClientOf) -> None:
    client = client_of(running.borrower)
    assert client.get(url(running, "certificate")).status_code == 404
    pay(running, 10_100_00, business_date())
    text = words(client.get(url(running, "certificate")))
    assert "Alice Example borrowed €10,000.00" in text
    assert "Nothing is owed." in text


def test_the_loan_page_shows_what_is_owed_and_when(running: Loan, client_of: ClientOf) -> None:
    text = words(client_of(running.borrower).get(f"/borrowing/loans/{running.reference}/"))
    assert "0 of 12 payments made" in text
    assert "€888.49" in text
    assert "Pay off early" in text


# --- explained --------------------------------------------------------------------------------------------------------
def test_a_lender_reads_how_the_own_share_came_about_and_nothing_of_others(
    loan: Loan, bob: User, carol: User, eve: User, client_of: ClientOf
) -> None:
    paid = pay(loan, 888_49, dt.date(2026, 2, 15))
    address = f"/borrowing/payments/{paid.reference}/explained/"
    text = words(client_of(bob).get(address))
    assert "€3,333.00 ÷ €10,000.00 (33.3%)" in text
    assert "Interest: €100.00 × share is 33.330000" in text
    assert "Servicing fee: 5.00% of €33.33, rounded down: €1.66." in text
    assert "Into the wallet €294.48" in text
    assert "294.47" not in text
    assert "Alice" not in text
    assert client_of(eve).get(address).status_code == 404


def test_the_borrower_sees_the_payment_without_lenders_and_staff_see_all(
    loan: Loan, alice: User, dora: User, client_of: ClientOf
) -> None:
    paid = pay(loan, 888_49, dt.date(2026, 2, 15))
    address = f"/borrowing/payments/{paid.reference}/explained/"
    text = words(client_of(alice).get(address))
    assert "Received €888.49" in text
    assert "Into the wallet" not in text
    # Of each of the three notes, and in all.
    assert words(client_of(dora).get(address)).count("Into the wallet") == 4
