"""What a lender with two parts of one loan is shown, and what everybody of the scene is: the same figure everywhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums.people import Role
from accounts.models import User
from loans.enums.loan import RepaymentMethod
from loans.models import Loan
from loans.services.funding.agreement import sign_agreement
from loans.services.funding.disbursement import disburse_loan
from loans.services.repayments.record import record_repayment
from p2plending.templatetags.badges import loan_badges
from p2plending.tests.support import world
from p2plending.tests.support.figures import Reader, assert_figures_agree, wallet_rows
from p2plending.tests.support.scene import Scene

ClientOf = Callable[[User], Client]


@pytest.fixture
def two_parts(alice: User, bob: User, carol: User) -> Loan:
    """Bob lends to one loan twice; Alice pays two payments' worth."""
    world.lift_lending_limits()
    world.set_price()
    loan = world.listed_loan(alice, amount=1_000_00)
    for lender, amount in ((bob, 300_00), (carol, 200_00), (bob, 500_00)):
        loan = world.commit(loan, lender, amount)
    sign_agreement(
        loan_id=loan.pk, typed_name=alice.full_name, actor=alice, ip_address=None,
        idempotency_key=world.new_key(), today=world.TODAY,
    )  # fmt: skip
    disburse_loan(loan_id=loan.pk, actor=None, idempotency_key=world.new_key(), today=world.TODAY)
    record_repayment(
        loan_id=loan.pk, amount=100_00, method=RepaymentMethod.WALLET, value_date=world.TODAY, actor=alice,
        idempotency_key=world.new_key(), today=world.TODAY,
    )  # fmt: skip
    return Loan.objects.get(pk=loan.pk)


def test_a_payment_on_two_parts_is_one_row_that_opens_as_its_sum(two_parts: Loan, bob: User) -> None:
    reader = Reader(bob)
    [payment] = [row for row in wallet_rows(reader) if row.code == "REPAYMENT"]
    assert (payment.change, [part.change for part in payment.parts]) == (80_00, [30_00, 50_00])

    page = reader.page(reverse("ledger:line", args=[payment.entry_reference, payment.seq])).content.decode()
    assert page.count("+€80.00") >= 2
    assert "+€30.00" in page
    assert "+€50.00" in page
    # Either line of a file leads to the same page.
    first = reader.page(reverse("ledger:line", args=[payment.entry_reference, payment.parts[0].seq]))
    assert first.context["line"].change == 80_00
    explained = reader.page(payment.link).content.decode()
    assert "Into the wallet in all" in explained
    assert "€80.00" in explained


def test_pages_of_rows_hold_each_row_once(two_parts: Loan, bob: User, client_of: ClientOf) -> None:
    for _number in range(30):
        world.fund_wallet(bob, 1_00)
    rows = wallet_rows(Reader(bob))
    assert len({(row.entry_reference, row.seq) for row in rows}) == len(rows)
    wallet = reverse("ledger:wallet")
    for odd in ("0", "-1", "x", "999999", "9" * 40, "²"):
        assert client_of(bob).get(wallet, {"page": odd}).status_code == 200


def test_everybody_with_two_parts_reads_the_same_everywhere(two_parts: Loan, alice: User, bob: User) -> None:
    assert_figures_agree(alice)
    assert_figures_agree(bob)


@pytest.mark.slow
def test_everybody_of_the_scene_reads_the_same_everywhere(scene: Scene) -> None:
    for person in User.objects.exclude(role=Role.STAFF).order_by("pk"):
        assert_figures_agree(person)


def test_the_total_of_what_is_reserved_is_the_wallets(scene: Scene, client_of: ClientOf) -> None:
    answer = client_of(scene.lender).get(reverse("matching:portfolio"), {"tab": "reserved"})
    wallet = client_of(scene.lender).get(reverse("ledger:wallet")).context["wallet"]
    assert answer.context["sums"].stake == wallet.reserved > 0


def test_a_signed_loan_says_that_it_is_being_paid_out(alice: User, bob: User, client_of: ClientOf) -> None:
    loan = world.signed_loan(alice, {bob: 500_00})
    page = client_of(alice).get(reverse("loans:loan", args=[loan.reference]))
    assert "Signed, being paid out" in page.content.decode()
    assert "Waiting for signature" not in page.content.decode()
    assert [str(step.words) for step in page.context["timeline"]][-2:] == ["Agreement signed", "Pay-out"]
    listing = client_of(bob).get(reverse("matching:listing", args=[loan.reference])).content.decode()
    assert "Signed, being paid out" in listing
    for audience in ("borrower", "lender"):
        [badge] = loan_badges(status="funded", audience=audience, signed=True)
        assert str(badge.text) == "Signed, being paid out"


def test_the_home_counts_from_the_date_of_the_platform(bob: User, client_of: ClientOf) -> None:
    answer = client_of(bob).get(reverse("matching:lending_home"))
    assert "Your account as of" in answer.content.decode()
    assert "now" not in answer.context
