"""The named choices of the lending maths; stored values are lower snake case."""

from __future__ import annotations

from enum import StrEnum


class ScheduleMethod(StrEnum):
    """How the principal comes back."""

    ANNUITY = "annuity"
    EQUAL_PRINCIPAL = "equal_principal"
    INTEREST_ONLY = "interest_only"
    BULLET = "bullet"
    FLAT = "flat"


class DayCount(StrEnum):
    """How a stretch of time becomes a fraction of a year."""

    THIRTY_360 = "30_360"
    THIRTY_360_US = "30_360_us"
    THIRTY_E_360 = "30e_360"
    ACT_365 = "act_365"
    ACT_360 = "act_360"
    ACT_ACT = "act_act"
    ACT_ACT_YEAR_END = "act_act_year_end"
    EQUAL_PERIODS = "equal_periods"


class BondDayCount(StrEnum):
    """Conventions of bonds and of other lending engines: known to the maths, not offered as a product's choice."""

    THIRTY_E_360_ISDA = "30e_360_isda"
    NL_365 = "nl_365"
    ACT_365_ACTUAL = "act_365_actual"
    ACT_ACT_ICMA = "act_act_icma"
    ACT_ACT_AFB = "act_act_afb"


class PeriodUnit(StrEnum):
    """The unit that the repayment period counts in."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class AllocationPart(StrEnum):
    """What a part of a payment pays."""

    LATE_FEE = "late_fee"
    INTEREST = "interest"
    PRINCIPAL = "principal"


class PrepaymentMode(StrEnum):
    """What money above the amount due is used for."""

    SHORTER = "shorter"
    LOWER = "lower"
    CREDIT = "credit"


class Bucket(StrEnum):
    """Lateness of a loan by days past due."""

    CURRENT = "current"
    GRACE = "grace"
    LATE_16_30 = "late_16_30"
    LATE_31_60 = "late_31_60"
    LATE_61_90 = "late_61_90"
    DEFAULT = "default"


class Grade(StrEnum):
    """Risk grade of a borrower's application, A the safest."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"


class AffordabilityOutcome(StrEnum):
    """What the affordability check says."""

    PASS = "pass"  # noqa: S105  (an outcome, not a password)
    REFER = "refer"
    DECLINE = "decline"
