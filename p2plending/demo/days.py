"""The days of a moved date: the calendar and everybody's steps, one day after another."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable
from contextlib import ExitStack

from django.conf import settings
from django_q.tasks import async_task

from accounts.services.mail.notifications import in_app_only
from accounts.tasks import expire_identities
from adminpanel.models import DateMove
from adminpanel.services.demo_date import GO_ON, begin_day, begin_today, end_day, put_down, take_up
from loans.tasks import collect, end_of_day, notify_of_payments, remind
from matching.tasks import run_all_mandates
from p2plending.demo.quiet import nothing_queued
from p2plending.demo.world import World, is_complete, plan_of_world
from p2plending.lib import clock

logger = logging.getLogger(__name__)

# A task ends well within the time that the worker gives it; the next one goes on.
SECONDS_PER_TASK = 20
# Before looking again whether somebody who works at the move, or did before a kill, has gone.
LOOKS_AGAIN_AFTER_SECONDS = 5


def go_on(move_id: int) -> str:
    """The worker's part: live days for a while, and queue the rest. Says how far it came."""
    move = take_up(move_id)
    if move is None:
        if not DateMove.objects.filter(pk=move_id, open_key__isnull=False).exists():
            return "nothing to do"
        time.sleep(LOOKS_AGAIN_AFTER_SECONDS)
        async_task(GO_ON, move_id)
        return "somebody is at it"
    live_days(move, seconds=SECONDS_PER_TASK)
    if move.reached < move.last_day:
        async_task(GO_ON, move_id)
    return f"lived up to {move.reached}"


def live_today() -> str:
    """A day that came by itself is lived, too: a demo that runs overnight goes on in the morning."""
    plan = plan_of_world()
    today = clock.business_date()
    if not settings.DEMO_MODE or plan is None or not is_complete() or today <= plan.opens_on:
        return "nothing to do"
    move = begin_today(today)
    return go_on(move.pk) if move is not None else "nothing to do"


def live_days(move: DateMove, *, seconds: int | None = None, tick: Callable[[dt.date], None] | None = None) -> None:
    """Live the days of a move that was taken up, until it is over or `seconds` have passed.

    After an error the move is left to whoever takes it up next, with the day that was begun to be lived again.
    """
    started = time.monotonic()
    plan = plan_of_world()
    world = World(plan, until=move.last_day) if plan is not None else None
    try:
        while move.reached < move.last_day:
            day = move.reached + dt.timedelta(days=1)
            _live_day(move, world, day)
            end_day(move, day)
            if tick is not None:
                tick(day)
            if seconds is not None and time.monotonic() - started > seconds:
                break
    except BaseException as error:
        put_down(move, f"{type(error).__name__}: {error}")
        raise
    if move.reached < move.last_day:
        put_down(move)
    if world is not None and world.steps.refused:
        logger.warning("steps of the demo refused", extra={"steps": world.steps.refused})


def _live_day(move: DateMove, world: World | None, day: dt.date) -> None:
    """People are told in the app of days that pass; by e-mail of the last one only."""
    is_last = day == move.last_day
    with ExitStack() as stack:
        stack.enter_context(clock.moved_ahead(begin_day(move, day)))
        stack.enter_context(nothing_queued())
        if not is_last:
            stack.enter_context(in_app_only())
        if world is not None:
            world.live(day)
        else:
            end_of_day(day)
            collect(day)
            remind(day)
            notify_of_payments()
            expire_identities(day)
        if is_last:
            run_all_mandates()
