"""Lives as lists of steps: drawn by lot from a number, lived again from the list, and shortened when they fail.

A life is its number: the same number gives the same steps as long as the steps do not change. Every list of steps can
be lived, because a step that is not possible must be refused; so a failing one can be shortened by leaving steps out.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

Method = TypeVar("Method", bound=Callable[..., None])

# What lives find is in the services; another database has its say in a part of them.
PART_ON_SERVER = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One step: the name of a method and what it is called with."""

    name: str
    choices: Mapping[str, Any]

    def __str__(self) -> str:
        return f"({self.name!r}, {dict(self.choices)!r}),"


@dataclasses.dataclass(frozen=True, slots=True)
class Lot:
    """How often a step is drawn, compared with others, in lives of some states; what each argument is drawn from."""

    weight: int
    states: tuple[str, ...]
    choices: Mapping[str, Sequence[Any]]


class Lived(Protocol):
    """What a list of steps is lived on."""

    @property
    def state(self) -> str: ...

    def end(self) -> None: ...


def step(weight: int, *states: str, **choices: Sequence[Any]) -> Callable[[Method], Method]:
    """Say how a method is drawn by lot. In other states than these it is tried, too, but seldom."""

    def mark(method: Method) -> Method:
        method.lot = Lot(weight, states, choices)
        return method

    return mark


def lots_of(kind: type[Lived]) -> dict[str, Lot]:
    """Every step of a class, by name."""
    return {name: getattr(kind, name).lot for name in sorted(dir(kind)) if hasattr(getattr(kind, name), "lot")}


def draw_step(lots: Mapping[str, Lot], state: str, chance: random.Random) -> Step:
    """The next step of a life in this state."""
    seldom = 20
    weights = [1 + lot.weight * (seldom if not lot.states or state in lot.states else 1) for lot in lots.values()]
    name = chance.choices(list(lots), weights)[0]
    return Step(name, {key: chance.choice(values) for key, values in lots[name].choices.items()})


class LifeFailed(AssertionError):
    """A life in which product and model differ, with the shortest list of steps that was found to show it."""


def live(begin: Callable[[], Lived], steps: Sequence[Step]) -> None:
    """Live a list of steps. Raises what a step raises."""
    life = begin()
    try:
        for one in steps:
            getattr(life, one.name)(**one.choices)
    finally:
        life.end()


def live_by_lot(begin: Callable[[], Lived], lots: Mapping[str, Lot], chance: random.Random, length: int) -> list[Step]:
    """Draw and live `length` steps; returns them. Raises LifeFailed.

    Each life leaves some sorts of steps out and likes others, so that what is rare together happens somewhere.
    """
    steps: list[Step] = []
    likes = (0, 1, 1, 4)
    lots = {name: dataclasses.replace(lot, weight=lot.weight * chance.choice(likes)) for name, lot in lots.items()}
    life = begin()
    try:
        for _turn in range(length):
            steps.append(draw_step(lots, life.state, chance))
            getattr(life, steps[-1].name)(**steps[-1].choices)
    except Exception as error:
        life.end()
        shortest, found = shorten(begin, steps, error)
        raise LifeFailed("\n".join(["product and model differ after these steps:", *map(str, shortest)])) from found
    life.end()
    return steps


def shorten(begin: Callable[[], Lived], steps: Sequence[Step], error: Exception) -> tuple[list[Step], Exception]:
    """Leave steps out, one after the other, as long as the life still fails in the same place."""
    shortest, place = list(steps), _place(error)
    at = 0
    while at < len(shortest) - 1:
        shorter = shortest[:at] + shortest[at + 1 :]
        try:
            live(begin, shorter)
        except Exception as again:
            if _place(again) == place:
                shortest, error = shorter, again
                continue
        at += 1
    return shortest, error


def _place(error: Exception) -> tuple[str, str, int]:
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return type(error).__name__, trace.tb_frame.f_code.co_filename, trace.tb_lineno
