"""What was waived, became principal or was lost is explained to each lender down to the share, and to nobody else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Notification, User
from loans.account.restructure import PlanTerms
from loans.enums.collections import PlanOption, UnpaidChoice
from loans.models import Loan, LoanLoss, Note
from loans.selectors.explanations.changes import changes_of, explain_change
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.collections import steps
from loans.tests.servicing.paying import fresh, pay
from p2plending.tests.support.figures import assert_links_open
from p2plending.tests.support.world import active_loan, fund_wallet, standard_product

DAY = dt.date(2026, 4, 20)
# What Bob, Carol and Dan had left after payment 1.
LEFT = [3_070_19, 3_070_20, 3_071_12]


@pytest.fixture
def late(loan: Loan) -> Loan:
    """Payment 1 paid; payment 2 late with a fee of 44.42; payment 3 late by five days."""
    pay(loan, 888_49, steps.FIRST_DUE)
    bring_loan_forward(loan_id=loan.pk, today=DAY)
    return loan


def at(reference: str) -> str:
    return reverse("loans:explain_change", args=[reference])


def shared(reference: str, viewer: User) -> dict[str, list[tuple[int, str]]]:
    """Each part that is shared, with every note's cents and exact share."""
    found: dict[str, list[tuple[int, str]]] = {}
    for one in explain_change(reference, viewer).notes:
        for share in one.shares:
            found.setdefault(str(share.part.words), []).append((share.amount, str(share.exact)))
    return found


def test_strangers_and_other_lenders_see_nothing(
    late: Loan, bob: User, eve: User, dora: User, client_of: Callable[[User], Client]
) -> None:
    waiver = steps.waive(late, 2, dora, DAY, late_fee=40_00)
    for reference in (waiver.entry.reference, "JE-00000000"):
        assert explain_change(reference, eve) is None
        assert client_of(eve).get(at(reference)).status_code == 404
    # An entry of the loan that is no such change.
    paid = late.repayments.get().entry
    assert client_of(bob).get(at(paid.reference)).status_code == 404


def test_a_waiver_is_shared_by_the_principal_that_was_left(
    late: Loan, alice: User, bob: User, dora: User, client_of: Callable[[User], Client]
) -> None:
    waiver = steps.waive(late, 2, dora, DAY, late_fee=44_42, interest=12_12)
    # What is paid afterwards changes nothing of it.
    pay(late, 900_00, DAY + dt.timedelta(days=1))
    reference = waiver.entry.reference
    told = explain_change(reference, dora)
    assert ([one.weight for one in told.notes], told.total_weight) == (LEFT, 9_211_51)
    assert shared(reference, dora) == {
        "Interest that was waived": [(4_04, "4.039588"), (4_04, "4.039601"), (4_04, "4.040811")],
        "Late fee that was waived": [(14_80, "14.805156"), (14_81, "14.805204"), (14_81, "14.809640")],
    }
    assert [one.note.owner for one in explain_change(reference, bob).notes] == [bob]
    page = client_of(bob).get(at(reference)).content.decode().replace("\xa0", " ")
    assert "€44.42 × €3,070.19 ÷ €9,211.51 = 14.805156" in page
    borrower = explain_change(reference, alice)
    assert ([part.amount for part in borrower.change.parts], borrower.notes) == ([12_12, 44_42], [])
    assert client_of(alice).get(at(reference)).status_code == 200
    assert Notification.objects.get(event="charges_waived").link == at(reference)
    assert_links_open("charges_waived")


