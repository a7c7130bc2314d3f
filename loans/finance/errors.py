"""The refusals of the lending maths. All are ValueErrors: the caller asked for what has no answer."""

from __future__ import annotations


class FinanceError(ValueError):
    """Base of the refusals; ``code`` is stable, the message is for developers."""

    code = "finance_error"


class InvalidTerms(FinanceError):
    """Loan terms that no schedule can be built from."""

    code = "invalid_terms"


class InvalidPayment(FinanceError):
    """A payment that cannot be allocated or distributed."""

    code = "invalid_payment"


class NoRate(FinanceError):
    """Cash flows that no rate, or no rate in the range searched, makes worth nothing."""

    code = "no_rate"


class NoSignChange(NoRate):
    """All cash flows point the same way, so no rate exists."""

    code = "no_sign_change"


class NoRateInRange(NoRate):
    """No rate between the bounds that are searched solves the cash flows."""

    code = "no_rate_in_range"
