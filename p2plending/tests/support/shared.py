"""A scene that is built once for all tests that follow each other and ask for it.

    @shared_scene
    def loan() -> Loan:
        return example_loan(...)

is a fixture. The scene stands in a transaction around those of its tests, so each finds it as it was built, and gets a
copy of what the builder returned. It goes when the next test asks for another scene or for none. A test that commits
for itself (`transaction=True`) builds one of its own. The cast's fixtures find people who are in the scene.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator
from typing import Any

import pytest
from django.db import transaction

Builder = Callable[[], Any]
# What pytest-django opens a test's transaction with; a scene has to stand before that.
OPENS_TRANSACTION = "_django_db_helper"


class Standing:
    """The scene in the database, if any."""

    builder: Builder | None = None
    value: Any = None
    block: transaction.Atomic | None = None
    blocker: Any = None

    @classmethod
    def build(cls, builder: Builder, blocker: Any) -> None:
        block = transaction.atomic()
        # Services insist on the outermost transaction, and take that of a test case for none.
        block._from_testcase = True
        with blocker.unblock():
            block.__enter__()
            cls.builder, cls.block, cls.blocker = builder, block, blocker
            try:
                cls.value = builder()
            except BaseException:
                cls.remove()
                raise

    @classmethod
    def remove(cls) -> None:
        block, cls.builder, cls.value, cls.block = cls.block, None, None, None
        if block is not None:
            with cls.blocker.unblock():
                transaction.set_rollback(True)
                block.__exit__(None, None, None)


def shared_scene(builder: Builder) -> Any:
    """Make a fixture of a function that builds a scene."""

    def scene(db: None) -> Any:
        return copy.deepcopy(Standing.value) if Standing.builder is builder else builder()

    scene.builder = builder
    scene.__doc__ = builder.__doc__
    return pytest.fixture(name=builder.__name__)(scene)


def scene_of(item: Any) -> Builder | None:
    """Return the scene that the test stands on: the one it asks for, and none when it commits for itself."""
    marker = item.get_closest_marker("django_db")
    if (marker and marker.kwargs.get("transaction")) or {"transactional_db", "live_server"} & set(item.fixturenames):
        return None
    asked_for = item._fixtureinfo.name2fixturedefs.values()
    return next((definitions[-1].func.builder for definitions in asked_for if is_scene(definitions[-1])), None)


def is_scene(definition: pytest.FixtureDef[Any]) -> bool:
    return hasattr(definition.func, "builder")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: Any) -> None:
    """Remove the scene that this test does not ask for, before anything of the test begins.

    Before its fixtures too: a browser's event loop gives the thread another connection, which can't end this
    transaction.
    The cast imports both hooks for every tests folder; the second call for a test does nothing.
    """
    if Standing.builder is not scene_of(item):
        Standing.remove()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Build the scene that the test asks for, if it does not stand yet."""
    if fixturedef.argname == OPENS_TRANSACTION and Standing.builder is not (wanted := scene_of(request.node)):
        Standing.build(wanted, request.getfixturevalue("django_db_blocker"))
        request.session.addfinalizer(Standing.remove)
    return (yield)
