"""The demo world: everybody in it lives through the real services, and a second run leaves them alone."""

from __future__ import annotations

import datetime as dt

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.management import CommandError
from django.test import Client
from django_q.models import OrmQ

from accounts.enums.people import DeliveryStatus, VerificationStatus
from accounts.models import ApprovalRequest, AuditEvent, IdentityVerification, Notification, User
from accounts.selectors.people import email_is_verified
from ledger.enums.books import DepositStatus, WithdrawalStatus
from ledger.models import Deposit, JournalEntry, Withdrawal
from loans.account.state import live_instalments
from loans.enums.collections import LossKind
from loans.enums.loan import Bucket, LoanStatus, RepaymentStatus
from loans.models import (
    HardshipRequest,
    Loan,
    LoanDefault,
    LoanLoss,
    LoanProduct,
    LoanTransition,
    Recovery,
    ReminderSent,
    Repayment,
    SettlementOffer,
)
from matching.models import AllocationDecision
from p2plending.demo.logins import ALICE, FAY, LOGINS, PASSWORD
from p2plending.demo.stories import write_stories
from p2plending.lib.rules.values import platform_rules
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.demo_world import DemoWorld, run_demo

pytestmark = [pytest.mark.slow, pytest.mark.one_database]

FAILED = {LoanStatus.DEFAULTED, LoanStatus.SETTLED, LoanStatus.WRITTEN_OFF}
LATE = {Bucket.GRACE, Bucket.LATE_16_30, Bucket.LATE_31_60, Bucket.LATE_61_90}
DAY = dt.date(2026, 12, 1)


