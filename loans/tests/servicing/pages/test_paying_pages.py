"""Pages and API of automatic payment and of giving a loan back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from ledger.selectors import wallet_summary
from loans.enums.loan import LoanStatus
from loans.models import Loan
from loans.tests.servicing.paying import fresh
from p2plending.lib import clock
from p2plending.tests.support.world import active_loan, fund_wallet, new_key, verified

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def young(alice: User, bob: User) -> Loan:
    """1,000.00, paid out five days ago."""
    day = clock.business_date() - dt.timedelta(days=5)
    loan = active_loan(alice, {bob: 1_000_00}, today=day)
    fund_wallet(alice, 500_00, today=day)
    return loan


def test_another_borrower_finds_nothing(young: Loan, client_of: ClientOf) -> None:
    other = client_of(verified("Oscar", "borrower"))
    for name in ("loans:switch_autopay", "loans:give_back"):
        url = reverse(name, args=[young.reference])
        assert other.post(url, {"is_on": "on", "form_key": new_key()}).status_code == 404
    assert (fresh(young).autopay, fresh(young).status) == (False, LoanStatus.ACTIVE)


def test_automatic_payment_is_switched_on_the_loans_page(young: Loan, alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    url = reverse("loans:switch_autopay", args=[young.reference])
    assert url in client.get(reverse("loans:loan", args=[young.reference])).content.decode()
    for sent, stored in (({"is_on": "on"}, True), ({}, False)):
        client.post(url, sent)
        assert fresh(young).autopay is stored


def test_giving_back_shows_its_figures_and_happens_once(young: Loan, alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    url = reverse("loans:give_back", args=[young.reference])
    figures = client.get(url).context["figures"]
    before = wallet_summary(alice).available
    assert figures.principal == 1_000_00
    data = {"form_key": new_key()}
    targets = {client.post(url, data).url for _click in range(2)}
    assert len(targets) == 1
    assert wallet_summary(alice).available == before - figures.from_wallet
    assert fresh(young).status == LoanStatus.REPAID
    assert "are over" in client.get(url).content.decode()


def test_the_api_does_the_same(young: Loan, alice: User, bob: User) -> None:
    client = APIClient()
    client.force_authenticate(bob)
    path = f"/api/v1/loans/{young.reference}"
    assert client.put(f"{path}/autopay/", {"is_on": True}, format="json").status_code in (403, 404)
    client.force_authenticate(alice)
    assert client.put(f"{path}/autopay/", {"is_on": True}, format="json").data == {"is_on": True}
    assert client.get(f"{path}/autopay/").data == {"is_on": True}
    assert client.get(f"{path}/give-back/").data["principal"] == "1000.00"
    key = {"HTTP_IDEMPOTENCY_KEY": new_key()}
    answers = [client.post(f"{path}/give-back/", **key) for _click in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].data["reference"] == answers[1].data["reference"]
    again = client.get(f"{path}/give-back/")
    assert (again.status_code, again.data["code"]) == (409, "withdrawal_time_over")
