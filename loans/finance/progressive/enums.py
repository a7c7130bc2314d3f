"""The named choices of the replay; stored values are lower snake case."""

from __future__ import annotations

from enum import StrEnum


class InterestRecalculation(StrEnum):
    """Whether interest follows the money: never, from the day it came, or from the end of the running period."""

    NONE = "none"
    DAILY = "daily"
    PER_PERIOD = "per_period"


class PayoffInterest(StrEnum):
    """How far interest counts when everything is paid at once: to that day, or to the end of the running rest."""

    TO_DATE = "to_date"
    TO_REST_DATE = "to_rest_date"


class LoanPart(StrEnum):
    """What an instalment is made of."""

    PENALTY = "penalty"
    FEE = "fee"
    INTEREST = "interest"
    PRINCIPAL = "principal"


class DueKind(StrEnum):
    """Where an instalment stands on the day of a payment."""

    PAST_DUE = "past_due"
    DUE = "due"
    IN_ADVANCE = "in_advance"


class AllocationWay(StrEnum):
    """Horizontal pays instalment by instalment, vertical part by part across the instalments."""

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"


class FutureInstalments(StrEnum):
    """Where money goes that is not due yet: the next instalment, the running one and then the last, the last, or all.

    REAMORTIZATION spreads it evenly over everything that is not due yet.
    """

    NEXT = "next"
    NEXT_THEN_LAST = "next_then_last"
    LAST = "last"
    REAMORTIZATION = "reamortization"


class ChargeBase(StrEnum):
    """What a charge in percent is worked out from."""

    PRINCIPAL = "principal"
    INTEREST = "interest"
    INSTALMENT = "instalment"
