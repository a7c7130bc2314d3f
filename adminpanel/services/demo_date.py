"""The date of the demo moved forward, day by day.

A move is kept as a row, so that the page can say where it is, a second one is refused, and one whose worker was killed
goes on where it stopped. What happens on a day is told by `p2plending.demo.days`, which the worker calls by its name.
"""

from __future__ import annotations

import datetime as dt

from constance.codecs import dumps
from constance.models import Constance
from django.conf import settings
from django.db import IntegrityError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task

from accounts.models import User
from accounts.services.audit import record
from adminpanel.models import DateMove
from adminpanel.permissions import MOVE_DEMO_DATE
from loans.enums.loan import LoanStatus
from loans.models import Loan
from p2plending.lib import clock
from p2plending.lib.database.transactions import run_money
from p2plending.lib.errors import NotPermitted, Refused

DAYS_AHEAD = "DEMO_DAYS_AHEAD"
MOST_DAYS = 90
GO_ON = "p2plending.demo.days.go_on"
# A day takes a second or two; a worker that was silent for so long is gone.
CLAIM_LASTS = dt.timedelta(seconds=60)


class OnlyInDemo(Refused):
    """The calendar of a real platform is not moved."""

    code = "only_in_demo"
    default_message = _("The date can be moved in demo mode only.")


class DaysNotPossible(Refused):
    """Too few or too many days at once."""

    code = "days_not_possible"
    default_message = _("Enter a number of days from 1 to 90.")


class MoveUnderWay(Refused):
    """One move at a time."""

    code = "move_under_way"
    status = 409
    default_message = _("The date is being moved already. Wait until it is there.")


class NothingToContinue(Refused):
    """There is no move, or a worker is at it."""

    code = "nothing_to_continue"
    status = 409
    default_message = _("There is nothing to continue: the date is not being moved, or the worker is at it.")


class NoPaymentToCome(Refused):
    """The loan has no next payment within the days that can be moved."""

    code = "no_payment_to_come"
    default_message = _("This loan has no payment in the next 90 days. Check the reference.")


def begin_move(*, days: int, today: dt.date, actor: User | None) -> DateMove:
    """Keep that the date is to move by `days`; `p2plending.demo.days` lives them. No actor is a command.

    Raises NotPermitted, OnlyInDemo, DaysNotPossible, MoveUnderWay.
    """
    _require_right(actor)
    if not 1 <= days <= MOST_DAYS:
        raise DaysNotPossible(days=days, most=MOST_DAYS)

    def begin() -> DateMove:
        try:
            move = DateMove.objects.create(
                first_day=today,
                last_day=today + dt.timedelta(days=days),
                reached=today,
                asked_by=actor,
                asked_at=clock.machine_now(),
            )
        except IntegrityError:
            raise MoveUnderWay from None
        record(
            action="adminpanel.demo_date.moved",
            actor=actor,
            subject_type="setting",
            subject_reference=DAYS_AHEAD,
            data={"from": str(today), "to": str(move.last_day)},
        )
        return move

    return run_money(begin)


def move_demo_date(*, days: int, today: dt.date, actor: User) -> DateMove:
    """Begin a move and let the worker live its days. Raises what `begin_move` raises."""
    move = begin_move(days=days, today=today, actor=actor)
    async_task(GO_ON, move.pk)
    return move


def continue_move(*, actor: User) -> DateMove:
    """Give a move that stands still to the worker again.

    Raises NotPermitted, OnlyInDemo, NothingToContinue.
    """
    _require_right(actor)
    move = open_move()
    if move is None or not is_silent(move):
        raise NothingToContinue
    async_task(GO_ON, move.pk)
    return move


def days_to_next_payment(reference: str, today: dt.date) -> int:
    """How many days `today` is before the next payment of a loan. Raises NoPaymentToCome."""
    loan = Loan.objects.filter(reference=reference.strip().upper(), status__in=LoanStatus.owing()).first()
    days = (loan.next_due_on - today).days if loan is not None and loan.next_due_on is not None else 0
    if not 1 <= days <= MOST_DAYS:
        raise NoPaymentToCome
    return days


def open_move() -> DateMove | None:
    """The move that is not over, if any."""
    return DateMove.objects.filter(open_key__isnull=False).first()


def is_silent(move: DateMove) -> bool:
    """Whether no worker has been at it for a while."""
    return clock.machine_now() - (move.worked_at or move.asked_at) > CLAIM_LASTS


def take_up(move_id: int) -> DateMove | None:
    """Take a move over that nobody works at; None when it is over, or somebody does."""
    now = clock.machine_now()
    is_free = Q(worked_at__isnull=True) | Q(worked_at__lt=now - CLAIM_LASTS)
    if not DateMove.objects.filter(is_free, pk=move_id, open_key__isnull=False).update(worked_at=now, failure=""):
        return None
    return DateMove.objects.get(pk=move_id)


def begin_today(today: dt.date) -> DateMove | None:
    """A move to today, for a day that came by itself; None when it was lived, or when a move is under way."""
    if DateMove.objects.filter(Q(open_key__isnull=False) | Q(last_day__gte=today)).exists():
        return None
    yesterday = today - dt.timedelta(days=1)
    try:
        return DateMove.objects.create(
            first_day=yesterday, last_day=today, reached=yesterday, asked_at=clock.machine_now()
        )
    except IntegrityError:
        return None


def begin_day(move: DateMove, day: dt.date) -> int:
    """Put everybody's calendar on `day`; returns how many days that is ahead of the machine."""
    ahead = (day - clock.machine_date()).days

    def begin() -> None:
        Constance.objects.update_or_create(key=DAYS_AHEAD, defaults={"value": dumps(ahead)})
        DateMove.objects.filter(pk=move.pk).update(worked_at=clock.machine_now())

    run_money(begin)
    return ahead


def end_day(move: DateMove, day: dt.date) -> None:
    """`day` was lived; with the last one the move is over."""
    move.reached, move.worked_at = day, clock.machine_now()
    if day >= move.last_day:
        move.finished_at, move.open_key = move.worked_at, None
    move.save(update_fields=["reached", "worked_at", "finished_at", "open_key"])


def put_down(move: DateMove, failure: str = "") -> None:
    """Leave a move to whoever takes it up next."""
    DateMove.objects.filter(pk=move.pk).update(worked_at=None, failure=failure[:500])


def _require_right(actor: User | None) -> None:
    if actor is not None and not actor.has_perm(MOVE_DEMO_DATE):
        raise NotPermitted
    if not settings.DEMO_MODE:
        raise OnlyInDemo
