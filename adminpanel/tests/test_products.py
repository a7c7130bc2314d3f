"""Loan products on the desk: changed for new loans only, every choice in words, and nothing without a price."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from itertools import product as every_pair
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums import StaffGroup
from accounts.models import AuditEvent, User
from adminpanel.forms.products import ProductForm, product_choices
from adminpanel.services.settings import ProductHasNoPrice, change_product
from adminpanel.tests import scenes
from loans.models import GradeTerms, Loan, LoanProduct
from loans.quoting import quote_for
from loans.terms import LoanTerms
from p2plending.lib import clock
from p2plending.tests import world

ClientOf = Callable[[User], Client]
FOLLOWING = {
    "servicing_method": "progressive",
    "allocation_order": "penalty,fee,interest,principal",
    "interest_recalculation": "daily",
    "default_interest_rate": "0",
}


@pytest.fixture
def compliance(db: None) -> User:
    return scenes.staff_of(StaffGroup.COMPLIANCE)


def at(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


def product_data(product: LoanProduct, client: Client, **changes: str) -> dict[str, str]:
    page = client.get(at("product", product.code))
    data = {"reason": "Market"}
    for form in (page.context["form"], *page.context["grades"]):
        for field in form:
            value = field.value()
            if isinstance(value, bool):
                value = "on" if value else ""
            if value not in (None, "") and field.name != "reason":
                data[field.html_name] = field.field.widget.format_value(value) if value != "on" else value
    return data | changes


def test_a_product_is_changed_for_new_loans_only(alice: User, compliance: User, client_of: ClientOf) -> None:
    loan = world.offered_loan(alice, today=clock.business_date())
    client = client_of(compliance)
    product = loan.product
    data = product_data(product, client, base_rate="5.25", **{"B-margin": "6.125"})
    assert client.post(at("product", product.code), data).status_code == 302
    product.refresh_from_db()
    assert product.base_rate == Decimal("0.0525")
    assert GradeTerms.objects.get(product=product, grade="B").margin == Decimal("0.06125")
    assert Loan.objects.get(pk=loan.pk).annual_rate == loan.annual_rate
    event = AuditEvent.objects.get(action="adminpanel.product.changed")
    assert event.data == {
        "base_rate": {"before": "0.050000", "after": "0.0525"},
        "B.margin": {"before": "0.060000", "after": "0.06125"},
    }


def test_a_product_sent_back_unchanged_changes_nothing(compliance: User, client_of: ClientOf) -> None:
    product = world.standard_product()
    client = client_of(compliance)
    answer = client.post(at("product", product.code), product_data(product, client))
    assert answer.status_code == 422
    assert "Nothing was changed." in answer.content.decode()


def test_limits_of_a_product_must_be_in_order(compliance: User, client_of: ClientOf) -> None:
    product = world.standard_product()
    client = client_of(compliance)
    answer = client.post(at("product", product.code), product_data(product, client, max_amount="100"))
    assert answer.status_code == 422
    assert "The largest amount must not be below the smallest." in answer.content.decode()
    product.refresh_from_db()
    assert product.max_amount == 25_000_00


def test_who_only_looks_can_t_change_a_product(client_of: ClientOf) -> None:
    product = world.standard_product()
    client = client_of(scenes.staff_of(StaffGroup.AUDITOR))
    page = client.get(at("product", product.code))
    assert "Save product" not in page.content.decode()
    data = product_data(product, client, base_rate="9")
    assert client.post(at("product", product.code), data).status_code == 403
    product.refresh_from_db()
    assert product.base_rate == Decimal("0.05")


def test_a_product_whose_plan_follows_the_money_is_saved_and_old_loans_keep_their_plan(
    alice: User, compliance: User, client_of: ClientOf
) -> None:
    loan = world.offered_loan(alice, today=clock.business_date())
    client, product = client_of(compliance), loan.product
    choices = FOLLOWING | {"future_instalments": "last", "payoff_interest": "to_rest_date", "last_takes_level": ""}
    assert client.post(at("product", product.code), product_data(product, client, **choices)).status_code == 302
    product.refresh_from_db()
    assert (product.servicing_method, product.interest_recalculation) == ("progressive", "daily")
    assert (product.future_instalments, product.payoff_interest) == ("last", "to_rest_date")
    assert (product.allocation_order, product.last_takes_level) == ("penalty,fee,interest,principal", False)
    kept = Loan.objects.get(pk=loan.pk).frozen_terms
    assert (kept["servicing_method"], kept["allocation_order"]) == ("plan", ["late_fee", "interest", "principal"])
    assert kept == loan.frozen_terms


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"interest_recalculation": "daily"}, "interest_recalculation", "only where the plan follows it"),
        (FOLLOWING | {"schedule_method": "flat"}, "interest_recalculation", "only with equal payments"),
        (FOLLOWING | {"interest_free_periods": "1"}, "interest_free_periods", "counts from the first day"),
        (FOLLOWING | {"default_interest_rate": "5"}, "default_interest_rate", "no default interest"),
        (
            FOLLOWING | {"allocation_order": "interest,late_fee,principal"},
            "allocation_order",
            "penalty, fee, interest and principal",
        ),
        (
            {"allocation_order": "fee,penalty,interest,principal"},
            "allocation_order",
            "late fee, interest and principal",
        ),
        ({"allocation_order": "late_fee,interest"}, "allocation_order", "Choose one of the answers in the list."),
        ({"payment_every": "0"}, "payment_every", "from 1 to 36"),
        ({"payment_every": "-3"}, "payment_every", "Enter 0 or more."),
        ({"late_fee_fixed": "-1"}, "late_fee_fixed", "Enter 0 or more."),
        ({"base_rate": "12.3456789"}, "base_rate", "at most 4 decimals"),
        ({"name": ""}, "name", "Enter a name."),
        ({"payment_every": "37"}, "payment_every", "from 1 to 36"),
        ({"payment_unit": "week", "payment_every": "53"}, "payment_every", "from 1 to 52"),
        ({"payment_unit": "day", "payment_every": "366"}, "payment_every", "from 1 to 365"),
        ({"payment_unit": "day"}, "payment_every", "more than 600 payments"),
        ({"payment_count": "12"}, "payment_count", "by the month follow from the term"),
        ({"payment_unit": "week", "payment_count": "0"}, "payment_count", "from 1 to 600"),
        ({"payment_unit": "week", "payment_count": "601"}, "payment_count", "from 1 to 600"),
        ({"first_period_min_days": "0"}, "first_period_min_days", "from 1 to 31"),
        ({"first_period_min_days": "32"}, "first_period_min_days", "from 1 to 31"),
        ({"payment_every": "3", "principal_free_periods": "2"}, "principal_free_periods", "At least one payment"),
    ],
)
def test_choices_that_do_not_fit_together_are_refused_in_words(
    changes: dict[str, str], field: str, words: str, compliance: User, client_of: ClientOf
) -> None:
    product, client = world.standard_product(), client_of(compliance)
    before = LoanProduct.objects.filter(pk=product.pk).values().get()
    answer = client.post(at("product", product.code), product_data(product, client, **changes))
    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors[field])
    assert words in answer.content.decode()
    assert LoanProduct.objects.filter(pk=product.pk).values().get() == before


def test_every_choice_of_a_plan_that_follows_the_money_stands_under_its_heading(
    compliance: User, client_of: ClientOf
) -> None:
    product = world.standard_product()
    page = client_of(compliance).get(at("product", product.code))
    named = {str(title): [field.name for field in fields] for title, _sub, fields in page.context["form"].sections()}
    assert named["A plan that follows the money"] == [
        "interest_recalculation",
        "overdue_bears_interest",
        "payoff_interest",
        "payment_way",
        "future_instalments",
        "last_takes_level",
    ]
    assert sorted(name for names in named.values() for name in names) == sorted(ProductForm.Meta.fields)
    assert "These choices matter only if the plan follows the money." in page.content.decode()


def test_default_interest_after_a_default_is_a_choice_told_in_words(
    compliance: User, client_of: ClientOf, alice: User
) -> None:
    client, product = client_of(compliance), world.standard_product()
    page = client.get(at("product", product.code)).content.decode()
    assert "it goes on after a default, on all principal that is then late." in page
    changes = {"default_interest_rate": "8", "stops_default_interest": "", "first_period_min_days": "20"}
    assert client.post(at("product", product.code), product_data(product, client, **changes)).status_code == 302
    terms = LoanTerms.from_json(world.offered_loan(alice, today=clock.business_date()).frozen_terms)
    assert (terms.default_interest_rate, terms.stops_default_interest) == (Decimal("0.08"), False)
    assert terms.first_period_min_days == 20


def test_what_gives_no_price_is_not_saved(compliance: User, client_of: ClientOf) -> None:
    product, client = world.standard_product(), client_of(compliance)
    data = product_data(product, client, **{"C-origination_fee_rate": "100"})
    answer = client.post(at("product", product.code), data)
    assert answer.status_code == 422
    assert "no price for €500.00 over 6 months, grade C" in answer.content.decode()
    assert GradeTerms.objects.get(product=product, grade="C").origination_fee_rate < 1
    with pytest.raises(ProductHasNoPrice):
        change_product(
            product=product,
            values={"payment_unit": "day"},
            grades={},
            reason="By hand",
            actor=compliance,
            today=world.TODAY,
        )
    product.refresh_from_db()
    assert product.payment_unit == "month"


@pytest.mark.parametrize("servicing", ["plan", "progressive"])
@pytest.mark.parametrize(("unit", "every"), [("month", 1), ("month", 3), ("week", 2), ("day", 30)])
def test_every_product_that_the_form_takes_has_a_price(servicing: str, unit: str, every: int, db: None) -> None:
    product, choices = world.standard_product(), product_choices()
    grade_terms = product.grades.get(grade="B")
    taken = 0
    for method, day_count, recalculation in every_pair(
        *(
            [code for code, _words in choices[name]]
            for name in ("schedule_method", "day_count", "interest_recalculation")
        )
    ):
        row = LoanProduct.objects.get(pk=product.pk)
        order = "late_fee,interest,principal" if servicing == "plan" else "fee,penalty,principal,interest"
        shown = ProductForm(instance=row)
        data = {name: shown[name].value() for name in shown.Meta.fields} | {
            "schedule_method": method,
            "day_count": day_count,
            "interest_recalculation": recalculation,
            "servicing_method": servicing,
            "allocation_order": order,
            "payment_unit": unit,
            "payment_every": every,
            "reason": "Trying",
        }
        data = {name: "" if value is None else value for name, value in data.items()}
        form = ProductForm(data, instance=row)
        assert form.is_valid() == (recalculation == "none" or (servicing, method) == ("progressive", "annuity"))
        if form.is_valid():
            taken += 1
            quoted = quote_for(form.instance, grade_terms, 1_000_00, 12, dt.date(2026, 1, 31))
            assert sum(line.principal for line in quoted.schedule.lines) == 1_000_00
    assert taken == (20 if servicing == "plan" else 28)
