from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.enums.people import Role, VerificationStatus
from accounts.models import IdentityVerification, User
from accounts.selectors.eligibility import (
    Action,
    EmailNotVerified,
    IdentityNotVerified,
    UserSuspended,
    WrongRole,
    blocking_refusal,
    require_may,
)
from p2plending.tests.support.cast import make_user


@pytest.mark.parametrize(
    ("role", "refused"),
    [
        (Role.BORROWER, {Action.LEND}),
        (Role.LENDER, {Action.APPLY}),
        (Role.STAFF, {Action.APPLY, Action.DEPOSIT, Action.LEND, Action.WITHDRAW}),
    ],
)
def test_a_role_may_only_do_what_is_its_own(db: None, role: Role, refused: set[Action]) -> None:
    user = make_user("Frank", role)
    assert {action for action in Action if isinstance(blocking_refusal(user, action), WrongRole)} == refused


def test_somebody_who_confirmed_nothing_is_stopped_by_the_address_first(eve: User) -> None:
    for action in (Action.DEPOSIT, Action.LEND, Action.WITHDRAW):
        with pytest.raises(EmailNotVerified) as refusal:
            require_may(eve, action)
        assert refusal.value.context == {"action": action.value, "link": "account_email"}
        assert refusal.value.status == 403


def test_a_confirmed_address_alone_opens_nothing(db: None) -> None:
    frank = make_user("Frank", Role.BORROWER)
    for action in (Action.APPLY, Action.DEPOSIT, Action.WITHDRAW):
        with pytest.raises(IdentityNotVerified) as refusal:
            require_may(frank, action)
        assert refusal.value.message == "Do the identity check first. It takes about five minutes."
        assert refusal.value.context["link"] == "accounts:identity"


def test_an_approved_identity_opens_all_of_the_role(alice: User, bob: User) -> None:
    for user, action in ((alice, Action.APPLY), (bob, Action.LEND)):
        for each in (action, Action.DEPOSIT, Action.WITHDRAW):
            assert blocking_refusal(user, each) is None


def test_a_suspended_person_can_still_bring_in_money_to_pay_back(alice: User) -> None:
    alice.is_suspended = True
    assert isinstance(blocking_refusal(alice, Action.APPLY), UserSuspended)
    assert isinstance(blocking_refusal(alice, Action.WITHDRAW), UserSuspended)
    assert blocking_refusal(alice, Action.DEPOSIT) is None


@pytest.mark.parametrize(
    ("status", "open_actions"),
    [
        (VerificationStatus.NOT_STARTED, set()),
        (VerificationStatus.DRAFT, set()),
        (VerificationStatus.SUBMITTED, set()),
        (VerificationStatus.IN_REVIEW, set()),
        (VerificationStatus.MORE_INFO, set()),
        (VerificationStatus.APPROVED, {Action.DEPOSIT, Action.LEND, Action.WITHDRAW}),
        (VerificationStatus.REJECTED, set()),
        (VerificationStatus.EXPIRED, {Action.DEPOSIT, Action.WITHDRAW}),
        (VerificationStatus.SUSPENDED, set()),
    ],
)
def test_every_state_of_the_identity_check_opens_what_it_should(
    bob: User, status: VerificationStatus, open_actions: set[Action]
) -> None:
    IdentityVerification.objects.filter(user=bob).update(status=status)
    lender_actions = set(Action) - {Action.APPLY}
    assert {action for action in lender_actions if blocking_refusal(bob, action) is None} == open_actions


def test_every_refusal_leads_to_a_page_that_exists(alice: User, bob: User, eve: User) -> None:
    alice.is_suspended = True
    IdentityVerification.objects.filter(user=bob).update(status=VerificationStatus.EXPIRED)
    cases = ((alice, Action.LEND), (alice, Action.APPLY), (eve, Action.LEND), (bob, Action.LEND))
    links = [blocking_refusal(user, action).context["link"] for user, action in cases]
    assert [reverse(link) for link in links] == ["/home/", "/help/", "/accounts/email/", "/account/identity/"]
