"""Affordability, the explainable scorecard, and the rate that a grade pays.

All numbers are settings of the platform, kept in tables here with their first version. Gender, age, marital status,
nationality, religion, name and postcode are never inputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from loans.finance.enums import AffordabilityOutcome, Grade

Steps = tuple[tuple[Decimal, int], ...]


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Points tables: the first limit not exceeded (``at_most``) or first reached (``at_least``) gives the points."""

    version: str
    dti_at_most: Steps
    disposable_ratio_at_least: Steps
    employment_months_at_least: Steps
    amount_to_income_at_most: Steps
    history_clean_repeat: int
    history_repaid: int
    history_none: int
    history_clean_max_days_past_due: int
    history_bad_days_past_due: int
    income_verified: int
    address_verified: int
    homeowner: int
    grades_at_least: tuple[tuple[int, Grade], ...]


SCORECARD_V1 = Scorecard(
    version="1",
    dti_at_most=(
        (Decimal("0.15"), 25),
        (Decimal("0.25"), 20),
        (Decimal("0.35"), 12),
        (Decimal("0.45"), 5),
    ),
    disposable_ratio_at_least=((Decimal(4), 20), (Decimal("2.5"), 14), (Decimal("1.5"), 7)),
    employment_months_at_least=((Decimal(60), 15), (Decimal(24), 11), (Decimal(6), 6)),
    amount_to_income_at_most=((Decimal("0.10"), 10), (Decimal("0.25"), 7), (Decimal("0.5"), 3)),
    history_clean_repeat=20,
    history_repaid=14,
    history_none=6,
    history_clean_max_days_past_due=5,
    history_bad_days_past_due=30,
    income_verified=5,
    address_verified=3,
    homeowner=2,
    grades_at_least=((80, Grade.A), (65, Grade.B), (50, Grade.C), (38, Grade.D), (28, Grade.E)),
)

BASE_RATE = Decimal("0.05")
GRADE_MARGINS = {
    Grade.A: Decimal("0.03"),
    Grade.B: Decimal("0.06"),
    Grade.C: Decimal("0.10"),
    Grade.D: Decimal("0.14"),
    Grade.E: Decimal("0.18"),
}
TERM_ADDON = Decimal("0.005")


@dataclass(frozen=True, slots=True)
class ScoreInputs:
    """What the scorecard looks at. Ratios are fractions; ``disposable_ratio`` is disposable income per instalment."""

    dti: Decimal
    disposable_ratio: Decimal
    employment_months: int
    amount_to_income: Decimal
    repaid_loans: int = 0
    max_days_past_due: int = 0
    has_defaulted: bool = False
    is_income_verified: bool = False
    is_address_verified: bool = False
    is_homeowner: bool = False


@dataclass(frozen=True, slots=True)
class Factor:
    """One line of the score: ``value`` is what was looked at, in plain figures."""

    code: str
    points: int
    max_points: int
    value: str

    @property
    def lost_points(self) -> int:
        return self.max_points - self.points


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """The score, the grade (None: rejected), every factor, and why an application was rejected, main reason first."""

    points: int
    grade: Grade | None
    factors: tuple[Factor, ...]
    reject_codes: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True)
class AffordabilityThresholds:
    """Above ``decline_dti`` or below ``min_disposable_ratio`` instalments of disposable income: decline."""

    refer_dti: Decimal = Decimal("0.40")
    decline_dti: Decimal = Decimal("0.50")
    min_disposable_ratio: Decimal = Decimal("1.1")


@dataclass(frozen=True, slots=True)
class Affordability:
    """The outcome with its figures. ``dti`` is None without an income."""

    dti: Decimal | None
    disposable: int
    outcome: AffordabilityOutcome
    codes: tuple[str, ...] = field(default=())


