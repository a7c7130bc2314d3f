"""Charges on the desk: who may, the effect first, one charge for two clicks, and none on a plan that is fixed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.enums.people import Role, StaffGroup
from accounts.models import Notification, User
from adminpanel.tests.scenes import staff_of
from ledger.models import JournalEntry
from loans.account.state import live_instalments
from loans.enums.loan import ChargePart
from loans.models import Loan, LoanCharge
from loans.selectors.servicing import amounts_due, instalments_on, standing_on
from loans.services.collections.charge_preview import preview_charge
from loans.services.collections.charges import add_charge
from loans.tests.servicing.following import following_loan
from loans.tests.servicing.paying import fresh, pay
from p2plending.lib import clock
from p2plending.lib.formatting import format_day
from p2plending.tests.pages.test_wrong_input import NONSENSE
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.world import active_loan, new_key, verified

ClientOf = Callable[[User], Client]
FEE = {"part": "fee", "due_on": "", "amount": "5.00", "base": "principal", "reason": "Letter by registered mail"}


@pytest.fixture
def collector(db: None) -> User:
    return staff_of(StaffGroup.COLLECTIONS)


@pytest.fixture
def loan(alice: User, bob: User) -> Loan:
    """1,000.00, paid out 45 days ago: 12 payments of 88.85, the first late by two weeks."""
    return following_loan(alice, {bob: 1_000_00}, today=clock.business_date() - dt.timedelta(days=45))


def case(client: Client, loan: Loan) -> Any:
    return client.get(reverse("admin:case", args=[loan.reference]))


def post(client: Client, loan: Loan, name: str, *, confirmed: bool = False, **data: Any) -> Any:
    sent = {"form_key": data.pop("form_key", new_key()), **data}
    if confirmed:
        sent["confirmed"] = "on"
    return client.post(reverse("admin:case_step", args=[loan.reference, name]), sent)


def fee_of(loan: Loan, actor: User, amount: int = 5_00) -> LoanCharge:
    today = clock.business_date()
    return add_charge(
        loan_id=loan.pk,
        part=ChargePart.FEE,
        due_on=today,
        amount=amount,
        reason="Letter",
        actor=actor,
        idempotency_key=new_key(),
        today=today,
    )


@pytest.mark.parametrize("group", [StaffGroup.SUPPORT, StaffGroup.FINANCE, StaffGroup.COMPLIANCE, StaffGroup.AUDITOR])
def test_no_other_group_adds_or_waives_a_charge(
    group: StaffGroup, loan: Loan, collector: User, client_of: ClientOf
) -> None:
    charge = fee_of(loan, collector)
    client, entries = client_of(staff_of(group)), JournalEntry.objects.count()
    page = case(client, loan)
    assert "Letter" in page.content.decode()
    assert {one.name for one in page.context["decisions"]} & {"charge", "waive-charge"} == set()
    assert post(client, loan, "charge", confirmed=True, **FEE).status_code == 403
    assert post(client, loan, "waive-charge", confirmed=True, charge=charge.pk, reason="x").status_code == 403
    assert (JournalEntry.objects.count(), LoanCharge.objects.get().waived) == (entries, 0)


def test_a_charge_shows_its_effect_first_and_two_clicks_add_one(
    loan: Loan, collector: User, client_of: ClientOf
) -> None:
    client, today = client_of(collector), clock.business_date()
    asked = FEE | {"due_on": today.isoformat(), "form_key": new_key()}
    before = JournalEntry.objects.count()
    check = post(client, loan, "charge", **asked)
    assert [(str(label), amount) for label, amount in check.context["figures"]] == [("The charge in all", 5_00)]
    assert check.context["form"].entered() == [
        ("Kind", "Fee"),
        ("Due on", format_day(today)),
        ("Amount", "€5.00"),
        ("Reason, as the borrower reads it", FEE["reason"]),
    ]
    assert "What you entered" in check.content.decode()
    preview = check.context["preview"]
    assert not LoanCharge.objects.exists()
    assert JournalEntry.objects.count() == before
    assert post(client, loan, "charge", confirmed=True, **asked).status_code == 302
    assert post(client, loan, "charge", confirmed=True, **asked).status_code == 302
    charge = LoanCharge.objects.get()
    assert (charge.total, charge.part, charge.due_on, charge.reason) == (5_00, "fee", today, FEE["reason"])
    shown = {change.after.number: change.after.unpaid for change in preview.rows}
    assert shown == {2: next(row.total_unpaid for row in instalments_on(loan, today) if row.number == 2)}
    assert Notification.objects.filter(user=loan.borrower, event="charge_added").count() == 1
    assert "Letter by registered mail" in case(client, loan).content.decode()
    assert_sound_books()


def test_a_charge_on_every_payment_counts_all_that_are_to_come(
    loan: Loan, collector: User, client_of: ClientOf
) -> None:
    client = client_of(collector)
    check = post(client, loan, "charge", **FEE | {"amount": "1.00"})
    assert [amount for _label, amount in check.context["figures"]] == [1_00, 11_00]
    asked = FEE | {"amount": "", "rate": "1", "base": "principal"}
    check = post(client, loan, "charge", **asked)
    [(_label, shown)] = check.context["figures"]
    assert {("Rate of every payment, %", "1.00%"), ("Rate of what", "Principal")} <= set(
        check.context["form"].entered()
    )
    assert post(client, loan, "charge", confirmed=True, **asked).status_code == 302
    first, *to_come = [row.late_fee_due for row in live_instalments(loan)]
    assert (first, sum(to_come), LoanCharge.objects.get().total) == (0, shown, shown)
    # 1 % of the principal of eleven payments of twelve.
    assert 9_10 < shown < 9_30
    assert_sound_books()


def test_the_case_leads_to_every_payment(loan: Loan, collector: User, client_of: ClientOf) -> None:
    assert case(client_of(collector), loan).context["repayments"] == []
    paid = pay(loan, 20_00, clock.business_date() - dt.timedelta(days=1))
    page = case(client_of(collector), loan)
    assert page.context["repayments"] == [paid]
    assert reverse("admin:repayment", args=[paid.reference]) in page.content.decode()


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"amount": ""}, "amount", "one of the two"),
        ({"rate": "2"}, "amount", "one of the two"),
        ({"amount": "", "rate": "2", "due_on": "today"}, "due_on", "Leave it empty"),
        ({"due_on": "2001-01-01"}, "due_on", "Enter a day from"),
        ({"due_on": "9999-12-31"}, "due_on", "Enter a day from"),
        ({"reason": ""}, "reason", "Enter a reason."),
        ({"amount": "-5"}, "amount", "above zero"),
        ({"rate": "101", "amount": ""}, "rate", "from 0 to 100"),
    ],
)
def test_a_charge_that_makes_no_sense_is_refused_in_words(
    changes: dict[str, str], field: str, words: str, loan: Loan, collector: User, client_of: ClientOf
) -> None:
    if changes.get("due_on") == "today":
        changes = changes | {"due_on": clock.business_date().isoformat()}
    answer = post(client_of(collector), loan, "charge", confirmed=True, **FEE | changes)
    assert answer.status_code == 422
    assert words in " ".join(answer.context["failed"].errors[field])
    assert not LoanCharge.objects.exists()


@pytest.mark.one_database
@pytest.mark.parametrize("name", ["part", "due_on", "amount", "rate", "base", "reason"])
def test_nonsense_in_a_charge_never_breaks_the_page(
    name: str, loan: Loan, collector: User, client_of: ClientOf
) -> None:
    client = client_of(collector)
    for nonsense in NONSENSE:
        cache.clear()
        assert post(client, loan, "charge", **FEE | {name: nonsense}).status_code in (200, 422)
    assert not LoanCharge.objects.exists()


@pytest.mark.one_database
def test_nonsense_in_a_waiver_never_breaks_the_page(loan: Loan, collector: User, client_of: ClientOf) -> None:
    client = client_of(collector)
    for nonsense in NONSENSE:
        cache.clear()
        assert post(client, loan, "waive-charge", confirmed=True, charge=nonsense, reason=nonsense).status_code == 422


def test_what_is_unpaid_of_a_charge_is_waived_once(loan: Loan, collector: User, client_of: ClientOf) -> None:
    client, today = client_of(collector), clock.business_date()
    charge = fee_of(loan, collector)
    due = amounts_due(standing_on(loan, today), today).due
    asked = {"charge": charge.pk, "reason": "Sent by mistake", "form_key": new_key()}
    check = post(client, loan, "waive-charge", **asked)
    assert [amount for _label, amount in check.context["figures"]] == [5_00, 5_00]
    assert post(client, loan, "waive-charge", confirmed=True, **asked).status_code == 302
    assert post(client, loan, "waive-charge", confirmed=True, **asked).status_code == 302
    again = post(client, loan, "waive-charge", confirmed=True, **asked | {"form_key": new_key()})
    assert again.status_code == 422
    assert "This charge was waived before." in again.content.decode()
    charge.refresh_from_db()
    assert (charge.waived, charge.waived_by, charge.waiver_reason) == (5_00, collector, "Sent by mistake")
    assert amounts_due(standing_on(fresh(loan), today), today).due == due
    page = case(client, loan)
    assert [(line.state, line.unpaid) for line in page.context["charges"]] == [("waived", 0)]
    assert "Sent by mistake" in page.content.decode()
    assert_sound_books()


def test_a_charge_of_another_loan_is_not_waived_here(
    loan: Loan, carol: User, bob: User, collector: User, client_of: ClientOf
) -> None:
    charge = fee_of(loan, collector)
    other = active_loan(verified("Greta", Role.BORROWER), {carol: 1_000_00}, today=clock.business_date())
    asked = {"charge": charge.pk, "reason": "x"}
    assert post(client_of(collector), other, "waive-charge", confirmed=True, **asked).status_code == 422
    charge.refresh_from_db()
    assert charge.waived_on is None


def test_a_fixed_plan_has_waivers_of_payments_and_no_charges(
    alice: User, bob: User, collector: User, client_of: ClientOf
) -> None:
    loan = active_loan(alice, {bob: 1_000_00}, today=clock.business_date() - dt.timedelta(days=45))
    client = client_of(collector)
    names = {one.name for one in case(client, loan).context["decisions"]}
    assert names & {"waive", "charge", "waive-charge"} == {"waive"}
    for confirmed in (False, True):
        answer = post(client, loan, "charge", confirmed=confirmed, **FEE)
        assert answer.status_code == 422
        assert "The payment plan of this loan is fixed." in answer.content.decode()
    assert not LoanCharge.objects.exists()


def test_a_plan_that_follows_the_money_has_charges_and_no_waivers_of_payments(
    loan: Loan, collector: User, client_of: ClientOf
) -> None:
    client = client_of(collector)
    assert {one.name for one in case(client, loan).context["decisions"]} & {"waive", "charge", "waive-charge"} == {
        "charge"
    }
    fee_of(loan, collector)
    assert {one.name for one in case(client, loan).context["decisions"]} & {"waive", "charge", "waive-charge"} == {
        "charge",
        "waive-charge",
    }


def test_a_charge_of_an_earlier_day_shows_the_payments_that_come_out_otherwise(
    loan: Loan, collector: User, client_of: ClientOf
) -> None:
    today = clock.business_date()
    pay(loan, 88_85, today)
    due_on = today - dt.timedelta(days=20)
    shown = preview_charge(
        loan_id=loan.pk,
        part=ChargePart.PENALTY,
        due_on=due_on,
        amount=8_00,
        reason="Late",
        actor=collector,
        today=today,
    )
    asked = FEE | {"part": "penalty", "due_on": due_on.isoformat(), "amount": "8.00"}
    check = post(client_of(collector), loan, "charge", **asked)
    changed = check.context["preview"].payments
    assert [(one.before.late_fee, one.after.late_fee) for one in changed] == [(0, 8_00)]
    assert [one.after for one in changed] == [one.after for one in shown.change.payments]
    assert post(client_of(collector), loan, "charge", confirmed=True, **asked).status_code == 302
    paid = loan.repayments.get(status="confirmed")
    assert (paid.late_fee, paid.interest, paid.principal) == (
        8_00,
        changed[0].after.interest,
        changed[0].after.principal,
    )
    assert_sound_books()
