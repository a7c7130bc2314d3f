"""What the components page shows: one sample of every part, built by the code that the pages use."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils.translation import gettext_lazy as _

from accounts.enums.people import VerificationStatus
from ledger.enums.books import DepositStatus, WithdrawalStatus
from loans.enums.loan import CommitmentStatus, InstalmentStatus, LoanStatus, NoteStatus
from p2plending.lib import charts
from p2plending.lib.formatting import format_money
from p2plending.lib.web.forms import KeyedForm, MoneyFormField, MultiLineField

_MONTHS = ("Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov")
_LATE = (0, 9, 22, 41)


class SampleForm(KeyedForm):
    income = MoneyFormField(label=_("Monthly income after tax"), help_text=_("Count regular pay only, not bonuses."))
    since = forms.ChoiceField(
        label=_("In this job since"),
        choices=[("", _("Choose a year")), ("2024", "2024")],
        error_messages={"required": _("Choose when you started this job")},
    )
    stable = forms.BooleanField(label=_("My income is stable for the next 12 months"), required=False)
    use = forms.ChoiceField(
        label=_("Extra money"),
        widget=forms.RadioSelect,
        choices=[("end", _("End sooner")), ("less", _("Pay less"))],
        error_messages={"required": _("Choose what extra money does")},
    )
    story = MultiLineField(label=_("What it is for (optional)"), widget=forms.Textarea({"rows": 3}), required=False)
    proof = forms.FileField(label=_("Proof of income (optional)"), required=False)


def _loan(status: str, **facts: Any) -> SimpleNamespace:
    values = {"days_past_due": 0, "funded_percent": 46, "is_restructured": False, "is_frozen": False, "signed_at": None}
    return SimpleNamespace(status=status, **(values | facts))


def _sample_charts() -> dict[str, Any]:
    principal = [33_500 + 310 * n for n in range(len(_MONTHS))]
    interest = [10_400 - 310 * n for n in range(len(_MONTHS))]
    series = (charts.Series("Principal", "c1", principal), charts.Series("Interest", "c2", interest))
    owed = [600_000 - 25_000 * n for n in range(25)]
    return {
        "bars": charts.stacked_bars(title_id="money-back", labels=_MONTHS, series=series),
        "bars_key": [(one.css, one.label) for one in series],
        "bars_columns": ("Month", "Principal", "Interest"),
        "bars_rows": [
            (month, format_money(principal[n]), format_money(interest[n])) for n, month in enumerate(_MONTHS)
        ],
        "line": charts.balance_line(
            title_id="still-owed",
            points=owed,
            now=6,
            labels=[(0, "May 2026"), (8, "Jan 2027"), (16, "Sep 2027"), (24, "May 2028")],
        ),
        "line_columns": ("Payment", "Left to pay"),
        "line_rows": [(n, format_money(value)) for n, value in enumerate(owed)],
        "strip": charts.strip([("k0", 891_679), ("k1", 44_304), ("k2", 23_785), ("k3", 21_536), ("k4", 4_000)]),
        "targets": [
            (grade, charts.target_bar(f"g{grade.lower()}", share, 50, 20), share)
            for grade, share in (("A", 26), ("B", 28), ("C", 17), ("D", 21), ("E", 8))
        ],
        "dots": charts.payment_dots([number < 6 for number in range(24)]),
        "funnel": charts.funnel([("Open loans", 42), ("Grade fits", 30), ("Rate fits", 12), ("Not yet yours", 2)]),
    }


def gallery_context() -> dict[str, Any]:
    """Samples of every component, in every state. Invented figures, no database."""
    failed = SampleForm({"income": "two thousand", "since": "", "form_key": "0" * 32})
    failed.is_valid()
    running = [_loan(LoanStatus.ACTIVE, days_past_due=days) for days in _LATE]
    flags = [_loan(LoanStatus.ACTIVE, days_past_due=9, is_restructured=True), _loan(LoanStatus.LISTED, is_frozen=True)]
    return {
        "loans": [_loan(status) for status in LoanStatus if status != LoanStatus.ACTIVE] + running + flags,
        "identity_states": list(VerificationStatus),
        "deposit_states": list(DepositStatus),
        "withdrawal_states": list(WithdrawalStatus),
        "instalment_states": ["next", "overdue", *InstalmentStatus],
        "part_states": [*CommitmentStatus, *NoteStatus],
        "grades": "ABCDE",
        "failed": failed,
        "fresh": SampleForm(prefix="fresh"),
        "step_names": (_("Amount"), _("Purpose"), _("Income"), _("Check")),
        "page": Paginator(range(1, 135), 25).page(2),
        "sample_day": dt.date(2026, 11, 22),
        "sample_rate": Decimal("0.12"),
        "sample_return": Decimal("0.1119"),
        "chart": _sample_charts(),
    }
