"""The whole demo world: people, stories, days, and what waits for staff when it opens."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

from allauth.account.models import EmailAddress
from constance import config
from django.db import connection

from accounts.models import AuditEvent, Notification, User
from accounts.services.audit import record
from accounts.services.mail.notifications import in_app_only, mark_read
from adminpanel.services.products import request_product
from ledger.models import Deposit, JournalEntry
from loans.enums.loan import LoanStatus
from loans.finance.daycount import add_months
from loans.models import Loan, LoanProduct
from p2plending.demo.errands import leave_at_the_door, run_errands
from p2plending.demo.flexible import offer_flexible_product
from p2plending.demo.lending import lend_by_rules_again, start_lenders
from p2plending.demo.logins import ADMIN, PASSWORD
from p2plending.demo.paying import declare_payment
from p2plending.demo.people import People
from p2plending.demo.play import Play
from p2plending.demo.quiet import nothing_queued
from p2plending.demo.steps import Steps
from p2plending.demo.stories import LISTING_DAYS, write_stories
from p2plending.demo.wallets import agree, approve_money, ask_for_money, declare_deposit_of
from p2plending.lib import clock
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import required
from p2plending.operations.reference_data import STANDARD_PRODUCT

BEGUN = "demo.world.begun"
TIDY_EVERY_DAYS = 7
# What happened in the last days is still new to people.
UNREAD_DAYS = 10
# Lenders at first; then one more every so many days until there are all, and after the opening again.
FIRST_LENDERS, LENDER_EVERY_DAYS, NEW_LENDER_EVERY_DAYS = 6, 10, 30


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """What a world is made from: the same plan makes the same people and loans."""

    seed: int
    lenders: int
    loans: int
    months: int
    opens_on: dt.date

    @property
    def first_day(self) -> dt.date:
        return add_months(self.opens_on, -self.months)

    @property
    def days(self) -> int:
        """Days until the opening, both ends included."""
        return (self.opens_on - self.first_day).days + 1

    def lenders_on(self, day: dt.date) -> int:
        """How many lenders there are on `day`."""
        since_opening = max((day - self.opens_on).days, 0)
        first_days = (day - self.first_day).days // LENDER_EVERY_DAYS
        return min(self.lenders, FIRST_LENDERS + first_days) + since_opening // NEW_LENDER_EVERY_DAYS


def is_complete() -> bool:
    """Whether a demo world is there: its administrator is made last."""
    return User.objects.filter(email=ADMIN).exists()


def plan_of_world() -> Plan | None:
    """The plan of the world that was begun in this database, if any."""
    begun = AuditEvent.objects.filter(action=BEGUN).order_by("-pk").values_list("data", flat=True).first()
    if begun is None:
        return None
    return Plan(**begun | {"opens_on": dt.date.fromisoformat(begun["opens_on"])})


class World:
    """Lives days, one after another, each by `live(day)`. A day may be lived again: what was done is left alone."""

    def __init__(self, plan: Plan, *, until: dt.date) -> None:
        self.plan = plan
        self.people = People(seed=plan.seed)
        self.steps = Steps(real_from=plan.opens_on)
        stories = write_stories(
            loans=plan.loans, months=plan.months, opens_on=plan.opens_on, until=until, seed=plan.seed
        )
        self.play = Play(self.people, stories, self.steps, seed=plan.seed)

    def live(self, day: dt.date) -> None:
        """Everything that happens on `day`: first the calendar, then people."""
        if len(self.people.lenders) < (number := self.plan.lenders_on(day)):
            self.steps.take(day, "lenders", lambda: start_lenders(self.people, number, day))
        self.play.play_day(day)
        if day.day == 1:
            self.steps.take(day, "rules", lambda: lend_by_rules_again(self.people, day))
        since_opening = (day - self.plan.opens_on).days
        if since_opening > 0:
            run_errands(self.people, self.steps, since_opening, day)
        if day.toordinal() % TIDY_EVERY_DAYS == 0:
            self._read_notifications(day)

    def _read_notifications(self, day: dt.date) -> None:
        def read() -> None:
            earlier = clock.now() - dt.timedelta(days=UNREAD_DAYS)
            mark_read(Notification.objects.filter(user__in=self.people.everybody(), created_at__lt=earlier))

        self.steps.take(day, "reading", read)


def make_world(plan: Plan, *, tick: Callable[[str], None]) -> list[str]:
    """Make the world, or go on with one that was begun. `tick` is called for each day.

    Returns what people could not do, one line each: nothing, unless somebody changed the platform's rules before.
    """
    with nothing_queued(), in_app_only():
        _commit_without_waiting_for_the_disk()
        _begin(plan)
        world = World(plan, until=plan.opens_on)
        reached = JournalEntry.objects.order_by("-value_date").values_list("value_date", flat=True).first()
        for number in range(plan.days):
            day = plan.first_day + dt.timedelta(days=number)
            tick(f"{day:%b %Y}")
            if reached is None or day >= reached:
                world.live(day)
        _leave_work(world.people, plan.opens_on)
        leave_at_the_door(world.people, plan.opens_on)
    return world.steps.refused


def open_world() -> None:
    """Let money of visitors arrive at once, and make the administrator: from now on the world is complete."""
    config.AUTO_CONFIRM_MONEY = True
    admin = User.objects.create_superuser(ADMIN, PASSWORD, full_name="Ada Admin")
    EmailAddress.objects.create(user=admin, email=ADMIN, verified=True, primary=True)


def _begin(plan: Plan) -> None:
    """Keep the plan for the days to come, and let staff set the products up."""
    steps = Steps(real_from=plan.opens_on)
    with steps.in_the_morning(plan.first_day):
        people = People(seed=plan.seed)
        if plan_of_world() is None:
            data = dataclasses.asdict(plan) | {"opens_on": plan.opens_on.isoformat()}
            run_money(
                lambda: record(action=BEGUN, actor=None, subject_type="demo", subject_reference="world", data=data)
            )
        product = LoanProduct.objects.get(code=STANDARD_PRODUCT)
        if product.listing_days != LISTING_DAYS:
            request = request_product(
                code=STANDARD_PRODUCT,
                product=product,
                values={"listing_days": LISTING_DAYS},
                grades={},
                reason="While there are few lenders, a loan needs more time to be funded.",
                actor=people.second_officer,
                today=plan.first_day,
            )
            agree(people, request, plan.first_day)
        offer_flexible_product(people, plan.first_day)


def _commit_without_waiting_for_the_disk() -> None:
    """A world in the making may lose its last steps when the power fails: it goes on where the database stands."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous = NORMAL")


def _leave_work(people: People, today: dt.date) -> None:
    """Something for staff to decide: two deposits, two withdrawals and a payment."""
    if Deposit.objects.filter(user=people.lenders[1], sent_on=today).exists():
        return
    declare_deposit_of(people.lenders[1], 400_00, today)
    declare_deposit_of(people.lenders[2], 750_00, today - dt.timedelta(days=1))
    ask_for_money(people.lenders[0], 50_00, today)
    approve_money(people, ask_for_money(people.lenders[3], 40_00, today), today)
    borrower = people.borrower(5, today).user
    running = Loan.objects.filter(status=LoanStatus.ACTIVE, borrower=borrower).first()
    if running is not None:
        declare_payment(running, required(running.next_due_amount, "next_due_amount"), today)
