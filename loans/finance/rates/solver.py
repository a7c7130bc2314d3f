"""Finding the rate at which cash flows are worth nothing: bracket every root first, then close in on one.

Flows are (time, amount) with whole-number times, so discounting takes one root and then whole powers only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Context, Decimal, localcontext
from typing import NamedTuple

from loans.finance.errors import NoRateInRange, NoSignChange

# The rates that are searched: from losing all but a 100,000th in a year to gaining a million-fold.
LOWEST_RATE = Decimal("-0.99999")
HIGHEST_RATE = Decimal(1_000_000)
RATE_PLACES = Decimal("1e-12")
USUAL_RATE = Decimal("0.1")
_USUAL_FROM, _USUAL_TO = Decimal("-0.5"), Decimal(100)
_WIDTH_WANTED = Decimal("1e-15")
_LARGEST_STEPS = 400
_CONTEXT = Context(prec=28)

PresentValue = Callable[[Decimal], Decimal]


class Bracket(NamedTuple):
    """Two rates between which the value changes sign, and the values there."""

    low: Decimal
    high: Decimal
    value_low: Decimal
    value_high: Decimal

    @property
    def is_falling(self) -> bool:
        return self.value_low > self.value_high


def solve_flows(flows: Sequence[tuple[int, Decimal]], units_per_year: int, *, prefer_falling: bool = False) -> Decimal:
    """The yearly rate r with sum of amount / (1+r)^(time / units_per_year) = 0, to twelve places.

    When several rates do, the one nearest to 10 % is taken. ``prefer_falling`` looks first among those from 50 % to
    10,000 % at which the value falls as the rate rises, as it does for money that is first paid in. Raises
    NoSignChange if the flows all point one way, NoRateInRange if no root lies in the range searched.
    """
    combined: dict[int, Decimal] = {}
    for time, amount in flows:
        combined[time] = combined.get(time, Decimal(0)) + amount
    ordered = sorted((time, amount) for time, amount in combined.items() if amount)
    if len({amount > 0 for _, amount in ordered}) < 2:
        raise NoSignChange("the cash flows never change sign")
    with localcontext(_CONTEXT):

        def present_value(rate: Decimal) -> Decimal:
            return discount(ordered, rate, units_per_year)

        return close_in(present_value, choose_bracket(present_value, prefer_falling=prefer_falling)).quantize(
            RATE_PLACES
        )


def discount(ordered: Sequence[tuple[int, Decimal]], rate: Decimal, units_per_year: int) -> Decimal:
    """Value at the first time of flows in order of time, by Horner's rule over the gaps between them."""
    step = 1 / (1 + rate) if units_per_year == 1 else (1 + rate) ** (Decimal(-1) / units_per_year)
    value = Decimal(0)
    later = ordered[-1][0]
    for time, amount in reversed(ordered):
        if time != later:
            value *= step ** (later - time)
            later = time
        value += amount
    return value


def choose_bracket(present_value: PresentValue, *, prefer_falling: bool = False) -> Bracket:
    """The bracket of the root that ``solve_flows`` takes."""
    brackets = []
    low, value_low = _GRID[0], present_value(_GRID[0])
    for high in _GRID[1:]:
        value_high = present_value(high)
        if (value_low > 0) != (value_high > 0):
            brackets.append(Bracket(low, high, value_low, value_high))
        low, value_low = high, value_high
    if not brackets:
        raise NoRateInRange(f"no rate from {LOWEST_RATE} to {HIGHEST_RATE} makes the cash flows worth nothing")
    falling = [
        bracket for bracket in brackets if bracket.is_falling and bracket.high > _USUAL_FROM and bracket.low < _USUAL_TO
    ]
    return min((prefer_falling and falling) or brackets, key=_distance_from_usual)


def close_in(present_value: PresentValue, bracket: Bracket) -> Decimal:
    """The root inside a bracket: false position with the Illinois weights, bisecting whenever that gains too little."""
    low, high, value_low, value_high = bracket
    for step in range(_LARGEST_STEPS):
        width = high - low
        if width <= _WIDTH_WANTED * (1 + abs(low)):
            break
        # Every third step halves the bracket, so that the search ends whatever the curve looks like.
        middle = (low + high) / 2 if step % 3 == 2 else low + width * value_low / (value_low - value_high)
        value = present_value(middle)
        if value == 0:
            return middle
        if (value > 0) == (value_low > 0):
            low, value_low, value_high = middle, value, value_high / 2
        else:
            high, value_high, value_low = middle, value, value_low / 2
    return (low + high) / 2


def _distance_from_usual(bracket: Bracket) -> Decimal:
    if bracket.low <= USUAL_RATE <= bracket.high:
        return Decimal(0)
    return min(abs(bracket.low - USUAL_RATE), abs(bracket.high - USUAL_RATE))


def _search_grid() -> tuple[Decimal, ...]:
    """Rates whose growth factors are evenly spaced: 2 % apart from halving to doubling, 30 % apart beyond."""
    growth, rates = Decimal("0.5"), []
    while growth < 2:
        rates.append(growth - 1)
        growth *= Decimal("1.02")
    while growth < HIGHEST_RATE:
        rates.append(growth - 1)
        growth *= Decimal("1.3")
    rates.append(HIGHEST_RATE)
    growth = Decimal("0.5") / Decimal("1.3")
    while growth > 1 + LOWEST_RATE:
        rates.append(growth - 1)
        growth /= Decimal("1.3")
    rates.append(LOWEST_RATE)
    return tuple(sorted(rate.quantize(Decimal("1e-9")) for rate in rates))


_GRID = _search_grid()