def affordability(
    *,
    income: int,
    expenses: int,
    debt_service: int,
    instalment: int,
    thresholds: AffordabilityThresholds | None = None,
) -> Affordability:
    """Whether a borrower can bear ``instalment`` (all monthly amounts in minor units).

    dti = (debt service + instalment) / income; disposable = income - expenses - debt service. Declines above a dti of
    0.50 or with less than 1.1 instalments disposable, refers from 0.40. Income 3,000.00, expenses 1,500.00, debts
    200.00, instalment 888.49: dti 0.3628, disposable 1,300.00, pass. Source: BOR-3 after FCA CONC 5.2A.
    """
    limits = thresholds or AffordabilityThresholds()
    disposable = income - expenses - debt_service
    if income <= 0:
        return Affordability(None, disposable, AffordabilityOutcome.DECLINE, ("no_income",))
    dti = (Decimal(debt_service + instalment) / income).quantize(Decimal("0.000001"))
    codes = []
    if debt_service + instalment > limits.decline_dti * income:
        codes.append("debt_too_high")
    if disposable < limits.min_disposable_ratio * instalment:
        codes.append("too_little_left")
    if codes:
        return Affordability(dti, disposable, AffordabilityOutcome.DECLINE, tuple(codes))
    if debt_service + instalment >= limits.refer_dti * income:
        return Affordability(dti, disposable, AffordabilityOutcome.REFER, ("debt_high",))
    return Affordability(dti, disposable, AffordabilityOutcome.PASS)


def score(inputs: ScoreInputs, table: Scorecard = SCORECARD_V1) -> ScoreResult:
    """Points (at most 100 in version 1), grade and factors of an application.

    A default on the platform, or fewer points than the lowest grade needs, rejects; the reject codes then name up to
    four reasons, the factors that lost most points first.
    """
    factors = (
        _factor("dti", inputs.dti, table.dti_at_most, is_at_most=True),
        _factor("disposable", inputs.disposable_ratio, table.disposable_ratio_at_least),
        _factor("employment", Decimal(inputs.employment_months), table.employment_months_at_least),
        _history_factor(inputs, table),
        _factor("amount_to_income", inputs.amount_to_income, table.amount_to_income_at_most, is_at_most=True),
        _flag_factor("income_proof", inputs.is_income_verified, table.income_verified),
        _flag_factor("address_proof", inputs.is_address_verified, table.address_verified),
        _flag_factor("homeowner", inputs.is_homeowner, table.homeowner),
    )
    points = sum(factor.points for factor in factors)
    grade = next((grade for least, grade in table.grades_at_least if points >= least), None)
    if inputs.has_defaulted:
        return ScoreResult(points, None, factors, ("earlier_default",), table.version)
    if grade is not None:
        return ScoreResult(points, grade, factors, (), table.version)
    worst = sorted(factors, key=lambda factor: -factor.lost_points)[:4]
    return ScoreResult(points, None, factors, tuple(factor.code for factor in worst), table.version)


def rate_for(
    grade: Grade,
    term_months: int,
    base: Decimal = BASE_RATE,
    margins: dict[Grade, Decimal] | None = None,
    term_addon: Decimal = TERM_ADDON,
) -> Decimal:
    """Annual rate of a grade and term: base + margin + ``term_addon`` for each begun 12 months above 12.

    Grade B for 36 months: 0.05 + 0.06 + 2 * 0.005 = 0.12.
    """
    begun_years_above_one = max(-(-(term_months - 12) // 12), 0)
    return base + (margins or GRADE_MARGINS)[grade] + term_addon * begun_years_above_one


def net_rate(annual_rate: Decimal, servicing_fee_rate: Decimal, expected_loss: Decimal) -> Decimal:
    """What a lender may expect a year: the rate less the fee on interest less the expected yearly loss, as a fraction.

    12 % with a fee of 5 % of interest and an expected loss of 2.2 %: 0.12 * 0.95 - 0.022 = 0.092.
    """
    return annual_rate * (1 - servicing_fee_rate) - expected_loss


def _factor(code: str, value: Decimal, steps: Steps, *, is_at_most: bool = False) -> Factor:
    points = next((points for limit, points in steps if (value <= limit if is_at_most else value >= limit)), 0)
    return Factor(code, points, max(points for _, points in steps), f"{value:f}")


def _flag_factor(code: str, is_given: bool, points: int) -> Factor:
    return Factor(code, points if is_given else 0, points, "yes" if is_given else "no")


def _history_factor(inputs: ScoreInputs, table: Scorecard) -> Factor:
    if inputs.has_defaulted or inputs.max_days_past_due > table.history_bad_days_past_due:
        points = 0
    elif inputs.repaid_loans >= 2 and inputs.max_days_past_due <= table.history_clean_max_days_past_due:
        points = table.history_clean_repeat
    elif inputs.repaid_loans:
        points = table.history_repaid
    else:
        points = table.history_none
    return Factor("history", points, table.history_clean_repeat, str(inputs.repaid_loans))
