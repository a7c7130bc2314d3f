"""Staff accounts: the first ones on the command line, all others asked for by one person and agreed by another."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.enums.people import Role, StaffGroup
from accounts.models import ApprovalRequest, AuditEvent, OutgoingMail, User
from accounts.services.approvals.requests import AlreadyAsked
from accounts.services.mail.password_links import password_path
from accounts.services.people.staff_accounts import EmailTaken
from accounts.tasks import send_staff_invitation
from adminpanel.services.staff_accounts import request_staff_account
from adminpanel.tests import scenes
from p2plending.lib import clock
from p2plending.tests.support import world

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
NEW = {"full_name": "Gina Gold", "email": "Gina.Gold@example.org", "groups": ["Finance", "Support"], "reason": "Growth"}
WORDS = "a-quiet-river-under-seven-bridges"


@pytest.fixture
def compliance(db: None) -> User:
    return scenes.staff_of(StaffGroup.COMPLIANCE)


def ask(client: Client, **changes: object) -> int:
    return client.post(reverse("admin:staff_new"), NEW | changes).status_code


def test_the_command_makes_staff_in_their_groups_and_prints_a_link_that_works_once(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command(
        "create_staff", "--email", "Chris@Example.org", "--name", "Chris Able", "--groups", "compliance", "Auditor",
        "--print-link",
    )  # fmt: skip
    user = User.objects.get(email="chris@example.org")
    assert (user.role, user.is_staff, user.is_superuser, user.has_usable_password()) == (Role.STAFF, True, False, False)
    assert set(user.groups.values_list("name", flat=True)) == {"Compliance", "Auditor"}
    event = AuditEvent.objects.get(action="accounts.user.staff_made")
    assert (event.actor, event.actor_label, event.data) == (
        None,
        "system:command-line",
        {"groups": ["Auditor", "Compliance"]},
    )
    path = capsys.readouterr().out.strip().splitlines()[-1].partition("8000")[2]
    form_page = client.get(path, follow=True)
    done = client.post(form_page.request["PATH_INFO"], {"password1": WORDS, "password2": WORDS}, follow=True)
    assert done.status_code == 200
    assert authenticate(username="chris@example.org", password=WORDS) == user
    again = Client().get(path, follow=True)
    assert "password1" not in again.content.decode()


@pytest.mark.parametrize(
    ("email", "name", "groups", "words"),
    [
        ("nonsense", "Chris Able", ["Finance"], "Enter an e-mail address"),
        ("bob@example.org", "Chris Able", ["Finance"], "has an account already"),
        ("chris@example.org", "  ", ["Finance"], "Enter the person's name."),
        ("chris@example.org", "Chris Able", ["Bosses"], "There is no group “Bosses”. The groups are"),
    ],
)
def test_the_command_refuses_in_words(bob: User, email: str, name: str, groups: list[str], words: str) -> None:
    before = User.objects.count()
    with pytest.raises(CommandError, match=words):
        call_command("create_staff", "--email", email, "--name", name, "--groups", *groups)
    assert User.objects.count() == before


def test_a_colleague_is_made_when_a_second_person_agrees_and_invited_by_mail(
    compliance: User, client_of: ClientOf
) -> None:
    client = client_of(compliance)
    assert ask(client) == 302
    assert not User.objects.filter(email="gina.gold@example.org").exists()
    request = ApprovalRequest.objects.get()
    page = client.get(reverse("admin:approval", args=[request.reference])).content.decode()
    assert "gina.gold@example.org" in page
    assert "Finance, Support" in page
    assert world.agree_about("user", request.subject_reference, today=clock.business_date()) == 1
    user = User.objects.get(email="gina.gold@example.org")
    assert (user.member_number, user.has_usable_password()) == (request.subject_reference, False)
    assert set(user.groups.values_list("name", flat=True)) == {"Finance", "Support"}
    send_staff_invitation(user.pk)
    message = OutgoingMail.objects.get(kind="staff_invitation")
    assert (message.recipient, message.subject) == ("gina.gold@example.org", "Your staff account")
    assert password_path(user).rpartition("/key/")[0] in message.text
    user.set_password(WORDS)
    user.save()
    send_staff_invitation(user.pk)
    assert OutgoingMail.objects.filter(kind="staff_invitation").count() == 1


def test_an_address_has_one_account_and_waits_once(compliance: User, bob: User, client_of: ClientOf) -> None:
    client = client_of(compliance)
    assert (ask(client), ask(client), ask(client, email="bob@example.org")) == (302, 422, 422)
    told = {
        "email": "gina.gold@example.org", "full_name": "Gina", "groups": [StaffGroup.SUPPORT], "reason": "More",
        "actor": compliance, "today": clock.business_date(),
    }  # fmt: skip
    with pytest.raises(AlreadyAsked):
        request_staff_account(**told)
    with pytest.raises(EmailTaken):
        request_staff_account(**told | {"email": "BOB@example.org"})
    assert ApprovalRequest.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [{"email": ""}, {"email": "x"}, {"full_name": " "}, {"groups": []}, {"groups": ["Bosses"]}, {"reason": ""}],
)
def test_what_is_missing_is_said_at_the_field(
    changes: dict[str, object], compliance: User, client_of: ClientOf
) -> None:
    answer = client_of(compliance).post(reverse("admin:staff_new"), NEW | changes)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == list(changes)
    assert not ApprovalRequest.objects.exists()


def test_nobody_agrees_to_the_groups_that_they_get(compliance: User, client_of: ClientOf) -> None:
    friend = scenes.staff_of(StaffGroup.FINANCE)
    data = {"groups": ["Finance", "Compliance"], "reason": "Please"}
    client_of(compliance).post(reverse("admin:user_groups", args=[friend.member_number]), data)
    request = ApprovalRequest.objects.get()
    answer = client_of(friend).post(
        reverse("admin:approval_approve", args=[request.reference]), {"form_key": world.new_key()}
    )
    assert answer.status_code == 403
    assert "This is about you. Somebody else must decide." in answer.content.decode()
    assert [group.name for group in friend.groups.all()] == ["Finance"]


def test_groups_that_changed_meanwhile_are_not_overwritten(compliance: User, client_of: ClientOf) -> None:
    person = scenes.staff_of(StaffGroup.SUPPORT)
    data = {"groups": ["Finance"], "reason": "New job"}
    client_of(compliance).post(reverse("admin:user_groups", args=[person.member_number]), data)
    person.groups.clear()
    answer = client_of(world.second_officer()).post(
        reverse("admin:approval_approve", args=[ApprovalRequest.objects.get().reference]), {"form_key": world.new_key()}
    )
    assert answer.status_code == 422
    assert "This has changed since it was asked for." in answer.content.decode()
    assert person.groups.count() == 0
