"""The lending maths on the command line: ``python -m loans.finance --help``. Needs neither settings nor a database."""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

from loans.finance.accrual import payoff
from loans.finance.allocation import plan_payment
from loans.finance.daycount import AnyDayCount, year_fraction
from loans.finance.enums import BondDayCount, DayCount, PeriodUnit, PrepaymentMode, ScheduleMethod
from loans.finance.errors import NoRate
from loans.finance.rates.apr import apr_eu, apr_us
from loans.finance.rates.irr import xirr
from loans.finance.schedule import build_schedule
from loans.finance.types import InstalmentLine, InstalmentState, Terms
from p2plending.lib.documents.pipes import stop_when_unread
from p2plending.lib.money import AmountError, Rounding, format_plain, parse_amount, split_by_ratio

Figures = dict[str, object]

LOAN_DAY_COUNTS: dict[str, AnyDayCount] = {
    "30/360": DayCount.THIRTY_360,
    "act/365": DayCount.ACT_365,
    "act/360": DayCount.ACT_360,
    "act/act": DayCount.ACT_ACT_YEAR_END,
    "act/act-isda": DayCount.ACT_ACT,
    "act/365-actual": BondDayCount.ACT_365_ACTUAL,
    "equal-periods": DayCount.EQUAL_PERIODS,
}
DATED_DAY_COUNTS: dict[str, AnyDayCount] = {
    "30/360": DayCount.THIRTY_360,
    "30/360-us": DayCount.THIRTY_360_US,
    "30e/360": DayCount.THIRTY_E_360,
    "30e/360-isda": BondDayCount.THIRTY_E_360_ISDA,
    "act/365": DayCount.ACT_365,
    "act/360": DayCount.ACT_360,
    "act/act": DayCount.ACT_ACT,
    "act/act-year-end": DayCount.ACT_ACT_YEAR_END,
    "act/act-afb": BondDayCount.ACT_ACT_AFB,
    "act/365-actual": BondDayCount.ACT_365_ACTUAL,
    "nl/365": BondDayCount.NL_365,
}
_AMOUNT_FAULTS = {
    "empty": "is empty",
    "not_a_number": "is not an amount",
    "too_many_decimals": "has more than two decimals",
    "too_large": "is too large",
    "negative": "must not be negative",
}
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?", re.ASCII)
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,6}", re.ASCII)


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage above it."""

    def error(self, message: str) -> NoReturn:
        """Print the line and leave with code 2."""
        self.exit(2, f"error: {message}\n")


def amount(text: str) -> int:
    """A command line amount in minor units."""
    try:
        return parse_amount(text)
    except AmountError as fault:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} {_AMOUNT_FAULTS[fault.code]}") from fault


def whole(text: str) -> int:
    """A whole number of an ordinary size."""
    if not _WHOLE_NUMBER.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number, or too large a one")
    return int(text)


def number(text: str) -> Decimal:
    """A plain decimal number: no exponent, no NaN."""
    if not _PLAIN_NUMBER.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a decimal number")
    return Decimal(text)


def day(text: str) -> date:
    """A date as YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a date (YYYY-MM-DD)") from fault


def read_flows(path: str) -> list[tuple[date, Decimal]]:
    """Rows of date and amount from a CSV file (``-``: standard input); a first row without a digit is a heading.

    Raises ValueError that names the file, and the line, for what can't be read.
    """
    flows = []
    is_first = True
    for index, row in enumerate(csv.reader(_read_text(path).splitlines())):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if not (is_first and _is_heading(cells)):
            flows.append(_flow(cells, f"{path}, line {index + 1}"))
        is_first = False
    if not flows:
        raise ValueError(f"{path}: no row with a date and an amount")
    return flows


def _read_text(path: str) -> str:
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return content.decode("utf-8-sig")
    except OSError as fault:
        raise ValueError(f"{path}: {(fault.strerror or 'cannot be read').lower()}") from fault
    except UnicodeDecodeError as fault:
        raise ValueError(f"{path}: not a text file in UTF-8") from fault


def _is_heading(cells: Sequence[str]) -> bool:
    # A date or an amount that is merely wrong has a digit, and must not pass for a heading.
    return not any(character.isdigit() for cell in cells for character in cell)


def _flow(cells: Sequence[str], place: str) -> tuple[date, Decimal]:
    if len(cells) < 2:
        raise ValueError(f"{place}: expected a date and an amount")
    try:
        return day(cells[0]), number(cells[1])
    except argparse.ArgumentTypeError as fault:
        raise ValueError(f"{place}: {fault}") from fault


