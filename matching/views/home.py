"""The lender's home: what the account is worth, what comes, what is late."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.enums.people import Role
from accounts.selectors.first_steps import steps_context
from accounts.selectors.people import notifications_of
from ledger.selectors import WalletSummary, wallet_summary
from loans.enums.loan import Bucket, Grade
from matching.enums.mandates import MandateStatus, RiskTolerance
from matching.models import RiskProfile
from matching.selectors.first_steps import lender_steps
from matching.selectors.mandates import mandate_of, risk_profile_of
from matching.selectors.portfolio import (
    ExpectedPayment,
    LenderFigures,
    by_month,
    expected_payments,
    lender_figures,
    months_from,
)
from p2plending.lib.charts import Series, stacked_bars, strip, target_bar
from p2plending.lib.clock import business_date
from p2plending.lib.formatting import format_day, format_money
from p2plending.lib.web.decorators import get_only, role_required
from p2plending.lib.web.requests import AuthenticatedRequest

NEXT_SHOWN = 5
LATEST_SHOWN = 4
NEAR_DAYS = 30
GRADE_BAR_MAX = 60
BUCKET_CSS = {
    Bucket.CURRENT: "k0",
    Bucket.GRACE: "k1",
    Bucket.LATE_16_30: "k1",
    Bucket.LATE_31_60: "k2",
    Bucket.LATE_61_90: "k3",
    Bucket.DEFAULT: "k4",
}


@get_only
@role_required(Role.LENDER)
def lending_home(request: AuthenticatedRequest) -> HttpResponse:
    lender, today = request.user, business_date()
    wallet, figures = wallet_summary(lender), lender_figures(lender)
    profile, mandate = risk_profile_of(lender), mandate_of(lender)
    months = months_from(today)
    payments = expected_payments(lender, today, _end_of(months[-1]))
    near = [payment for payment in payments if (payment.due_date - today).days <= NEAR_DAYS]
    context = {
        "wallet": wallet,
        "figures": figures,
        "value": wallet.total + figures.lent_out,
        "split": _split(wallet, figures),
        "largest_share": Decimal(figures.largest) / figures.lent_out if figures.lent_out else None,
        "near_total": sum(payment.total for payment in near),
        "month_interest": sum(payment.interest for payment in near),
        "next_payments": payments[:NEXT_SHOWN],
        "cash_flow": _cash_flow(payments, months),
        "buckets": _buckets(figures),
        "bucket_strip": strip([(css, amount) for css, _words, _count, amount in _buckets(figures)]),
        "mix": _mix(figures, profile),
        "profile": profile,
        "rule_is_on": mandate is not None and mandate.status == MandateStatus.ACTIVE,
        "latest": list(notifications_of(lender)[:LATEST_SHOWN]),
    }
    if not (figures.lent_out or wallet.reserved):
        context |= steps_context(lender, lender_steps(lender))
    return render(request, "matching/home.html", context)


def _end_of(month: dt.date) -> dt.date:
    return (month + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


def _split(wallet: WalletSummary, figures: LenderFigures) -> dict[str, Any]:
    """The account value in its parts, as a strip and as words; what is on its way out shows when there is any."""
    parts = [
        ("c1", _("Lent out"), figures.lent_out),
        ("c2", _("Reserved"), wallet.reserved),
        ("ct", _("Available"), wallet.available),
    ]
    if wallet.withdrawing:
        parts.append(("c3", _("On its way out"), wallet.withdrawing))
    return {"strip": strip([(css, amount) for css, _words, amount in parts]), "parts": parts}


def _cash_flow(payments: list[ExpectedPayment], months: list[dt.date]) -> dict[str, Any]:
    rows = by_month(payments, months)
    series = (
        Series(_("Principal"), "c1", [principal for _month, principal, _interest in rows]),
        Series(_("Interest"), "c2", [interest for _month, _principal, interest in rows]),
    )
    labels = [format_day(month, "month").split("\N{NO-BREAK SPACE}")[0] for month, *_rest in rows]
    return {
        "chart": stacked_bars(title_id="cash-flow", labels=labels, series=series),
        "key": [(one.css, one.label) for one in series],
        "columns": (_("Month"), _("Principal"), _("Interest"), _("Total")),
        "rows": [
            (
                format_day(month, "month"),
                format_money(principal),
                format_money(interest),
                format_money(principal + interest),
            )
            for month, principal, interest in rows
        ],
    }


def _buckets(figures: LenderFigures) -> list[tuple[str, str, int, int]]:
    """Colour, words, loans and amount of each lateness that there is; on time always."""
    return [
        (BUCKET_CSS[bucket], str(bucket.label), *figures.by_bucket.get(bucket.value, (0, 0)))
        for bucket in Bucket
        if bucket == Bucket.CURRENT or bucket.value in figures.by_bucket
    ]


def _mix(figures: LenderFigures, profile: RiskProfile | None) -> list[dict[str, Any]]:
    """Share of each grade in what is lent out, with the target of the risk profile."""
    target = RiskTolerance(profile.tolerance).target_mix if profile else {}
    rows = []
    for letter in Grade.values:
        share = Decimal(figures.by_grade.get(letter, 0)) / figures.lent_out if figures.lent_out else Decimal(0)
        aim = target.get(letter, Decimal(0)) if profile else None
        bar = target_bar(f"g{letter.lower()}", share * 100, GRADE_BAR_MAX, None if aim is None else aim * 100)
        rows.append({"grade": letter, "share": share, "target": aim, "bar": bar})
    return rows
