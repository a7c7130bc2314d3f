"""Everybody of the authorization matrix, signed in: browsers for pages, tokens for the API."""

from __future__ import annotations

import dataclasses

from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from accounts.enums.people import Role, StaffGroup
from accounts.models import User
from accounts.services.sign_in.tokens import issue_pair
from p2plending.tests.support.cast import make_user, sign_in_fully, turn_on_second_step
from p2plending.tests.support.scene import Scene
from p2plending.tests.support.world import verified

LETTERS = dict(zip("SIUFCXA", StaffGroup, strict=True))
SIGN_IN = "/accounts/login/"
# A PDF is made by a process of its own, which a busy machine stops and some have not: 503, after who asks was let in.
PDFS = {"ledger:statement_pdf", "loans:document_pdf", "api-document"}
LOANS = ["drafting", "sent", "reviewed", "asked", "offered", "listed", "funded", "active"]


@dataclasses.dataclass(frozen=True)
class People:
    """Strangers of every kind by role, and staff by what they are."""

    borrower: User
    lender: User
    new: dict[str, User]
    stopped: dict[str, User]
    # By letter of the group; "-" is in no group, "!" suspended and in all, "*" a superuser.
    staff: dict[str, User]
    deactivated: User
    deleted: User


def build_people() -> People:
    """Everybody but the owners, who are in the scene."""
    staff = {letter: _staff(f"Staff-{letter}", group) for letter, group in LETTERS.items()}
    staff["-"] = _staff("Staff-without")
    staff["!"] = _suspended(_staff("Staff-stopped", *StaffGroup))
    staff["*"] = _staff("Staff-root")
    User.objects.filter(pk=staff["*"].pk).update(is_superuser=True)
    staff["*"].refresh_from_db()
    return People(
        borrower=verified("Stranger-b", Role.BORROWER),
        lender=verified("Stranger-l", Role.LENDER),
        new={role: make_user(f"New-{role}", role, email_verified=False) for role in (Role.BORROWER, Role.LENDER)},
        stopped={role: _suspended(verified(f"Stopped-{role}", role)) for role in (Role.BORROWER, Role.LENDER)},
        staff=staff,
        deactivated=make_user("Gone-inactive", Role.LENDER),
        deleted=make_user("Gone-deleted", Role.LENDER),
    )


def _staff(name: str, *groups: StaffGroup) -> User:
    user = make_user(name, Role.STAFF)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def _suspended(user: User) -> User:
    User.objects.filter(pk=user.pk).update(is_suspended=True, suspended_reason="For the test")
    user.refresh_from_db()
    return user


class Doors:
    """Clients of everybody, each made once: `ask` says what one person gets from one URL."""

    def __init__(self, people: People, scene: Scene) -> None:
        self.people, self.scene = people, scene
        self._clients: dict[tuple[int, bool], Client] = {}
        for user in self.everybody():
            for is_api in (False, True):
                self._client(user, is_api)
        User.objects.filter(pk=people.deactivated.pk).update(is_active=False)
        User.objects.filter(pk=people.deleted.pk).delete()

    def everybody(self) -> list[User]:
        """All who sign in, the owners of the scene's pages too."""
        people, scene = self.people, self.scene
        owners = [scene.staff, scene.lender, scene.newcomer]
        owners += [getattr(scene, loan).borrower for loan in LOANS]
        strangers = [people.borrower, people.lender, *people.new.values(), *people.stopped.values()]
        return [*owners, *strangers, *people.staff.values(), people.deactivated, people.deleted]

    def _client(self, user: User | None, is_api: bool) -> Client:
        key = (user.pk if user else 0, is_api)
        if key not in self._clients:
            client = APIClient() if is_api else Client()
            if user and is_api:
                if user.is_of_the_desk:
                    turn_on_second_step(user)
                client.credentials(HTTP_AUTHORIZATION=f"Bearer {issue_pair(user)['access']}")
            elif user:
                sign_in_fully(client, user)
            self._clients[key] = client
        return self._clients[key]

    def ask(
        self, name: str, path: str, user: User | None, method: str = "get", body: dict[str, object] | None = None
    ) -> str:
        """The status as the tables write it."""
        cache.clear()
        is_api = name.startswith("api-")
        headers = {"Idempotency-Key": "a-key-for-this"} if is_api else {}
        answer = getattr(self._client(user, is_api), method)(path, body, headers=headers)
        if name in PDFS and answer.status_code == 503:
            return "200"
        is_sign_in = answer.status_code == 302 and answer.headers["Location"].startswith(SIGN_IN)
        return "sign-in" if is_sign_in else str(answer.status_code)