def terms_from(options: argparse.Namespace) -> Terms:
    """The terms that the loan options describe."""
    return Terms(
        principal=options.principal,
        annual_rate=options.rate,
        instalments=options.instalments,
        start_date=options.start,
        method=ScheduleMethod(options.method.replace("-", "_")),
        day_count=LOAN_DAY_COUNTS[options.day_count],
        every=options.every,
        unit=PeriodUnit(options.unit),
        due_day=options.due_day,
        first_due_date=options.first_due,
        rounding=Rounding(options.rounding.replace("-", "_")),
        smooth=options.smooth,
        multiple=options.multiple,
        interest_free_periods=options.interest_free,
        principal_free_periods=options.principal_free,
    )


def show_schedule(options: argparse.Namespace) -> Figures:
    """The repayment schedule with its totals."""
    schedule = build_schedule(terms_from(options))
    return {
        "instalment": format_plain(schedule.instalment_amount),
        "total_principal": format_plain(schedule.total_principal),
        "total_interest": format_plain(schedule.total_interest),
        "total_payment": format_plain(schedule.total_payment),
        "lines": _listed(schedule.lines),
    }


def show_apr(options: argparse.Namespace) -> Figures:
    """The annual percentage rate of dated payments, as a fraction."""
    payments = []
    for when, paid in read_flows(options.payments):
        if paid <= 0:
            raise ValueError("payments must be above zero")
        payments.append((when, amount(f"{paid:f}")))
    solve = apr_us if options.convention == "us" else apr_eu
    return {"apr": _rate(solve(options.advanced, options.start, payments)), "convention": options.convention}


def show_xirr(options: argparse.Namespace) -> Figures:
    """The yearly return of dated flows, as a fraction."""
    return {"xirr": _rate(xirr(read_flows(options.file)))}


def show_year_fraction(options: argparse.Namespace) -> Figures:
    """The fraction of a year between two dates."""
    fraction = year_fraction(options.start, options.end, DATED_DAY_COUNTS[options.convention])
    decimal = (Decimal(fraction.numerator) / fraction.denominator).quantize(Decimal("1e-12"))
    return {"year_fraction": f"{decimal:f}", "fraction": str(fraction)}


def show_split(options: argparse.Namespace) -> Figures:
    """An amount split by weights, in units of the last decimal that it is written with."""
    places = max(-int(options.amount.as_tuple().exponent), 0)
    scale = max(-int(weight.as_tuple().exponent) for weight in options.weights)
    weights = [int(weight.scaleb(max(scale, 0))) for weight in options.weights]
    parts = split_by_ratio(int(options.amount.scaleb(places)), weights)
    return {"parts": [format_plain(part, places) for part in parts]}


def show_payoff(options: argparse.Namespace) -> Figures:
    """What closes the loan on a date, after the first instalments were paid on time."""
    figure = payoff(_states(options, terms_from(options)), options.on)
    return {
        "principal": format_plain(figure.principal),
        "interest": format_plain(figure.interest),
        "total": format_plain(figure.total),
        "interest_saved": format_plain(figure.interest_saved),
    }


def show_prepay(options: argparse.Namespace) -> Figures:
    """What a payment on a date does: what it pays, and the schedule from then on."""
    terms = terms_from(options)
    plan = plan_payment(_states(options, terms), options.amount, options.on, PrepaymentMode(options.mode), terms)
    return {
        "principal": format_plain(plan.allocation.principal),
        "interest": format_plain(plan.allocation.interest),
        "credit": format_plain(plan.credit),
        "surplus": format_plain(plan.surplus),
        "closes_loan": plan.closes_loan,
        "interest_saved": format_plain(plan.interest_saved),
        "lines": _listed(plan.remaining_lines),
    }


