"""What happened to a loan stands on the desk in words, never as a code."""

from __future__ import annotations

from accounts.enums.people import ApprovalKind, ApprovalState
from accounts.services.approvals.requests import effect_of
from adminpanel.templatetags.desk import ACTION_WORDS, action_words
from loans.enums.collections import HardshipStatus, PlanProposalStatus
from loans.enums.loan import LoanEvent


def test_every_event_of_a_loan_has_words() -> None:
    codes = [event.value for event in LoanEvent]
    assert [code for code in codes if f"loans.loan.{code}" not in ACTION_WORDS] == []


def test_everything_that_two_people_do_has_words() -> None:
    states = ["asked", *(state.value for state in ApprovalState if state != ApprovalState.PENDING)]
    codes = [f"{effect_of(kind).audit_prefix}.{kind.value}_{state}" for kind in ApprovalKind for state in states]
    assert [code for code in codes if code == str(action_words(code))] == []


def test_every_answer_to_help_and_to_a_plan_has_words() -> None:
    codes = ["help_asked", *(f"help_{status.value}" for status in HardshipStatus if status != HardshipStatus.OPEN)]
    codes += [f"plan_{status.value}" for status in PlanProposalStatus]
    assert [code for code in codes if f"loans.loan.{code}" not in ACTION_WORDS] == []


def test_an_unknown_event_shows_its_code() -> None:
    assert action_words("loans.loan.unheard_of") == "loans.loan.unheard_of"
