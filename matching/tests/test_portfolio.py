"""What a lender holds and what the account is worth: sums that agree with the books, seen by nobody else."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.enums.people import Role
from accounts.models import User
from ledger.selectors import wallet_summary
from loans.enums.loan import NoteStatus, RepaymentMethod
from loans.models import Instalment, Loan, Note
from loans.services.repayments.record import record_repayment
from matching.selectors.portfolio import expected_payments, lender_figures, months_from, note_plan, parts_of, sums_of
from matching.services.profiles import set_risk_profile
from p2plending.tests.support import world

ClientOf = Callable[[User], Client]


@pytest.fixture
def dan(dora: User) -> User:
    return world.verified("Dan", Role.LENDER)


@pytest.fixture
def example(alice: User, bob: User, carol: User, dan: User, now_day: dt.date) -> Loan:
    """10,000.00 at 12 % over 12 months: Bob 3,333, Carol 3,333, Dan 3,334; paid out today."""
    return world.example_loan(alice, (bob, carol, dan), today=now_day)


def pay(loan: Loan, amount: int, day: dt.date) -> None:
    world.fund_wallet(loan.borrower, amount, today=day)
    record_repayment(
        loan_id=loan.pk,
        amount=amount,
        method=RepaymentMethod.WALLET,
        value_date=day,
        extra_mode="shorter",
        actor=loan.borrower,
        idempotency_key=world.new_key(),
        today=day,
    )


def rows_of(response: Any) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(text.splitlines()))


def test_the_portfolio_lists_own_parts_with_sums(
    example: Loan, bob: User, carol: User, market: Callable[..., Loan], client_of: ClientOf, now_day: dt.date
) -> None:
    world.commit(market("Nora", title="Boat"), bob, 50_00, today=now_day)
    page = client_of(bob).get("/portfolio/?tab=all")
    assert [(part.loan.title, part.amount) for part in page.context["page"]] == [
        ("New windows", 3_333_00),
        ("Boat", 50_00),
    ]
    sums = page.context["sums"]
    assert (sums.count, sums.amount, sums.outstanding) == (2, 3_383_00, 3_333_00)
    counts = {tab["key"]: tab["count"] for tab in page.context["tabs"]}
    assert counts == {"running": 1, "reserved": 1, "finished": 0, "all": 2}
    assert [part.reference for part in client_of(bob).get("/portfolio/?tab=reserved").context["page"]] != []
    assert "You have no parts in this state." in client_of(bob).get("/portfolio/?tab=finished").content.decode()
    assert "Boat" not in client_of(carol).get("/portfolio/?tab=all").content.decode()


def test_an_unknown_tab_shows_what_is_running(example: Loan, bob: User, client_of: ClientOf) -> None:
    assert client_of(bob).get("/portfolio/?tab=secret").context["tab"] == "running"


def test_the_file_has_every_row_and_plain_figures(example: Loan, bob: User, client_of: ClientOf) -> None:
    Loan.objects.filter(pk=example.pk).update(title="=SUM(A1)")
    answer = client_of(bob).get("/portfolio.csv?tab=all")
    assert "attachment" in answer["Content-Disposition"]
    head, row = rows_of(answer)
    line = dict(zip(head, row, strict=True))
    assert (line["loan"], line["lent"], line["principal_outstanding"]) == (example.reference, "3333.00", "3333.00")
    assert line["title"] == "'=SUM(A1)"


def test_pages_of_parts_run_from_notes_into_reservations(
    example: Loan, bob: User, market: Callable[..., Loan], now_day: dt.date
) -> None:
    for name in ("Nora", "Olga", "Pia"):
        world.commit(market(name), bob, 50_00, today=now_day)
    parts = parts_of(bob, "all")
    assert len(parts) == 4
    assert [part.is_note for part in parts[0:2]] == [True, False]
    assert [part.is_note for part in parts[2:10]] == [False, False]
    assert parts[0].amount == 3_333_00
    assert sums_of(parts).amount == 3_483_00


def test_the_list_costs_the_same_with_more_parts(
    bob: User,
    market: Callable[..., Loan],
    client_of: ClientOf,
    now_day: dt.date,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    client = client_of(bob)
    world.commit(market("Nora"), bob, 50_00, today=now_day)
    with django_assert_max_num_queries(18) as one:
        client.get("/portfolio/?tab=all")
    for name in ("Olga", "Pia"):
        world.commit(market(name), bob, 50_00, today=now_day)
    with django_assert_max_num_queries(18) as three:
        client.get("/portfolio/?tab=all")
    assert len(one) == len(three)


def test_a_note_is_its_owners_alone(example: Loan, alice: User, bob: User, carol: User, client_of: ClientOf) -> None:
    path = f"/portfolio/{Note.objects.get(owner=bob).reference}/"
    assert client_of(carol).get(path).status_code == 404
    assert client_of(alice).get(path).status_code == 403
    assert "New windows" in client_of(bob).get(path).content.decode()


def test_the_own_part_of_each_payment_adds_up_to_what_was_lent(example: Loan, bob: User, now_day: dt.date) -> None:
    note = Note.objects.select_related("loan").get(owner=bob)
    plan = note_plan(note, now_day)
    assert len(plan.lines) == 12
    first = plan.lines[0].part
    assert (first.principal, first.interest, first.fee) == (262_80, 33_33, 1_66)
    assert sum(line.part.principal for line in plan.lines) == 3_333_00
    assert (plan.planned_principal, plan.planned_interest) == (0, 0)


def test_what_came_stands_beside_what_was_planned(
    example: Loan, bob: User, client_of: ClientOf, now_day: dt.date
) -> None:
    due = Instalment.objects.filter(loan=example).earliest("number").due_date
    pay(example, 888_49, due)
    note = Note.objects.select_related("loan").get(owner=bob)
    plan = note_plan(note, due)
    assert plan.planned_principal == plan.lines[0].part.principal
    assert abs(note.principal_received - plan.planned_principal) <= 1
    text = client_of(bob).get(f"/portfolio/{note.reference}/").content.decode()
    assert "What you received" in text
    assert note.distributions.get().repayment.reference in text


def test_the_parts_of_the_account_add_up_to_its_value(
    example: Loan, bob: User, market: Callable[..., Loan], client_of: ClientOf, now_day: dt.date
) -> None:
    world.commit(market("Nora"), bob, 50_00, today=now_day)
    world.fund_wallet(bob, 17_00, today=now_day)
    page = client_of(bob).get("/lending/")
    parts = {str(words): amount for _css, words, amount in page.context["split"]["parts"]}
    assert parts == {"Lent out": 3_333_00, "Reserved": 50_00, "Available": 17_00}
    assert page.context["value"] == sum(parts.values()) == 3_400_00
    assert "€3,400.00" in page.content.decode()


def test_figures_say_what_came_after_fees_and_nothing_more(example: Loan, bob: User, now_day: dt.date) -> None:
    before = lender_figures(bob)
    assert (before.interest_received, before.fees_paid, before.net_received, before.running) == (0, 0, 0, 1)
    pay(example, 888_49, Instalment.objects.filter(loan=example).earliest("number").due_date)
    after = lender_figures(bob)
    note = Note.objects.get(owner=bob)
    assert after.interest_received == note.interest_received > 0
    assert after.net_received == note.interest_received - note.servicing_fees_paid
    assert after.lent_out == note.principal_outstanding
    assert wallet_summary(bob).available == note.principal_received + after.net_received


def test_expected_payments_are_the_own_share_and_leave_late_loans_out(
    example: Loan, bob: User, now_day: dt.date
) -> None:
    until = now_day + dt.timedelta(days=40)
    payments = expected_payments(bob, now_day, until)
    # 33.33 % of 788.49 and of 100.00.
    assert [(payment.principal, payment.interest) for payment in payments] == [(262_80, 33_33)]
    Loan.objects.filter(pk=example.pk).update(days_past_due=3)
    assert expected_payments(bob, now_day, until) == []


def test_the_mix_stands_beside_the_target_of_the_profile(example: Loan, bob: User, client_of: ClientOf) -> None:
    set_risk_profile(lender=bob, tolerance="conservative", actor=bob)
    mix = client_of(bob).get("/lending/").context["mix"]
    shares = {row["grade"]: (row["share"], row["target"]) for row in mix}
    assert shares[example.grade][0] == 1
    assert (shares["A"][1], shares["B"][1], shares["C"][1]) == (Decimal("0.60"), Decimal("0.40"), Decimal(0))


def test_a_new_lender_reads_first_steps_in_place_of_empty_charts(eve: User, bob: User, client_of: ClientOf) -> None:
    text = client_of(eve).get("/lending/").content.decode()
    assert "Your first steps" in text
    assert "Money coming back to you" not in text
    states = [step.state for step in client_of(bob).get("/lending/").context["steps"]]
    assert states == ["done", "done", "open", "open", "open"]


def test_a_paid_loan_moves_to_finished(bob: User, alice: User, client_of: ClientOf, now_day: dt.date) -> None:
    loan = world.active_loan(alice, {bob: 500_00}, today=now_day)
    pay(loan, 600_00, now_day)
    note = Note.objects.get(owner=bob)
    assert (note.status, note.principal_received) == (NoteStatus.REPAID, 500_00)
    page = client_of(bob).get("/portfolio/?tab=finished")
    assert [part.reference for part in page.context["page"]] == [note.reference]
    assert client_of(bob).get("/portfolio/?tab=running").context["sums"].count == 0


def test_the_home_page_costs_the_same_with_more_loans(
    alice: User,
    bob: User,
    client_of: ClientOf,
    now_day: dt.date,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    client = client_of(bob)
    world.active_loan(alice, {bob: 500_00}, today=now_day)
    with django_assert_max_num_queries(25) as one:
        client.get("/lending/")
    for name in ("Nora", "Olga"):
        world.active_loan(world.verified(name, Role.BORROWER), {bob: 500_00}, today=now_day)
    with django_assert_max_num_queries(25) as three:
        client.get("/lending/")
    assert len(one) == len(three)


def test_twelve_months_begin_with_this_one() -> None:
    months = months_from(dt.date(2026, 11, 22))
    assert (months[0], months[-1], len(months)) == (dt.date(2026, 11, 1), dt.date(2027, 10, 1), 12)
