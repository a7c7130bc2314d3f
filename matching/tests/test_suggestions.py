"""Loans for you: scored, explained, kept, and never what somebody said no to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.enums.people import Role
from accounts.models import User
from loans.models import Loan
from matching.enums.mandates import ProposalStatus
from matching.models import LendingMandate, MatchProposal
from matching.services.profiles import LendersOnly, set_risk_profile
from matching.services.proposals import NotYourSuggestion, dismiss_proposal, propose_loan, propose_matches
from p2plending.tests.support import world

ClientOf = Callable[[User], Client]
Market = Callable[..., Loan]


@pytest.fixture
def growing_bob(bob: User) -> User:
    set_risk_profile(lender=bob, tolerance="growth", actor=bob)
    return bob


def titles(lender: User, today: dt.date) -> list[str]:
    return [proposal.loan.title for proposal in propose_matches(lender=lender, today=today)]


def test_borrowers_get_no_suggestions_and_lenders_none_without_a_profile(
    market: Market, alice: User, bob: User, now_day: dt.date
) -> None:
    market("Nora")
    with pytest.raises(LendersOnly):
        propose_matches(lender=alice, today=now_day)
    assert propose_matches(lender=bob, today=now_day) == []
    assert MatchProposal.objects.count() == 0


def test_a_suggestion_has_a_score_and_at_most_three_reasons_that_are_so(
    market: Market, growing_bob: User, now_day: dt.date
) -> None:
    market("Nora")
    proposal = propose_matches(lender=growing_bob, today=now_day)[0]
    assert 0 < proposal.score <= 100
    # Without a rule of their own, nobody wants a lowest rate or a longest loan, and purposes can't be chosen.
    assert {reason["code"] for reason in proposal.reasons} <= {"grade_mix", "spread"}
    assert 1 <= len(proposal.reasons) <= 3
    points = [Decimal(reason["points"]) for reason in proposal.reasons]
    assert points == sorted(points, reverse=True)


def test_grades_outside_the_profile_are_left_out(market: Market, bob: User, now_day: dt.date) -> None:
    set_risk_profile(lender=bob, tolerance="conservative", actor=bob)
    loan = market("Nora")
    Loan.objects.filter(pk=loan.pk).update(grade="C")
    assert propose_matches(lender=bob, today=now_day) == []


def test_a_rule_sets_lowest_rate_and_longest_term_for_suggestions_too(
    market: Market, growing_bob: User, rule: Callable[..., LendingMandate], now_day: dt.date
) -> None:
    market("Nora", term=24, title="Long")
    market("Olga", term=12, title="Short")
    assert set(titles(growing_bob, now_day)) == {"Long", "Short"}
    rule(growing_bob, max_term_months=12)
    assert titles(growing_bob, now_day) == ["Short"]


def test_looking_again_writes_nothing_new(market: Market, growing_bob: User, now_day: dt.date) -> None:
    market("Nora")
    before = propose_matches(lender=growing_bob, today=now_day)[0]
    again = propose_matches(lender=growing_bob, today=now_day)[0]
    assert (again.pk, again.updated_at) == (before.pk, before.updated_at)


def test_a_dismissed_loan_never_comes_back_and_only_its_lender_dismisses(
    market: Market, growing_bob: User, carol: User, now_day: dt.date
) -> None:
    market("Nora")
    proposal = propose_matches(lender=growing_bob, today=now_day)[0]
    with pytest.raises(NotYourSuggestion):
        dismiss_proposal(proposal_id=proposal.pk, actor=carol)
    assert titles(growing_bob, now_day) == ["New windows"]
    for _time in range(2):
        dismiss_proposal(proposal_id=proposal.pk, actor=growing_bob)
    assert titles(growing_bob, now_day) == []


def test_a_loan_that_the_lender_is_in_counts_as_lent(market: Market, growing_bob: User, now_day: dt.date) -> None:
    loan = market("Nora")
    propose_matches(lender=growing_bob, today=now_day)
    world.commit(loan, growing_bob, 50_00, today=now_day)
    assert titles(growing_bob, now_day) == []
    assert MatchProposal.objects.get().status == ProposalStatus.COMMITTED


def test_a_loan_that_closed_is_not_suggested(market: Market, growing_bob: User, now_day: dt.date) -> None:
    loan = market("Nora")
    assert titles(growing_bob, now_day) == ["New windows"]
    assert titles(growing_bob, loan.listing_ends_on + dt.timedelta(days=1)) == []


def test_a_new_loan_is_scored_for_everybody_with_a_profile_in_a_constant_number_of_statements(
    market: Market, growing_bob: User, carol: User, now_day: dt.date
) -> None:
    first = market("Nora")
    with CaptureQueriesContext(connection) as one:
        assert propose_loan(loan_id=first.pk, today=now_day) == 1
    for name in ("Dan", "Fay"):
        lender = world.verified(name, Role.LENDER)
        set_risk_profile(lender=lender, tolerance="growth", actor=lender)
    second = market("Olga")
    with CaptureQueriesContext(connection) as three:
        assert propose_loan(loan_id=second.pk, today=now_day) == 3
    assert len(one) == len(three)
    assert not MatchProposal.objects.filter(lender=carol).exists()


def test_the_page_shows_score_and_reasons_and_lets_one_say_no(
    market: Market, growing_bob: User, carol: User, client_of: ClientOf
) -> None:
    market("Nora")
    client = client_of(growing_bob)
    page = client.get("/suggestions/")
    match = page.context["matches"][0]
    text = page.content.decode()
    assert f"Fits {match['proposal'].score} of 100" in text
    assert 1 <= len(match["reasons"]) <= 3
    assert all(reason in text for reason in match["reasons"])
    path = f"/suggestions/{match['proposal'].reference}/dismiss/"
    assert client_of(carol).post(path).status_code == 404
    assert client.get(path).status_code == 405
    assert client.post(path).url == "/suggestions/"
    assert "No open loan fits right now" in client.get("/suggestions/").content.decode()


def test_without_a_profile_the_page_asks_for_one(carol: User, client_of: ClientOf) -> None:
    assert "Choose a risk profile first" in client_of(carol).get("/suggestions/").content.decode()
