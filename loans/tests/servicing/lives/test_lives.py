"""Random lives of loans: each step is done by the services and by a plain model, and compared to the cent.

`--lives 5000` lives more of them, `--first-life 1234 --lives 1` lives one again. A failing life is printed as the steps
that it consists of, as few as still show the failure; once mended, they become one of `LIVES_THAT_FAILED`.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator

import pytest

from loans.tests.servicing.lives.script import LifeFailed, live_by_lot, lots_of
from loans.tests.servicing.lives.trouble import Troubled
from loans.tests.servicing.lives.world import KINDS, World, build_world

pytestmark = pytest.mark.django_db

STEPS_OF_A_LIFE = 8


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Log lines of lives by the thousand would cost more than the lives."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def world(db: None) -> World:
    return build_world()


def test_every_cent_is_where_the_plain_model_says_in_every_life(world: World, pytestconfig: pytest.Config) -> None:
    first, lots = pytestconfig.getoption("first_life"), lots_of(Troubled)
    for number in range(first, first + pytestconfig.getoption("lives")):
        chance = random.Random(number)
        kind = chance.choice(sorted(KINDS))
        try:
            live_by_lot(lambda kind=kind: Troubled(world, kind), lots, chance, STEPS_OF_A_LIFE)
        except LifeFailed as failed:
            failed.add_note(f"life {number}, loan {kind!r}: --first-life {number} --lives 1 lives it again")
            raise
