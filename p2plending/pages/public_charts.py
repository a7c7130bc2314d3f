"""Pictures of the public pages, each with the table that says the same."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from loans.models import LoanProduct
from loans.selectors.showcase import monthly_results, shared_loan
from loans.selectors.statistics import PlatformFigures, Record
from p2plending.lib import charts
from p2plending.lib.formatting import format_day, format_money, format_percent


def results_picture(today: dt.date) -> dict[str, Any]:
    """What lenders received and lost by month, for `components/figure.html`."""
    results = monthly_results(today)
    series = (
        charts.Series(_("Interest after fees"), "c1", [max(one.earned, 0) for one in results]),
        charts.Series(_("Lost"), "k4", [one.lost for one in results]),
    )
    labels = [format_day(one.month, "month").split("\N{NO-BREAK SPACE}")[0] for one in results]
    return {
        "chart": charts.stacked_bars(title_id="results", labels=labels, series=series),
        "key": [(one.css, one.label) for one in series],
        "columns": (_("Month"), _("Interest after fees"), _("Lost")),
        "rows": [(format_day(one.month, "month"), format_money(one.earned), format_money(one.lost)) for one in results],
    }


def shared_picture() -> dict[str, Any] | None:
    """One real loan and the parts that its lenders hold; None while no loan has enough lenders to be drawn."""
    shared = shared_loan()
    if shared is None:
        return None
    return {
        "loan": shared.loan,
        "lenders": len(shared.parts),
        "largest": shared.parts[0],
        "smallest": shared.parts[-1],
        "chart": charts.shared_out(shared.parts, title_id="one-loan"),
    }


def late_timeline(product: LoanProduct) -> Any:
    """The days of a missed payment, from the reminder before it to default."""
    days = sorted({1, product.grace_days + 1, 31, 61, product.default_after_days + 1})
    steps = [("k0", _("3 days before")), ("k0", _("Due"))]
    steps += [(_late_css(day, product), _("Day %(day)s") % {"day": day}) for day in days]
    return charts.timeline(steps, title_id="late")


def grade_rows(figures: PlatformFigures, product: LoanProduct | None) -> list[dict[str, Any]]:
    """What lenders of each grade were to expect and what they got: one row a grade that is offered or was lent to."""
    offered = {terms.grade: terms for terms in product.grades.all()} if product else {}
    rows = []
    for grade, record in figures.by_grade.items():
        terms = offered.get(grade)
        if terms is None and not record.loans:
            continue
        rows.append(
            {
                "grade": grade,
                "terms": terms,
                "record": record,
                "earned": record.interest_received - record.servicing_fees,
                "bar": _loss_bar(record, terms),
                "words": _loss_words(record),
            }
        )
    return rows


def _late_css(day: int, product: LoanProduct) -> str:
    if day > product.default_after_days:
        return "k4"
    return "k3" if day >= 61 else "k2" if day >= 31 else "k1"


def _loss_bar(record: Record, terms: Any) -> Any:
    """Lost so far as a share of what was lent, with a tick at the loss to expect in a year."""
    if not record.is_large_enough or record.lost_share is None:
        return ""
    expected = terms.expected_loss_rate * 100 if terms else None
    return charts.target_bar("k4", record.lost_share * 100, 20, expected)


def _loss_words(record: Record) -> str:
    if not record.is_large_enough:
        return _("fewer than 5 loans, so not shown")
    return format_percent(record.lost_share, 1) if record.lost_share is not None else ""
