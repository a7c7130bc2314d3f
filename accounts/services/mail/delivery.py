"""Sending the e-mails that wait: each by itself, tried again later and later, given up at last.

Notifications and other mails (`OutgoingMail`) wait in the same columns, so one set of rules serves both.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import smtplib
from collections.abc import Iterator

from django.core.mail import EmailMultiAlternatives
from django.db import DatabaseError, models
from django.db.models import F, Q

from accounts.enums.people import DeliveryStatus
from accounts.models import Notification, OutgoingMail
from accounts.selectors.people import email_is_verified
from accounts.services.mail.messages import render_mail
from p2plending.lib import clock

logger = logging.getLogger(__name__)

Row = Notification | OutgoingMail
MODELS: tuple[type[Row], ...] = (OutgoingMail, Notification)

# Twice what one delivery may take (EMAIL_DEADLINE); a worker that died in between leaves the row to a later sweep.
CLAIM_LASTS = dt.timedelta(seconds=30)
# A message that the server refuses, or that can't be made, is given up after so many tries.
MOST_REFUSALS = 5
# A server that is away is waited for: some days of tries.
MOST_TRIES = 5_000
LONGEST_PAUSE = dt.timedelta(minutes=60)
# After the server failed, mails wait so long in place of holding a worker each; then one of them asks again.
SERVER_PAUSE = dt.timedelta(seconds=10)
FIRST_PAUSE = dt.timedelta(minutes=1)
SWEEP_LASTS = dt.timedelta(seconds=45)
ROWS_PER_PAGE = 100
SERVER_AWAY = "server away: "


class Outcome(models.TextChoices):
    """What came of trying to send one row."""

    SENT = "sent"
    NOTHING = "nothing"
    REFUSED = "refused"
    SERVER_AWAY = "server_away"


def send_row(model: type[Row], pk: int) -> Outcome:
    """Send one e-mail, once, whoever else tries at the same time. NOTHING: sent before, not due, not wanted.

    A failure is kept on the row with its next try. Whatever is wrong with one message, this returns.
    """
    now = clock.machine_now()
    claimed = model.objects.filter(_sendable(now), pk=pk).update(
        email_claimed_at=now, email_attempts=F("email_attempts") + 1
    )
    if not claimed:
        return Outcome.NOTHING
    row = model.objects.get(pk=pk)
    try:
        message = _message(row)
        if message is None:
            _finish(row, email_status=DeliveryStatus.NOT_WANTED)
            return Outcome.NOTHING
        message.send()
    except DatabaseError:
        raise
    except Exception as error:  # whatever a message of one person holds, the mails of others go out
        return _put_off(row, error)
    # Its words may hold a key that opens an account; they are of no more use.
    emptied = {"text": "", "html": ""} if model is OutgoingMail else {}
    _finish(row, email_status=DeliveryStatus.SENT, emailed_at=clock.machine_now(), email_error="", **emptied)
    return Outcome.SENT


def send_if_server_answers(model: type[Row], pk: int) -> Outcome:
    """Send one e-mail unless the server failed a moment ago: then it waits for the sweep, and no worker for it."""
    return Outcome.NOTHING if _server_failed_just_now() else send_row(model, pk)


@dataclasses.dataclass(frozen=True, slots=True)
class Sweep:
    """How many mails were sent, how many failed, and whether the server was away."""

    sent: int
    failed: int
    is_server_away: bool


def sweep() -> Sweep:
    """Send what waits or failed before, oldest first.

    Ends early when the server is away, or after `SWEEP_LASTS`: the next sweep goes on.
    """
    started = clock.machine_now()
    sent = failed = 0
    outcome = Outcome.NOTHING
    for model, pk in _waiting(started):
        outcome = send_row(model, pk)
        sent += outcome == Outcome.SENT
        failed += outcome in (Outcome.REFUSED, Outcome.SERVER_AWAY)
        if outcome == Outcome.SERVER_AWAY or clock.machine_now() - started > SWEEP_LASTS:
            break
    if sent or failed:
        logger.info("e-mails swept", extra={"sent": sent, "failed": failed})
    return Sweep(sent, failed, outcome == Outcome.SERVER_AWAY)


def try_again() -> int:
    """Give mails that were given up another round of tries; returns how many."""
    fields = {"email_status": DeliveryStatus.FAILED, "email_attempts": 0, "email_next_at": None}
    return sum(model.objects.filter(email_status=DeliveryStatus.PARKED).update(**fields) for model in MODELS)


def _sendable(now: dt.datetime) -> Q:
    unclaimed = Q(email_claimed_at__isnull=True) | Q(email_claimed_at__lt=now - CLAIM_LASTS)
    due_again = Q(email_next_at__isnull=True) | Q(email_next_at__lte=now)
    return Q(email_status__in=DeliveryStatus.open()) & unclaimed & due_again


def _waiting(now: dt.datetime) -> Iterator[tuple[type[Row], int]]:
    for model in MODELS:
        last = 0
        while page := list(
            model.objects.filter(_sendable(now), pk__gt=last)
            .order_by("pk")
            .values_list("pk", flat=True)[:ROWS_PER_PAGE]
        ):
            yield from ((model, pk) for pk in page)
            last = page[-1]


def _message(row: Row) -> EmailMultiAlternatives | None:
    """The message of a row; None when nobody is to get it: the address of a notification was never confirmed."""
    if isinstance(row, OutgoingMail):
        message = EmailMultiAlternatives(row.subject, row.text, to=[row.recipient])
        if row.html:
            message.attach_alternative(row.html, "text/html")
        return message
    if not email_is_verified(row.user):
        return None
    return render_mail(
        to=row.user.email, subject=row.title, template="notification", name=row.user.short_name, notification=row
    )


def _put_off(row: Row, error: Exception) -> Outcome:
    """Keep the failure and when to try again; give the row up when trying is of no use."""
    outcome = _outcome_of(error)
    away = outcome == Outcome.SERVER_AWAY
    given_up = row.email_attempts >= (MOST_TRIES if away or _is_temporary(error) else MOST_REFUSALS)
    pause = SERVER_PAUSE if away else min(FIRST_PAUSE * 2 ** (row.email_attempts - 1), LONGEST_PAUSE)
    logger.log(
        logging.ERROR if given_up else logging.WARNING,
        "e-mail given up" if given_up else "e-mail not sent",
        exc_info=None if away else error,
        extra={"row": f"{type(row).__name__} {row.pk}", "attempt": row.email_attempts, "error": type(error).__name__},
    )
    _finish(
        row,
        email_status=DeliveryStatus.PARKED if given_up else DeliveryStatus.FAILED,
        email_next_at=clock.machine_now() + pause,
        # Never the server's words: they repeat the address.
        email_error=((SERVER_AWAY if away else "") + type(error).__name__ + _reply_code(error))[:200],
    )
    return outcome


def _outcome_of(error: Exception) -> Outcome:
    """Whether the server is away for everybody, or has something against this message."""
    about_message = (smtplib.SMTPSenderRefused, smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)
    if isinstance(error, (*about_message, smtplib.SMTPNotSupportedError)):
        return Outcome.REFUSED
    return Outcome.SERVER_AWAY if isinstance(error, OSError) else Outcome.REFUSED


def _codes(error: Exception) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _words in error.recipients.values()]
    return [error.smtp_code] if isinstance(error, smtplib.SMTPResponseException) else []


def _is_temporary(error: Exception) -> bool:
    codes = _codes(error)
    return bool(codes) and all(400 <= code < 500 for code in codes)


def _reply_code(error: Exception) -> str:
    return "".join(f" {code}" for code in _codes(error)[:1])


def _server_failed_just_now() -> bool:
    failed = Q(email_status=DeliveryStatus.FAILED, email_claimed_at__isnull=True, email_error__startswith=SERVER_AWAY)
    return any(model.objects.filter(failed, email_next_at__gt=clock.machine_now()).exists() for model in MODELS)


def _finish(row: Row, **fields: object) -> None:
    type(row).objects.filter(pk=row.pk).update(email_claimed_at=None, **fields)
