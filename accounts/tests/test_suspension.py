from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from accounts.enums.people import Role
from accounts.models import Notification, User
from accounts.selectors.eligibility import Action, blocking_refusal
from accounts.selectors.people import audit_trail
from accounts.services.approvals.requests import approve_request
from accounts.services.people.suspension import ReasonNeeded, request_release, suspend_user
from p2plending.lib.errors import InvalidTransition, NotPermitted
from p2plending.tests.support.cast import make_user
from p2plending.tests.support.figures import assert_links_open
from p2plending.tests.support.world import TODAY, second_officer


@pytest.fixture
def chief(db: None) -> User:
    chief = make_user("Chris", Role.STAFF)
    chief.user_permissions.set(Permission.objects.filter(codename="change_user"))
    return chief


def is_suspended(user: User) -> bool:
    return User.objects.get(pk=user.pk).is_suspended


def test_people_without_the_permission_suspend_nobody(bob: User, alice: User, chief: User) -> None:
    for actor in (alice, bob, make_user("Paul", Role.STAFF)):
        with pytest.raises(NotPermitted):
            suspend_user(user_id=bob.pk, reason="Why not.", actor=actor)
    with pytest.raises(NotPermitted):
        suspend_user(user_id=chief.pk, reason="Myself.", actor=chief)
    assert not is_suspended(bob)
    assert not is_suspended(chief)


def test_a_suspension_needs_a_reason_and_happens_once(bob: User, chief: User) -> None:
    with pytest.raises(ReasonNeeded):
        suspend_user(user_id=bob.pk, reason=" ", actor=chief)
    assert not is_suspended(bob)
    suspend_user(user_id=bob.pk, reason="Two accounts, one phone.", actor=chief)
    with pytest.raises(InvalidTransition):
        suspend_user(user_id=bob.pk, reason="Again.", actor=chief)
    assert Notification.objects.filter(user=bob).count() == 1


def test_a_suspended_person_is_told_and_can_be_let_go_on(bob: User, chief: User) -> None:
    suspend_user(user_id=bob.pk, reason="Two accounts, one phone.", actor=chief)
    assert blocking_refusal(User.objects.get(pk=bob.pk), Action.LEND).code == "user_suspended"
    request = request_release(user_id=bob.pk, reason="Brother of Carol.", actor=chief, today=TODAY)
    assert is_suspended(bob)
    second = second_officer()
    approve_request(approval_id=request.pk, actor=second, idempotency_key="yes-to-this", today=TODAY)
    released = User.objects.get(pk=bob.pk)
    assert (released.is_suspended, released.suspended_reason) == (False, "")
    assert blocking_refusal(released, Action.LEND) is None
    assert [(event.action, event.reason) for event in audit_trail("user", bob.member_number)] == [
        ("accounts.user.released", "Brother of Carol."),
        ("accounts.user.release_approved", ""),
        ("accounts.user.release_asked", "Brother of Carol."),
        ("accounts.user.suspended", "Two accounts, one phone."),
    ]
    assert list(Notification.objects.filter(user=bob).values_list("title", flat=True)) == [
        "Your account is open again",
        "Your account is suspended",
    ]
    assert_links_open("user.suspended", "user.released")
