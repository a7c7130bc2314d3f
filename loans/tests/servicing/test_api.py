"""Paying back over the API: the same services, the same cents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from rest_framework.response import Response
from rest_framework.test import APIClient

from accounts.models import User
from loans.models import Loan, Repayment
from loans.selectors.servicing import payoff_figure
from loans.tests.servicing.paying import available, fresh
from p2plending.lib.clock import business_date

pytestmark = pytest.mark.django_db

ApiOf = Callable[[User], APIClient]


def url(loan: Loan, rest: str) -> str:
    return f"/api/v1/loans/{loan.reference}/{rest}"


def repay(client: APIClient, loan: Loan, key: str = "a-key-of-mine", **body: str) -> Response:
    asked = {"amount": "888.49", "method": "wallet"} | body
    return client.post(url(loan, "repayments/"), asked, headers={"Idempotency-Key": key})


@pytest.mark.parametrize("rest", ["repayments/", "payoff-quote/", "plan/"])
def test_others_find_nothing_and_nobody_gets_in_without_a_token(
    running: Loan, rest: str, bob: User, dora: User, api_of: ApiOf
) -> None:
    assert api_of(bob).get(url(running, rest)).status_code == 404
    assert api_of(dora).get(url(running, rest)).status_code == 404
    assert APIClient().get(url(running, rest)).status_code == 401


def test_a_lender_cannot_pay_or_preview(running: Loan, bob: User, api_of: ApiOf) -> None:
    assert repay(api_of(bob), running).status_code == 404
    assert api_of(bob).post(url(running, "repayments/preview/"), {"amount": "1.00"}).status_code == 404
    assert not Repayment.objects.exists()


def test_preview_and_payment_say_the_same(running: Loan, alice: User, bob: User, api_of: ApiOf) -> None:
    client = api_of(alice)
    shown = client.post(url(running, "repayments/preview/"), {"amount": "888.49"}).json()
    paid = repay(client, running)
    assert paid.status_code == 201
    for part in ("amount", "extra_mode", "late_fee", "interest", "principal", "surplus", "held", "credit_used"):
        assert paid.json()[part] == shown[part]
    # It is not due yet, so it is kept until then.
    assert (paid.json()["extra_mode"], paid.json()["held"], paid.json()["interest"]) == ("credit", "888.49", "0.00")
    assert (shown["credit_held"], shown["next_due_amount"]) == ("888.49", "0.00")
    assert available(bob) == [0]


def test_the_same_key_answers_with_the_first_payment(running: Loan, alice: User, api_of: ApiOf) -> None:
    first, second = (repay(api_of(alice), running) for _ in range(2))
    assert first.json()["reference"] == second.json()["reference"]
    assert second["Idempotent-Replayed"] == "true"
    assert Repayment.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"amount": "0.00"}, 422, "invalid"),
        ({"amount": "-1.00"}, 422, "invalid"),
        ({"amount": "1e30"}, 422, "invalid"),
        ({"amount": "20000.00"}, 422, "insufficient_balance"),
        ({"method": "cash"}, 422, "invalid"),
        ({"method": "declared", "value_date": "2999-01-01"}, 422, "date_in_future"),
        ({"method": "wallet", "value_date": "2026-01-01"}, 422, None),
        ({"extra_mode": "next"}, 422, "invalid"),
    ],
)
def test_refusals_have_a_code_and_move_nothing(
    running: Loan, alice: User, api_of: ApiOf, body: dict[str, str], status: int, code: str | None
) -> None:
    answer = repay(api_of(alice), running, **body)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert code is None or answer.json()["code"] == code
    assert not Repayment.objects.exists()


def test_without_a_key_nothing_is_paid(running: Loan, alice: User, api_of: ApiOf) -> None:
    answer = api_of(alice).post(url(running, "repayments/"), {"amount": "888.49", "method": "wallet"})
    assert answer.status_code == 422
    assert not Repayment.objects.exists()


def test_the_pay_off_quote_is_the_figure_of_the_page(running: Loan, alice: User, api_of: ApiOf) -> None:
    day = business_date() + dt.timedelta(days=3)
    figure = payoff_figure(running, day)
    answer = api_of(alice).get(url(running, "payoff-quote/"), {"date": day.isoformat()}).json()
    assert answer["date"] == day.isoformat()
    assert answer["total"] == f"{figure.total // 100}.{figure.total % 100:02d}"
    late = api_of(alice).get(url(running, "payoff-quote/"), {"date": "2999-01-01"})
    assert (late.status_code, late.json()["code"]) == (422, "invalid")


def test_paying_off_ends_the_loan_and_asks_for_nothing_more(running: Loan, alice: User, api_of: ApiOf) -> None:
    client = api_of(alice)
    total = client.get(url(running, "payoff-quote/")).json()["total"]
    assert repay(client, running, amount=total).status_code == 201
    assert fresh(running).status == "repaid"
    again = repay(client, running, key="another-key-of-mine")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_pay")
    assert client.get(url(running, "payoff-quote/")).json()["code"] == "nothing_to_pay"


def test_the_plan_and_the_list_of_payments(running: Loan, alice: User, api_of: ApiOf) -> None:
    client = api_of(alice)
    reference = repay(client, running).json()["reference"]
    plan = client.get(url(running, "plan/")).json()
    assert (plan["version"], len(plan["lines"])) == (1, 12)
    assert (plan["lines"][0]["state"], plan["lines"][0]["unpaid"]) == ("next", "888.49")
    stored = client.get(url(running, "").removesuffix("/") + "/").json()
    assert (stored["credit_held"], stored["next_due_amount"]) == ("888.49", "0.00")
    assert [row["reference"] for row in client.get(url(running, "repayments/")).json()["results"]] == [reference]
    assert client.get(url(running, f"repayments/{reference}/")).json()["amount"] == "888.49"
    assert client.get(url(running, "repayments/RP-NOTHING/")).status_code == 404
