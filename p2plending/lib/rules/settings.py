"""The platform's own numbers: limits, steps and thresholds that staff may change (django-constance).

Numbers of a loan product (fees, grace, listing days) are columns of `loans.LoanProduct`. Services read these through
`p2plending.lib.rules.values.platform_rules()`.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

MONEY = "money"
FRACTION = "fraction"
WHOLE = "whole"

CONSTANCE_ADDITIONAL_FIELDS = {
    MONEY: ["p2plending.lib.web.forms.MoneyFormField", {"min_amount": 0}],
    FRACTION: ["django.forms.DecimalField", {"min_value": Decimal(0), "max_value": Decimal(1), "decimal_places": 6}],
    WHOLE: ["django.forms.IntegerField", {"min_value": 0, "max_value": 3650}],
}

CONSTANCE_CONFIG = {
    "MIN_COMMITMENT": (25_00, _("Smallest amount that a lender may lend to one loan."), MONEY),
    "COMMITMENT_STEP": (5_00, _("Amounts lent must be a multiple of this."), MONEY),
    "LOAN_SHARE_CAP": (Decimal("0.250000"), _("Largest share of one loan that one lender may hold."), FRACTION),
    "LENDER_BORROWER_CAP": (500_00, _("Most that one lender may have lent to one borrower."), MONEY),
    "LENDER_TOTAL_CAP": (0, _("Most that one lender may have lent in total; 0 is no limit."), MONEY),
    "BORROWER_TOTAL_CAP": (25_000_00, _("Most that one borrower may owe in total."), MONEY),
    "MAX_ACTIVE_LOANS": (2, _("Most loans that one borrower may be paying back."), WHOLE),
    "DTI_DECLINE": (
        Decimal("0.500000"),
        _("Debt payments over income above which an application is declined."),
        FRACTION,
    ),
    "DTI_REFER": (Decimal("0.400000"), _("Debt payments over income from which a person must look closely."), FRACTION),
    "DISPOSABLE_MULTIPLE": (
        Decimal("1.100000"),
        _("What is left each month must be at least this many times the payment."),
        "multiple",
    ),
    "AUTO_CONFIRM_MONEY": (False, _("Confirm declared money at once. Only for demonstrations."), bool),
    "DEMO_DAYS_AHEAD": (0, _("Days by which the business date runs ahead. Only in demo mode."), WHOLE),
    "AUTOINVEST_SHARE": (
        Decimal("1.000000"),
        _("Largest share of a loan that auto-invest rules together may take."),
        FRACTION,
    ),
    "ALLOW_CURE": (True, _("A loan in default goes on by its plan once what was late is paid."), bool),
    "AUTO_DEFAULT": (False, _("Declare defaults without a person when the notice is over."), bool),
    "BOOKS_CLOSED_UNTIL": (
        dt.date(2000, 1, 1),
        _("Last day of the closed books: no money and no charge can be entered for that day or before it."),
        dt.date,
    ),
    "SECOND_PERSON_ABOVE": (
        10_000_00,
        _("Withdrawals of one person on one day that together reach this amount need a second person."),
        MONEY,
    ),
    "DEPOSIT_SECOND_PERSON_ABOVE": (
        10_000_00,
        _("Deposits and loan payments of one person on one day that together reach this amount need a second person."),
        MONEY,
    ),
    "LARGEST_AMOUNT": (100_000_00, _("Most that can be told, asked for or entered at once."), MONEY),
}
CONSTANCE_ADDITIONAL_FIELDS["multiple"] = [
    "django.forms.DecimalField",
    {"min_value": Decimal(1), "max_value": Decimal(10), "decimal_places": 6},
]
CONSTANCE_CONFIG_FIELDSETS = {
    "Lending limits": (
        "MIN_COMMITMENT",
        "COMMITMENT_STEP",
        "LOAN_SHARE_CAP",
        "LENDER_BORROWER_CAP",
        "LENDER_TOTAL_CAP",
        "AUTOINVEST_SHARE",
    ),
    "Borrowing limits": ("BORROWER_TOTAL_CAP", "MAX_ACTIVE_LOANS", "DTI_DECLINE", "DTI_REFER", "DISPOSABLE_MULTIPLE"),
    "Loans in trouble": ("ALLOW_CURE", "AUTO_DEFAULT"),
    "Money": (
        "AUTO_CONFIRM_MONEY",
        "BOOKS_CLOSED_UNTIL",
        "LARGEST_AMOUNT",
        "DEPOSIT_SECOND_PERSON_ABOVE",
        "SECOND_PERSON_ABOVE",
    ),
    "Demonstration": ("DEMO_DAYS_AHEAD",),
}
