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

from accounts.enums.people import StaffGroup
from accounts.models import ApprovalRequest, AuditEvent, User
from adminpanel.forms.products import ProductForm, product_choices
from adminpanel.services.products import ProductHasNoPrice, request_product
from adminpanel.tests import scenes
from loans.account.pricing import quote_for
from loans.account.terms import LoanTerms
from loans.models import GradeTerms, Loan, LoanProduct
from p2plending.lib import clock
from p2plending.tests.support import world

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


def ask_and_agree(client: Client, product: LoanProduct, data: dict[str, str]) -> None:
    """The check page, the request, and a colleague's yes."""
    assert client.post(at("product", product.code), data).status_code == 200
    assert client.post(at("product", product.code), data | {"confirmed": "on"}).status_code == 302
    assert world.agree_about("product", product.code, today=clock.business_date()) == 1


def test_a_product_is_changed_for_new_loans_only(alice: User, compliance: User, client_of: ClientOf) -> None:
    loan = world.offered_loan(alice, today=clock.business_date())
    client = client_of(compliance)
    product = loan.product
    data = product_data(product, client, base_rate="5.25", **{"B-margin": "6.125"})
    ask_and_agree(client, product, data)
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
    assert "See what this does" not in page.content.decode()
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
    ask_and_agree(client, product, product_data(product, client, **choices))
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
    ask_and_agree(client, product, product_data(product, client, **changes))
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
        request_product(
            code=product.code,
            product=product,
            values={"payment_unit": "day"},
            grades={},
            reason="By hand",
            actor=compliance,
            today=world.TODAY,
        )
    product.refresh_from_db()
    assert product.payment_unit == "month"


@pytest.mark.one_database
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


def grade_data(grade: str, points: int, margin: str) -> dict[str, str]:
    return {
        f"{grade}-min_points": str(points),
        f"{grade}-margin": margin,
        f"{grade}-origination_fee_rate": "2",
        f"{grade}-expected_loss_rate": "1",
    }


def new_product_data(client: Client, **changes: str) -> dict[str, str]:
    """The page of a new product, filled in as it is shown, with a code, a name and one grade."""
    form = client.get(at("product_new")).context["form"]
    data = {"reason": "Customers ask for it", "code": "car-loan", "name": "Car loan"} | grade_data("B", 60, "3")
    for field in form:
        value = field.value()
        if isinstance(value, bool):
            value = "on" if value else ""
        if value not in (None, "") and field.name not in data:
            data[field.html_name] = field.field.widget.format_value(value) if value != "on" else value
    return data | changes


def test_a_change_is_shown_with_an_example_before_anything_is_asked_for(compliance: User, client_of: ClientOf) -> None:
    client, product = client_of(compliance), world.standard_product()
    data = product_data(product, client, base_rate="6")
    page = client.post(at("product", product.code), data)
    assert page.status_code == 200
    shown = {example.grade: (example.before, example.after) for example in page.context["examples"]}
    before, after = shown["B"]
    assert (before.annual_rate, after.annual_rate) == (Decimal("0.115"), Decimal("0.125"))
    assert (before.quote.instalment_amount, after.quote.instalment_amount) == (234_20, 236_54)
    text = page.content.decode()
    assert "€234.20" in text
    assert "€236.54" in text
    assert [(line.before, line.after) for line in page.context["changes"]] == [("5.00%", "6.00%")]
    assert not ApprovalRequest.objects.exists()
    product.refresh_from_db()
    assert product.base_rate == Decimal("0.05")
    back = client.post(at("product", product.code), data | {"edit": "on"})
    assert back.context["form"]["base_rate"].value() == "6"


def test_a_product_is_added_with_its_grades_when_a_second_person_agrees(compliance: User, client_of: ClientOf) -> None:
    client = client_of(compliance)
    data = new_product_data(client)
    assert client.post(at("product_new"), data).status_code == 200
    assert client.post(at("product_new"), data | {"confirmed": "on"}).status_code == 302
    assert not LoanProduct.objects.filter(code="car-loan").exists()
    request = ApprovalRequest.objects.get()
    page = client_of(world.second_officer()).get(at("approval", request.reference)).content.decode()
    assert "Car loan" in page
    assert world.agree_about("product", "car-loan", today=clock.business_date()) == 1
    product = LoanProduct.objects.get(code="car-loan")
    grades = list(product.grades.values_list("grade", "min_points", "margin"))
    assert (product.name, grades) == ("Car loan", [("B", 60, Decimal("0.03"))])
    assert client.get(reverse("loans:quote"), {"product": "car-loan"}).status_code == 200


def test_a_grade_is_added_to_a_product(compliance: User, client_of: ClientOf) -> None:
    client, product = client_of(compliance), world.standard_product()
    product.grades.filter(grade="E").delete()
    data = product_data(product, client)
    ask_and_agree(client, product, data | grade_data("E", 20, "20"))
    assert product.grades.get(grade="E").margin == Decimal("0.2")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "standard"}, "There is a product with this code already."),
        ({"code": "new"}, "this one is an address of the desk"),
        ({"code": "Car Loan"}, "Enter a code of small letters, digits and hyphens"),
        ({"code": ""}, "Enter a code."),
        ({"B-margin": ""}, "Enter a percentage."),
        (grade_data("C", 70, "4"), "A better grade needs more points than the grade after it."),
        (dict.fromkeys(grade_data("B", 0, ""), ""), "Choose at least one grade"),
    ],
)
def test_a_product_that_can_t_be_is_refused_in_words(
    changes: dict[str, str], words: str, compliance: User, client_of: ClientOf
) -> None:
    client = client_of(compliance)
    answer = client.post(at("product_new"), new_product_data(client, **changes))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ApprovalRequest.objects.exists()


def test_a_product_that_changed_meanwhile_is_not_overwritten(compliance: User, client_of: ClientOf) -> None:
    client, product = client_of(compliance), world.standard_product()
    data = product_data(product, client, base_rate="6") | {"confirmed": "on"}
    client.post(at("product", product.code), data)
    LoanProduct.objects.filter(pk=product.pk).update(base_rate=Decimal("0.07"))
    url = at("approval_approve", ApprovalRequest.objects.get().reference)
    answer = client_of(world.second_officer()).post(url, {"form_key": world.new_key()})
    assert answer.status_code == 422
    assert "This has changed since it was asked for." in answer.content.decode()
    product.refresh_from_db()
    assert product.base_rate == Decimal("0.07")
