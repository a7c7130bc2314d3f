"""Time value of money, with the spreadsheets' signs: money paid out is negative.

All solve pv*(1+r)^n + pmt*(1 + r*due)*((1+r)^n - 1)/r + fv = 0, where ``due`` is 1 for payments at the beginning of a
period and 0 at its end. Rates are fractions per period; results are exact to the decimal context, not rounded to
money. Source: the functions of those names in spreadsheets and numpy-financial.
"""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec

from loans.finance.errors import NoRateInRange
from loans.finance.rates.solver import RATE_PLACES, choose_bracket, close_in

if TYPE_CHECKING:
    from collections.abc import Callable

Parameters = ParamSpec("Parameters")
_CONTEXT = Context(prec=34)


def _with_precision(function: Callable[Parameters, Decimal]) -> Callable[Parameters, Decimal]:
    @wraps(function)
    def precise(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Decimal:
        with localcontext(_CONTEXT):
            return function(*args, **kwargs)

    return precise


def _annuity_factor(rate: Decimal, periods: Decimal | int, at_beginning: bool) -> Decimal:
    """What payments of 1 grow to: (1 + r*due) * ((1+r)^n - 1) / r, or n at rate nil."""
    if rate == 0:
        return Decimal(periods)
    return (1 + rate * at_beginning) * ((1 + rate) ** periods - 1) / rate


@_with_precision
def future_value(
    rate: Decimal, periods: int, payment: Decimal, present: Decimal, *, at_beginning: bool = False
) -> Decimal:
    """fv: what is left after all payments. 7.5 %, 20 payments of -2,000 from nothing: 86,609.36."""
    return -present * (1 + rate) ** periods - payment * _annuity_factor(rate, periods, at_beginning)


@_with_precision
def present_value(
    rate: Decimal, periods: int, payment: Decimal, future: Decimal = Decimal(0), *, at_beginning: bool = False
) -> Decimal:
    """pv: what the payments and the final amount are worth today. 1 %, 12 payments of -888.49: 10,000.02."""
    return -(future + payment * _annuity_factor(rate, periods, at_beginning)) / (1 + rate) ** periods


@_with_precision
def level_payment(
    rate: Decimal, periods: int, present: Decimal, future: Decimal = Decimal(0), *, at_beginning: bool = False
) -> Decimal:
    """pmt: the level payment. 8 %/12, 60 payments, 15,000: -304.1459."""
    return -(future + present * (1 + rate) ** periods) / _annuity_factor(rate, periods, at_beginning)


@_with_precision
def interest_part(rate: Decimal, period: int, periods: int, present: Decimal, *, at_beginning: bool = False) -> Decimal:
    """ipmt: the interest in payment number ``period``. 10 %/12, third of 24, 2,000: -15.4010."""
    payment = level_payment(rate, periods, present, at_beginning=at_beginning)
    if at_beginning and period == 1:
        return Decimal(0)
    balance = future_value(rate, period - 1, payment, present, at_beginning=at_beginning)
    interest = balance * rate
    return interest / (1 + rate) if at_beginning else interest


@_with_precision
def principal_part(
    rate: Decimal, period: int, periods: int, present: Decimal, *, at_beginning: bool = False
) -> Decimal:
    """ppmt: the principal in payment number ``period``. 10 %/12, second of 24, 2,000: -76.2534."""
    payment = level_payment(rate, periods, present, at_beginning=at_beginning)
    return payment - interest_part(rate, period, periods, present, at_beginning=at_beginning)


@_with_precision
def number_of_periods(
    rate: Decimal, payment: Decimal, present: Decimal, future: Decimal = Decimal(0), *, at_beginning: bool = False
) -> Decimal:
    """nper: how many payments it takes. 10 %, from 500 to 1,500 without payments: 11.5267.

    Raises NoRateInRange when the payments never get there.
    """
    if rate == 0:
        if payment == 0:
            raise NoRateInRange("without interest and payments nothing changes")
        return -(future + present) / payment
    paid = payment * (1 + rate * at_beginning) / rate
    if present + paid == 0 or (paid - future) / (present + paid) <= 0:
        raise NoRateInRange("the payments never reach the amount wanted")
    return ((paid - future) / (present + paid)).ln() / (1 + rate).ln()


@_with_precision
def rate_per_period(
    periods: int, payment: Decimal, present: Decimal, future: Decimal = Decimal(0), *, at_beginning: bool = False
) -> Decimal:
    """rate: the rate per period. 10 periods from 3,500 to 10,000 without payments: 0.110691.

    The root rule and NoRateInRange are those of ``solver.solve_flows``.
    """

    def value(rate: Decimal) -> Decimal:
        grown = (1 + rate) ** periods
        worth = present * grown + payment * _annuity_factor(rate, periods, at_beginning) + future
        return worth / grown

    return close_in(value, choose_bracket(value)).quantize(RATE_PLACES)
