"""Pages and API of a loan whose plan follows the money: its promise, its charges, one way to pay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.enums.people import StaffGroup
from accounts.models import User
from adminpanel.tests.scenes import staff_of
from loans.enums.loan import ChargePart
from loans.models import Loan, LoanCharge, Note, Repayment
from loans.selectors.charges import charges_of
from loans.selectors.servicing import balance_series, instalments_on
from loans.services.collections.charges import add_charge, waive_charge
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.servicing.following import following_loan
from loans.tests.servicing.paying import bounce, pay
from p2plending.lib import clock
from p2plending.tests.support.world import active_loan, fund_wallet, new_key, verified

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
PROMISE = "Your plan follows your payments: pay early and you owe less interest."


@pytest.fixture
def today() -> dt.date:
    return clock.business_date()


@pytest.fixture
def loan(alice: User, bob: User, today: dt.date) -> Loan:
    """1,000.00, paid out 40 days ago, the first payment made on its day; 500.00 in the borrower's wallet."""
    made = following_loan(alice, {bob: 1_000_00}, today=today - dt.timedelta(days=40))
    fund_wallet(alice, 500_00, today=today)
    pay(made, 88_85, made.instalments.get(number=1).due_date)
    return made


@pytest.fixture
def collector(db: None) -> User:
    return staff_of(StaffGroup.COLLECTIONS)


def charge(loan: Loan, actor: User, today: dt.date, *, amount: int = 5_00, reason: str = "Letter") -> LoanCharge:
    return add_charge(
        loan_id=loan.pk,
        part=ChargePart.FEE,
        due_on=today,
        amount=amount,
        reason=reason,
        actor=actor,
        idempotency_key=new_key(),
        today=today,
    )


def text_of(client: Client, name: str, *args: str) -> str:
    return client.get(reverse(name, args=args)).content.decode()


def test_nobody_else_finds_the_charges(
    loan: Loan, bob: User, collector: User, today: dt.date, client_of: ClientOf
) -> None:
    charge(loan, collector, today, reason="Letter of an unusual kind")
    other = client_of(verified("Oscar", "borrower"))
    for name in ("loans:loan", "loans:plan"):
        assert other.get(reverse(name, args=[loan.reference])).status_code == 404
    note = Note.objects.get(loan=loan, owner=bob)
    page = client_of(bob).get(reverse("matching:note", args=[note.reference]))
    assert page.status_code == 200
    assert "Letter of an unusual kind" not in page.content.decode()


def test_the_borrower_reads_the_promise_and_each_charge_with_its_state(
    loan: Loan, alice: User, collector: User, today: dt.date, client_of: ClientOf
) -> None:
    client = client_of(alice)
    assert "Charges" not in text_of(client, "loans:loan", loan.reference)
    charge(loan, collector, today, amount=4_00, reason="Letter one")
    second = charge(loan, collector, today, amount=6_00, reason="Letter two")
    waive_charge(charge_id=second.pk, reason="Ours", actor=collector, idempotency_key=new_key(), today=today)
    for name in ("loans:loan", "loans:plan"):
        page = client.get(reverse(name, args=[loan.reference]))
        assert PROMISE in page.content.decode()
        assert "we waived €6.00" in page.content.decode()
        assert [(line.charge.reason, line.state, line.unpaid) for line in page.context["charges"]] == [
            ("Letter one", "scheduled", 4_00),
            ("Letter two", "waived", 0),
        ]
    pay(loan, 4_00, today)
    page = client.get(reverse("loans:loan", args=[loan.reference]))
    assert [line.state for line in page.context["charges"]] == ["paid", "waived"]


def test_a_plan_that_holds_says_nothing_of_it(alice: User, bob: User, client_of: ClientOf) -> None:
    made = active_loan(alice, {bob: 1_000_00}, today=clock.business_date())
    page = text_of(client_of(alice), "loans:loan", made.reference)
    assert "follows your payments" not in page
    assert "You choose what extra money does on the next page" in page


def test_extra_money_has_one_way_and_the_check_page_says_what_it_does(
    loan: Loan, alice: User, client_of: ClientOf, today: dt.date
) -> None:
    client = client_of(alice)
    sent = {"form_key": new_key(), "kind": "other", "amount": "300.00", "method": "wallet", "value_date": ""}
    page = client.post(reverse("loans:pay", args=[loan.reference]), sent, follow=True)
    body = page.content.decode()
    assert len(page.context["previews"]) == 1
    assert "What should the extra money do?" not in body
    assert "Money above what is due pays your next payment." in body
    assert "In this order: penalties, fees, interest, principal; of what is due, the oldest first." in body
    shown = page.context["chosen"]
    assert shown.plan.interest_saved > 0
    assert "Interest that you save" in body
    client.post(
        reverse("loans:pay_check", args=[loan.reference]),
        sent | {"value_date": today.isoformat(), "extra_mode": shown.plan.mode},
    )
    paid = Repayment.objects.filter(loan=loan).latest("pk")
    assert (paid.principal, paid.interest) == (shown.plan.principal, shown.plan.interest)
    left = sum(row.interest_due - row.interest_paid for row in instalments_on(loan, today))
    assert left == shown.interest_left


def test_the_explanation_says_where_a_payment_of_the_plan_comes_from(
    loan: Loan, alice: User, bob: User, client_of: ClientOf
) -> None:
    paid = Repayment.objects.get(loan=loan)
    for reader in (alice, bob):
        page = text_of(client_of(reader), "loans:explain_repayment", paid.reference)
        assert "Interest is counted by the day, on the principal that was really left." in page
        assert "In this order: penalties, fees, interest, principal; of what is due, the oldest first." in page


