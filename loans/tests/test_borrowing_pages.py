"""The borrower's pages: who may open them, what they say, and that a refusal moves nothing."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.enums.people import Role
from accounts.models import User
from loans.enums.loan import LoanStatus
from loans.models import Loan
from loans.selectors.borrower import loan_for_borrower
from loans.services.origination.questions import ask_question
from loans.services.origination.review import ask_applicant
from p2plending.lib.clock import business_date
from p2plending.tests.support.cast import make_user
from p2plending.tests.support.markup import title_of
from p2plending.tests.support.world import (
    ANSWERS,
    active_loan,
    draft_loan,
    funded_loan,
    listed_loan,
    new_key,
    offered_loan,
    officer,
    reviewed_loan,
    set_price,
    standard_product,
    submitted_loan,
)

SignIn = Callable[[User], Client]
DECLARATIONS = {"answers_are_true": "on", "has_read_costs": "on", "agrees_to_check": "on"}


@pytest.fixture
def now() -> dt.date:
    """Pages read the clock, so their scenes are made today."""
    return business_date()


def text_of(response: HttpResponse) -> str:
    """The words of the page's main part."""
    html = response.content.decode()
    main = html[html.index('<main id="main"') : html.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)).replace("\N{NO-BREAK SPACE}", " ")


def key_in(response: HttpResponse) -> str:
    return re.search(r'name="form_key" value="([0-9a-f]{32})"', response.content.decode())[1]


def test_a_loan_is_found_by_its_borrower_alone_and_in_the_states_that_are_asked_for(
    alice: User, bob: User, now: dt.date
) -> None:
    loan = submitted_loan(alice, today=now)
    assert loan_for_borrower(alice, loan.reference) == loan
    assert loan_for_borrower(alice, loan.reference, LoanStatus.application()) == loan
    assert loan_for_borrower(alice, loan.reference, LoanStatus.disbursed()) is None
    assert loan_for_borrower(bob, loan.reference) is None


@pytest.mark.parametrize("name", ["borrowing_home", "loan_list", "apply_start", "apply_amount", "apply_check"])
def test_visitors_sign_in_and_lenders_are_sent_away(client: Client, bob: User, client_of: SignIn, name: str) -> None:
    url = reverse(f"loans:{name}")
    visitor = client.get(url)
    assert (visitor.status_code, visitor.url) == (302, f"{settings.LOGIN_URL}?next={url}")
    lender = client_of(bob).get(url)
    assert lender.status_code == 403
    assert "Only borrowers can open this page." in lender.content.decode()


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("loan", "get"),
        ("agreement", "get"),
        ("sign", "post"),
        ("withdraw", "post"),
        ("accept_offer", "post"),
        ("decide_smaller", "post"),
        ("answer_info", "post"),
    ],
)
def test_the_loan_of_another_is_not_found(
    alice: User, bob: User, client_of: SignIn, now: dt.date, name: str, method: str
) -> None:
    loan = funded_loan(alice, {bob: 1_000_00}, today=now)
    stranger = make_user("Gina", Role.BORROWER)
    response = getattr(client_of(stranger), method)(reverse(f"loans:{name}", args=[loan.reference]))
    assert response.status_code == 404
    assert Loan.objects.get(pk=loan.pk).status == LoanStatus.FUNDED


def test_the_quote_is_public_and_shows_the_figures_of_the_example(client: Client, db: None) -> None:
    set_price()
    page = client.get(reverse("loans:quote"), {"requested_amount": "10,000", "term_months": "12", "grade": "C"})
    words = text_of(page)
    for figure in ("€888.49", "€9,700.00", "€300.00", "12.00%", "19.4%", "€961.86", "€10,661.86"):
        assert figure in words


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        ("", "Enter an amount."),
        ("much", "Enter the amount as a number, like 2400.00."),
        ("-500", "Enter an amount above zero."),
        ("0", "Enter an amount from €500.00 to €25000.00."),
        ("1e30", "Enter the amount as a number, like 2400.00."),
        ("500.001", "Enter the amount with at most 2 decimals, like 2400.00."),
        ("99999999999999999999", "Enter a smaller amount."),
        ("550", "Enter an amount in steps of €100.00."),
    ],
)
def test_wrong_amounts_get_a_clear_message_and_store_nothing(
    client: Client, alice: User, client_of: SignIn, amount: str, message: str
) -> None:
    quote = client.get(reverse("loans:quote"), {"requested_amount": amount, "term_months": "12"})
    apply = client_of(alice).post(reverse("loans:apply_amount"), {"requested_amount": amount, "term_months": "12"})
    for page in (quote, apply):
        assert page.status_code == 422
        assert message in text_of(page)
        assert title_of(page.content.decode()).startswith("Error: ")
    assert not Loan.objects.exists()


