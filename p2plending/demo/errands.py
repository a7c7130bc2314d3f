"""What the demo's people do beside borrowing: hand in identity checks, send us money and take it out.

Staff do their part some days later, so that a visitor who plays staff always finds something to decide. They only look
at what the demo's own people did.
"""

from __future__ import annotations

import datetime as dt
from functools import partial

from accounts.enums.people import Role, VerificationStatus
from accounts.models import IdentityVerification
from ledger.enums.books import DepositStatus, WithdrawalStatus
from ledger.models import Deposit, Withdrawal
from ledger.selectors import wallet_summary
from loans.enums.loan import RepaymentStatus
from loans.models import Repayment
from p2plending.demo.paying import find_payment
from p2plending.demo.people import People
from p2plending.demo.steps import Steps
from p2plending.demo.wallets import approve_money, ask_for_money, confirm_money, declare_deposit_of, pay_money
from p2plending.lib import clock

COMES_TO_THE_DOOR_EVERY, SENDS_MONEY_EVERY, TAKES_MONEY_EVERY = 6, 5, 4
CHECKED_AFTER, FOUND_AFTER, APPROVED_AFTER, PAID_AFTER = 4, 2, 1, 2
SOME_MONEY, POCKET_MONEY = (250_00, 400_00, 600_00), (40_00, 60_00, 85_00)
# Those who stand at the door at the opening: two for the queue, and one whose picture was blurred.
WAITING_AT_OPENING = ((0, Role.BORROWER), (1, Role.BORROWER))
BLURRED = (2, Role.LENDER)
FIRST_AFTER_OPENING = 3


def run_errands(people: People, steps: Steps, number: int, day: dt.date) -> None:
    """Errands of the `number`th day after the opening (from 1), and those of staff."""
    lender = people.lenders[number % len(people.lenders)]
    if number % COMES_TO_THE_DOOR_EVERY == 0:
        place = FIRST_AFTER_OPENING + number // COMES_TO_THE_DOOR_EVERY
        role = Role.LENDER if place % 2 else Role.BORROWER
        steps.take(day, "identity check", lambda: people.somebody_at_the_door(place, role, day))
    if number % SENDS_MONEY_EVERY == 0:
        amount = SOME_MONEY[number % len(SOME_MONEY)]
        steps.take(day, "deposit", lambda: declare_deposit_of(lender, amount, day))
    if number % TAKES_MONEY_EVERY == 0:
        amount = POCKET_MONEY[number % len(POCKET_MONEY)]
        if wallet_summary(lender).available >= amount:
            steps.take(day, "withdrawal", lambda: ask_for_money(lender, amount, day))
    do_the_staff_s_part(people, steps, day)


def leave_at_the_door(people: People, day: dt.date) -> None:
    """People who wait for an identity check when the world opens."""
    people.newcomer()
    for number, role in WAITING_AT_OPENING:
        people.somebody_at_the_door(number, role, day)
    people.ask_for_a_sharper_picture(people.somebody_at_the_door(*BLURRED, day))


def do_the_staff_s_part(people: People, steps: Steps, day: dt.date) -> None:
    """Decide what the demo's people have waited for long enough, unless a visitor has."""
    ours = people.everybody()
    handed_in = clock.now() - dt.timedelta(days=CHECKED_AFTER)
    for verification in IdentityVerification.objects.filter(
        user__in=ours, status=VerificationStatus.SUBMITTED, submitted_at__lte=handed_in
    ).select_related("user"):
        steps.take(day, "identity decision", partial(people.check_identity, verification.user))
    for deposit in Deposit.objects.filter(
        user__in=ours, status=DepositStatus.DECLARED, sent_on__lte=_ago(day, FOUND_AFTER)
    ):
        steps.take(day, "deposit found", partial(confirm_money, people, deposit, day))
    for repayment in Repayment.objects.filter(
        loan__borrower__in=ours, status=RepaymentStatus.DECLARED, value_date__lte=_ago(day, FOUND_AFTER)
    ):
        steps.take(day, "payment found", partial(find_payment, people, repayment, day))
    for status, after, act in (
        (WithdrawalStatus.APPROVED, PAID_AFTER, pay_money),
        (WithdrawalStatus.REQUESTED, APPROVED_AFTER, approve_money),
    ):
        waiting = Withdrawal.objects.filter(user__in=ours, status=status, requested_on__lte=_ago(day, after))
        for withdrawal in waiting:
            steps.take(day, f"withdrawal {status}", partial(act, people, withdrawal, day))


def _ago(day: dt.date, days: int) -> dt.date:
    return day - dt.timedelta(days=days)