def test_a_plan_without_recalculation_promises_no_less_interest(
    alice: User, bob: User, today: dt.date, client_of: ClientOf
) -> None:
    made = following_loan(
        alice,
        {bob: 1_000_00},
        today=today,
        interest_recalculation="none",
        future_instalments="last",
        payment_way="vertical",
    )
    page = text_of(client_of(alice), "loans:loan", made.reference)
    assert PROMISE not in page
    assert "Its interest stays as agreed." in page
    assert "pays your last payments, so the loan ends sooner." in page


def test_the_late_fee_to_come_is_told_and_not_yet_on_the_plan(
    alice: User, bob: User, today: dt.date, client_of: ClientOf
) -> None:
    made = following_loan(alice, {bob: 1_000_00}, today=today - dt.timedelta(days=40))
    page = client_of(alice).get(reverse("loans:loan", args=[made.reference]))
    day, fee = page.context["next_fee"]
    first = made.instalments.get(number=1)
    assert (day, fee) == (first.due_date + dt.timedelta(days=16), 5_00)
    assert [line.row.late_fee_due for line in page.context["plan_lines"]] == [0] * 7
    bring_loan_forward(loan_id=made.pk, today=day)
    assert LoanCharge.objects.get().total == 5_00


def test_the_borrower_reads_charges_over_the_api_and_nobody_else_does(
    loan: Loan, alice: User, bob: User, collector: User, today: dt.date
) -> None:
    made = charge(loan, collector, today)
    url = reverse("api-loan", args=[loan.reference])
    api = APIClient()
    api.force_authenticate(bob)
    assert api.get(url).status_code == 404
    api.force_authenticate(alice)
    assert api.get(url).json()["charges"] == [
        {
            "reference": made.reference,
            "part": "fee",
            "due_on": today.isoformat(),
            "amount": "5.00",
            "unpaid": "5.00",
            "waived": "0.00",
            "waived_on": None,
            "waiver_reason": "",
            "reason": "Letter",
            "state": "scheduled",
        }
    ]
    assert api.get(reverse("api-loans")).json()["results"][0]["reference"] == loan.reference


def test_the_plan_shows_what_is_asked_without_what_was_waived(
    loan: Loan, alice: User, collector: User, today: dt.date, client_of: ClientOf
) -> None:
    client = client_of(alice)
    assert not client.get(reverse("loans:loan", args=[loan.reference])).context["has_charges"]
    charge(loan, collector, today, amount=4_00)
    second = charge(loan, collector, today, amount=6_00)
    waive_charge(charge_id=second.pk, reason="Ours", actor=collector, idempotency_key=new_key(), today=today)
    page = client.get(reverse("loans:loan", args=[loan.reference]))
    line = page.context["plan_lines"][1]
    assert (line.charges, line.total) == (4_00, 92_85)
    assert line.total == line.row.total_unpaid
    assert page.context["has_charges"]
    answer = client.get(reverse("loans:plan_csv", args=[loan.reference]))
    written = b"".join(answer.streaming_content).decode().splitlines()[2].split(",")
    assert written[5:7] == ["4.00", "92.85"]


def test_a_lender_does_not_read_what_was_taken_back_as_received(
    loan: Loan, bob: User, today: dt.date, client_of: ClientOf
) -> None:
    kept = Repayment.objects.get(loan=loan)
    second = pay(loan, 50_00, today)
    note, client = Note.objects.get(loan=loan), client_of(bob)
    url = reverse("matching:note", args=[note.reference])
    assert [one.repayment for one in client.get(url).context["receipts"]] == [second, kept]
    bounce(second, staff_of(StaffGroup.FINANCE), staff_of(StaffGroup.COMPLIANCE), today)
    assert [one.repayment for one in client.get(url).context["receipts"]] == [kept]


def test_a_charge_is_due_when_the_payment_is_that_it_is_part_of(
    loan: Loan, alice: User, collector: User, today: dt.date, client_of: ClientOf
) -> None:
    charge(loan, collector, today)
    second = loan.instalments.get(number=2)
    assert [line.state for line in charges_of(loan, today)] == ["scheduled"]
    assert [line.state for line in charges_of(loan, second.due_date)] == ["due"]


def test_where_extra_money_pays_the_last_payments_the_next_one_stays_due_and_pages_say_so(
    alice: User, bob: User, today: dt.date, client_of: ClientOf
) -> None:
    made = following_loan(alice, {bob: 1_000_00}, today=today, future_instalments="last")
    fund_wallet(alice, 500_00, today=today)
    client = client_of(alice)
    *_before, last = made.instalments.order_by("number")
    assert "this payment stays due" in text_of(client, "loans:pay", made.reference)
    sent = {"form_key": new_key(), "kind": "next", "amount": "", "method": "wallet", "value_date": ""}
    page = client.post(reverse("loans:pay", args=[made.reference]), sent, follow=True)
    assert "Your next payment stays due: €88.85 on " in page.content.decode()
    assert page.context["chosen"].last_on < last.due_date

    pay(made, 200_00, today)
    shown = client.get(reverse("loans:loan", args=[made.reference])).context
    lines = shown["plan_lines"]
    assert lines[0].left == 800_00 - lines[0].principal
    assert shown["dots"].count("pd--ok") == shown["paid_count"] == 2
    points, now, _days = balance_series(made, instalments_on(made, today), today)
    assert (points[0], points[now], now) == (800_00, 800_00, 0)
    assert sorted(points, reverse=True) == points