def test_the_application_is_saved_step_by_step_and_sent_once(alice: User, client_of: SignIn, now: dt.date) -> None:
    browser = client_of(alice)
    first = browser.post(reverse("loans:apply_amount"), {"requested_amount": "10000", "term_months": "12"})
    assert first.url == reverse("loans:apply_purpose")
    answers = {name: ANSWERS[name] for name in ("purpose", "title", "story", "region")}
    assert browser.post(reverse("loans:apply_purpose"), answers).url == reverse("loans:apply_income")
    income = {
        "monthly_income": "4,000.00",
        "monthly_expenses": "1500",
        "monthly_debt_service": "0",
        "employment": "employed",
        "employment_months": "72",
        "dependants": "0",
        "is_homeowner": "on",
    }
    assert browser.post(reverse("loans:apply_income"), income).url == reverse("loans:apply_check")

    check = browser.get(reverse("loans:apply_check"))
    assert "After this payment you keep about €1,597.42 a month." in text_of(check)
    key = key_in(check)
    unticked = browser.post(reverse("loans:apply_check"), {"form_key": key})
    assert unticked.status_code == 422
    assert key_in(unticked) == key
    assert Loan.objects.get().status == LoanStatus.DRAFT

    loan = Loan.objects.get()
    sent = browser.post(reverse("loans:apply_check"), {"form_key": key} | DECLARATIONS)
    assert sent.url == reverse("loans:apply_sent", args=[loan.reference])
    assert loan.reference in text_of(browser.get(sent.url))
    loan.refresh_from_db()
    assert (loan.status, loan.principal, loan.monthly_income) == (LoanStatus.SUBMITTED, 10_000_00, 4_000_00)


def test_a_step_can_not_be_jumped_over(alice: User, client_of: SignIn, now: dt.date) -> None:
    browser = client_of(alice)
    assert browser.get(reverse("loans:apply_purpose")).url == reverse("loans:apply_start")
    browser.post(reverse("loans:apply_amount"), {"requested_amount": "1000", "term_months": "12"})
    assert browser.get(reverse("loans:apply_check")).url == reverse("loans:apply_purpose")
    assert browser.get(reverse("loans:apply_start")).url == reverse("loans:apply_purpose")


def test_updating_the_quote_stores_nothing(alice: User, client_of: SignIn) -> None:
    page = client_of(alice).post(
        reverse("loans:apply_amount"), {"requested_amount": "7500", "term_months": "36", "update": "1"}
    )
    assert page.status_code == 200
    assert "€7,500.00" in text_of(page)
    assert not Loan.objects.exists()


def test_an_unverified_person_is_told_why_and_where_to_go(dora: User, client_of: SignIn, now: dt.date) -> None:
    frank = make_user("Frank", Role.BORROWER)
    draft = draft_loan(frank, today=now)
    page = client_of(frank).get(reverse("loans:apply_check"))
    assert "Do the identity check first." in text_of(page)
    assert f'href="{reverse("accounts:identity")}"' in page.content.decode()
    assert "Send application" not in text_of(page)

    forced = client_of(frank).post(reverse("loans:apply_check"), {"form_key": new_key()} | DECLARATIONS)
    assert forced.status_code == 422
    draft.refresh_from_db()
    assert draft.status == LoanStatus.DRAFT


def test_answers_that_would_be_declined_are_shown_with_an_amount_that_passes(
    alice: User, client_of: SignIn, now: dt.date
) -> None:
    draft_loan(alice, amount=10_000_00, today=now, monthly_income=2_000_00, monthly_expenses=1_500_00)
    browser = client_of(alice)
    page = browser.get(reverse("loans:apply_check"))
    words = text_of(page)
    assert "The payment would leave too little each month after your other costs." in words
    smaller = re.search(r'name="requested_amount" value="([0-9.]+)"', page.content.decode())[1]
    browser.post(reverse("loans:apply_amount"), {"requested_amount": smaller, "term_months": "12"})
    assert "After this payment you keep about" in text_of(browser.get(reverse("loans:apply_check")))