@pytest.mark.django_db
def test_without_demo_mode_nobody_with_a_known_password_is_made(settings: LazySettings) -> None:
    settings.DEMO_MODE = False
    with pytest.raises(CommandError, match="DEMO_MODE"):
        run_demo()
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("size", "words"), [({"lenders": 3}, "--lenders must be 12 or"), ({"months": 8}, "--months must")]
)
def test_a_world_too_small_for_every_state_is_refused(demo_mode: None, size: dict[str, int], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run_demo(**size)
    assert not User.objects.exists()


def test_a_seed_tells_the_same_stories_and_another_seed_others() -> None:
    size = {"loans": 80, "months": 10, "opens_on": DAY, "until": DAY}
    assert write_stories(**size, seed=1) == write_stories(**size, seed=1)
    assert write_stories(**size, seed=1) != write_stories(**size, seed=2)
    later = write_stories(**size | {"until": DAY + dt.timedelta(days=90)}, seed=1)
    assert [story for story in later if story.begins <= DAY] == write_stories(**size, seed=1)
    assert len([story for story in later if story.begins > DAY]) == 45


def test_people_live_through_every_state_and_a_second_run_keeps_them(demo_world: DemoWorld) -> None:
    """Whatever the first run had done when it was cut short."""
    assert "The books are sound." in demo_world.output
    assert "Not possible" not in demo_world.output
    assert_sound_books()
    assert demo_world.paid_out_before_the_cut
    assert demo_world.paid_out_before_the_cut <= set(Loan.objects.values_list("reference", flat=True))
    _every_state_was_reached(demo_world)
    _trouble_was_met_and_dealt_with()
    _plans_follow_the_money()
    _nothing_is_left_to_be_sent()
    _staff_have_something_to_do()

    before = (User.objects.count(), Loan.objects.count(), JournalEntry.objects.count())
    again = run_demo()
    assert (User.objects.count(), Loan.objects.count(), JournalEntry.objects.count()) == before
    assert "is kept" in again
    for email, _who in LOGINS:
        assert email in demo_world.output
        assert email in again
        assert Client().login(email=email, password=PASSWORD)


def _every_state_was_reached(world: DemoWorld) -> None:
    assert set(Loan.objects.values_list("status", flat=True)) == set(LoanStatus)
    assert set(Loan.objects.filter(status=LoanStatus.ACTIVE).values_list("bucket", flat=True)) >= LATE
    reached = set(LoanTransition.objects.values_list("event", flat=True))
    assert {"accept_smaller", "end_partly_funded", "cancel", "withdraw", "expire", "repay_all"} <= reached
    first, last = (JournalEntry.objects.order_by(order).first().value_date for order in ("value_date", "-value_date"))
    assert (first, last) == (world.first_day, world.opens_on)
    assert ReminderSent.objects.filter(kind="late_1").exists()
    assert AllocationDecision.objects.filter(reason="LENT").exists()


def _trouble_was_met_and_dealt_with() -> None:
    failed = Loan.objects.filter(status__in=FAILED).values_list("status", flat=True)
    assert sorted(failed) == ["defaulted", "settled", "written_off"]
    assert LoanDefault.objects.count() == 3
    loss = LoanLoss.objects.get(kind=LossKind.WRITE_OFF)
    recovery = Recovery.objects.get()
    assert recovery.loan == loss.loan
    assert 0 < recovery.fee < recovery.amount < loss.total
    settled = SettlementOffer.objects.get()
    assert (settled.status, settled.loan.status) == ("paid", "settled")
    approvals = ApprovalRequest.objects.order_by("kind")
    # Two changes of the flexible product, then what the loans in trouble needed.
    assert [request.kind for request in approvals] == ["product", "product", "reversal", "settlement", "write_off"]
    assert all(request.state == "approved" and request.maker != request.checker for request in approvals)

    replanned = Loan.objects.get(is_restructured=True)
    assert (replanned.status, replanned.bucket, replanned.schedule_version) == ("active", "current", 2)
    assert Repayment.objects.filter(loan=replanned, value_date__gt=replanned.plan_proposals.get().decided_on).exists()
    asked = HardshipRequest.objects.get()
    assert (asked.status, asked.loan.bucket) == ("open", "late_16_30")
    bounced = Repayment.objects.get(status=RepaymentStatus.REVERSED)
    again = Repayment.objects.get(loan=bounced.loan, value_date__gt=bounced.value_date)
    assert (again.status, again.amount, bounced.loan.days_past_due) == ("confirmed", bounced.amount, 0)
    assert Notification.objects.filter(event="payment_taken_back").exists()


def _plans_follow_the_money() -> None:
    """Fay paid 150.00 in advance, which the last payment takes, and has two charges; another is on time, one late."""
    flexible = Loan.objects.filter(product__code="flexible")
    fays = flexible.get(borrower__email=FAY)
    on_time, late = flexible.exclude(pk=fays.pk).order_by("days_past_due")
    assert (fays.status, fays.bucket) == ("active", "current")
    assert Repayment.objects.filter(loan=fays, amount=150_00, status=RepaymentStatus.CONFIRMED).count() == 1
    charges = fays.charges.order_by("due_on").values_list("part", "amount", "waived")
    assert list(charges) == [("fee", 6_00, 0), ("penalty", 12_00, 12_00)]
    plan = live_instalments(fays)
    assert [row.status for row in plan if row.principal_paid] == ["paid"] * 5 + ["partial", "paid"]
    assert plan[-1].total_unpaid == 0
    assert (on_time.status, on_time.bucket, on_time.charges.count()) == ("active", "current", 0)
    assert (late.status, late.bucket, late.days_past_due) == ("active", "late_16_30", 19)
    assert list(late.charges.values_list("part", "reason")) == [("penalty", "Late fee")]
    product = LoanProduct.objects.get(code="flexible")
    assert (product.servicing_method, product.payment_every, product.payment_unit) == ("progressive", 2, "week")
    assert AuditEvent.objects.filter(action="adminpanel.product.changed").count() == 2


def _nothing_is_left_to_be_sent() -> None:
    assert mail.outbox == []
    assert not OrmQ.objects.exists()
    assert not Notification.objects.filter(email_status=DeliveryStatus.WAITING).exists()
    assert Notification.objects.filter(user__email=ALICE, read_at__isnull=False).exists()


def _staff_have_something_to_do() -> None:
    assert Deposit.objects.filter(status=DepositStatus.DECLARED).count() == 2
    assert Repayment.objects.filter(status=RepaymentStatus.DECLARED).count() == 1
    open_withdrawals = Withdrawal.objects.filter(status__in=WithdrawalStatus.open())
    assert sorted(open_withdrawals.values_list("status", flat=True)) == ["approved", "requested"]
    assert IdentityVerification.objects.filter(status=VerificationStatus.SUBMITTED).count() == 2
    assert IdentityVerification.objects.filter(status=VerificationStatus.MORE_INFO).count() == 1
    assert email_is_verified(User.objects.get(email=ALICE))
    # Money of visitors arrives at once; that of the history was found by staff.
    assert platform_rules().auto_confirm_money
    assert not Deposit.objects.filter(status=DepositStatus.CONFIRMED, decided_by__isnull=True).exists()
