"""Pages that need no account: every figure is the books' or the products', and none of them grows with the data."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import Client
from django.urls import reverse

from accounts.enums.people import Role
from accounts.models import TermsAcceptance, User
from accounts.services.people.registration import register_user
from ledger.chart import PRINCIPAL_OUTSTANDING
from ledger.selectors import balance
from loans.models import Loan, LoanProduct
from loans.selectors.statistics import net_return, platform_figures
from loans.services.repayments.record import record_repayment
from p2plending.lib.clock import business_date
from p2plending.tests.support.world import active_loan, fund_wallet, listed_loan, new_key, set_price, verified
from p2plending.urls.public import urlpatterns

PAGES = [f"public:{pattern.name}" for pattern in urlpatterns]
# Words that promise what nobody can promise (ux rule), outside the sentences that deny them.
PROMISES = re.compile(
    r"\b(guaranteed|risk-free|secure return|passive income|like a bank|simply|oops)\b|!<", re.IGNORECASE
)


@pytest.fixture(autouse=True)
def fresh_figures() -> Iterator[None]:
    caches["pages"].clear()
    yield
    caches["pages"].clear()


def text_of(client: Client, name: str) -> str:
    """The page's words, one space apart."""
    html = client.get(reverse(name)).content.decode()
    words = re.sub(r"<[^>]+>", " ", html.replace("&#x27;", "'").replace("&nbsp;", " "))
    return re.sub(r"\s+", " ", words)