def test_the_offer_leads_with_what_you_receive_and_says_why_the_grade(
    alice: User, client_of: SignIn, now: dt.date
) -> None:
    set_price()
    loan = offered_loan(alice, amount=10_000_00, today=now)
    page = client_of(alice).get(reverse("loans:loan", args=[loan.reference]))
    words = text_of(page)
    assert '<div class="big"><span class="money">€9,700.00</span></div>' in page.content.decode()
    for part in ("You pay €888.49 a month for 12 months, €10,661.86 in all. APR 19.4%.", "Why grade C", "15 of 15"):
        assert part in words
    assert "Each loan that you pay back on time counts." in words
    added = "Late fee 5% of what is unpaid, at least €5.00 Once for each missed payment, after 15 days"
    assert f"{added} Early payment Free Any day; interest stops on that day" in words


def test_what_paying_late_and_early_costs_is_told_before_it_is_agreed(
    alice: User, client_of: SignIn, now: dt.date
) -> None:
    product = set_price()
    product.servicing_method, product.allocation_order = "progressive", "penalty,fee,interest,principal"
    product.interest_recalculation, product.payoff_interest = "daily", "to_rest_date"
    product.save()
    browser = client_of(alice)
    quote = text_of(browser.get(reverse("loans:quote")))
    assert "free of charge. Any day; paying off costs interest to the next due date." in quote
    loan = offered_loan(alice, today=now)
    words = text_of(browser.get(reverse("loans:loan", args=[loan.reference])))
    assert "Interest on what is late The rate of the loan, on late principal By the day, until it is paid" in words
    assert "Fees and penalties As we tell you, with the reason" in words
    assert "interest stops on that day" not in words


def test_accepting_needs_the_tick_and_happens_once(alice: User, client_of: SignIn, now: dt.date) -> None:
    loan = offered_loan(alice, today=now)
    browser, url = client_of(alice), reverse("loans:accept_offer", args=[loan.reference])
    key = key_in(browser.get(reverse("loans:loan", args=[loan.reference])))
    assert browser.post(url, {"form_key": key}).status_code == 422
    for _ in range(2):
        assert browser.post(url, {"form_key": key, "has_read_offer": "on"}).status_code == 302
    assert loan.transitions.filter(event="accept").count() == 1

    stale = browser.post(url, {"form_key": new_key(), "has_read_offer": "on"})
    assert stale.status_code == 422
    assert "This step is no longer possible. The page was out of date." in stale.content.decode()


def test_signing_with_another_name_is_refused_and_the_right_one_signs(
    alice: User, bob: User, client_of: SignIn, now: dt.date
) -> None:
    loan = funded_loan(alice, {bob: 1_000_00}, today=now)
    browser, url = client_of(alice), reverse("loans:sign", args=[loan.reference])
    page = browser.get(url)
    assert loan.agreement.sha256 in page.content.decode()
    signature = {"form_key": key_in(page), "has_read_agreement": "on"}
    wrong = browser.post(url, signature | {"typed_name": "Bob Example"})
    assert wrong.status_code == 422
    assert "Enter your full name as it is on your identity document." in text_of(wrong)

    assert browser.post(url, signature | {"typed_name": "Alice Example"}).status_code == 302
    printed = text_of(browser.get(reverse("loans:agreement", args=[loan.reference])))
    assert "Alice Example" in printed
    assert bob.full_name not in printed


def test_a_question_of_staff_is_answered_on_the_page(alice: User, dora: User, client_of: SignIn, now: dt.date) -> None:
    loan = reviewed_loan(alice, today=now)
    ask_applicant(
        loan_id=loan.pk, question="How high is your rent?", due_on=now + dt.timedelta(days=3), actor=dora, today=now
    )
    browser, url = client_of(alice), reverse("loans:loan", args=[loan.reference])
    assert "How high is your rent?" in text_of(browser.get(url))
    assert browser.post(reverse("loans:answer_info", args=[loan.reference]), {"answer": ""}).status_code == 422
    browser.post(reverse("loans:answer_info", args=[loan.reference]), {"answer": "800"})
    assert Loan.objects.get(pk=loan.pk).info_answer == "800"


