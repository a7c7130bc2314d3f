"""The story of the kill test, and the count at its end."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable

import django

django.setup()

from allauth.account.models import EmailAddress  # noqa: E402 - models need the line above
from django.db import Error, connection  # noqa: E402
from django.db.models import Count  # noqa: E402
from django_q.models import OrmQ  # noqa: E402
from rest_framework_simplejwt.tokens import RefreshToken  # noqa: E402

from accounts.enums.people import DeliveryStatus, Role, VerificationStatus  # noqa: E402
from accounts.models import IdentityVerification, Notification, User  # noqa: E402
from adminpanel.services.books_check import check_books  # noqa: E402
from adminpanel.services.settings import store_setting  # noqa: E402
from ledger.enums.books import DepositStatus  # noqa: E402
from ledger.models import Deposit  # noqa: E402
from p2plending.lib import clock  # noqa: E402
from p2plending.lib.database.transactions import run_money  # noqa: E402
from p2plending.scripts.console import CannotContinue, say  # noqa: E402
from p2plending.trials.kills.load import Tally, ask, look_at_pages, send_deposits  # noqa: E402
from p2plending.trials.kills.parts import Database, MailServer, Programs  # noqa: E402

RECOVERY_SECONDS = 30
START_SECONDS = 300
CALM_SECONDS = 3
END_SECONDS = 240
LOOK_SECONDS = 0.2


class Story:
    """Everything up; load; each part away for a while; everything back; the count."""

    def __init__(self, database: Database, mail: MailServer, programs: Programs, *, seconds: int, people: int) -> None:
        self.database, self.mail, self.programs = database, mail, programs
        self.seconds, self.people = seconds, people
        self.deposits, self.pages = Tally(), Tally()
        self.recoveries: dict[str, float] = {}
        self.stop = threading.Event()

    def tell(self) -> bool:
        """Returns whether nothing was lost or doubled, no answer was a 500, and every part came back in time."""
        lenders = make_people(self.people)
        self.programs.start_web()
        self.programs.start_worker()
        wait_for(self._site_answers, START_SECONDS, "the site to answer")
        threads = self._start_load(lenders)
        wait_for(lambda: self.mail.last_at, START_SECONDS, "the first mail")
        self._take_away("worker", self.programs.kill_worker, self.programs.start_worker, self._mail_goes_out)
        self._take_away("mail server", self.mail.kill, self.mail.start, self._mail_goes_out)
        self._take_away("database", self.database.kill, self.database.start, self._deposits_go_on)
        self.stop.set()
        for thread in threads:
            thread.join()
        connection.close()
        wait_for(lambda: not work_left(), END_SECONDS, "everything that waits to be done")
        return self._count(lenders)

    def _site_answers(self) -> bool:
        return ask(self.programs.port, "GET", "/readyz", headers={})[0] == 200

    def _start_load(self, lenders: list[User]) -> list[threading.Thread]:
        today = str(clock.business_date())
        port = self.programs.port
        threads = []
        for lender in lenders:
            token = str(RefreshToken.for_user(lender).access_token)
            arguments = (port, token, today, self.deposits, self.stop)
            threads.append(threading.Thread(target=send_deposits, args=arguments, daemon=True))
        threads.append(threading.Thread(target=look_at_pages, args=(port, self.pages, self.stop), daemon=True))
        for thread in threads:
            thread.start()
        return threads

    def _take_away(
        self, name: str, kill: Callable[[], None], start: Callable[[], None], back: Callable[[float], bool]
    ) -> None:
        time.sleep(CALM_SECONDS)
        before = len(self.deposits.acknowledged)
        kill()
        time.sleep(self.seconds)
        during = len(self.deposits.acknowledged) - before
        start()
        returned = time.monotonic()
        wait_for(lambda: back(returned), RECOVERY_SECONDS * 4, f"work to go on after the {name} came back")
        self.recoveries[name] = time.monotonic() - returned
        say(f"  {name} away for {self.seconds} s: {during} deposits acknowledged meanwhile,"
            f" at work again after {self.recoveries[name]:.1f} s")  # fmt: skip

    def _mail_goes_out(self, since: float) -> bool:
        return self.mail.last_at > since

    def _deposits_go_on(self, since: float) -> bool:
        return self.deposits.last_at > since

    def _count(self, lenders: list[User]) -> bool:
        """Print the figures and compare them."""
        acknowledged = self.deposits.acknowledged
        confirmed = Deposit.objects.filter(status=DepositStatus.CONFIRMED, user__in=lenders)
        booked = dict(confirmed.values_list("reference", "amount"))
        told = Notification.objects.filter(user__in=lenders)
        sent = told.filter(email_status=DeliveryStatus.SENT).count()
        expected = {row["user__email"]: row["n"] for row in told.values("user__email").annotate(n=Count("pk"))}
        received = {email: self.mail.received[email] for email in expected}
        red = check_books(actor=None).data["red"]
        bad = {status for status in (self.deposits.statuses + self.pages.statuses) if status.startswith("5")} - {"503"}
        facts = {
            "acknowledged and not booked": len(acknowledged.keys() - booked.keys()),
            "booked with another amount": sum(
                booked.get(name) not in (None, cents) for name, cents in acknowledged.items()
            ),
            "booked and not acknowledged": max(0, len(booked.keys() - acknowledged.keys()) - self.people),
            "notifications not sent": told.count() - sent,
            "mails lost": sum(max(0, expected[email] - received[email]) for email in expected),
            "broken checks of the books": len(red),
            "answers 5xx other than 503": len(bad),
            "answers 503 without Retry-After": self.deposits.without_retry_after + self.pages.without_retry_after,
            "parts not back in time": sum(took > RECOVERY_SECONDS for took in self.recoveries.values()),
        }
        doubled = sum(max(0, received[email] - expected[email]) for email in expected)
        say(f"  {len(acknowledged)} deposits acknowledged, {len(booked)} booked, {told.count()} notifications,"
            f" {sum(received.values())} mails ({doubled} twice)")  # fmt: skip
        say(f"  answers to deposits {dict(self.deposits.statuses)}, to pages {dict(self.pages.statuses)}")
        for name, number in facts.items():
            say(f"  {name}: {number}")
        return not any(facts.values())


def make_people(number: int) -> list[User]:
    """Lenders whose address and identity are confirmed; their deposits confirm themselves."""
    officer = User.objects.create_superuser("officer@kills.example", "a password for a test that ends soon")
    run_money(lambda: store_setting("AUTO_CONFIRM_MONEY", False, True, reason="Kill test", actor=officer))
    lenders = []
    for index in range(number):
        email = f"lender{index}@kills.example"
        lender = User.objects.create_user(email, None, role=Role.LENDER, full_name=f"Lender {index}")
        EmailAddress.objects.create(user=lender, email=email, verified=True, primary=True)
        IdentityVerification.objects.create(
            user=lender,
            status=VerificationStatus.APPROVED,
            legal_name=lender.full_name,
            id_expires_on=clock.business_date() + dt.timedelta(days=700),
            submission_count=1,
            submitted_at=clock.now(),
            decided_by=officer,
            decided_at=clock.now(),
        )
        lenders.append(lender)
    return lenders


def work_left() -> bool:
    """Whether a task, or a mail, still waits."""
    try:
        tasks = OrmQ.objects.exclude(payload="").count()
        return bool(tasks) or Notification.objects.filter(email_status__in=DeliveryStatus.open()).exists()
    except Error:
        connection.close()
        return True


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until something is so. Raises CannotContinue."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise CannotContinue(f"Waited {seconds:.0f} s in vain for {what}.")
        time.sleep(LOOK_SECONDS)
