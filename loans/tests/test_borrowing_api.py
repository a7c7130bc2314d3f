"""Borrowing over the API: the same rules, one error shape, keys on what moves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from loans.enums.loan import LoanStatus
from loans.models import Loan
from loans.services.origination.review import make_offer, take_application
from p2plending.lib.clock import business_date
from p2plending.tests.support.world import (
    commit,
    draft_loan,
    lift_lending_limits,
    listed_loan,
    new_key,
    offered_loan,
    set_price,
)

ApiOf = Callable[[User], APIClient]
ANSWERS = {
    "purpose": "home",
    "title": "New windows",
    "region": "North",
    "monthly_income": "4000.00",
    "monthly_expenses": "1500.00",
    "monthly_debt_service": "0.00",
    "employment": "employed",
    "employment_months": 72,
    "is_homeowner": True,
}


@pytest.fixture
def now() -> dt.date:
    return business_date()


def post(client: APIClient, url: str, data: Any = None, key: str = "") -> Any:
    return client.post(f"/api/v1/{url}", data or {}, headers={"Idempotency-Key": key or new_key()})


def test_visitors_get_a_quote_and_nothing_else(db: None) -> None:
    set_price()
    visitor = APIClient()
    assert visitor.get("/api/v1/loans/").status_code == 401
    answer = visitor.post("/api/v1/calculator/", {"amount": "10000.00", "term_months": 12, "grade": "C"}).json()
    quote = answer["quote"]
    assert (answer["annual_rate"], answer["origination_fee_rate"]) == ("0.120000", "0.030000")
    assert (quote["net_received"], quote["instalment_amount"], quote["total_payment"]) == (
        "9700.00", "888.49", "10661.86",
    )  # fmt: skip
    assert len(quote["schedule"]) == 12
    assert quote["schedule"][-1]["payment"] == "888.47"
    products = visitor.get("/api/v1/products/").json()
    assert [product["code"] for product in products] == ["standard"]
    assert products[0]["max_amount"] == "25000.00"


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"amount": 1000, "term_months": 12}, 422, "invalid"),
        ({"amount": "abc", "term_months": 12}, 422, "invalid"),
        ({"amount": "-5.00", "term_months": 12}, 422, "invalid"),
        ({"amount": "1e30", "term_months": 12}, 422, "invalid"),
        ({"amount": "100.00", "term_months": 12}, 422, "amount_not_offered"),
        ({"amount": "1000.00", "term_months": 120}, 422, "term_not_offered"),
        ({"amount": "1000.00", "term_months": 12, "product": "none"}, 422, "invalid"),
        ({"amount": "1000.00", "term_months": 12, "due_day": 31}, 422, "invalid"),
    ],
)
def test_wrong_questions_get_problem_details(db: None, asked: dict[str, Any], status: int, code: str) -> None:
    answer = APIClient().post("/api/v1/calculator/", asked)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"


def test_a_lender_can_not_apply_and_sees_no_loans(bob: User, alice: User, api_of: ApiOf, now: dt.date) -> None:
    loan = listed_loan(alice, today=now)
    lender = api_of(bob)
    refused = lender.post("/api/v1/loans/", {"requested_amount": "1000.00", "term_months": 12})
    assert (refused.status_code, refused.json()["code"]) == (403, "borrowers_only")
    assert lender.get("/api/v1/loans/").json()["results"] == []
    assert lender.get(f"/api/v1/loans/{loan.reference}/").status_code == 404
    for step in ("submit", "accept", "decline", "withdraw"):
        assert post(lender, f"loans/{loan.reference}/{step}/").status_code == 404
    assert Loan.objects.get().status == LoanStatus.LISTED


def test_a_step_without_key_is_refused(alice: User, api_of: ApiOf, now: dt.date) -> None:
    draft = draft_loan(alice, today=now)
    answer = api_of(alice).post(f"/api/v1/loans/{draft.reference}/submit/")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/Idempotency-Key"
    assert Loan.objects.get().status == LoanStatus.DRAFT


def test_from_application_to_signature(alice: User, bob: User, dora: User, api_of: ApiOf, now: dt.date) -> None:
    set_price()
    client = api_of(alice)
    created = client.post("/api/v1/loans/", {"requested_amount": "10000.00", "term_months": 12})
    assert created.status_code == 201
    reference = created.json()["reference"]
    early = post(client, f"loans/{reference}/submit/")
    assert (early.status_code, early.json()["code"]) == (422, "application_incomplete")
    assert client.patch(f"/api/v1/loans/{reference}/", ANSWERS).json()["monthly_income"] == "4000.00"
    key = new_key()
    sent, again = (post(client, f"loans/{reference}/submit/", key=key) for _ in range(2))
    assert (sent.json()["status"], again.headers.get("Idempotent-Replayed")) == ("submitted", "true")

    loan = Loan.objects.get()
    take_application(loan_id=loan.pk, actor=dora, today=now)
    make_offer(loan_id=loan.pk, actor=dora, idempotency_key=new_key(), today=now)
    offer = client.get(f"/api/v1/loans/{reference}/").json()
    assert (offer["net_received"], offer["instalment_amount"], offer["grade"]) == ("9700.00", "888.49", "C")
    planned = client.get(f"/api/v1/loans/{reference}/schedule/").json()
    assert (planned["is_planned"], planned["lines"][0]["payment"], planned["lines"][-1]["balance_after"]) == (
        True, "888.49", "0.00",
    )  # fmt: skip
    assert post(client, f"loans/{reference}/accept/").json()["status"] == "listed"

    lift_lending_limits()
    commit(loan, bob, 10_000_00, today=now)
    agreement = client.get(f"/api/v1/loans/{reference}/agreement/").json()
    assert len(agreement["sha256"]) == 64
    wrong = post(client, f"loans/{reference}/sign/", {"typed_name": "Somebody"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "name_does_not_match")
    signed = post(client, f"loans/{reference}/sign/", {"typed_name": "Alice Example"})
    assert (signed.status_code, signed.json()["signed_name"]) == (200, "Alice Example")


def test_a_stale_step_is_a_conflict(alice: User, api_of: ApiOf, now: dt.date) -> None:
    loan = listed_loan(alice, today=now)
    answer = post(api_of(alice), f"loans/{loan.reference}/accept/")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_transition")


def test_declining_ends_an_offer_and_only_an_offer(alice: User, api_of: ApiOf, now: dt.date) -> None:
    loan = offered_loan(alice, today=now)
    client = api_of(alice)
    assert post(client, f"loans/{loan.reference}/decline/").json()["status"] == "withdrawn"
    assert post(client, f"loans/{loan.reference}/decline/").status_code == 409


def test_questions_over_the_api(alice: User, bob: User, api_of: ApiOf, now: dt.date) -> None:
    loan = listed_loan(alice, today=now)
    url = f"/api/v1/listings/{loan.reference}/questions/"
    assert api_of(alice).post(url, {"text": "Why?"}).status_code == 403
    asked = api_of(bob).post(url, {"text": "Which windows?"}).json()
    assert (asked["author"], asked["status"]) == (bob.member_number, "open")
    answer_url = f"{url}{asked['reference']}/answer/"
    assert api_of(bob).post(answer_url, {"answer": "Mine"}).status_code == 404
    assert api_of(alice).post(answer_url, {"answer": "The north side."}).json()["status"] == "answered"
    assert [shown["answer"] for shown in api_of(bob).get(url).json()] == ["The north side."]
