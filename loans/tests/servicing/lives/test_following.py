"""Random lives of loans whose plan follows the money, each step against the replay of a list of events."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator

import pytest

from accounts.models import User
from loans.tests.servicing.lives.following import KINDS, FollowingLife, build_following
from loans.tests.servicing.lives.script import PART_ON_SERVER, LifeFailed, live_by_lot, lots_of

pytestmark = pytest.mark.django_db

STEPS_OF_A_LIFE = 8
# The lives of `test_lives` are the many; each of these replays the loan at every step.
SHARE_OF_LIVES = 5


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Log lines of lives by the thousand would cost more than the lives."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def test_what_is_stored_is_the_replay_of_what_happened_in_every_life(
    dora: User, frank: User, pytestconfig: pytest.Config
) -> None:
    world, lots = build_following(dora, frank), lots_of(FollowingLife)
    first = pytestconfig.getoption("first_life")
    share = SHARE_OF_LIVES * (PART_ON_SERVER if pytestconfig.getoption("stage", None) == "server" else 1)
    for number in range(first, first + max(pytestconfig.getoption("lives") // share, 1)):
        chance = random.Random(number)
        kind = chance.choice(sorted(KINDS))
        try:
            live_by_lot(lambda kind=kind: FollowingLife(world, kind), lots, chance, STEPS_OF_A_LIFE)
        except LifeFailed as failed:
            failed.add_note(f"life {number}, loan {kind!r}: --first-life {number} --lives 1 lives it again")
            raise
