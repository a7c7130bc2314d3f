"""Four people walk through the life of a loan in a browser without JavaScript, from registering to the certificate.

Alice borrows 10,000.00 over 12 months at 12 % with a set-up fee of 3 %; Bob lends 6,000.00 and Carol 4,000.00 of it;
Dora is staff. Paid out on 15 January 2026. The cents, by hand (i interest, p principal; fee 5 % of interest, down):

    15 Feb  888.49          i 100.00 (60.00 + 40.00)   p 788.49 (473.09 + 315.40)    fee 3.00 + 2.00
    15 Mar  400.00          i  92.12 (55.27 + 36.85)   p 307.88 (184.73 + 123.15)    fee 2.76 + 1.84
            488.49                                     p 488.49 (293.09 + 195.40)
    15 Apr  888.49          i  84.15 (50.49 + 33.66)   p 804.34 (482.60 + 321.74)    fee 2.52 + 1.68
    25 Apr  7,700.00        i  25.37 (15.23 + 10.14)   p 7,610.80 (4,566.49 + 3,044.31)   fee 0.76 + 0.50
                            63.83 more than owed go back to Alice

Of the last interest 15.22 and 10.14 are whole cents; of the cent left over Bob is owed 0.41 and Carol 0.59, but at
their weights Bob would be owed a whole one first.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core import mail
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from loans.models import Loan
from p2plending.tests.support.books import assert_sound_books, totals
from p2plending.tests.support.browser import Visitor
from p2plending.tests.support.cast import PASSWORD, code_now, turn_on_second_step
from p2plending.tests.support.queue import carry_out_tasks
from p2plending.tests.support.world import lift_lending_limits, set_price

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.one_database,
    pytest.mark.usefixtures("january"),
    pytest.mark.django_db(transaction=True),
]

IBAN = "DE89 3704 0044 0532 0130 00"
DETAILS = {
    "date_of_birth": "1990-05-17",
    "nationality": "DE",
    "address": "Main Street 1",
    "postcode": "10115",
    "city": "Berlin",
    "country": "DE",
    "id_type": "passport",
    "id_expires_on": "2031-01-01",
}


def register(visitor: Visitor, name: str, role: str) -> None:
    """Register, open the link of the e-mail, and be signed in by it: it is the browser that registered."""
    email = f"{name.lower()}@example.org"
    visitor.open("/accounts/register/")
    visitor.fill(role=role, full_name=f"{name} Example", email=email, password=PASSWORD, terms=True)
    visitor.press("Create account")
    visitor.sees("Check your e-mail")
    carry_out_tasks()
    [message] = [message for message in mail.outbox if message.to == [email]]
    visitor.open(re.search(r"https?://[^/]+(/accounts/confirm-email/\S+)", message.body).group(1))
    visitor.press("Confirm")
    visitor.sees("Getting started")


def sign_in(visitor: Visitor, email: str) -> None:
    visitor.open("/accounts/login/")
    visitor.fill(login=email, password=PASSWORD)
    visitor.press("Sign in")


def send_identity(visitor: Visitor, name: str, picture: Path) -> None:
    visitor.open("/getting-started/")
    visitor.follow("Start the identity check")
    answers = {**DETAILS, "legal_name": f"{name} Example", "id_number": f"C0{name.upper()}7"}
    visitor.fill(**answers, source_of_funds="Salary")
    visitor.press("Save and continue")
    visitor.fill(id_front=picture)
    visitor.press("Send for checking")
    visitor.sees("We are checking your documents.")


def approve_identity(dora: Visitor, name: str) -> None:
    dora.open("/admin/identity/")
    dora.follow(f"{name} Example")
    dora.press("Take this check")
    dora.press("Approve identity")
    dora.sees("approved.")


def add_money(visitor: Visitor, dora: Visitor, amount: str, shown: str) -> None:
    """Tell us of a transfer, and let Dora find it."""
    visitor.open("/wallet/")
    visitor.follow("Add money")
    visitor.fill(amount=amount)
    visitor.press("Check")
    visitor.sees("Nothing has been recorded yet.", shown)
    visitor.press("I have sent it")
    dora.open("/admin/money/deposits/")
    dora.page.locator("main tbody tr").first.get_by_role("link").first.click()
    dora.sees(shown)
    dora.press("Confirm deposit")
    dora.sees("The money is in the wallet.")
    visitor.open("/wallet/")
    visitor.sees(shown)


def lend(visitor: Visitor, loan: Loan, amount: str, shown: str) -> None:
    visitor.open("/marketplace/")
    visitor.follow("New windows")
    visitor.sees(loan.reference)
    visitor.open(f"/marketplace/{loan.reference}/lend/")
    visitor.fill(amount=amount)
    visitor.press("Continue")
    visitor.sees("Check before you lend", shown)
    visitor.fill(understood=True)
    visitor.press(f"Lend {shown}")
    visitor.sees(f"{shown} is reserved")


def apply_for_a_loan(alice: Visitor) -> Loan:
    alice.open("/borrowing/quote/?requested_amount=10000&term_months=12&grade=C")
    alice.sees("€888.49", "€9,700.00")
    alice.follow("Apply for this loan")
    alice.press("Continue")
    alice.fill(
        purpose="home",
        title="New windows for the north side",
        story="Double glazing before the winter.",
        region="North",
    )
    alice.press("Continue")
    alice.fill(monthly_income="4,000.00", monthly_expenses="1500", monthly_debt_service="0")
    alice.fill(employment="employed", employment_months="72", dependants="0", is_homeowner=True)
    alice.press("Continue")
    alice.sees("Check your answers", "€888.49")
    alice.fill(answers_are_true=True, has_read_costs=True, agrees_to_check=True)
    alice.press("Send application")
    alice.sees("We have your application")
    return Loan.objects.get()


def review(dora: Visitor, loan: Loan) -> None:
    dora.open("/admin/loans/review/")
    dora.follow(loan.reference)
    dora.press("Take this application")
    dora.press("Make the offer")
    dora.sees("The applicant is told.")


def sign(alice: Visitor, loan: Loan) -> None:
    alice.open(f"/borrowing/loans/{loan.reference}/")
    alice.follow("Read and sign")
    alice.sees("€9,700.00", "€888.49")
    alice.fill(typed_name="Alice Example", has_read_agreement=True)
    alice.press("Sign the agreement")
    carry_out_tasks()


def take_out(alice: Visitor, dora: Visitor, amount: str, shown: str) -> None:
    alice.open("/wallet/")
    alice.follow("Take out")
    alice.fill(amount=amount, account_holder="Alice Example", iban=IBAN)
    alice.press("Check")
    # She was signed in by the link of the e-mail, so that taking money out asks for her password.
    alice.fill(password=PASSWORD)
    alice.press(f"Take out {shown}")
    alice.sees("We have your request")
    dora.open("/admin/money/withdrawals/")
    dora.page.locator("main tbody tr").first.get_by_role("link").first.click()
    dora.press("Approve withdrawal")
    dora.press("Mark as paid")
    dora.sees("marked as paid.")


def move_date(dora: Visitor, days: int, shown: str) -> None:
    dora.open("/admin/demo-clock/")
    dora.fill(days=str(days))
    dora.press("Move the date")
    carry_out_tasks()
    dora.open("/admin/demo-clock/")
    dora.sees(shown)


def pay(alice: Visitor, loan: Loan, shown: str, **answers: str) -> None:
    """From the wallet at once."""
    alice.open(f"/borrowing/loans/{loan.reference}/pay/")
    alice.fill(**answers)
    alice.press("Check this payment")
    alice.sees("Nothing has moved yet.", shown)
    alice.press(f"Pay {shown}")
    alice.sees("Payment received")


def transfer(alice: Visitor, dora: Visitor, loan: Loan, amount: str, shown: str) -> None:
    """By a transfer that Dora finds."""
    alice.open(f"/borrowing/loans/{loan.reference}/pay/")
    alice.fill(kind="other", amount=amount, method="declared")
    alice.press("Check this payment")
    alice.press(f"I have sent {shown}")
    alice.sees("We are looking for your money")
    dora.open("/admin/money/payments/")
    dora.page.locator("main tbody tr").first.get_by_role("link").first.click()
    dora.press("Confirm payment")
    dora.sees("passed on to the lenders.")


def pay_back(alice: Visitor, staff: Visitor, loan: Loan, people: list[User]) -> None:
    """Four payments, in part, exactly, by transfer and above the pay-off; the wallets after each."""
    move_date(staff, 31, "15 Feb 2026")
    add_money(alice, staff, "1288.49", "€1,288.49")
    pay(alice, loan, "€888.49", kind="next", method="wallet")
    assert totals(*people) == [400_00, 530_09, 353_40]
    move_date(staff, 28, "15 Mar 2026")
    pay(alice, loan, "€400.00", kind="other", amount="400", method="wallet")
    transfer(alice, staff, loan, "488.49", "€488.49")
    assert totals(*people) == [0, 1_060_43, 706_95]
    move_date(staff, 31, "15 Apr 2026")
    transfer(alice, staff, loan, "888.49", "€888.49")
    assert totals(*people) == [0, 1_591_00, 1_060_67]
    move_date(staff, 10, "25 Apr 2026")
    transfer(alice, staff, loan, "7700", "€7,700.00")


def test_four_people_walk_from_registering_to_the_closed_loan(
    chromium: Browser,
    live_server: LiveServer,
    dora: User,
    picture: Path,
) -> None:
    set_price()
    lift_lending_limits()
    alice, bob, carol, staff = (Visitor(chromium, live_server.url) for _ in range(4))
    turn_on_second_step(dora)
    sign_in(staff, dora.email)
    staff.fill(code=code_now())
    staff.press("Sign in")

    for visitor, name, role in ((alice, "Alice", "borrower"), (bob, "Bob", "lender"), (carol, "Carol", "lender")):
        register(visitor, name, role)
        visitor.open("/wallet/add/")
        visitor.sees("Do the identity check first.")
        send_identity(visitor, name, picture)
        approve_identity(staff, name)
    people = [User.objects.get(email=f"{name}@example.org") for name in ("alice", "bob", "carol")]
    add_money(bob, staff, "6000", "€6,000.00")
    add_money(carol, staff, "4000", "€4,000.00")

    loan = apply_for_a_loan(alice)
    review(staff, loan)
    alice.open(f"/borrowing/loans/{loan.reference}/")
    alice.sees("€9,700.00", "€888.49", "€10,661.86")
    alice.fill(has_read_offer=True)
    alice.press("Accept the offer")
    alice.sees("Your request is open to lenders.")
    carry_out_tasks()
    lend(bob, loan, "6000", "€6,000.00")
    lend(carol, loan, "4000", "€4,000.00")
    sign(alice, loan)
    assert totals(*people) == [9_700_00, 0, 0]
    take_out(alice, staff, "9700", "€9,700.00")
    assert totals(*people) == [0, 0, 0]

    pay_back(alice, staff, loan, people)

    # 6,000.00 and 180.99 interest less 9.04; 4,000.00 and 120.65 less 6.02.
    assert totals(*people) == [63_83, 6_171_95, 4_114_63]
    alice.open(f"/borrowing/loans/{loan.reference}/")
    alice.sees("Your loan is paid back")
    alice.follow("See the certificate")
    alice.sees(loan.reference, "€10,000.00")
    bob.open("/wallet/")
    bob.sees("€6,171.95")
    bob.open("/portfolio/")
    bob.follow("Finished")
    bob.sees("New windows for the north side")
    staff.open("/admin/books/")
    assert_sound_books()
    for visitor in (alice, bob, carol, staff):
        visitor.leave()
