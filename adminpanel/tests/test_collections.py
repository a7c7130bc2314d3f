"""The desk for loans in trouble: who may, figures first, two people, and every page opens in every state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.enums.people import Role, StaffGroup
from accounts.models import ApprovalRequest, User
from adminpanel.views.lending.actions.base import CaseAction
from adminpanel.views.lending.actions.registry import ACTIONS
from ledger.models import JournalEntry
from loans.models import HardshipRequest, Loan, PlanProposal, Recovery, Waiver
from loans.services.servicing.end_of_day import run_end_of_day
from loans.tests.collections import steps
from loans.tests.servicing.paying import declare, fresh, pay
from p2plending.lib import clock
from p2plending.lib.formatting import format_day
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.cast import make_user
from p2plending.tests.support.world import active_loan, fund_wallet, new_key, verified

WRONG = {
    "plan": {
        "option": "holiday",
        "payments": "2",
        "interest_choice": "waive",
        "late_fee_choice": "waive",
        "reason": "x",
    },
    "waive": {"interest": "0", "late_fee": "1.00", "reason": "Ours"},
    "charge": {"part": "fee", "amount": "5.00", "base": "principal", "reason": "x"},
    "waive-charge": {"reason": "x"},
    "notice": {},
    "default": {"cause": "days_late"},
    "settlement": {"amount": "100.00", "pay_by": "2099-01-01", "reason": "x"},
    "write-off": {"cause": "fraud", "reason": "x"},
    "recovery": {"amount": "1.00", "value_date": "2026-01-01"},
    "recovery-back": {"recovery": "1", "reason": "x"},
}


@pytest.fixture
def late(alice: User, bob: User) -> Loan:
    """Paid out 110 days ago, never paid."""
    loan = active_loan(alice, {bob: 1_000_00}, today=clock.business_date() - dt.timedelta(days=110))
    return Loan.objects.get(pk=loan.pk)


@pytest.fixture
def staff(db: None) -> Callable[[StaffGroup], User]:
    def of(group: StaffGroup) -> User:
        user = make_user(f"Staff-{group.name}", Role.STAFF)
        user.groups.set(Group.objects.filter(name=group))
        return user

    return of


def post(client: Client, loan: Loan, name: str, *, confirmed: bool = False, **data: Any) -> Any:
    sent = {"form_key": data.pop("form_key", new_key()), **data}
    if confirmed:
        sent["confirmed"] = "on"
    return client.post(reverse("admin:case_step", args=[loan.reference, name]), sent)


def test_every_action_is_one_class_in_the_list_under_its_own_address() -> None:
    assert {type(action) for action in ACTIONS.values()} == set(CaseAction.__subclasses__())
    assert [action.slug for action in ACTIONS.values()] == list(ACTIONS)
    for action in ACTIONS.values():
        assert all([action.label, action.submit, action.done, action.permission, type(action).__doc__]), action.slug


@pytest.mark.parametrize("name", WRONG)
def test_no_other_group_may_take_a_step(
    name: str, late: Loan, bob: User, staff: Callable[[StaffGroup], User], client_of: Callable[[User], Client]
) -> None:
    entries = JournalEntry.objects.count()
    for person in (staff(StaffGroup.SUPPORT), staff(StaffGroup.UNDERWRITER), bob, late.borrower):
        answer = post(client_of(person), late, name, confirmed=True, **WRONG[name])
        assert answer.status_code == 403
    assert (JournalEntry.objects.count(), fresh(late).status) == (entries, "active")


def test_a_waiver_shows_its_figures_first(
    late: Loan, staff: Callable[[StaffGroup], User], client_of: Callable[[User], Client]
) -> None:
    client = client_of(staff(StaffGroup.COLLECTIONS))
    page = client.get(reverse("admin:case", args=[late.reference]))
    assert page.status_code == 200
    row = page.context["rows"][0]
    asked = {"instalment": row.pk, "interest": "1.00", "late_fee": "2.00", "reason": "Ours", "form_key": new_key()}
    check = post(client, late, "waive", **asked)
    assert [amount for _label, amount in check.context["figures"]] == [1_00, 2_00, 3_00]
    assert not Waiver.objects.exists()
    assert post(client, late, "waive", confirmed=True, **asked).status_code == 302
    assert post(client, late, "waive", confirmed=True, **asked).status_code == 302
    assert [(one.interest, one.late_fee) for one in Waiver.objects.all()] == [(1_00, 2_00)]
    too_much = post(client, late, "waive", confirmed=True, **asked | {"late_fee": "900.00", "form_key": new_key()})
    assert too_much.status_code == 422
    assert_sound_books()


def test_default_write_off_and_recovery_from_the_desk(
    late: Loan, staff: Callable[[StaffGroup], User], client_of: Callable[[User], Client]
) -> None:
    collector, cashier = client_of(staff(StaffGroup.COLLECTIONS)), client_of(staff(StaffGroup.FINANCE))
    assert post(collector, late, "notice").context["figures"][0][1] == fresh(late).arrears_amount
    assert post(collector, late, "default", cause="fraud", confirmed=True).status_code == 422
    assert post(collector, late, "write-off", cause="fraud", reason="False papers").status_code == 200
    assert post(collector, late, "write-off", cause="fraud", reason="False papers", confirmed=True).status_code == 302
    request = ApprovalRequest.objects.get()
    page = cashier.get(reverse("admin:approval", args=[request.reference]))
    assert page.context["figures"][0][1:] == (1_000_00, 1_000_00)
    own = collector.get(reverse("admin:approval", args=[request.reference]))
    assert [one.name for one in own.context["decisions"]] == ["take_back"]
    refused = collector.post(reverse("admin:approval_approve", args=[request.reference]), {"form_key": new_key()})
    assert (refused.status_code, fresh(late).status) == (403, "active")
    done = cashier.post(reverse("admin:approval_approve", args=[request.reference]), {"form_key": new_key()})
    assert (done.status_code, fresh(late).status) == (302, "written_off")
    day = clock.business_date().isoformat()
    check = post(cashier, late, "recovery", amount="100.00", value_date=day)
    assert [amount for _label, amount in check.context["figures"]] == [100_00, 25_00, 75_00, 75_00]
    assert post(cashier, late, "recovery", amount="100.00", value_date=day, confirmed=True).status_code == 302
    recovery = Recovery.objects.get()
    assert recovery.fee == 25_00
    back = {"recovery": recovery.pk, "reason": "Bounced"}
    check = post(cashier, late, "recovery-back", **back)
    assert [amount for _label, amount in check.context["figures"]] == [100_00, 75_00, 25_00]
    assert post(cashier, late, "recovery-back", confirmed=True, **back).status_code == 302
    asked = ApprovalRequest.objects.get(kind="recovery")
    asked_page = cashier.get(reverse("admin:approval", args=[asked.reference]))
    assert [one.name for one in asked_page.context["decisions"]] == ["take_back"]
    compliance = client_of(staff(StaffGroup.COMPLIANCE))
    page = compliance.get(reverse("admin:approval", args=[asked.reference])).content.decode()
    assert (recovery.reference in page, "Lenders give back" in page) == (True, True)
    decided = compliance.post(reverse("admin:approval_approve", args=[asked.reference]), {"form_key": new_key()})
    assert (decided.status_code, Recovery.objects.get().undone_on) == (302, clock.business_date())
    assert cashier.get(reverse("admin:case", args=[late.reference])).status_code == 200
    losses = cashier.get(reverse("admin:losses"))
    assert late.reference in losses.content.decode()
    assert_sound_books()


def test_the_second_person_sees_what_is_owed_today_and_one_click_asks_again(
    late: Loan, staff: Callable[[StaffGroup], User], client_of: Callable[[User], Client]
) -> None:
    collector, cashier = client_of(staff(StaffGroup.COLLECTIONS)), client_of(staff(StaffGroup.FINANCE))
    post(collector, late, "write-off", cause="fraud", reason="False papers", confirmed=True)
    request = ApprovalRequest.objects.get()
    page = reverse("admin:approval", args=[request.reference])
    agree, again = page + "approve/", page + "again/"
    asked = [figure for _label, figure, _now in cashier.get(page).context["figures"]]
    fund_wallet(late.borrower, 10_00, today=clock.business_date())
    pay(late, 10_00, clock.business_date())

    shown = cashier.get(page)
    assert [figure for _label, figure, _now in shown.context["figures"]] == asked
    assert shown.context["figures"][-1][1] - shown.context["figures"][-1][2] == 10_00
    assert [one.name for one in shown.context["decisions"]] == ["refuse"]
    refused = cashier.post(agree, {"form_key": new_key()})
    assert (refused.status_code, "Ask again with today" in refused.content.decode()) == (422, True)
    assert cashier.post(again, {"form_key": new_key()}).status_code == 403
    assert fresh(late).status == "active"

    assert [one.name for one in collector.get(page).context["decisions"]] == ["ask_again", "take_back"]
    assert collector.post(again, {"form_key": new_key()}).status_code == 302
    second = ApprovalRequest.objects.get(state="pending")
    assert second.payload["cause"] == "fraud"
    newer = reverse("admin:approval_approve", args=[second.reference])
    assert cashier.post(newer, {"form_key": new_key()}).status_code == 302
    assert fresh(late).status == "written_off"
    assert cashier.get(page).context["has_today"] is False
    assert_sound_books()


def test_the_page_of_a_write_off_says_which_payment_must_be_found_first(
    late: Loan, staff: Callable[[StaffGroup], User], client_of: Callable[[User], Client]
) -> None:
    collector = client_of(staff(StaffGroup.COLLECTIONS))
    post(collector, late, "write-off", cause="fraud", reason="False papers", confirmed=True)
    sent = declare(late, 10_00, clock.business_date())
    page = client_of(staff(StaffGroup.FINANCE)).get(
        reverse("admin:approval", args=[ApprovalRequest.objects.get().reference])
    )
    assert reverse("admin:repayment", args=[sent.reference]) in page.content.decode()
    check = post(collector, late, "write-off", cause="fraud", reason="False papers")
    assert (check.status_code, sent.reference in check.content.decode()) == (422, True)


def test_a_request_for_help_is_answered_with_a_plan(
    late: Loan, alice: User, staff: Callable[[StaffGroup], User], client_of: Callable[[User], Client]
) -> None:
    steps.ask_help(late, alice, clock.business_date())
    client = client_of(staff(StaffGroup.COLLECTIONS))
    assert "I broke my arm." in client.get(reverse("admin:case", args=[late.reference])).content.decode()
    support = client_of(staff(StaffGroup.SUPPORT)).get(reverse("admin:case", args=[late.reference]))
    assert "I broke my arm." not in support.content.decode()
    plan = WRONG["plan"] | {"reason": "As you asked"}
    assert "To pay in all by the new plan" in [
        str(label) for label, _ in post(client, late, "plan", **plan).context["figures"]
    ]
    assert post(client, late, "plan", confirmed=True, **plan).status_code == 302
    assert HardshipRequest.objects.get().status == "approved"
    assert PlanProposal.objects.get().hardship == HardshipRequest.objects.get()


def test_the_list_costs_the_same_for_one_loan_and_for_three(
    alice: User,
    bob: User,
    staff: Callable[[StaffGroup], User],
    client_of: Callable[[User], Client],
) -> None:
    day = clock.business_date() - dt.timedelta(days=110)
    client = client_of(staff(StaffGroup.COLLECTIONS))
    active_loan(alice, {bob: 1_000_00}, today=day)
    run_end_of_day(today=clock.business_date())
    client.get(reverse("admin:late"))
    with CaptureQueriesContext(connection) as one:
        assert len(client.get(reverse("admin:late")).context["page"].object_list) == 1
    for name in ("Greta", "Hugo"):
        loan = active_loan(verified(name, Role.BORROWER), {bob: 1_000_00}, today=day)
        run_end_of_day(today=clock.business_date())
        steps.ask_help(loan, loan.borrower, clock.business_date())
    with CaptureQueriesContext(connection) as three:
        assert len(client.get(reverse("admin:late")).context["page"].object_list) == 3
    assert len(three) == len(one)


def test_a_proposed_default_is_the_next_step_and_counted_on_the_first_page(
    late: Loan, carol: User, staff: Callable[[StaffGroup], User], client_of: Callable[[User], Client]
) -> None:
    client = client_of(collector := staff(StaffGroup.COLLECTIONS))
    today = clock.business_date()
    older = active_loan(verified("Frank", "borrower"), {carol: 1_000_00}, today=today - dt.timedelta(days=130))
    run_end_of_day(today=today - dt.timedelta(days=20))
    for loan in (late, older):
        steps.notify(loan, collector, today - dt.timedelta(days=20))
    page = client.get(reverse("admin:late")).content.decode()
    assert page.count("ran out on") == 2
    assert card_of(client) == (0, None)
    assert older.reference not in client.get(reverse("admin:proposed_defaults")).content.decode()

    run_end_of_day(today=today)
    since = today - dt.timedelta(days=5)
    assert card_of(client) == (1, since)
    page = client.get(reverse("admin:late")).content.decode()
    assert (page.count("ran out on"), page.count(f"possible since {format_day(since)}")) == (1, 1)
    page = client.get(reverse("admin:proposed_defaults")).content.decode()
    assert (older.reference in page, late.reference in page) == (True, False)
    for loan, says in ((older, True), (late, False)):
        page = client.get(reverse("admin:case", args=[loan.reference])).content.decode()
        assert (f"possible since {format_day(since)}" in page) is says


def card_of(client: Client) -> tuple[int, dt.date | None]:
    """How many defaults wait to be declared on the first page, and since when the first."""
    cards = client.get(reverse("admin:index")).context["queues"]
    card = next(one for one in cards if one.url_name == "proposed_defaults")
    return card.count, timezone.localdate(card.oldest) if card.oldest else None