def pay(loan: Loan, amount: int, on: dt.date) -> None:
    record_repayment(
        loan_id=loan.pk,
        amount=amount,
        method="wallet",
        value_date=on,
        extra_mode="shorter",
        actor=loan.borrower,
        idempotency_key=new_key(),
        today=on,
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_visitor_reads_every_page_with_one_heading_and_no_promise(client: Client, db: None, name: str) -> None:
    response = client.get(reverse(name))
    html = response.content.decode()
    assert response.status_code == 200
    assert len(re.findall(r"<h1[ >]", html)) == 1
    assert not PROMISES.search(html[html.index("<main") : html.index("</main>")])


@pytest.mark.parametrize("name", PAGES)
def test_pages_take_no_post(client: Client, db: None, name: str) -> None:
    assert client.post(reverse(name)).status_code == 405


def test_the_address_of_a_form_opened_by_itself_says_what_to_do(client: Client, db: None) -> None:
    page = client.get(reverse("loans:accept_offer", args=["LN-00000000"]))
    assert (page.status_code, page.headers["Allow"]) == (405, "POST")
    assert "Open the page with the form again" in page.content.decode()


@pytest.mark.parametrize("name", ["public:welcome", "public:statistics", "public:fees"])
def test_queries_do_not_grow_with_loans(
    client: Client, alice: User, bob: User, django_assert_max_num_queries: Any, name: str
) -> None:
    counts = []
    for loans in (1, 3):
        while Loan.objects.count() < loans:
            active_loan(verified(f"Borrower{Loan.objects.count()}", Role.BORROWER), {bob: 1_000_00})
        listed_loan(verified(f"Asker{loans}", Role.BORROWER), today=business_date())
        caches["pages"].clear()
        with django_assert_max_num_queries(15) as captured:
            client.get(reverse(name))
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_figures_are_those_of_the_books(alice: User, bob: User) -> None:
    set_price(Decimal("0.12"), Decimal("0.03"))
    loan = active_loan(alice, {bob: 1_000_00})
    due = loan.instalments.earliest("number").due_date
    fund_wallet(alice, 500_00, today=due)
    pay(loan, loan.instalment_amount, due)
    figures = platform_figures(due + dt.timedelta(days=1))
    assert figures.total.lent == 1_000_00
    assert figures.total.outstanding == balance(PRINCIPAL_OUTSTANDING, loan_reference=loan.reference)
    assert figures.total.outstanding == 1_000_00 - (88_85 - 10_00)
    assert (figures.total.interest_received, figures.total.servicing_fees) == (10_00, 50)
    assert (figures.total.payments_due, figures.total.payments_on_time) == (1, 1)
    assert figures.total.lost == 0
    assert figures.by_grade[loan.grade].loans == 1


def test_a_payment_after_its_date_was_not_on_time(alice: User, bob: User) -> None:
    loan = active_loan(alice, {bob: 1_000_00})
    due = loan.instalments.earliest("number").due_date
    late = due + dt.timedelta(days=2)
    fund_wallet(alice, 500_00, today=late)
    pay(loan, loan.instalment_amount, late)
    total = platform_figures(late).total
    assert (total.payments_due, total.payments_on_time) == (1, 0)


def test_a_grade_with_fewer_than_five_loans_is_not_shown(client: Client, bob: User) -> None:
    for number in range(4):
        active_loan(verified(f"Borrower{number}", Role.BORROWER), {bob: 1_000_00})
    grade = Loan.objects.latest("pk").grade
    assert Loan.objects.filter(grade=grade).count() == 4
    assert text_of(client, "public:statistics").count("Fewer than 5 loans in this group, so not shown") == 5
    active_loan(verified("Borrower4", Role.BORROWER), {bob: 1_000_00})
    caches["pages"].clear()
    assert text_of(client, "public:statistics").count("Fewer than 5 loans in this group, so not shown") == 4


def test_the_average_return_counts_only_the_time_that_money_was_lent() -> None:
    today = dt.date(2026, 12, 31)
    start = today - dt.timedelta(days=365)
    year = net_return({start: 1_000_00}, {}, {today: 95_00}, 0, today)
    assert year == Decimal("0.095")
    half_lent = net_return({start: 2_000_00}, {start + dt.timedelta(days=1): 1_000_00}, {today: 95_00}, 0, today)
    assert half_lent is not None
    assert half_lent < Decimal("0.095")
    assert net_return({start: 1_000_00}, {}, {today: 95_00}, 145_00, today) == Decimal("-0.05")


def test_there_is_no_return_in_the_first_half_year() -> None:
    today = dt.date(2026, 12, 31)
    assert net_return({}, {}, {}, 0, today) is None
    assert net_return({today - dt.timedelta(days=179): 1_000_00}, {}, {today: 50_00}, 0, today) is None


def test_fees_name_default_interest_and_the_limit_of_a_late_fee(client: Client, db: None) -> None:
    product = set_price()
    assert "Default interest" not in text_of(client, "public:fees")
    product.default_interest_rate, product.late_fee_cap = Decimal("0.08"), 20_00
    product.allocation_order = "interest,late_fee,principal"
    product.save()
    text = text_of(client, "public:fees")
    assert "5% of what is unpaid, at least €5.00, at most €20.00" in text
    assert "8% a year of late principal By the day, after 15 days, until it is paid €6.58 on €1,000.00 in 30" in text
    assert "Collection fee Lender 25% of what still comes in" in text
    assert "In this order: interest, late fees, principal; the oldest first." in text_of(client, "public:how_it_works")


def test_the_worked_example_of_fees_is_the_quote(client: Client, db: None) -> None:
    set_price(Decimal("0.12"), Decimal("0.03"))
    LoanProduct.objects.update(max_amount=50_000_00)
    text = text_of(client, "public:fees")
    # 10,000.00 over 24 months at 12 %: fee 300.00, 470.73 a month, servicing fee 5 % of the first 100.00.
    assert "Example: €10,000 over 24 months" in text
    assert "€9,700.00 €470.73" in text
    assert "Grade C: €300.00 of €10,000" in text
    assert "€5.00 of €100.00 interest" in text
    assert "€23.54 on a payment of €470.73" in text


def test_the_pages_say_so_when_nothing_is_offered(client: Client, db: None) -> None:
    LoanProduct.objects.update(is_offered=False)
    assert "No loans on offer" in text_of(client, "public:fees")
    assert "We make no new loans at the moment." in text_of(client, "public:welcome")
    assert client.get(reverse("public:how_it_works")).status_code == 200


def test_the_policy_shows_what_the_rounds_really_give(client: Client, db: None) -> None:
    text = text_of(client, "public:matching_policy")
    assert "A loan needs €150 . Four rules" in text
    # 25 each to A, B and C leaves 75. Two rounds of 5 fill C at 35; of the last 45, A has its turn before B.
    assert "Rule A €200.00 €25.00 €60.00" in text
    assert "Rule B €100.00 €25.00 €55.00" in text
    assert "Rule C €35.00 €25.00 €35.00" in text
    assert "Rule D €0.00 €0.00 €0.00" in text


def test_the_newest_open_loans_show_rate_and_expected_loss_and_never_the_borrower(
    client: Client, alice: User, bob: User
) -> None:
    loan = listed_loan(alice, title="New windows", today=business_date())
    text = text_of(client, "public:welcome")
    assert "New windows" in text
    assert f"{loan.annual_rate * 100:.2f}% ≈" in text
    assert alice.full_name not in text


def test_the_welcome_form_opens_the_calculator_with_its_amount(client: Client, db: None) -> None:
    html = client.get(reverse("public:welcome")).content.decode()
    form = html[html.index(f'action="{reverse("loans:quote")}"') :]
    names = set(re.findall(r'name="(\w+)"', form[: form.index("</form>")]))
    assert names == {"requested_amount", "term_months"}
    response = client.get(reverse("loans:quote"), {"requested_amount": "5000", "term_months": "24"})
    assert response.status_code == 200
    assert "Error:" not in response.content.decode()


def test_who_registers_agrees_to_the_words_on_the_page(db: None) -> None:
    registration = register_user(
        email="frank@example.org", password="a long pass phrase", role=Role.LENDER, full_name="Frank", ip_address=None
    )
    accepted = TermsAcceptance.objects.filter(user=registration.user)
    stored = {row.document: row.sha256 for row in accepted}
    templates = Path(settings.BASE_DIR) / "templates" / "public"

    def digest(name: str) -> str:
        return hashlib.sha256((templates / name).read_bytes()).hexdigest()

    assert stored == {"terms": digest("terms.html"), "risks": digest("risks.html")}
