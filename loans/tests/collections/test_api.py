"""Loans in trouble over the API: the borrower's own, with the same services and figures as the pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from loans.account.restructure import PlanTerms
from loans.enums.collections import PlanOption
from loans.models import HardshipRequest, Loan, Recovery
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.collections import steps
from loans.tests.servicing.paying import fresh
from p2plending.lib.clock import business_date
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.world import example_loan, new_key

ApiOf = Callable[[User], APIClient]


@pytest.fixture
def today() -> dt.date:
    return business_date()


@pytest.fixture
def late(alice: User, bob: User, carol: User, dan: User, today: dt.date) -> Loan:
    loan = example_loan(alice, (bob, carol, dan), today=today - dt.timedelta(days=100))
    bring_loan_forward(loan_id=loan.pk, today=today)
    return fresh(loan)


def url(loan: Loan, path: str) -> str:
    return f"/api/v1/loans/{loan.reference}/{path}/"


def key() -> dict[str, str]:
    return {"HTTP_IDEMPOTENCY_KEY": new_key()}


@pytest.mark.parametrize("path", ["help", "new-plan", "settlement", "recoveries"])
def test_nobody_elses(path: str, late: Loan, bob: User, api_of: ApiOf) -> None:
    assert api_of(bob).get(url(late, path)).status_code in (403, 404)
    assert APIClient().get(url(late, path)).status_code == 401


def test_help_is_priced_asked_for_and_taken_back(late: Loan, alice: User, api_of: ApiOf) -> None:
    api = api_of(alice)
    plan = {"option": "holiday", "payments": 2}
    shown = api.post(url(late, "help/preview"), plan, format="json").json()
    # As many payments as are still to come, and the late fees that stay due now.
    assert len(shown["lines"]) == late.instalments.filter(due_date__gt=business_date()).count() + 1
    assert Decimal(shown["total"]) - Decimal(shown["before"]) == Decimal(shown["costs_more"]) > 0
    asked = plan | {"cause": "costs", "expected_months": 2, "affordable_amount": "50.00"}
    assert api.post(url(late, "help"), asked, format="json").status_code == 422
    once = key()
    first = api.post(url(late, "help"), asked, format="json", **once)
    again = api.post(url(late, "help"), asked, format="json", **once)
    assert (first.status_code, again.json()["reference"]) == (201, first.json()["reference"])
    assert "story" not in first.json()
    reference = first.json()["reference"]
    done = api.post(url(late, f"help/{reference}/withdraw"), **key())
    assert (done.json()["status"], HardshipRequest.objects.count()) == ("withdrawn", 1)
    assert [row["reference"] for row in api.get(url(late, "help")).json()["results"]] == [reference]


def test_a_new_plan_is_read_and_accepted(late: Loan, alice: User, dora: User, api_of: ApiOf, today: dt.date) -> None:
    api = api_of(alice)
    assert api.get(url(late, "new-plan")).status_code == 404
    steps.propose(late, PlanTerms(PlanOption.LONGER, payments=24), dora, today)
    shown = api.get(url(late, "new-plan")).json()
    assert (len(shown["plan"]["replaced"]), shown["proposal"]["status"]) == (12, "proposed")
    done = api.post(url(late, "new-plan/accept"), **key())
    assert (done.status_code, done.json()["schedule_version"]) == (201, 2)
    refused = api.post(url(late, "new-plan/decline"), **key())
    assert (refused.status_code, refused.json()["code"]) == (409, "proposal_ended")


def test_settlement_then_recovery(
    late: Loan, alice: User, dora: User, frank: User, api_of: ApiOf, today: dt.date
) -> None:
    api = api_of(alice)
    offered = steps.offer(late, 4_000_00, today, dora, today)
    assert api.get(url(late, "settlement")).status_code == 404
    steps.approve(offered.approval, frank, today)
    assert api.get(url(late, "settlement")).json()["amount"] == "4000.00"
    assert api.post(url(late, "settlement"), **key()).json()["status"] == "paid"
    assert fresh(late).status == "settled"
    paid = api.post(url(late, "recoveries"), {"amount": "10.00"}, format="json", **key())
    assert (paid.status_code, paid.json()["fee"]) == (201, "2.50")
    assert Recovery.objects.count() == 1
    assert_sound_books()
