"""What the borrower signs and reads before is what the product does, for every shape of product."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from loans.account.terms import LoanTerms, frozen_terms
from loans.enums.loan import ServicingMethod
from loans.finance import DayCount, PrepaymentMode, ScheduleMethod
from loans.finance.progressive import (
    AllocationWay,
    FutureInstalments,
    InterestRecalculation,
    LoanPart,
    PayoffInterest,
)
from loans.models import GradeTerms, LoanProduct
from loans.wording.terms import borrower_clauses, cost_words, interest_sentences, late_fee_words, lender_clause

HOLDS = LoanTerms.from_json(
    frozen_terms(
        LoanProduct(code="standard", name="Loan"),
        GradeTerms(grade="B", origination_fee_rate=Decimal("0.02"), expected_loss_rate=Decimal("0.02")),
    )
)
FOLLOWS = replace(
    HOLDS, servicing_method=ServicingMethod.PROGRESSIVE, interest_recalculation=InterestRecalculation.DAILY
)
ALL_INTEREST = "Paying off early saves no interest."
TO_THE_DAY = "That takes the principal that is left, the interest up to that day, and unpaid fees."
TO_DUE_DATE = "That takes the principal that is left, the interest up to the next due date, and unpaid fees."
NO_LATER_INTEREST = "Interest of later days is not charged."
MAY_CHOOSE = "Before paying more than is due, the borrower chooses what the extra money does."
ADDS_CHARGES = "The platform may add a fee or a penalty to this loan, due on a day or with every payment."
LATE_BEARS = "Principal that is late goes on bearing the interest of the loan until it is paid."


def said(terms: LoanTerms) -> list[str]:
    return [sentence for clause in borrower_clauses(terms) for sentence in clause.sentences]


SHAPES: list[tuple[str, LoanTerms, list[str], list[str]]] = [
    (
        "the plan holds",
        HOLDS,
        [
            "In this order: late fees, interest, principal; the oldest first.",
            MAY_CHOOSE,
            "If more is paid without a choice, the loan ends sooner.",
            TO_THE_DAY,
            NO_LATER_INTEREST,
            "For 14 days after the pay-out the borrower may give the loan back, without a reason.",
            "The set-up fee then comes back.",
            "A payment that is more than 15 days late costs a late fee, once: 5% of what is unpaid, at least €5.00.",
            "There is no default interest.",
            "A loan that is more than 90 days late may be declared in default.",
            "After bankruptcy or fraud it may be sooner: once it is more than 15 days late.",
            "The borrower gets a notice at least 14 days before. Paying what is late ends it.",
            "The borrower pays no fee that is not named here.",
        ],
        [ADDS_CHARGES, LATE_BEARS, ALL_INTEREST],
    ),
    (
        "default interest that a default ends",
        replace(HOLDS, default_interest_rate=Decimal("0.08"), late_fee_cap=50_00, grace_days=1),
        [
            "Default interest counts as a late fee in this order.",
            "A payment that is more than 1 day late costs a late fee, once: "
            "5% of what is unpaid, at least €5.00, at most €50.00.",
            "Principal that is more than 1 day late costs default interest of 8% a year.",
            "Example: €1,000.00 of late principal costs €6.58 in 30 days.",
            "It ends when that principal is paid, or with a default.",
            "No default interest is charged after it.",
        ],
        ["There is no default interest.", "Default interest goes on, on all principal that is then late."],
    ),
    (
        "default interest that goes on after a default",
        replace(HOLDS, default_interest_rate=Decimal("0.0825"), stops_default_interest=False),
        [
            "Principal that is more than 15 days late costs default interest of 8.25% a year.",
            "It ends when that principal is paid. It goes on after a default.",
            "Default interest goes on, on all principal that is then late.",
        ],
        ["No default interest is charged after it."],
    ),
    (
        "principal first, kept for the next payments, nothing given back",
        replace(
            HOLDS,
            allocation_order=tuple(reversed(HOLDS.allocation_order)),
            extra_payment_mode=PrepaymentMode.CREDIT,
            withdrawal_days=0,
            late_fee_fixed=0,
            late_fee_rate=Decimal(0),
        ),
        [
            "In this order: principal, interest, late fees; the oldest first.",
            "If more is paid without a choice, it counts for the next payments.",
            "There is no late fee.",
        ],
        ["The set-up fee then comes back.", "The set-up fee then stays with the platform."],
    ),
    (
        "a fee that stays, holidays",
        replace(HOLDS, refunds_fee_on_withdrawal=False, holiday_country="DE", withdrawal_days=1),
        [
            "For 1 day after the pay-out the borrower may give the loan back, without a reason.",
            "The set-up fee then stays with the platform.",
            "On a weekend or a holiday of Germany, the next working day stands for the due date.",
        ],
        ["The set-up fee then comes back."],
    ),
    (
        "principal at the end",
        replace(HOLDS, schedule_method=ScheduleMethod.INTEREST_ONLY),
        [
            "It makes what is still to come smaller, or counts for the next payments.",
            "If more is paid without a choice, the payments get smaller.",
        ],
        ["If more is paid without a choice, the loan ends sooner."],
    ),
    (
        "flat interest",
        replace(HOLDS, schedule_method=ScheduleMethod.FLAT),
        ["The interest still to come then falls in proportion to the principal."],
        [],
    ),
    (
        "the plan follows the money by the day",
        FOLLOWS,
        [
            "In this order: penalties, fees, interest, principal; of what is due, the oldest first.",
            "Money above what is due pays your next payment.",
            "Interest is counted by the day on the principal that is left: early money lowers it from its day on.",
            TO_THE_DAY,
            LATE_BEARS,
            "From then on the plan holds: money changes it only as the borrower chooses.",
            ADDS_CHARGES,
        ],
        [MAY_CHOOSE, ALL_INTEREST, "There is no default interest.", "The borrower pays no fee that is not named here."],
    ),
    (
        "pay-off to the due date",
        replace(FOLLOWS, payoff_interest=PayoffInterest.TO_REST_DATE, overdue_bears_interest=False),
        [TO_DUE_DATE, NO_LATER_INTEREST, "Principal that is late bears no interest after its due date."],
        [TO_THE_DAY, LATE_BEARS],
    ),
    (
        "by whole periods",
        replace(
            FOLLOWS,
            interest_recalculation=InterestRecalculation.PER_PERIOD,
            payoff_interest=PayoffInterest.TO_REST_DATE,
        ),
        ["Interest follows the money: early money lowers it, but only from the next due date on.", TO_DUE_DATE],
        [TO_THE_DAY],
    ),
    (
        "by whole periods that count to the day",
        replace(FOLLOWS, interest_recalculation=InterestRecalculation.PER_PERIOD),
        [TO_THE_DAY],
        [TO_DUE_DATE],
    ),
    (
        "the interest of the plan stays",
        replace(
            FOLLOWS,
            interest_recalculation=InterestRecalculation.NONE,
            payment_way=AllocationWay.VERTICAL,
            part_order=(LoanPart.PRINCIPAL, LoanPart.INTEREST, LoanPart.FEE, LoanPart.PENALTY),
            future_instalments=FutureInstalments.LAST,
        ),
        [
            "In this order, each through all payments that are due: principal, interest, fees, penalties.",
            "Money above what is due pays your last payments, so the loan ends sooner.",
            "The interest of the plan stays as it is, whether money comes early or late.",
            ALL_INTEREST,
            "Being late costs no more interest.",
        ],
        [TO_THE_DAY, NO_LATER_INTEREST, LATE_BEARS],
    ),
]


@pytest.mark.parametrize(("terms", "has", "lacks"), [shape[1:] for shape in SHAPES], ids=[shape[0] for shape in SHAPES])
def test_the_agreement_says_what_the_product_does(terms: LoanTerms, has: list[str], lacks: list[str]) -> None:
    sentences = said(terms)
    assert [sentence for sentence in has if sentence not in sentences] == []
    assert [sentence for sentence in lacks if sentence in sentences] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "5% of what is unpaid, at least €5.00"),
        ({"late_fee_cap": 20_00}, "5% of what is unpaid, at least €5.00, at most €20.00"),
        ({"late_fee_fixed": 0}, "5% of what is unpaid"),
        ({"late_fee_fixed": 0, "late_fee_cap": 20_00}, "5% of what is unpaid, at most €20.00"),
        ({"late_fee_rate": Decimal(0)}, "€5.00"),
        ({"late_fee_rate": Decimal(0), "late_fee_cap": 4_00}, "€4.00"),
        ({"late_fee_cap": 0}, "None"),
        ({"late_fee_fixed": 0, "late_fee_rate": Decimal(0)}, "None"),
        ({"late_fee_rate": Decimal("0.0125")}, "1.25% of what is unpaid, at least €5.00"),
    ],
)
def test_the_late_fee_is_told_with_its_limits(changes: dict[str, Any], words: str) -> None:
    assert late_fee_words(replace(HOLDS, **changes)) == words


def costs(terms: LoanTerms) -> dict[str, tuple[str, str, str]]:
    return {cost.name: (cost.how_much, cost.when, cost.example) for cost in cost_words(terms, payment=888_49)}


def test_costs_beside_a_plan_that_holds() -> None:
    terms = replace(HOLDS, default_interest_rate=Decimal("0.08"))
    after = "after 15 days"
    assert costs(terms) == {
        "Late fee": (
            "5% of what is unpaid, at least €5.00",
            f"Once for each missed payment, {after}",
            "€44.42 on a payment of €888.49",
        ),
        "Default interest": (
            "8% a year of late principal",
            f"By the day, {after}, until it is paid",
            "€6.58 on €1,000.00 in 30 days",
        ),
        "Early payment": ("Free", "Any day; interest stops on that day", "–"),
    }
    assert "Default interest" not in costs(HOLDS)


def test_costs_beside_a_plan_that_follows_the_money() -> None:
    assert list(costs(FOLLOWS)) == ["Late fee", "Interest on what is late", "Early payment", "Fees and penalties"]
    to_due_date = replace(FOLLOWS, payoff_interest=PayoffInterest.TO_REST_DATE, overdue_bears_interest=False)
    assert "Interest on what is late" not in costs(to_due_date)
    assert costs(to_due_date)["Early payment"][1] == "Any day; paying off costs interest to the next due date"
    stays = replace(FOLLOWS, interest_recalculation=InterestRecalculation.NONE)
    assert costs(stays)["Early payment"][1] == "Any day; the interest of the plan stays"


def test_the_way_interest_is_counted_is_told() -> None:
    assert interest_sentences(HOLDS) == (
        "Interest is counted on the principal that is left.",
        "Every whole time between two payments counts the same. Odd days before the first are parts of 365.",
    )
    flat = replace(
        HOLDS,
        schedule_method=ScheduleMethod.FLAT,
        day_count=DayCount.ACT_360,
        interest_free_periods=1,
        principal_free_periods=3,
    )
    assert interest_sentences(flat) == (
        "Interest is counted on the whole loan for its whole time, not on the principal that is left.",
        "The real days count, as parts of 360.",
        "The first payment has no interest.",
        "The first 3 payments pay back no principal.",
    )


def test_lenders_are_told_what_is_kept_of_their_money_and_who_gets_late_fees() -> None:
    assert lender_clause(HOLDS).sentences == (
        "The platform keeps 5% of the interest that the lenders receive. It costs the borrower nothing.",
        "Of money that comes in after the loan was given up as lost, it keeps 25%.",
        "Late fees go to the lenders.",
    )
    assert lender_clause(replace(HOLDS, late_fees_to_lenders=False)).sentences[-1] == "Late fees go to the platform."