def test_what_became_principal_is_shared_as_it_was_stored(late: Loan, alice: User, bob: User, dora: User) -> None:
    asked = PlanTerms(PlanOption.HOLIDAY, payments=2, late_fee_choice=UnpaidChoice.WAIVE)
    plan = steps.accept(steps.propose(late, asked, dora, DAY), alice, DAY)
    reference = plan.entry.reference
    told = explain_change(reference, dora)
    assert [(str(part.words), part.amount) for part in told.change.parts] == [
        ("Unpaid interest that became principal", 188_96),
        ("Late fees that were waived", 44_42),
    ]
    assert [one.weight for one in told.notes] == LEFT
    stored = dict(plan.shares.values_list("note", "amount"))
    assert [one.shares[0].amount for one in told.notes] == [stored[one.note.pk] for one in told.notes]
    assert shared(reference, bob) == {
        "Added to the principal": [(62_98, "62.980239")],
        "Late fees that were waived": [(14_80, "14.805156")],
    }


def test_a_waiver_after_a_plan_counts_what_the_plan_added(late: Loan, alice: User, dora: User) -> None:
    asked = PlanTerms(PlanOption.HOLIDAY, payments=2, late_fee_choice=UnpaidChoice.CARRY)
    steps.accept(steps.propose(late, asked, dora, DAY), alice, DAY)
    row = late.instalments.filter(schedule_version=2).earliest("number")
    waiver = steps.waive(late, row.number, dora, DAY, late_fee=1_00)
    told = explain_change(waiver.entry.reference, dora)
    assert [one.weight for one in told.notes] == [3_133_17, 3_133_18, 3_134_12]


def test_a_loss_is_the_own_principal_and_a_share_of_the_rest(
    late: Loan, alice: User, carol: User, dora: User, frank: User
) -> None:
    steps.put_in_default(late, dora)
    steps.approve(steps.ask_write_off(late, dora, steps.DEFAULT_DAY), frank, steps.DEFAULT_DAY)
    reference = LoanLoss.objects.get().entry.reference
    told = explain_change(reference, dora)
    assert (
        [one.principal_lost for one in told.notes]
        == LEFT
        == list(Note.objects.values_list("principal_lost", flat=True).order_by("pk"))
    )
    assert shared(reference, dora) == {
        "Interest not paid": [(106_04, "106.045844"), (106_05, "106.046189"), (106_08, "106.077967")],
        "Late fees not paid": [(44_41, "44.415467"), (44_42, "44.415612"), (44_43, "44.428921")],
    }
    assert [part.amount for part in explain_change(reference, alice).change.parts] == [9_211_51, 318_17, 133_26]
    assert [one.principal_lost for one in explain_change(reference, carol).notes] == [3_070_20]


def test_late_fees_that_are_ours_are_no_lender_s_loss(alice: User, bob: User, dora: User) -> None:
    product = standard_product()
    product.late_fees_to_lenders = False
    product.save()
    loan = active_loan(alice, {bob: 1_000_00})
    fund_wallet(alice, 100_00)
    bring_loan_forward(loan_id=loan.pk, today=DAY)
    fee = steps.instalment(loan, 1).late_fee_unpaid
    assert fee > 0
    waiver = steps.waive(loan, 1, dora, DAY, late_fee=fee, interest=1_00)
    assert shared(waiver.entry.reference, bob) == {"Interest that was waived": [(1_00, "1.000000")]}
    assert [part.amount for part in explain_change(waiver.entry.reference, alice).change.parts] == [1_00, fee]


def test_everybody_is_led_to_it_from_their_own_page(
    late: Loan, alice: User, bob: User, dora: User, client_of: Callable[[User], Client]
) -> None:
    waiver = steps.waive(late, 2, dora, DAY, late_fee=44_42)
    assert [change.entry for change in changes_of(fresh(late))] == [waiver.entry]
    note = Note.objects.get(owner=bob)
    pages = {
        alice: reverse("loans:loan", args=[late.reference]),
        bob: reverse("matching:note", args=[note.reference]),
        dora: reverse("admin:case", args=[late.reference]),
    }
    for person, page in pages.items():
        client = client_of(person)
        assert at(waiver.entry.reference) in client.get(page).content.decode()
        assert client.get(at(waiver.entry.reference)).status_code == 200
