"""The demo world is healthy, dated as it happened, and lives on when its date is moved."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.db import models
from django.db.models import Q, Sum
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser

from accounts.enums.people import DeliveryStatus, Role, VerificationStatus
from accounts.models import AuditEvent, IdentityVerification, Notification, User
from adminpanel.models import DateMove
from ledger.models import JournalEntry
from ledger.services.deposits import declare_deposit
from loans.enums.loan import Grade, LoanStatus
from loans.finance import net_rate
from loans.models import Commitment, GradeTerms, Loan, LoanQuestion, Repayment
from loans.selectors.statistics import PlatformFigures, platform_figures
from p2plending.demo.days import live_today
from p2plending.demo.logins import ADMIN, DEMO_DOMAIN, LOGINS, PASSWORD
from p2plending.demo.world import plan_of_world
from p2plending.lib.clock import business_date
from p2plending.tests.support import world
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.browser import Visitor
from p2plending.tests.support.cast import cast
from p2plending.tests.support.demo_world import DemoWorld
from p2plending.tests.support.figures import assert_figures_agree, assert_links_open
from p2plending.tests.support.queue import carry_out_tasks

pytestmark = [pytest.mark.slow, pytest.mark.one_database]

# Of dates to come, of what people told us of themselves, and of what is only kept for the machine.
NOT_HAPPENED = {
    "email_claimed_at", "worked_at", "date_of_birth", "id_expires_on", "valid_until", "expires_at", "last_login",
}  # fmt: skip


def open_loans() -> int:
    return Loan.objects.filter(status=LoanStatus.LISTED, listing_ends_on__gte=business_date()).count()


def estimated_return() -> Decimal:
    """What the grades promise for the loans that run, by what is outstanding."""
    loss = {(terms.product_id, terms.grade): terms.expected_loss_rate for terms in GradeTerms.objects.all()}
    running = Loan.objects.filter(status=LoanStatus.ACTIVE)
    promised = [
        (loan.principal_outstanding, net_rate(loan.annual_rate, Decimal("0.05"), loss[loan.product_id, loan.grade]))
        for loan in running
    ]
    return sum(amount * rate for amount, rate in promised) / sum(amount for amount, _rate in promised)


def assert_healthy(figures: PlatformFigures, *, on_time: str) -> None:
    assert figures.total.on_time_share >= Decimal(on_time)
    assert figures.net_return > 0
    assert abs(figures.net_return - estimated_return()) <= Decimal("0.02")
    lost, lent = figures.total.lost, figures.total.lent
    assert 0 < lost < lent // 50


def test_the_market_is_open_payments_come_and_lenders_earn_what_the_grades_promise(demo_world: DemoWorld) -> None:
    figures = platform_figures(demo_world.opens_on)
    assert 12 <= open_loans() <= 20
    assert_healthy(figures, on_time="0.88")
    # Charts by grade have something to show, and the smallest group is still hidden or has just become large enough.
    assert sum(figures.by_grade[grade].is_large_enough for grade in Grade.values) >= 4
    assert sum(1 for _month, lent in figures.lent_by_month if lent) >= 11
    trouble = Loan.objects.filter(status__in=(LoanStatus.DEFAULTED, *LoanStatus.lost())).count()
    late = Loan.objects.filter(status=LoanStatus.ACTIVE, days_past_due__gt=0).count()
    assert trouble + late < figures.total.loans // 4


def test_everything_is_dated_when_it_happened(demo_world: DemoWorld) -> None:
    """Every time stamp lies in the life of the world, and no table was written in one day."""
    begins = dt.datetime.combine(demo_world.first_day, dt.time.min, timezone.get_current_timezone())
    ends = timezone.now()
    wrong, of_one_day = [], []
    for model in apps.get_models():
        if model._meta.app_label not in {"accounts", "ledger", "loans", "matching"}:
            continue
        for field in model._meta.local_fields:
            if not isinstance(field, models.DateTimeField) or field.name in NOT_HAPPENED:
                continue
            moments = list(model.objects.exclude(**{field.name: None}).values_list(field.name, flat=True))
            name = f"{model.__name__}.{field.name}"
            wrong += [(name, moment) for moment in moments if not begins <= moment <= ends]
            days = [moment.date() for moment in moments]
            if len(days) > 30 and max(days.count(day) for day in set(days)) > len(days) // 2:
                of_one_day.append(name)
    assert wrong == []
    assert of_one_day == []


def test_a_loan_s_rows_carry_the_day_of_their_business_date(demo_world: DemoWorld) -> None:
    for entry in JournalEntry.objects.order_by("pk"):
        # A payment is found on the day itself or a day later; due interest is posted by the first who looks.
        assert 0 <= (timezone.localdate(entry.posted_at) - entry.value_date).days <= 1, entry
    loan = Loan.objects.filter(status=LoanStatus.REPAID).earliest("pk")
    joined, asked = timezone.localdate(loan.borrower.date_joined), timezone.localdate(loan.created_at)
    assert joined <= asked <= loan.listed_on <= loan.disbursed_on < loan.closed_on
    assert asked == loan.disbursed_on - dt.timedelta(days=7)


def test_every_figure_of_the_world_is_the_same_wherever_it_is_read(demo_world: DemoWorld) -> None:
    """For those whom visitors can be, everybody whose loan went wrong, and every fourth of the others."""
    people = User.objects.filter(role__in=(Role.BORROWER, Role.LENDER))
    odd = Q(email__in=[email for email, _who in LOGINS]) | Q(
        loans__status__in=(LoanStatus.DEFAULTED, *LoanStatus.lost())
    )
    chosen = set(people.filter(odd)) | set(people.order_by("pk")[::4])
    assert len(chosen) > 20
    for person in sorted(chosen, key=lambda person: person.pk):
        assert_figures_agree(person)


def test_people_of_the_world_can_follow_whatever_they_were_told(demo_world: DemoWorld) -> None:
    assert_links_open(
        "approval_approved", "charge_added", "commitment_released", "commitment_reserved", "default_notice",
        "deposit_confirmed", "help_received", "identity.approved", "identity.asked", "identity.submitted",
        "loan_cancelled", "loan_declined", "loan_default", "loan_funded", "loan_info_asked", "loan_listed",
        "loan_not_funded", "loan_offer", "loan_offer_ended", "loan_paid_out", "loan_partly_funded",
        "loan_plan_changed", "loan_question", "loan_recovery", "loan_sent", "loan_settled", "loan_started",
        "loan_written_off", "payment_taken_back", "plan_changed", "plan_proposed", "question_answered",
        "reminder_before_3", "reminder_late_1", "reminder_on_the_day", "repayment_received", "repayment_repaid",
        "repayment_reversed", "settlement_offered", "withdrawal_paid", "withdrawal_requested",
        of_each=5,
    )  # fmt: skip


def move(visitor: Visitor, days: int) -> None:
    """Move the date on the page as staff do, and let the worker live the days."""
    visitor.open(reverse("admin:demo_clock"))
    visitor.press(f"{days} days")
    # The page loads itself again every few seconds, so it is waited for and not read at once.
    for words in ("The date is being moved", f"Day 0 of {days} is over"):
        visitor.page.get_by_text(words).first.wait_for()
    # What visitors' own steps queued is done before; the days themselves queue nothing.
    carry_out_tasks()
    visitor.page.get_by_role("heading", name="Move forward").wait_for()


def make_a_visitor_s_people(today: dt.date) -> tuple[User, User, Loan]:
    """Somebody who borrows and somebody who lends, registered by hand: their steps are their own."""
    officer = User.objects.get(email=f"dora.staff@{DEMO_DOMAIN}")
    borrower, lender = cast("Vera", Role.BORROWER, officer), cast("Victor", Role.LENDER, officer)
    # An address of the demo's own domain makes nobody one of its people.
    for rows in (User.objects.filter(pk=lender.pk), EmailAddress.objects.filter(user=lender)):
        rows.update(email=f"victor.visitor@{DEMO_DOMAIN}")
    lender.refresh_from_db()
    world.set_rules(AUTO_CONFIRM_MONEY=False)
    declare_deposit(
        user=lender,
        amount=300_00,
        sent_on=today,
        method="bank_transfer",
        bank_reference="mine",
        actor=lender,
        idempotency_key=world.new_key(),
        today=today,
    )
    world.set_rules(AUTO_CONFIRM_MONEY=True)
    return borrower, lender, world.submitted_loan(borrower, today=today)


@pytest.mark.browser
def test_a_date_that_is_moved_by_31_and_then_90_days_is_lived_through(
    demo_world: DemoWorld, chromium: Browser, live_server: object
) -> None:
    opened = demo_world.opens_on
    borrower, lender, application = make_a_visitor_s_people(opened)
    carry_out_tasks()
    staff = Visitor(chromium, live_server.url)
    staff.open(reverse("account_login"))
    staff.fill(login=ADMIN, password=PASSWORD)
    staff.press("Sign in")
    staff.page.wait_for_url(lambda address: "login" not in address)

    since = opened
    for days in (31, 90):
        reached = since + dt.timedelta(days=days)
        move(staff, days)
        assert business_date() == reached
        _people_lived(since, reached)
        _only_the_last_day_s_mails_wait(reached)
        assert_sound_books()
        assert open_loans() >= 8
        figures = platform_figures(reached)
        assert_healthy(figures, on_time="0.85")
        staff.open("/")
        first_screen = staff.page.locator("main").inner_text()
        assert "Average return a year, after fees and losses" in first_screen
        assert "−" not in first_screen
        assert "-" not in first_screen.split("Average return a year")[1].split("%")[0]
        since = reached
    staff.leave()
    assert not DateMove.objects.filter(open_key__isnull=False).exists()
    assert not AuditEvent.objects.filter(actor=lender, created_at__date__gt=opened).exists()
    application.refresh_from_db()
    assert (application.status, borrower.loans.count()) == (LoanStatus.SUBMITTED, 1)
    assert lender.deposits.get().status == "declared"


def _people_lived(since: dt.date, reached: dt.date) -> None:
    """Applications, loans, commitments, payments, questions, new people: on many days after `since`."""
    weeks = (reached - since).days // 7
    happened = {
        "applications": Loan.objects.filter(submitted_at__isnull=False).values_list("submitted_at", flat=True),
        "loans": Loan.objects.exclude(disbursed_on=None).values_list("disbursed_on", flat=True),
        "payments": Repayment.objects.values_list("value_date", flat=True),
        "commitments": Commitment.objects.values_list("created_at", flat=True),
        "people": User.objects.values_list("date_joined", flat=True),
        "entries": JournalEntry.objects.values_list("posted_at", flat=True),
        "identity checks": IdentityVerification.objects.exclude(submitted_at=None).values_list(
            "submitted_at", flat=True
        ),
    }
    for what, moments in happened.items():
        days = {timezone.localdate(one) if isinstance(one, dt.datetime) else one for one in moments}
        assert max(days) <= reached, what
        assert len([day for day in days if since < day]) >= weeks, what
    asked = LoanQuestion.objects.filter(asked_at__date__gt=since)
    assert asked.count() >= 2
    assert IdentityVerification.objects.filter(status=VerificationStatus.SUBMITTED).exists()
    assert Loan.objects.filter(status__in=(LoanStatus.SUBMITTED, LoanStatus.UNDER_REVIEW)).exists()


def _only_the_last_day_s_mails_wait(reached: dt.date) -> None:
    waiting = Notification.objects.filter(email_status=DeliveryStatus.WAITING)
    assert {timezone.localdate(row.created_at) for row in waiting} <= {reached}
    assert waiting.count() < 60
    waiting.update(email_status=DeliveryStatus.NOT_WANTED)


def test_a_day_that_comes_by_itself_is_lived_once(demo_world: DemoWorld) -> None:
    assert live_today() == "nothing to do"
    tomorrow = demo_world.opens_on + dt.timedelta(days=1)
    world.set_rules(DEMO_DAYS_AHEAD=1)
    assert live_today() == f"lived up to {tomorrow}"
    assert (
        Repayment.objects.filter(value_date=tomorrow).exists()
        or Commitment.objects.filter(created_at__date=tomorrow).exists()
    )
    before = JournalEntry.objects.count()
    assert live_today() == "nothing to do"
    assert JournalEntry.objects.count() == before


def test_the_plan_of_the_world_is_kept_for_the_days_to_come(demo_world: DemoWorld) -> None:
    plan = plan_of_world()
    assert (plan.opens_on, plan.seed, plan.months) == (demo_world.opens_on, 2026, 12)
    assert Loan.objects.filter(disbursed_on__isnull=False).aggregate(lent=Sum("principal"))["lent"] > 80_000_00