def build_parser() -> argparse.ArgumentParser:
    """The command line with all its commands."""
    parser = OneLineParser(prog="python -m loans.finance", description="The lending maths, without the site.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=OneLineParser)

    def command(name: str, show: Callable[[argparse.Namespace], Figures]) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=show.__doc__, description=show.__doc__)
        added.add_argument("--json", action="store_true", help="write JSON instead of a table")
        added.set_defaults(show=show)
        return added

    _add_loan_options(command("schedule", show_schedule))
    rate = command("apr", show_apr)
    rate.add_argument("--advanced", type=amount, required=True, help="what the borrower receives")
    rate.add_argument("--start", type=day, required=True)
    rate.add_argument("--payments", required=True, metavar="FILE.csv", help="rows of date,amount")
    rate.add_argument("--convention", choices=["us", "eu"], default="us")
    command("xirr", show_xirr).add_argument("file", metavar="FILE.csv", help="rows of date,amount; paid in negative")
    fraction = command("year-fraction", show_year_fraction)
    fraction.add_argument("start", type=day)
    fraction.add_argument("end", type=day)
    fraction.add_argument("convention", type=str.lower, choices=list(DATED_DAY_COUNTS))
    split = command("split", show_split)
    split.add_argument("amount", type=number)
    split.add_argument("weights", type=number, nargs="+", metavar="weight")
    for name, show in (("payoff", show_payoff), ("prepay", show_prepay)):
        later = command(name, show)
        _add_loan_options(later)
        later.add_argument("--paid", type=whole, default=0, metavar="N", help="instalments paid on time so far")
        later.add_argument("--on", type=day, required=True, help="the date of the payment")
        if name == "prepay":
            later.add_argument("--amount", type=amount, required=True)
            later.add_argument("--mode", choices=[mode.value for mode in PrepaymentMode], default="shorter")
    return parser


def _add_loan_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--principal", type=amount, required=True)
    parser.add_argument("--rate", type=number, required=True, help="yearly rate as a fraction: 0.12 is 12 %%")
    parser.add_argument("--instalments", type=whole, required=True)
    parser.add_argument("--start", type=day, required=True)
    parser.add_argument("--every", type=whole, default=1)
    parser.add_argument("--unit", choices=[unit.value for unit in PeriodUnit], default="month")
    methods = [method.value.replace("_", "-") for method in ScheduleMethod]
    parser.add_argument("--method", choices=methods, default="annuity")
    parser.add_argument("--day-count", type=str.lower, choices=list(LOAN_DAY_COUNTS), default="30/360")
    roundings = [rounding.value.replace("_", "-") for rounding in Rounding]
    parser.add_argument("--rounding", choices=roundings, default="half-up")
    parser.add_argument("--first-due", type=day)
    parser.add_argument("--due-day", type=whole, help="day of the month, 1 to 28")
    parser.add_argument("--smooth", action="store_true", help="even out the last instalment")
    parser.add_argument("--multiple", type=amount, help="make the instalment a multiple of this amount")
    parser.add_argument("--interest-free", type=whole, default=0, metavar="N", help="first periods without interest")
    parser.add_argument("--principal-free", type=whole, default=0, metavar="N", help="first periods without principal")


def _states(options: argparse.Namespace, terms: Terms) -> list[InstalmentState]:
    lines = build_schedule(terms).lines
    if not 0 <= options.paid <= len(lines):
        raise ValueError(f"--paid must be from 0 to {len(lines)}")
    return [
        InstalmentState(
            number=line.number,
            period_start=line.period_start,
            due_date=line.due_date,
            principal_due=line.principal,
            interest_due=line.interest,
            principal_paid=line.principal if line.number <= options.paid else 0,
            interest_paid=line.interest if line.number <= options.paid else 0,
        )
        for line in lines
    ]


def _listed(lines: Sequence[InstalmentLine]) -> list[Figures]:
    return [
        {
            "number": line.number,
            "due_date": line.due_date.isoformat(),
            "payment": format_plain(line.payment),
            "principal": format_plain(line.principal),
            "interest": format_plain(line.interest),
            "balance": format_plain(line.balance_after),
        }
        for line in lines
    ]


def _rate(rate: Decimal) -> str:
    return f"{rate.quantize(Decimal('1e-10')):f}"


def _write_table(figures: Figures) -> None:
    """Single figures by name, lists of rows as columns; a lone figure stands alone."""
    lines = figures.pop("lines", None)
    if isinstance(lines, list) and lines:
        headings = list(lines[0])
        rows = [headings, *([str(line[heading]) for heading in headings] for line in lines)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(headings))]
        for row in rows:
            print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
        print()
    parts = figures.pop("parts", None)
    if isinstance(parts, list):
        print(" ".join(parts))
    for name, figure in figures.items():
        print(f"{name.replace('_', ' ')}: {figure}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, or 1 when no rate exists. Bad arguments leave with 2."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    try:
        figures = options.show(options)
    except NoRate as refusal:
        print(f"error: {refusal}", file=sys.stderr)
        return 1
    except OverflowError:
        parser.error("the dates lead past the year 9999")
    except (ValueError, argparse.ArgumentTypeError) as fault:
        parser.error(" ".join(str(fault).split()))
    with stop_when_unread(sys.stdout):
        if options.json:
            print(json.dumps(figures, indent=2))
        else:
            _write_table(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
