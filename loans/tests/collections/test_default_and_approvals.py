"""Default needs lateness, a notice and its days; what needs two people has two; the daily round does what is due."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import ApprovalRequest, AuditEvent, User
from accounts.services.approvals.permissions import MissingPermission, StaffOnly
from accounts.services.approvals.requests import (
    AlreadyAsked,
    NoMaker,
    OwnRequest,
    RequestChanged,
    RequestDecided,
    approve_request,
    expire_request,
)
from loans.enums.collections import DefaultCause
from loans.models import DefaultNotice, Loan, LoanDefault, LoanLoss, Note, Recovery
from loans.selectors.servicing import payoff_figure
from loans.services.approvals.approved_figures import FiguresChanged
from loans.services.collections.daily_run import run_collections
from loans.services.collections.default import NoticeMissing, NoticeSent, NotLateEnough
from loans.services.collections.recovery import BeforeLoss, MoreThanLost, NothingLost
from loans.services.collections.write_off import NotInDefault
from loans.services.repayments.record import AmountTooSmall
from loans.services.servicing.bring_forward import bring_loan_forward
from loans.tests.collections import steps
from loans.tests.servicing.paying import fresh, pay
from p2plending.tests.support.books import assert_sound_books, money_mark
from p2plending.tests.support.world import active_loan, new_key, set_rules, verified

DAY = dt.date(2026, 6, 14)


@pytest.fixture
def late(loan: Loan) -> Loan:
    """Payment 2 of 15 March is the oldest unpaid: 91 days late on 14 June."""
    pay(loan, 888_49, steps.FIRST_DUE)
    return loan


def test_only_collections_declare(late: Loan, alice: User, bob: User, sam: User) -> None:
    for actor, refusal in ((alice, StaffOnly), (bob, StaffOnly), (sam, MissingPermission)):
        with pytest.raises(refusal):
            steps.notify(late, actor)
        with pytest.raises(refusal):
            steps.declare(late, actor)
    assert (DefaultNotice.objects.count(), fresh(late).status) == (0, "active")


def test_lateness_and_notice_come_first(late: Loan, dora: User) -> None:
    with pytest.raises(NotLateEnough):
        steps.notify(late, dora, dt.date(2026, 3, 30))
    with pytest.raises(NoticeMissing):
        steps.declare(late, dora, DAY)
    steps.notify(late, dora, dt.date(2026, 5, 31))
    with pytest.raises(NoticeSent):
        steps.notify(late, dora, dt.date(2026, 6, 1))
    with pytest.raises(NotLateEnough):
        steps.declare(late, dora, dt.date(2026, 6, 13))
    # The notice of 31 May gives until 14 June, that day included.
    with pytest.raises(NoticeMissing):
        steps.declare(late, dora, DAY)
    assert steps.declare(late, dora, dt.date(2026, 6, 15)).declared_on == dt.date(2026, 6, 15)


def test_bankruptcy_needs_the_notice_but_not_the_days(late: Loan, dora: User) -> None:
    steps.notify(late, dora, dt.date(2026, 4, 1))
    steps.declare(late, dora, dt.date(2026, 4, 16), cause=DefaultCause.BANKRUPTCY)
    assert fresh(late).status == "defaulted"
    assert_sound_books()


def test_paying_what_is_late_makes_the_notice_worthless(late: Loan, dora: User) -> None:
    steps.notify(late, dora, dt.date(2026, 4, 1))
    pay(late, 932_91, dt.date(2026, 4, 2))
    # Late again from 15 April on: another notice is needed.
    with pytest.raises(NoticeMissing):
        steps.declare(late, dora, dt.date(2026, 7, 20))
    steps.notify(late, dora, dt.date(2026, 7, 20))
    assert list(DefaultNotice.objects.order_by("pk").values_list("ended_on", flat=True)) == [dt.date(2026, 7, 20), None]


def test_a_default_can_be_paid_to_the_end(late: Loan, dora: User) -> None:
    steps.put_in_default(late, dora)
    day = dt.date(2026, 7, 1)
    figure = payoff_figure(fresh(late), day)
    assert (figure.principal, figure.interest, figure.late_fee) == (9_211_51, 318_17, 133_26)
    pay(late, figure.total, day)
    assert (fresh(late).status, LoanDefault.objects.get().cured_on) == ("repaid", None)
    assert_sound_books()


def test_two_people_write_off_and_neither_is_a_job(late: Loan, dora: User, frank: User, sam: User) -> None:
    with pytest.raises(NotInDefault):
        steps.ask_write_off(late, dora, DAY)
    steps.put_in_default(late, dora)
    with pytest.raises(NoMaker):
        steps.ask_write_off(late, None, DAY)
    with pytest.raises(MissingPermission):
        steps.ask_write_off(late, sam, DAY)
    request = steps.ask_write_off(late, dora, DAY)
    with pytest.raises(AlreadyAsked):
        steps.ask_write_off(late, frank, DAY)
    mark = money_mark()
    for actor, refusal in ((dora, OwnRequest), (None, OwnRequest), (sam, MissingPermission)):
        with pytest.raises(refusal):
            steps.approve(request, actor, DAY)
    assert (money_mark(), fresh(late).status) == (mark, "defaulted")
    key = new_key()
    for _ in range(2):
        done = approve_request(approval_id=request.pk, actor=frank, idempotency_key=key, today=DAY)
    assert (done.is_replay, LoanLoss.objects.count()) == (True, 1)
    with pytest.raises(RequestDecided):
        steps.approve(request, frank, DAY)
    names = set(AuditEvent.objects.filter(action__startswith="loans.loan.write_off").values_list("action", flat=True))
    assert names == {"loans.loan.write_off", "loans.loan.write_off_asked", "loans.loan.write_off_approved"}


def test_the_database_knows_two_people_too(late: Loan, dora: User) -> None:
    steps.put_in_default(late, dora)
    request = steps.ask_write_off(late, dora, DAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        ApprovalRequest.objects.filter(pk=request.pk).update(checker=dora)


def test_what_was_changed_since_is_not_done(late: Loan, dora: User, frank: User) -> None:
    steps.put_in_default(late, dora)
    request = steps.ask_write_off(late, dora, DAY)
    ApprovalRequest.objects.filter(pk=request.pk).update(payload=request.payload | {"principal": 1})
    with pytest.raises(RequestChanged):
        steps.approve(request, frank, DAY)
    ApprovalRequest.objects.filter(pk=request.pk).update(payload=request.payload)
    pay(late, 1_000_00, DAY)
    with pytest.raises(FiguresChanged):
        steps.approve(request, frank, DAY)
    assert ApprovalRequest.objects.get().state == "pending"


def test_a_request_runs_out(late: Loan, dora: User, frank: User) -> None:
    steps.put_in_default(late, dora)
    request = steps.ask_write_off(late, dora, DAY)
    after = request.expires_on + dt.timedelta(days=1)
    with pytest.raises(RequestDecided):
        steps.approve(request, frank, after)
    assert expire_request(approval_id=request.pk, today=request.expires_on) is False
    assert expire_request(approval_id=request.pk, today=after) is True
    assert steps.ask_write_off(late, dora, after).state == "pending"


def test_a_recovery_is_never_more_than_was_lost(late: Loan, alice: User, bob: User, dora: User, frank: User) -> None:
    with pytest.raises(NothingLost):
        steps.recover(late, 1_00, frank, DAY)
    steps.put_in_default(late, dora)
    steps.approve(steps.ask_write_off(late, dora, DAY), frank, DAY)
    total = LoanLoss.objects.get().total
    for amount, refusal in ((0, AmountTooSmall), (total + 1, MoreThanLost)):
        with pytest.raises(refusal):
            steps.recover(late, amount, frank, DAY)
    with pytest.raises(MoreThanLost) as refused:
        steps.recover(late, total + 1, frank, DAY)
    assert refused.value.message == "€9,662.94 is still missing on this loan. Enter that or less."
    with pytest.raises(BeforeLoss) as refused:
        steps.recover(late, 1_00, frank, DAY, value_date=DAY - dt.timedelta(days=1))
    words = refused.value.message.replace("\N{NO-BREAK SPACE}", " ")
    assert words == "The loss was on 14 Jun 2026. The date of a recovery can't be before it."
    assert not Recovery.objects.exists()
    steps.recover(late, 1, frank, DAY)
    recovery = steps.recover(late, total - 1, frank, DAY)
    # 2,415.74 of 9,662.93 at 25 %, from 2,415.7325.
    assert recovery.fee == 2_415_73
    with pytest.raises(MoreThanLost):
        steps.recover(late, 1, frank, DAY)
    assert_sound_books()


def test_the_daily_round_notifies_declares_and_ends(late: Loan, dora: User) -> None:
    bring_loan_forward(loan_id=late.pk, today=dt.date(2026, 5, 30))
    assert run_collections(today=dt.date(2026, 5, 30)).notices == 0
    assert run_collections(today=dt.date(2026, 5, 31)).notices == 1
    assert run_collections(today=dt.date(2026, 5, 31)).notices == 0
    assert run_collections(today=dt.date(2026, 6, 15)).defaults == 0
    set_rules(AUTO_DEFAULT=True)
    assert run_collections(today=dt.date(2026, 6, 14)).defaults == 0
    run = run_collections(today=dt.date(2026, 6, 15))
    assert (run.defaults, run.failed, fresh(late).status) == (1, [], "defaulted")
    steps.ask_write_off(late, dora, dt.date(2026, 6, 15))
    assert run_collections(today=dt.date(2026, 6, 29)).ended == 0
    assert run_collections(today=dt.date(2026, 6, 30)).ended == 1
    assert_sound_books()


def test_closing_with_a_loss_costs_the_same_for_any_number_of_lenders(
    alice: User, bob: User, carol: User, dora: User, frank: User
) -> None:
    counts = []
    # Permissions are read once a person.
    assert frank.get_all_permissions()
    for number, lenders in enumerate(({bob: 500_00}, {bob: 100_00, carol: 100_00, **crowd(3)})):
        borrower = alice if not number else verified("Anna", "borrower")
        running = active_loan(borrower, lenders)
        day = dt.date(2026, 4, 1)
        request = steps.ask_write_off(running, dora, day, cause=DefaultCause.FRAUD)
        with CaptureQueriesContext(connection) as written_off:
            steps.approve(request, frank, day)
        with CaptureQueriesContext(connection) as recovered:
            steps.recover(running, 50_00, frank, day)
        counts.append((len(written_off), len(recovered)))
    assert counts[0] == counts[1]
    assert Note.objects.filter(status="written_off").count() == 6
    assert_sound_books()


def crowd(count: int) -> dict[User, int]:
    return {verified(f"Lender{number}", "lender"): 100_00 for number in range(count)}
