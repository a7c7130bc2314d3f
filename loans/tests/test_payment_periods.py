"""Products that are paid by weeks or days: the pages say so, and nobody is asked for a day of the month."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from loans.account.hardship_choices import help_choices
from loans.account.restructure import PlanTerms
from loans.account.terms import LoanTerms, monthly_amount
from loans.enums.collections import PlanOption
from loans.finance import InvalidTerms, PeriodUnit
from loans.finance.restructure import PlanChange, RescheduleKind, reschedule_dates
from loans.forms.application import AmountForm
from loans.models import LoanProduct
from loans.services.collections.hardship import OptionNotOffered, PaymentsOutOfRange, preview_help
from loans.services.origination.underwriting import preview_outcome
from p2plending.lib import clock
from p2plending.lib.formatting import format_length, format_period
from p2plending.lib.money import format_plain
from p2plending.tests.support.world import TODAY, active_loan, draft_loan, offered_loan, set_price

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def fortnights(db: None) -> LoanProduct:
    product = set_price()
    product.payment_every, product.payment_unit = 2, "week"
    product.save()
    return product


def body_of(client: Client, name: str, *args: str) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    ("every", "unit", "often", "long"),
    [
        (1, "month", "a month", "a month"),
        (3, "month", "every 3 months", "3 months"),
        (1, "week", "a week", "a week"),
        (2, "week", "every 2 weeks", "2 weeks"),
        (30, "day", "every 30 days", "30 days"),
    ],
)
def test_a_period_in_words(every: int, unit: str, often: str, long: str) -> None:
    assert (format_period(every, unit), format_length(every, unit)) == (often, long)


def test_the_calculator_and_the_price_list_name_the_period(fortnights: LoanProduct, client: Client) -> None:
    page = body_of(client, "loans:quote")
    assert "<small>every 2 weeks</small>" in page
    assert "Every 2 weeks</th>" in page
    assert "A longer loan costs less every 2 weeks and more in total." in page
    assert "a month" not in page
    assert "Every 2 weeks</th>" in body_of(client, "public:fees")


def test_the_application_asks_for_no_day_of_the_month(
    fortnights: LoanProduct, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    assert "due_day" not in body_of(client, "loans:apply_amount")
    sent = client.post(reverse("loans:apply_amount"), {"requested_amount": "1000", "term_months": "12"})
    assert sent.url == reverse("loans:apply_purpose")
    draft = alice.loans.get()
    assert (draft.requested_amount, draft.due_day) == (1_000_00, None)


def test_the_check_page_of_an_application_shows_no_day(
    fortnights: LoanProduct, alice: User, client_of: ClientOf
) -> None:
    draft_loan(alice, today=clock.business_date())
    assert "Day of the month" not in body_of(client_of(alice), "loans:apply_check")


def test_an_offer_by_weeks_says_how_often_how_much_and_how_many(
    fortnights: LoanProduct, alice: User, dora: User, client_of: ClientOf
) -> None:
    loan = offered_loan(alice, today=clock.business_date())
    page = body_of(client_of(alice), "loans:loan", loan.reference)
    assert "every 2 weeks for 12 months" in page
    assert "Payment every 2 weeks" in page
    assert "a month for" not in page
    review = body_of(client_of(dora), "admin:loan_review", loan.reference)
    assert "Payment every 2 weeks" in review


def test_a_loan_of_a_number_of_payments_says_the_number(
    fortnights: LoanProduct, alice: User, client_of: ClientOf
) -> None:
    LoanProduct.objects.filter(pk=fortnights.pk).update(payment_count=10)
    loan = offered_loan(alice, today=clock.business_date())
    assert ", 10 times, " in body_of(client_of(alice), "loans:loan", loan.reference)


def test_a_quote_of_a_number_of_payments_is_one_row_for_every_length(fortnights: LoanProduct, client: Client) -> None:
    compared = client.get(reverse("loans:quote"))
    assert len(compared.context["plans"]) > 1
    LoanProduct.objects.filter(pk=fortnights.pk).update(payment_count=10)
    page = client.get(reverse("loans:quote"))
    [plan] = page.context["plans"]
    assert (plan, len(plan.quote.schedule.lines)) == (page.context["chosen"], 10)
    text = page.content.decode()
    assert text.count('name="term_months"') == 1
    assert "10 payments, if your grade is B" in text
    assert "A longer loan costs less" not in text
    assert "24 months" not in text

    [product] = client.get("/api/v1/products/").json()
    assert [product[name] for name in ("payment_every", "payment_unit", "payment_count")] == [2, "week", 10]
    asked = {"amount": "5000.00", "term_months": 24, "grade": "B"}
    answer = client.post("/api/v1/calculator/", asked, content_type="application/json").json()
    payments = [line["payment"] for line in answer["quote"]["schedule"]]
    assert len(payments) == 10
    assert payments[0] == format_plain(plan.quote.instalment_amount, 2)


def test_agreement_listing_and_note_follow_the_period(
    fortnights: LoanProduct, alice: User, bob: User, client_of: ClientOf
) -> None:
    loan = active_loan(alice, {bob: 1_000_00}, today=clock.business_date())
    assert loan.instalments.count() == 26
    agreement = body_of(client_of(alice), "loans:agreement", loan.reference)
    assert "Payment every 2 weeks" in agreement
    assert re.search(r"Number of payments</dt><dd[^>]*>26<", agreement)
    assert "one payment every 2 weeks" in body_of(client_of(bob), "matching:listing", loan.reference)
    assert "about 2 weeks after the pay-out" in body_of(client_of(bob), "matching:note", loan.notes.get().reference)


def test_what_a_payment_takes_in_a_month_is_what_the_borrower_must_afford(fortnights: LoanProduct, alice: User) -> None:
    # 26 payments a year: two a month are 26/12 of one, rounded up to the cent.
    assert monthly_amount(fortnights, 120_00) == 260_00
    assert monthly_amount(fortnights, 1) == 3
    loan = draft_loan(alice, amount=1_000_00, term=12)
    outcome = preview_outcome(loan, today=TODAY)
    ratio = outcome.affordability.dti
    assert ratio == (Decimal(monthly_amount(fortnights, outcome.instalment_amount)) / 4_000_00).quantize(ratio)


def test_a_new_plan_keeps_the_period_and_has_no_day_of_the_month() -> None:
    dates = [dt.date(2026, 3, 4), dt.date(2026, 3, 18)]
    weeks = {"every": 2, "unit": PeriodUnit.WEEK}
    with pytest.raises(InvalidTerms):
        reschedule_dates(dates, PlanChange(RescheduleKind.NEW_DUE_DAY, due_day=5), **weeks)
    assert reschedule_dates(dates, PlanChange(RescheduleKind.HOLIDAY, payments=1), **weeks) == (
        dt.date(2026, 3, 18),
        dt.date(2026, 4, 1),
    )
    longer = reschedule_dates(dates, PlanChange(RescheduleKind.LONGER, payments=6), **weeks)
    assert (len(longer), longer[-1]) == (6, dt.date(2026, 5, 13))
    # Three months hold six payments of two weeks, and no pause is longer.
    assert reschedule_dates(dates, PlanChange(RescheduleKind.HOLIDAY, payments=6), **weeks)[0] == dt.date(2026, 5, 27)
    for payments in (0, 7):
        with pytest.raises(InvalidTerms):
            reschedule_dates(dates, PlanChange(RescheduleKind.HOLIDAY, payments=payments), **weeks)


@pytest.mark.parametrize(
    ("every", "unit", "method", "offered"),
    [
        (1, "month", "annuity", [("new_due_day", 0, 0), ("holiday", 1, 3), ("lower", 3, 6)]),
        (3, "month", "annuity", [("new_due_day", 0, 0), ("holiday", 1, 1), ("lower", 1, 2)]),
        (2, "week", "annuity", [("holiday", 1, 6), ("lower", 6, 13)]),
        (1, "week", "equal_principal", [("holiday", 1, 13)]),
        (10, "day", "annuity", [("holiday", 1, 9), ("lower", 9, 18)]),
    ],
)
def test_help_offers_what_the_loan_can_do_in_its_own_payments(
    alice: User, bob: User, every: int, unit: str, method: str, offered: list[tuple[str, int, int]]
) -> None:
    loan = active_loan(alice, {bob: 1_000_00}, today=TODAY)
    terms = LoanTerms.from_json(
        loan.frozen_terms | {"payment_every": every, "payment_unit": unit, "schedule_method": method}
    )
    assert [(str(one.option), one.low, one.high) for one in help_choices(terms)] == offered


def test_a_pause_of_a_two_week_loan_leaves_out_its_own_payments(
    fortnights: LoanProduct, alice: User, bob: User, client_of: ClientOf
) -> None:
    loan = active_loan(alice, {bob: 1_000_00}, today=TODAY)
    page = body_of(client_of(alice), "loans:help", loan.reference)
    assert "A pause: leave out 1 to 6 payments" in page
    assert "You pay every 2 weeks." in page
    assert "How much could you pay every 2 weeks meanwhile?" in page
    assert "due_day" not in page
    dates = list(loan.instalments.order_by("number").values_list("due_date", flat=True))
    plan = preview_help(loan, PlanTerms(PlanOption.HOLIDAY, payments=2), TODAY)
    assert [row.due_date for row in plan.planned] == [day + dt.timedelta(weeks=4) for day in dates]
    for asked, refusal in (
        (PlanTerms(PlanOption.HOLIDAY, payments=7), PaymentsOutOfRange),
        (PlanTerms(PlanOption.HOLIDAY), PaymentsOutOfRange),
        (PlanTerms(PlanOption.LOWER, payments=3, amount=20_00), PaymentsOutOfRange),
        (PlanTerms(PlanOption.NEW_DUE_DAY, due_day=5), OptionNotOffered),
    ):
        with pytest.raises(refusal):
            preview_help(loan, asked, TODAY)


def test_a_two_week_loan_after_its_last_date_goes_on_in_two_weeks(
    fortnights: LoanProduct, alice: User, bob: User
) -> None:
    loan = active_loan(alice, {bob: 1_000_00}, today=TODAY)
    after = loan.instalments.latest("number").due_date + dt.timedelta(days=3)
    plan = preview_help(loan, PlanTerms(PlanOption.HOLIDAY, payments=1), after)
    assert [row.due_date for row in plan.planned] == [after + dt.timedelta(weeks=4)]


def test_the_form_says_when_the_first_payment_comes_on_a_chosen_day() -> None:
    for every, least, words in (
        (1, 15, "The first payment is then 15 to 45 days after the money is paid out."),
        (1, 5, "The first payment is then 5 to 35 days after the money is paid out."),
        (3, 15, "The first payment is then 2 months and 15 days after the pay-out, or up to a month later."),
    ):
        form = AmountForm(product=LoanProduct(payment_every=every, first_period_min_days=least))
        assert form.fields["due_day"].help_text == words
