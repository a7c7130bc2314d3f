"""A shared scene is built once, and each test finds it as it was built."""

from __future__ import annotations

import pytest

from accounts.models import User
from p2plending.tests.support.cast import cast_dora
from p2plending.tests.support.shared import shared_scene

built: list[User] = []


@shared_scene
def office() -> User:
    built.append(cast_dora())
    return built[-1]


@pytest.mark.django_db
@pytest.mark.parametrize("turn", [1, 2, 3])
def test_what_a_test_changes_is_gone_for_the_next_and_nothing_is_built_again(
    turn: int, office: User, dora: User
) -> None:
    assert (office.pk, office.full_name) == (dora.pk, "Dora Example")
    assert User.objects.count() == 1
    assert len(built) == 1
    office.full_name = f"Changed in turn {turn}"
    office.save()


@pytest.mark.django_db
def test_a_test_that_asks_for_no_scene_finds_nobody() -> None:
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_test_that_commits_for_itself_builds_its_own(office: User) -> None:
    assert office == built[-1]
    assert User.objects.get() == office
