"""Random lives of loans: each step is done by the services and by a plain model, and compared to the cent.

`--lives 5000` lives more of them, `--first-life 1234 --lives 1` lives one again. A failing life is printed as the steps
that it consists of, as few as still show the failure; once mended, they become one of `LIVES_THAT_FAILED`.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from loans.tests.servicing.lives.script import PART_ON_SERVER, LifeFailed, Step, live, live_by_lot, lots_of
from loans.tests.servicing.lives.trouble import Troubled
from loans.tests.servicing.lives.world import KINDS, World, build_world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

STEPS_OF_A_LIFE = 7
IN_DEFAULT = ("months_go_by_unpaid", {"cause": "days_late"})
LIVES_THAT_FAILED: dict[str, tuple[str, Sequence[tuple[str, dict[str, Any]]]]] = {
    "a cent is left, and most dates of the plan ask for nothing": (
        "uneven",
        [
            ("pays_from_the_wallet", {"how_much": "a cent", "mode": ""}),
            ("days_pass", {"days": 31, "is_looked_at": True}),
            ("pays_from_the_wallet", {"how_much": "all", "mode": "lower"}),
            ("a_payment_bounces", {"which": 0}),
        ],
    ),
    "interest is waived, then money of before its due date is found": (
        "standard",
        [
            ("days_pass", {"days": 31, "is_looked_at": True}),
            ("a_charge_is_waived", {"which": 1, "interest": "half", "late_fee": "all"}),
            ("money_of_an_earlier_day_is_found", {"how_much": "ahead", "days_ago": 10}),
        ],
    ),
    "default after a plan that was shortened has ended": (
        "standard",
        [
            ("pays_from_the_wallet", {"how_much": "most", "mode": "shorter"}),
            ("days_pass", {"days": 92, "is_looked_at": True}),
            ("days_pass", {"days": 92, "is_looked_at": True}),
            IN_DEFAULT,
            ("pays_from_the_wallet", {"how_much": "nearly all", "mode": ""}),
        ],
    ),
    "automatic payment pays what was late": (
        "standard",
        [
            IN_DEFAULT,
            ("takes_money_out", {"which": 0, "share": 2}),
            ("switches_automatic_payment", {"is_on": True}),
        ],
    ),
    "what was late is found a day later": (
        "standard",
        [
            IN_DEFAULT,
            ("days_pass", {"days": 4, "is_looked_at": True}),
            ("money_of_an_earlier_day_is_found", {"how_much": "nearly all", "days_ago": 1}),
        ],
    ),
}


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
    lives = pytestconfig.getoption("lives")
    if pytestconfig.getoption("stage", None) == "server":
        lives = max(lives // PART_ON_SERVER, 1)
    first, lots = pytestconfig.getoption("first_life"), lots_of(Troubled)
    for number in range(first, first + lives):
        chance = random.Random(number)
        kind = chance.choice(sorted(KINDS))
        try:
            live_by_lot(lambda kind=kind: Troubled(world, kind), lots, chance, STEPS_OF_A_LIFE)
        except LifeFailed as failed:
            failed.add_note(f"life {number}, loan {kind!r}: --first-life {number} --lives 1 lives it again")
            raise


def test_lives_that_failed_once_are_lived_without_a_difference(world: World) -> None:
    for kind, steps in LIVES_THAT_FAILED.values():
        live(lambda kind=kind: Troubled(world, kind), [Step(*step) for step in steps])
