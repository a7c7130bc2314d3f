"""The whole demo world: people, stories, days, and what waits for staff at the end."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

from allauth.account.models import EmailAddress
from constance import config
from django.db.models import Max, QuerySet

from accounts.enums import DeliveryStatus
from accounts.models import Notification, User
from accounts.services.notifications import mark_read
from ledger.models import Deposit, JournalEntry
from loans.enums import LoanStatus
from loans.finance.daycount import add_months
from loans.models import Loan
from p2plending.demo.flexible import offer_flexible_product
from p2plending.demo.lending import start_lenders, top_up
from p2plending.demo.logins import ADMIN, DEMO_DOMAIN, PASSWORD
from p2plending.demo.paying import tell_of_payment
from p2plending.demo.people import People, Registrar
from p2plending.demo.play import Play
from p2plending.demo.purses import approve_money, ask_for_money, tell_of_money
from p2plending.demo.quiet import nothing_queued
from p2plending.demo.stories import write_stories

TIDY_EVERY_DAYS = 7
# What happened in the last days is still new to people when the world opens.
UNREAD_DAYS = 10


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    borrowers: int
    lenders: int
    loans: int
    months: int

    @property
    def people(self) -> int:
        return self.borrowers + self.lenders


def is_complete() -> bool:
    """Whether a demo world is there: its administrator is made last."""
    return User.objects.filter(email=ADMIN).exists()


def make_world(size: Size, *, seed: int, today: dt.date, tick: Callable[[str], None]) -> None:
    """Make the world, or go on with one that was begun. `tick` is called for each person and each day."""
    first_day = add_months(today, -size.months)
    with nothing_queued():
        registrar = Registrar(seed=seed, since=first_day, tick=lambda: tick("people"))
        people = registrar.people(size.borrowers, size.lenders)
        stories = write_stories(borrowers=size.borrowers, loans=size.loans, months=size.months, today=today, seed=seed)
        offer_flexible_product(people, first_day)
        play = Play(people, stories, seed=seed)
        reached = JournalEntry.objects.aggregate(day=Max("value_date"))["day"]
        if reached is None:
            start_lenders(people, first_day)
        for number in range((today - first_day).days + 1):
            day = first_day + dt.timedelta(days=number)
            tick(f"{day:%b %Y}")
            if reached is None or day >= reached:
                _play_day(play, people, day, today)
        _leave_work(people, today)
        registrar.waiting(people.officer)
        _no_mail()


def open_world() -> None:
    """Let money of visitors arrive at once, and make the administrator: from now on the world is complete."""
    config.AUTO_CONFIRM_MONEY = True
    admin = User.objects.create_superuser(ADMIN, PASSWORD, full_name="Ada Admin")
    EmailAddress.objects.create(user=admin, email=ADMIN, verified=True, primary=True)


def _play_day(play: Play, people: People, day: dt.date, today: dt.date) -> None:
    if day.day == 1:
        top_up(people, day)
    play.play_day(day)
    if day.toordinal() % TIDY_EVERY_DAYS == 0 and (today - day).days >= UNREAD_DAYS:
        mark_read(_notifications())
        _no_mail()


def _notifications() -> QuerySet[Notification]:
    return Notification.objects.filter(user__email__endswith=f"@{DEMO_DOMAIN}")


def _no_mail() -> None:
    """E-mails of the history are not sent: the addresses are of a domain that is reserved for examples."""
    _notifications().filter(email_status=DeliveryStatus.WAITING).update(email_status=DeliveryStatus.NOT_WANTED)


def _leave_work(people: People, today: dt.date) -> None:
    """Something for staff to decide: two deposits, two withdrawals and a payment."""
    if Deposit.objects.filter(user=people.lenders[1], sent_on=today).exists():
        return
    tell_of_money(people.lenders[1], 400_00, today)
    tell_of_money(people.lenders[2], 750_00, today - dt.timedelta(days=1))
    ask_for_money(people.lenders[0], 50_00, today)
    approve_money(people, ask_for_money(people.lenders[3], 40_00, today))
    running = Loan.objects.filter(status=LoanStatus.ACTIVE, borrower=people.borrowers[5].user).first()
    if running is not None:
        tell_of_payment(running, running.next_due_amount, today)
