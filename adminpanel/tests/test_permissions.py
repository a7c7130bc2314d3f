"""Who of the staff may do what: every queue, every group, and nothing moves when it is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django_q.models import Schedule

from accounts.enums.people import StaffGroup
from accounts.models import AuditEvent, IdentityVerification, User
from accounts.services.identity.review import CLAIM_LASTS, claim_identity
from accounts.services.identity.suspicion import raise_suspicion
from accounts.services.people.suspension import suspend_user
from adminpanel.menu import MENU
from adminpanel.permissions import GROUP_PERMISSIONS, grant_group_permissions
from adminpanel.services.settings import request_settings
from adminpanel.tests import scenes
from ledger.models import JournalEntry
from ledger.services.withdrawals import approve_withdrawal
from loans.services.collections.freezing import freeze_loan
from loans.services.origination.questions import ask_question
from p2plending.lib import clock
from p2plending.tests.support import world

G = StaffGroup
EVERY_GROUP = [*StaffGroup, None]


@dataclasses.dataclass(frozen=True)
class Case:
    """An action of the desk: its URL and form for a scene, the groups that may, and what changes."""

    url: str
    data: dict[str, str]
    may: set[StaffGroup]


@dataclasses.dataclass(frozen=True)
class Scene:
    """The people that an action needs; each case makes only what it decides about."""

    alice: User
    bob: User
    carol: User
    eve: User
    dora: User


def at(name: str, *args: str) -> str:
    return reverse(f"admin:{name}", args=args)


def keyed(**data: str) -> dict[str, str]:
    return {"form_key": world.new_key(), **data}


def today() -> str:
    return clock.business_date().isoformat()


def identity_case(name: str, scene: Scene) -> Case:
    scene.eve.emailaddress_set.update(verified=True)
    check = scenes.sent_identity(scene.eve)
    if name != "identity_claim":
        claim_identity(verification_id=check.pk, actor=scene.dora)
        IdentityVerification.objects.update(claimed_at=clock.now() - CLAIM_LASTS)
    return Case(at(name, scene.eve.member_number), {"note": "Seen"}, {G.IDENTITY})


def application_case(name: str, scene: Scene) -> Case:
    if name == "loan_take":
        loan = world.submitted_loan(scene.alice, today=clock.business_date())
        return Case(at(name, loan.reference), {}, {G.UNDERWRITER})
    loan = world.reviewed_loan(scene.alice, today=clock.business_date())
    data = {
        "loan_offer": keyed(grade=loan.assessment.grade, reason=""),
        "loan_ask": {"question": "Which street?", "due_on": "2099-01-01"},
        "loan_decline": keyed(reasons="STORY", note="", confirmed="on"),
    }[name]
    return Case(at(name, loan.reference), data, {G.UNDERWRITER})


def signed_case(name: str, scene: Scene) -> Case:
    lenders = {scene.bob: 600_00, scene.carol: 400_00}
    loan = world.signed_loan(scene.alice, lenders, today=clock.business_date())
    if name == "pay_out":
        return Case(at(name, loan.reference), keyed(), {G.FINANCE})
    return Case(at(name, loan.reference), keyed(reason="Fraud"), {G.COMPLIANCE})


def deposit_case(name: str, scene: Scene) -> Case:
    deposit = scenes.told_deposit(scene.bob)
    if name == "deposit_batch":
        return Case(at(name), keyed(value_date=today(), pick=deposit.reference), {G.FINANCE})
    data = keyed(value_date=today()) if name == "deposit_confirm" else keyed(note="Not seen")
    return Case(at(name, deposit.reference), data, {G.FINANCE})


def withdrawal_case(name: str, scene: Scene) -> Case:
    withdrawal = scenes.asked_withdrawal(scene.carol)
    if name == "withdrawal_pay":
        approve_withdrawal(
            withdrawal_id=withdrawal.pk,
            actor=scene.dora,
            idempotency_key=world.new_key(),
            today=withdrawal.requested_on,
        )
    data = {
        "withdrawal_approve": keyed(),
        "withdrawal_pay": keyed(paid_on=today(), bank_reference="B-1"),
        "withdrawal_reject": keyed(note="Name differs"),
    }[name]
    return Case(at(name, withdrawal.reference), data, {G.FINANCE})


def repayment_case(name: str, scene: Scene) -> Case:
    loan = world.active_loan(scene.alice, {scene.bob: 500_00}, today=clock.business_date())
    repayment = scenes.told_repayment(loan)
    data = keyed(value_date=today()) if name == "repayment_confirm" else keyed(note="Not seen")
    return Case(at(name, repayment.reference), data, {G.FINANCE})


def person_case(name: str, scene: Scene) -> Case:
    if name == "user_groups":
        data = {"groups": "Support", "reason": "New job"}
        return Case(at(name, scene.dora.member_number), data, {G.COMPLIANCE})
    if name in ("user_clear", "user_confirm_suspicion"):
        raise_suspicion(user_id=scene.bob.pk, reason="Another face", actor=scene.dora)
    if name == "user_release":
        suspend_user(user_id=scene.bob.pk, reason="Odd transfers", actor=scene.dora)
    return Case(at(name, scene.bob.member_number), {"reason": "Talked to him"}, {G.COMPLIANCE})


def question_case(name: str, scene: Scene) -> Case:
    loan = world.listed_loan(scene.alice, today=clock.business_date())
    held = ask_question(
        loan_id=loan.pk, author=scene.bob, text="Write to bob@example.org", actor=scene.bob, today=clock.business_date()
    )
    return Case(at(name, held.reference), {"note": "An address"}, {G.SUPPORT, G.UNDERWRITER, G.COMPLIANCE})


def freezing_case(name: str, scene: Scene) -> Case:
    loan = world.listed_loan(scene.alice, today=clock.business_date())
    if name == "loan_unfreeze":
        freeze_loan(loan_id=loan.pk, reason="Odd", actor=scene.dora, today=clock.business_date())
    return Case(at(name, loan.reference), {"reason": "Looked into"}, {G.COMPLIANCE})


def asked_case(name: str, scene: Scene) -> Case:
    """Somebody asked for a change of the settings; finance and compliance decide what needs two people."""
    if name == "staff_new":
        data = {"full_name": "Gina New", "email": "gina@example.org", "groups": "Support", "reason": "More work"}
        return Case(at(name), data, {G.COMPLIANCE})
    request = request_settings(
        values={"MAX_ACTIVE_LOANS": 3}, reason="Market", actor=scene.dora, today=clock.business_date()
    )
    return Case(at(name, request.reference), keyed(note="Seen"), {G.FINANCE, G.COMPLIANCE})


def desk_case(name: str, scene: Scene) -> Case:
    if name == "books":
        return Case(at(name), {}, {G.FINANCE, G.COMPLIANCE, G.AUDITOR})
    if name == "run_job":
        schedule = Schedule.objects.order_by("pk").first()
        return Case(reverse("admin:run_job", args=[schedule.pk]), {}, {G.COMPLIANCE})
    return Case(at(name), {"days": "3"}, {G.COMPLIANCE})


ACTIONS: dict[str, Callable[[str, Scene], Case]] = {
    "identity_claim": identity_case,
    "identity_approve": identity_case,
    "identity_reject": identity_case,
    "loan_take": application_case,
    "loan_offer": application_case,
    "loan_ask": application_case,
    "loan_decline": application_case,
    "loan_close": signed_case,
    "pay_out": signed_case,
    "deposit_confirm": deposit_case,
    "deposit_reject": deposit_case,
    "deposit_batch": deposit_case,
    "withdrawal_approve": withdrawal_case,
    "withdrawal_pay": withdrawal_case,
    "withdrawal_reject": withdrawal_case,
    "repayment_confirm": repayment_case,
    "repayment_reject": repayment_case,
    "user_suspend": person_case,
    "user_release": person_case,
    "user_groups": person_case,
    "user_suspect": person_case,
    "user_clear": person_case,
    "user_confirm_suspicion": person_case,
    "question_release": question_case,
    "question_refuse": question_case,
    "loan_freeze": freezing_case,
    "loan_unfreeze": freezing_case,
    "approval_approve": asked_case,
    "approval_refuse": asked_case,
    "staff_new": asked_case,
    "books": desk_case,
    "run_job": desk_case,
    "demo_clock": desk_case,
}


@pytest.fixture
def scene(alice: User, bob: User, carol: User, eve: User, dora: User, settings: Any) -> Scene:
    settings.DEMO_MODE = True
    return Scene(alice, bob, carol, eve, dora)


def facts() -> tuple[int, int]:
    """What any decision adds to: entries of the books, events of the audit trail."""
    return JournalEntry.objects.count(), AuditEvent.objects.count()


@pytest.mark.parametrize("action", ACTIONS)
def test_nobody_else_may_and_nothing_changes(
    action: str, scene: Scene, client: Client, client_of: Callable[[User], Client]
) -> None:
    case = ACTIONS[action](action, scene)
    before = facts()
    for group in EVERY_GROUP:
        if group not in case.may:
            answer = client_of(scenes.staff_of(group)).post(case.url, case.data)
            assert answer.status_code == 403, group
            words = "Your group of staff can&#x27;t do this" if group else "You are in no group of staff yet."
            assert words in answer.content.decode()
    for person in (scene.alice, scene.bob):
        answer = client_of(person).post(case.url, case.data)
        assert answer.status_code == 403
        assert "Only staff can open this page." in answer.content.decode()
    assert client.post(case.url, case.data).status_code == 302
    assert facts() == before


@pytest.mark.parametrize("action", ACTIONS)
def test_the_group_whose_job_it_is_may(action: str, scene: Scene, client_of: Callable[[User], Client]) -> None:
    case = ACTIONS[action](action, scene)
    before = facts()
    client = client_of(scenes.staff_of(sorted(case.may)[0]))
    assert client.post(case.url, case.data).status_code == 302
    assert facts() > before


def test_a_person_with_the_role_but_not_yet_let_in_is_refused(client_of: Callable[[User], Client]) -> None:
    person = scenes.staff_of(G.COMPLIANCE)
    person.is_staff = False
    person.save()
    assert client_of(person).get(at("books")).status_code == 403


def test_groups_have_exactly_what_the_table_says(db: None) -> None:
    group = Group.objects.get(name=G.SUPPORT.value)
    group.permissions.add(Permission.objects.get(codename="decide_withdrawals"))
    grant_group_permissions()
    for name, granted in GROUP_PERMISSIONS.items():
        rows = Group.objects.get(name=name.value).permissions.select_related("content_type")
        assert {f"{row.content_type.app_label}.{row.codename}" for row in rows} == granted


def test_no_group_may_change_or_delete_money_rows() -> None:
    wrong = {
        permission
        for granted in GROUP_PERMISSIONS.values()
        for permission in granted
        if permission.split(".")[0] in ("ledger", "loans", "matching") and ".view_" not in permission
    }
    assert wrong == set()


@pytest.mark.parametrize("group", StaffGroup)
def test_the_menu_leads_only_to_pages_that_open(
    group: StaffGroup, settings: Any, client_of: Callable[[User], Client]
) -> None:
    settings.DEMO_MODE = True
    client = client_of(scenes.staff_of(group))
    page = client.get(at("index"))
    assert page.status_code == 200
    links = [item.url for section in page.context["menu"] for item in section.items]
    assert [link for link in links if client.get(link).status_code != 200] == []
    offered = {reverse(f"admin:{name}") for _job, _icon, items in MENU for _label, name, _permission in items}
    refused = offered - set(links)
    assert [link for link in refused if client.get(link).status_code != 403] == []
