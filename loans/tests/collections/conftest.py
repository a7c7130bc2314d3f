"""The cast and the loan of the example, and staff who may decide nothing."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from accounts.enums.people import Role, StaffGroup
from accounts.models import User
from loans.tests.servicing.conftest import *  # noqa: F403 - fixtures reach pytest by name
from p2plending.tests.support.cast import make_user


@pytest.fixture
def sam(db: None) -> User:
    """Staff who support people and may decide nothing."""
    user = make_user("Sam", Role.STAFF)
    user.groups.set(Group.objects.filter(name=StaffGroup.SUPPORT))
    return user
