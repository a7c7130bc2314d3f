"""Several products on offer: quote, application and API let the borrower choose, each with its own limits."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from loans.models import GradeTerms, Loan, LoanProduct
from loans.services.origination.application import create_draft
from p2plending.tests.support import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def small(db: None) -> LoanProduct:
    """A product of small loans that are paid every two weeks, to one grade."""
    product = LoanProduct.objects.create(
        code="small", name="Small loan", min_amount=100_00, max_amount=900_00, min_term_months=1, max_term_months=12,
        payment_every=2, payment_unit="week", base_rate=Decimal("0.09"),
    )  # fmt: skip
    GradeTerms.objects.create(
        product=product, grade="C", min_points=40, margin=Decimal("0.02"), origination_fee_rate=Decimal("0.01"),
        expected_loss_rate=Decimal("0.03"),
    )  # fmt: skip
    return product


def test_one_product_is_no_question(client: Client) -> None:
    assert "product" not in client.get(reverse("loans:quote")).context["form"].fields


def test_the_quote_asks_which_product_and_prices_that_one(client: Client, small: LoanProduct) -> None:
    page = client.get(reverse("loans:quote"))
    assert [code for code, _name in page.context["form"].fields["product"].choices] == ["standard", "small"]
    page = client.get(reverse("loans:quote"), {"product": "small"})
    chosen = page.context["chosen"]
    assert (page.status_code, chosen.quote.principal, chosen.grade) == (200, 900_00, "C")
    assert chosen.annual_rate == Decimal("0.11")
    assert "product=small" in page.context["apply_url"]


def test_limits_are_those_of_the_chosen_product(client: Client, small: LoanProduct) -> None:
    page = client.get(reverse("loans:quote"), {"product": "small", "requested_amount": "5000", "term_months": "12"})
    assert page.status_code == 422
    assert page.context["form"].errors["requested_amount"] == ["Enter an amount from €100.00 to €900.00."]


@pytest.mark.parametrize("code", ["none", "STANDARD", "' OR 1=1"])
def test_a_product_that_is_not_there_is_said_at_the_field(client: Client, small: LoanProduct, code: str) -> None:
    page = client.get(reverse("loans:quote"), {"product": code})
    assert page.status_code == 422
    assert page.context["form"].errors["product"] == ["Choose a product from the list."]


def test_an_application_is_for_the_chosen_product_and_may_change_to_another(
    alice: User, small: LoanProduct, client_of: Callable[[User], Client]
) -> None:
    client, url = client_of(alice), reverse("loans:apply_amount")
    assert client.get(url, {"product": "small"}).context["form"].initial["product"] == "small"
    first = client.post(url, {"product": "standard", "requested_amount": "5000", "term_months": "24", "due_day": "5"})
    assert first.status_code == 302
    loan = Loan.objects.get(borrower=alice)
    assert (loan.product.code, loan.requested_amount, loan.due_day) == ("standard", 5_000_00, 5)
    refused = client.post(url, {"product": "small", "requested_amount": "5000", "term_months": "12"})
    assert refused.status_code == 422
    client.post(url, {"product": "small", "requested_amount": "800", "term_months": "12"})
    loan.refresh_from_db()
    assert (loan.product.code, loan.requested_amount, loan.principal, loan.due_day) == ("small", 800_00, 800_00, None)


def test_a_product_taken_off_the_shelf_can_t_be_chosen(
    alice: User, small: LoanProduct, client_of: Callable[[User], Client]
) -> None:
    LoanProduct.objects.filter(pk=small.pk).update(is_offered=False)
    data = {"product": "small", "requested_amount": "800", "term_months": "12"}
    client_of(alice).post(reverse("loans:apply_amount"), data)
    assert not Loan.objects.filter(product=small).exists()


def test_the_api_lists_quotes_and_takes_applications_for_every_product(
    alice: User, small: LoanProduct, api_of: Callable[[User], APIClient]
) -> None:
    api = api_of(alice)
    listed = {row["code"]: row["max_amount"] for row in api.get(reverse("api-products")).json()}
    assert listed == {"standard": "25000.00", "small": "900.00"}
    asked = {"product": "small", "amount": "800.00", "term_months": 12}
    assert api.post(reverse("api-calculator"), asked, format="json").json()["annual_rate"] == "0.110000"
    made = api.post(
        reverse("api-loans"), {"product": "small", "requested_amount": "800.00", "term_months": 12}, format="json"
    )
    assert (made.status_code, made.json()["product"]) == (201, "small")
    url = reverse("api-loan", args=[made.json()["reference"]])
    changed = api.patch(url, {"product": "standard", "term_months": 12}, format="json").json()
    assert changed["product"] == "standard"
    wrong = api.patch(url, {"product": "none"}, format="json")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/product")


def test_a_draft_keeps_its_product_when_another_becomes_the_first(
    alice: User, small: LoanProduct, client_of: Callable[[User], Client]
) -> None:
    create_draft(borrower=alice, product=small, amount=500_00, term_months=6, actor=alice, today=world.TODAY)
    form = client_of(alice).get(reverse("loans:apply_amount")).context["form"]
    assert (form.initial["product"], form.initial["requested_amount"]) == ("small", 500_00)
