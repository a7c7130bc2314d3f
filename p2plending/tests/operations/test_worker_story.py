"""The worker does the lending, the payout and the reminding: `manage.py worker` on the database of the test."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.db import connection

from accounts.models import User
from adminpanel.services.demo_date import move_demo_date
from loans.enums.loan import CommitmentSource, LoanStatus, RepaymentMethod
from loans.models import Loan, ReminderSent
from loans.services.funding.agreement import sign_agreement
from loans.services.repayments.record import record_repayment
from matching.models import AllocationDecision
from matching.services.mandates import activate_mandate, save_mandate
from p2plending.lib.clock import business_date
from p2plending.lib.formatting import format_day
from p2plending.lib.processes import end_process
from p2plending.lib.text import one_line
from p2plending.scripts.environment import ROOT
from p2plending.tests.support.books import assert_sound_books, available
from p2plending.tests.support.world import fund_wallet, lift_lending_limits, listed_loan, new_key, set_price

PATIENCE_SECONDS = 120

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def database_url() -> str:
    """The test's own database as a setting."""
    chosen = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{chosen['NAME']}"
    socket = quote(chosen["OPTIONS"].get("unix_socket", ""), safe="/")
    where = f"{chosen['HOST']}:{chosen['PORT']}" if chosen["PORT"] else chosen["HOST"]
    person = f"{chosen['USER']}:{quote(chosen['PASSWORD'] or '')}@" if chosen["USER"] else ""
    return f"mysql://{person}{where}/{chosen['NAME']}" + (f"?unix_socket={socket}" if socket else "")


@pytest.fixture
def mails(settings: LazySettings, tmp_path: Path) -> Path:
    settings.DEMO_MODE = True
    return tmp_path / "mails"


@pytest.fixture
def worker(mails: Path, settings: LazySettings, tmp_path: Path) -> Iterator[subprocess.Popen]:
    environment = os.environ | {
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(tmp_path / "var"),
        "DATABASE_URL": database_url(),
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
        "DEMO_MODE": "on",
        "EMAIL_URL": f"filemail:///{mails}",
        "DJANGO_SETTINGS_MODULE": "p2plending.settings",
    }
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "createcachetable"], cwd=ROOT, env=environment, check=True, timeout=60)
    process = subprocess.Popen([*manage, "worker"], cwd=ROOT, env=environment, start_new_session=True)
    yield process
    end_process(process, patience_seconds=30)


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """What `condition` returns as soon as it is true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, f"the worker did not do it: {what}"
        time.sleep(0.2)
    return found


def subjects(folder: Path) -> list[str]:
    """What the e-mails so far are about; two may share a file."""
    lines = [line for file in folder.glob("*.log") for line in file.read_text().splitlines()]
    coded = [line.removeprefix("Subject: ") for line in lines if line.startswith("Subject: ")]
    return [str(make_header(decode_header(one))) for one in coded]


def lend_by_rule(lender: User, amount: int) -> None:
    """A rule for every loan, with money for one."""
    fund_wallet(lender, amount, today=business_date())
    mandate = save_mandate(
        lender=lender,
        grades=list("ABCDE"),
        min_rate=Decimal("0.05"),
        max_term_months=36,
        amount_per_loan=amount,
        keep_available=0,
        actor=lender,
        idempotency_key=new_key(),
    )
    activate_mandate(mandate_id=mandate.pk, consent_text="Lend for me.", actor=lender, idempotency_key=new_key())


def test_the_worker_lends_pays_out_and_reminds_when_the_date_moves(
    alice: User, bob: User, carol: User, dora: User, mails: Path, worker: subprocess.Popen
) -> None:
    set_price()
    lift_lending_limits()
    lend_by_rule(bob, 6_000_00)
    lend_by_rule(carol, 4_000_00)
    today = business_date()

    loan = listed_loan(alice, amount=10_000_00, today=today)
    wait_for(lambda: Loan.objects.get(pk=loan.pk).status == LoanStatus.FUNDED, "lend by the rules")
    parts = loan.commitments.order_by("amount").values_list("amount", "source")
    assert list(parts) == [(4_000_00, CommitmentSource.MANDATE), (6_000_00, CommitmentSource.MANDATE)]
    assert set(AllocationDecision.objects.filter(loan=loan).values_list("reason", flat=True)) == {"LENT"}

    sign_agreement(
        loan_id=loan.pk,
        typed_name=alice.full_name,
        actor=alice,
        ip_address=None,
        idempotency_key=new_key(),
        today=today,
    )
    wait_for(lambda: Loan.objects.get(pk=loan.pk).status == LoanStatus.ACTIVE, "pay out")
    assert available(alice, bob, carol) == [9_700_00, 0, 0]
    due_on = Loan.objects.get(pk=loan.pk).next_due_on

    assert move_demo_date(days=(due_on - today).days, today=today, actor=dora).last_day == due_on
    wait_for(lambda: business_date() == due_on, "live the days up to the payment")
    kinds = ReminderSent.objects.filter(instalment__loan=loan).order_by("pk").values_list("kind", flat=True)
    wait_for(lambda: len(kinds.all()) == 2, "remind")
    assert list(kinds.all()) == ["before_3", "on_the_day"]
    # The day of the first reminder has passed by now: an e-mail would come too late.
    wait_for(
        lambda: subjects(mails).count(one_line(f"Payment due on {format_day(due_on, 'long')}")) == 1, "send the e-mail"
    )

    record_repayment(
        loan_id=loan.pk,
        amount=888_49,
        method=RepaymentMethod.WALLET,
        value_date=due_on,
        actor=alice,
        idempotency_key=new_key(),
        today=due_on,
    )
    # 60.00 and 473.09 less 3.00; 40.00 and 315.40 less 2.00.
    assert available(alice, bob, carol) == [8_811_51, 530_09, 353_40]
    assert ReminderSent.objects.count() == 2
    assert worker.poll() is None
    assert_sound_books()