def test_lenders_questions_are_answered_on_the_page(alice: User, bob: User, client_of: SignIn, now: dt.date) -> None:
    loan = listed_loan(alice, today=now)
    question = ask_question(loan_id=loan.pk, author=bob, text="Which windows?", actor=bob, today=now)
    browser = client_of(alice)
    url = reverse("loans:answer_question", args=[loan.reference, question.reference])
    refused = browser.post(url, {"answer": "me@example.org"})
    assert refused.status_code == 422
    assert "me@example.org" in refused.content.decode()
    assert browser.post(url, {"answer": "The north side."}).status_code == 302
    page = text_of(browser.get(reverse("loans:loan", args=[loan.reference])))
    assert "The north side." in page
    assert bob.member_number in page
    assert bob.full_name not in page


def test_taking_back_asks_first(alice: User, client_of: SignIn, now: dt.date) -> None:
    loan = submitted_loan(alice, today=now)
    browser, url = client_of(alice), reverse("loans:withdraw", args=[loan.reference])
    page = browser.get(url)
    assert Loan.objects.get(pk=loan.pk).status == LoanStatus.SUBMITTED
    browser.post(url, {"form_key": key_in(page)})
    assert Loan.objects.get(pk=loan.pk).status == LoanStatus.WITHDRAWN


def test_one_reference_leads_each_reader_to_their_own_page(
    alice: User, bob: User, eve: User, client_of: SignIn, now: dt.date
) -> None:
    loan = listed_loan(alice, today=now)
    url = reverse("loans:by_reference", args=[loan.reference])
    assert client_of(alice).get(url).url == reverse("loans:loan", args=[loan.reference])
    assert client_of(bob).get(url).url == reverse("matching:listing", args=[loan.reference])
    assert client_of(make_user("Gina", Role.BORROWER)).get(url).status_code == 404


def test_a_lender_finds_no_application_that_was_never_open(
    alice: User, bob: User, client_of: SignIn, now: dt.date
) -> None:
    loan = offered_loan(alice, today=now)
    assert client_of(bob).get(reverse("loans:by_reference", args=[loan.reference])).status_code == 404


def test_the_home_says_what_is_due_and_what_needs_an_answer(
    alice: User, bob: User, client_of: SignIn, now: dt.date
) -> None:
    browser = client_of(alice)
    assert "Your first steps" in text_of(browser.get(reverse("loans:borrowing_home")))
    set_price()
    loan = active_loan(alice, {bob: 1_000_00}, today=now)
    offered_loan(alice, today=now)
    words = text_of(browser.get(reverse("loans:borrowing_home")))
    assert "€88.85" in words
    assert "Your offer is ready." in words
    assert loan.reference in words


def test_lists_cost_the_same_number_of_queries_with_more_loans(
    alice: User, bob: User, client_of: SignIn, now: dt.date, django_assert_max_num_queries: Callable
) -> None:
    browser = client_of(alice)
    active_loan(alice, {bob: 1_000_00}, today=now)
    for name in ("loan_list", "borrowing_home"):
        browser.get(reverse(f"loans:{name}"))
        with django_assert_max_num_queries(15) as first:
            browser.get(reverse(f"loans:{name}"))
        Loan.objects.bulk_create(
            Loan(
                reference=f"LN-{name[:4]}{number}",
                borrower=alice,
                product=standard_product(),
                status=LoanStatus.WITHDRAWN,
                requested_amount=1_000_00,
                principal=1_000_00,
                term_months=12,
            )
            for number in range(3)
        )
        with django_assert_max_num_queries(len(first)):
            browser.get(reverse(f"loans:{name}"))


def test_a_declined_application_says_why(alice: User, client_of: SignIn, now: dt.date) -> None:
    loan = submitted_loan(alice, today=now, monthly_debt_service=2_000_00, monthly_expenses=100_00)
    words = text_of(client_of(alice).get(reverse("loans:loan", args=[loan.reference])))
    assert "Payments on your other debts are high compared with your income." in words
    assert "Pay off other debts first, or borrow less or for longer." in words


def test_staff_are_led_to_the_desk(alice: User, dora: User, client_of: SignIn, now: dt.date) -> None:
    loan = submitted_loan(alice, today=now)
    assert officer() == dora
    response = client_of(dora).get(reverse("loans:by_reference", args=[loan.reference]))
    assert response.url == reverse("admin:loans_loan_change", args=[loan.pk])
