"""The cast of every test: Alice borrows, Bob and Carol lend, Dora is staff, Eve is nobody.

Imported by the conftest of each tests folder. Alice, Bob and Carol have confirmed their address and passed the identity
check; Eve registered as a lender and did nothing else. All passwords are `PASSWORD`.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.models import Group
from django.test import Client
from rest_framework.test import APIClient

from accounts.enums.people import Role, StaffGroup, VerificationStatus
from accounts.models import IdentityVerification, User
from accounts.services.sign_in.tokens import issue_pair
from p2plending.lib import clock
from p2plending.tests.support.shared import pytest_fixture_setup, pytest_runtest_setup  # noqa: F401 - for every tests folder
from p2plending.tests.support.transactional import facts_can_be_emptied  # noqa: F401 - a fixture for every tests folder

PASSWORD = "correct horse battery staple"
SECRET = "JBSWY3DPEHPK3PXP"


def make_user(name: str, role: str, *, email_verified: bool = True) -> User:
    """A person with a confirmed address and nothing else."""
    email = f"{name.lower()}@example.org"
    user = User.objects.create_user(
        email, PASSWORD, role=role, full_name=f"{name} Example", is_staff=role == Role.STAFF
    )
    EmailAddress.objects.create(user=user, email=email, verified=email_verified, primary=True)
    return user


def verify_identity(user: User, officer: User) -> IdentityVerification:
    """An approved identity check, as `officer` leaves it."""
    return IdentityVerification.objects.create(
        user=user,
        status=VerificationStatus.APPROVED,
        legal_name=user.full_name,
        date_of_birth=dt.date(1990, 5, 17),
        address="Main Street 1",
        postcode="10115",
        city="Berlin",
        country="DE",
        nationality="DE",
        id_type="passport",
        id_number=f"X{user.pk:08d}",
        id_number_last4=f"{user.pk:04d}",
        id_expires_on=dt.date(2031, 1, 1),
        submission_count=1,
        submitted_at=clock.now(),
        decided_by=officer,
        decided_at=clock.now(),
    )


def cast(name: str, role: str, officer: User | None = None) -> User:
    """The person of the cast, found in the scene or made; with `officer`, their identity check is passed."""
    found = User.objects.filter(email=f"{name.lower()}@example.org").first()
    if found is None:
        found = make_user(name, role)
        if officer:
            verify_identity(found, officer)
    return found


def cast_dora() -> User:
    """Staff in every group: who may do what is tested with people of single groups."""
    user = cast("Dora", Role.STAFF)
    user.groups.set(Group.objects.filter(name__in=StaffGroup.values))
    return user


def sign_in_fully(client: Client, user: User) -> None:
    """Sign a browser in as the sign-in page leaves it: with the second step, for staff, who need it."""
    client.force_login(user)
    records = [{"method": "password", "at": time.time(), "email": user.email}]
    if user.is_of_the_desk:
        factor = turn_on_second_step(user)
        records.append({"method": "mfa", "at": time.time(), "id": factor.pk, "type": str(factor.type)})
    session = client.session
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = records
    session.save()


def turn_on_second_step(user: User) -> Authenticator:
    """An app that shows codes, as `mfa_activate_totp` leaves it; `code_now` says what it shows."""
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    return found or TOTP.activate(user, SECRET).instance


def code_now(secret: str = SECRET) -> str:
    """What the app of `turn_on_second_step`, or one with another secret, shows now."""
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(secret, counters[len(counters) // 2]))


@pytest.fixture
def dora(db: None) -> User:
    return cast_dora()


@pytest.fixture
def alice(dora: User) -> User:
    return cast("Alice", Role.BORROWER, dora)


@pytest.fixture
def bob(dora: User) -> User:
    return cast("Bob", Role.LENDER, dora)


@pytest.fixture
def carol(dora: User) -> User:
    return cast("Carol", Role.LENDER, dora)


@pytest.fixture
def eve(db: None) -> User:
    """A lender who confirmed neither address nor identity and must see nothing of others."""
    return make_user("Eve", Role.LENDER, email_verified=False)


@pytest.fixture
def client_of(db: None) -> Callable[[User], Client]:
    """A browser signed in as the person."""

    def signed_in(user: User) -> Client:
        client = Client()
        sign_in_fully(client, user)
        return client

    return signed_in


@pytest.fixture
def api_of(db: None) -> Callable[[User], APIClient]:
    """An API client with the person's token."""

    def with_token(user: User) -> APIClient:
        client = APIClient()
        if user.is_of_the_desk:
            turn_on_second_step(user)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {issue_pair(user)['access']}")
        return client

    return with_token


@pytest.fixture
def today() -> dt.date:
    """The business date of most tests: 15 January 2026, so that twelve payments end inside a year."""
    return dt.date(2026, 1, 15)
