"""Auto-invest through the real commitment service: once, fair, within every limit, with a reason for everybody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.enums.people import Role
from accounts.models import User
from ledger.selectors import wallet_summary
from loans.enums.loan import CommitmentSource, LoanStatus
from loans.models import Commitment, Loan
from loans.services.funding.commitments import withdraw_commitment
from matching import tasks
from matching.enums.mandates import DecisionReason, Occasion
from matching.models import AllocationDecision, AllocationRun, LendingMandate
from matching.services.allocation import carry_out, run_mandates
from matching.services.mandates import pause_mandate
from p2plending.lib import clock
from p2plending.tests.support import world

Rule = Callable[..., LendingMandate]


def reasons(run: AllocationRun) -> dict[str, tuple[str, int]]:
    decisions = run.decisions.select_related("mandate__lender").order_by("pk")
    return {one.mandate.lender.short_name: (one.reason, one.amount) for one in decisions}


def look(loan: Loan, today: dt.date, occasion: Occasion = Occasion.LISTED) -> AllocationRun:
    return run_mandates(loan_id=loan.pk, occasion=occasion, today=today)


def test_every_active_rule_gets_a_decision_with_its_reason(
    alice: User, bob: User, carol: User, today: dt.date, rule: Rule
) -> None:
    dan, fay = world.verified("Dan", Role.LENDER), world.verified("Fay", Role.LENDER)
    world.set_price(Decimal("0.10"))
    for lender in (bob, carol, dan, fay):
        world.fund_wallet(lender, 100_00)
    rule(bob)
    rule(carol, min_rate=Decimal("0.11"))
    rule(dan, keep_available=90_00)
    rule(fay, max_term_months=11)
    run = look(world.listed_loan(alice), today)
    assert reasons(run) == {
        "Bob": ("LENT", 50_00),
        "Carol": ("RATE_LOW", 0),
        "Dan": ("RESERVE", 0),
        "Fay": ("TERM", 0),
    }
    assert (run.room, run.allocated) == (1_000_00, 50_00)
    assert run.finished_at is not None


def test_a_paused_rule_lends_nothing_and_gets_no_decision(alice: User, bob: User, today: dt.date, rule: Rule) -> None:
    world.fund_wallet(bob, 100_00)
    pause_mandate(mandate_id=rule(bob).pk, actor=bob, idempotency_key=world.new_key())
    run = look(world.listed_loan(alice), today)
    assert reasons(run) == {}
    assert wallet_summary(bob).reserved == 0


def test_a_lender_whose_gate_closed_is_told_so_and_others_lend(
    alice: User, bob: User, carol: User, today: dt.date, rule: Rule
) -> None:
    for lender in (bob, carol):
        world.fund_wallet(lender, 100_00)
        rule(lender)
    User.objects.filter(pk=bob.pk).update(is_suspended=True)
    assert reasons(look(world.listed_loan(alice), today)) == {"Bob": ("KYC", 0), "Carol": ("LENT", 50_00)}


def test_lending_is_a_commitment_like_any_other_and_says_where_it_came_from(
    alice: User, bob: User, today: dt.date, rule: Rule
) -> None:
    world.fund_wallet(bob, 100_00)
    rule(bob)
    loan = world.listed_loan(alice)
    look(loan, today)
    commitment = Commitment.objects.get()
    assert (commitment.loan, commitment.lender, commitment.amount) == (loan, bob, 50_00)
    assert commitment.source == CommitmentSource.MANDATE
    assert commitment.decision.reason == DecisionReason.LENT
    loan.refresh_from_db()
    assert (loan.funded_amount, loan.lender_count) == (50_00, 1)
    assert (wallet_summary(bob).available, wallet_summary(bob).reserved) == (50_00, 50_00)


def test_running_twice_for_one_occasion_lends_once(alice: User, bob: User, today: dt.date, rule: Rule) -> None:
    world.fund_wallet(bob, 500_00)
    rule(bob)
    loan = world.listed_loan(alice)
    first, second = look(loan, today), look(loan, today)
    assert first.pk == second.pk
    assert Commitment.objects.count() == 1
    assert AllocationDecision.objects.count() == 1


def test_a_run_cut_short_after_its_plan_is_carried_on_once(
    alice: User, bob: User, today: dt.date, rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fund_wallet(bob, 500_00)
    rule(bob)
    loan = world.listed_loan(alice)
    monkeypatch.setattr("matching.services.allocation.carry_out", lambda run: run)
    planned = look(loan, today)
    assert Commitment.objects.count() == 0
    assert planned.finished_at is None
    monkeypatch.undo()
    assert carry_out(planned).allocated == 50_00
    assert carry_out(planned).allocated == 50_00
    assert wallet_summary(bob).reserved == 50_00


def test_money_planned_by_an_unfinished_run_is_not_planned_again(
    alice: User, bob: User, today: dt.date, rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fund_wallet(bob, 60_00)
    rule(bob, keep_available=10_00)
    first = world.listed_loan(alice)
    second = world.listed_loan(world.verified("Nora", Role.BORROWER))
    monkeypatch.setattr("matching.services.allocation.carry_out", lambda run: run)
    look(first, today)
    assert reasons(look(second, today)) == {"Bob": ("NO_CASH", 0)}


def test_money_that_left_meanwhile_becomes_the_reason(
    alice: User, bob: User, carol: User, today: dt.date, rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fund_wallet(bob, 60_00)
    rule(bob)
    loan = world.listed_loan(alice)
    other = world.listed_loan(world.verified("Nora", Role.BORROWER))
    monkeypatch.setattr("matching.services.allocation.carry_out", lambda run: run)
    planned = look(loan, today)
    monkeypatch.undo()
    world.place_commitment(
        loan_id=other.pk, lender=bob, amount=60_00, actor=bob, idempotency_key=world.new_key(), today=today
    )
    assert reasons(carry_out(planned)) == {"Bob": ("NO_CASH", 0)}
    assert planned.decisions.get().commitment is None


def test_a_loan_that_closed_before_the_run_is_named_closed(alice: User, bob: User, today: dt.date, rule: Rule) -> None:
    world.fund_wallet(bob, 60_00)
    rule(bob)
    loan = world.listed_loan(alice)
    after = loan.listing_ends_on + dt.timedelta(days=1)
    assert reasons(look(loan, after)) == {"Bob": ("CLOSED", 0)}


def test_who_was_served_least_recently_is_first_next_time(
    alice: User, bob: User, carol: User, today: dt.date, rule: Rule
) -> None:
    world.set_rules(AUTOINVEST_SHARE=Decimal("0.025"))
    for lender in (bob, carol):
        world.fund_wallet(lender, 500_00)
        rule(lender)
    first = look(world.listed_loan(alice), today)
    assert reasons(first) == {"Bob": ("LENT", 25_00), "Carol": ("ROOM_FULL", 0)}
    second = look(world.listed_loan(world.verified("Nora", Role.BORROWER)), today)
    assert reasons(second) == {"Carol": ("LENT", 25_00), "Bob": ("ROOM_FULL", 0)}
    third = look(world.listed_loan(world.verified("Olga", Role.BORROWER)), today)
    assert reasons(third) == {"Bob": ("LENT", 25_00), "Carol": ("ROOM_FULL", 0)}


def test_rules_together_take_no_more_than_their_share_over_all_runs(
    alice: User, bob: User, today: dt.date, rule: Rule
) -> None:
    world.set_rules(AUTOINVEST_SHARE=Decimal("0.04"))
    world.fund_wallet(bob, 500_00)
    rule(bob, amount_per_loan=100_00)
    loan = world.listed_loan(alice)
    assert look(loan, today).allocated == 40_00
    later = look(loan, today + dt.timedelta(days=1), Occasion.NIGHTLY)
    assert (later.room, later.allocated) == (0, 0)


def test_a_rule_never_has_more_in_a_loan_than_its_limit_however_often_it_runs(
    alice: User, bob: User, today: dt.date, rule: Rule
) -> None:
    world.fund_wallet(bob, 45_00)
    rule(bob, amount_per_loan=125_00)
    loan = world.listed_loan(alice)
    assert look(loan, today).allocated == 45_00
    world.fund_wallet(bob, 500_00)
    night = [look(loan, today + dt.timedelta(days=n), Occasion.NIGHTLY) for n in (1, 2)]
    assert [run.allocated for run in night] == [80_00, 0]
    assert reasons(night[1]) == {"Bob": ("ALREADY_HELD", 0)}


def test_a_rule_may_fill_a_loan_with_others_and_end_its_funding(
    alice: User, bob: User, carol: User, today: dt.date, rule: Rule
) -> None:
    world.lift_lending_limits()
    for lender in (bob, carol):
        world.fund_wallet(lender, 500_00)
        rule(lender, amount_per_loan=500_00)
    loan = world.listed_loan(alice, amount=1_000_00)
    run = look(loan, today)
    assert reasons(run) == {"Bob": ("LENT", 500_00), "Carol": ("LENT", 500_00)}
    loan.refresh_from_db()
    assert loan.status == LoanStatus.FUNDED


def test_what_a_rule_reserved_can_be_taken_back(alice: User, bob: User, today: dt.date, rule: Rule) -> None:
    world.fund_wallet(bob, 100_00)
    rule(bob)
    look(world.listed_loan(alice), today)
    commitment = Commitment.objects.get()
    withdraw_commitment(commitment_id=commitment.pk, actor=bob, idempotency_key=world.new_key(), today=today)
    assert wallet_summary(bob).available == 100_00


def test_the_number_of_statements_of_a_plan_does_not_grow_with_rules_that_do_not_fit(
    alice: User, bob: User, carol: User, today: dt.date, rule: Rule, django_assert_num_queries: Callable[..., object]
) -> None:
    rule(bob, grades=("E",))
    loan = world.listed_loan(alice)
    with CaptureQueriesContext(
        connection,
    ) as one:
        look(loan, today)
    for name in ("Dan", "Fay", "Gus"):
        rule(world.verified(name, Role.LENDER), grades=("E",))
    with django_assert_num_queries(len(one)):
        look(loan, today, Occasion.NIGHTLY)


@pytest.mark.usefixtures("dora")
def test_the_task_of_a_new_loan_lends_and_suggests(alice: User, bob: User, rule: Rule, now_day: dt.date) -> None:
    world.fund_wallet(bob, 100_00, today=now_day)
    rule(bob)
    loan = world.listed_loan(alice, today=now_day)
    tasks.loan_listed(loan.pk)
    tasks.loan_listed(loan.pk)
    assert [run.key for run in AllocationRun.objects.all()] == [f"listed:{loan.reference}"]
    assert wallet_summary(bob).reserved == 50_00


def test_the_nightly_task_looks_at_every_open_loan_and_ends_what_was_cut_short(
    alice: User, bob: User, rule: Rule, now_day: dt.date, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fund_wallet(bob, 60_00, today=now_day)
    rule(bob)
    first = world.listed_loan(alice, today=now_day)
    second = world.listed_loan(world.verified("Nora", Role.BORROWER), today=now_day)
    monkeypatch.setattr("matching.services.allocation.carry_out", lambda run: run)
    look(first, now_day)
    monkeypatch.undo()
    tasks.run_all_mandates()
    assert set(AllocationRun.objects.values_list("key", "allocated")) == {
        (f"listed:{first.reference}", 50_00),
        (f"nightly:{first.reference}:{now_day}", 0),
        (f"nightly:{second.reference}:{now_day}", 0),
    }
    assert not AllocationRun.objects.filter(finished_at__isnull=True).exists()


def test_a_loan_that_fails_at_night_does_not_stop_the_others(
    alice: User, bob: User, rule: Rule, now_day: dt.date
) -> None:
    world.fund_wallet(bob, 200_00, today=now_day)
    rule(bob)
    broken = world.listed_loan(alice, today=now_day)
    sound = world.listed_loan(world.verified("Nora", Role.BORROWER), today=now_day)
    # A run of the night that was made for another loan: the unique key stops this one.
    AllocationRun.objects.create(
        key=f"nightly:{broken.reference}:{now_day}", loan=sound, business_date=now_day, room=0, finished_at=clock.now()
    )
    tasks.run_all_mandates()
    assert [commitment.loan for commitment in Commitment.objects.all()] == [sound]
