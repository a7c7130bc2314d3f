"""Whole lives of loans as Apache Fineract's published stories tell them, compared to the cent after every step."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from loans.finance.progressive import LoanPosition, ReplayTerms, Reversal, replay
from loans.tests.finance.fineract_stories import (
    Teller,
    replay_terms_of,
    shown_payment,
    shown_schedule,
    shown_totals,
    told_payments,
    told_schedule,
)
from loans.tests.finance.published_rows import minor, published

STORIES = published("fineract_stories")


def tell(teller: Teller, terms: ReplayTerms, step: dict[str, Any]) -> None:
    """Let one step of a story happen."""
    if step["do"] == "set_date":
        teller.today = date.fromisoformat(step["date"])
    elif step["do"] != "end_of_day":
        event = teller.event_of(step)
        if isinstance(event, Reversal):
            before = replay(terms, teller.events, teller.today)
            teller.taken_back[event.of] = before.payment(event.of)
        teller.events.append(event)


def check(step: dict[str, Any], picture: LoanPosition, teller: Teller) -> None:
    """Compare one expectation of a story with the picture."""
    match step["expect"]:
        case "schedule":
            assert shown_schedule(picture) == told_schedule(step["rows"])
        case "totals":
            told = {name: minor(amount) for name, amount in step.items() if name != "expect"}
            assert {name: shown_totals(picture)[name] for name in told} == told
        case "payments":
            # A story may leave out a payment just made, never list one that did not happen.
            shown = [shown_payment(payment, is_taken_back=False) for payment in picture.payments]
            shown += [shown_payment(payment, is_taken_back=True) for payment in teller.taken_back.values()]
            assert [row for row in told_payments(step["rows"]) if row not in shown] == []
        case "charges":
            shown_charges = [(line.amount, line.paid, line.waived, line.unpaid) for line in picture.charges]
            assert sorted(shown_charges) == sorted(tuple(map(minor, row.split("|"))) for row in step["rows"])
        case "outstanding":
            assert picture.unpaid.total == minor(step["value"])
        case "overdue":
            assert picture.overdue.total == minor(step["value"])
        case "overpaid":
            assert picture.surplus == minor(step["value"])
        case "closed":
            assert (picture.unpaid.total, picture.surplus) == (0, 0)
        case "status":
            check_status(step["value"], picture)
        case other:
            raise AssertionError(f"unknown expectation {other}")


def check_status(status: str, picture: LoanPosition) -> None:
    shown = "ACTIVE" if not picture.is_settled else "OVERPAID" if picture.surplus else "CLOSED_OBLIGATIONS_MET"
    assert shown == status


def test_every_story_of_a_progressive_loan_with_one_disbursement_is_told() -> None:
    assert len({story["id"] for story in STORIES}) == 65
    tables = [step for story in STORIES for step in story["steps"] if step.get("expect") == "schedule"]
    assert len(tables) > 150


@pytest.mark.parametrize("story", [pytest.param(story, id=story["id"]) for story in STORIES])
def test_a_published_story_comes_out_to_the_cent(story: dict[str, Any]) -> None:
    terms = replay_terms_of(story["loan"])
    teller = Teller(date.fromisoformat(story["loan"]["start"]))
    for step in story["steps"]:
        if "do" in step:
            tell(teller, terms, step)
        else:
            check(step, replay(terms, teller.events, teller.today), teller)
