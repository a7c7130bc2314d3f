"""One process that serves: withdrawals and their cancellations for the same people, over and over.

    python -m p2plending.trials.cluster.client SECONDS FILE USER_ID [USER_ID ...]

Each line of FILE is one acknowledged operation: when, which, the reference. The first line says when it began, the last
one when it ended and how the operations ended that nobody was told of.
"""

from __future__ import annotations

import collections
import random
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from django.core.exceptions import ObjectDoesNotExist
from django.db import Error, connection

from p2plending.lib.database.transactions import is_outage
from p2plending.lib.errors import Refused

WAIT_SECONDS = 0.1
IBAN = "DE89370400440532013000"

Ends = collections.Counter[str]


def attempt(ends: Ends, step: Callable[..., Any], *lookup: Any, **arguments: Any) -> Any:
    """Do one thing; None, and counted, when it was refused or the database was away. Every other error is raised."""
    try:
        return step(*lookup, **arguments)
    except Refused as refusal:
        ends[refusal.code] += 1
    except ObjectDoesNotExist:
        # What somebody was told a moment ago is not there: the proof names it among the lost.
        ends["gone"] += 1
    except Error as error:
        if not is_outage(error):
            raise
        ends["database away"] += 1
        connection.close()
        time.sleep(WAIT_SECONDS)
    return None


def main() -> None:
    """Work until the time is over; whatever the database does, this process does not end before."""
    seconds, file, *ids = sys.argv[1:]
    django.setup()
    from accounts.models import User
    from ledger.services.withdrawals import cancel_withdrawal, request_withdrawal
    from p2plending.lib.clock import business_date

    ends: Ends = collections.Counter()
    stop, today = time.monotonic() + float(seconds), business_date()
    with Path(file).open("w", buffering=1) as acknowledged:

        def tell(step: str, words: str) -> None:
            acknowledged.write(f"{time.time():.3f} {step} {words}\n")

        tell("begins", "here")
        while time.monotonic() < stop:
            user = attempt(ends, User.objects.get, pk=random.choice(ids))
            if user is None:
                continue
            asked = attempt(
                ends, request_withdrawal, user=user, amount=random.randint(1_00, 9_99), account_holder=user.full_name,
                iban=IBAN, actor=user, idempotency_key=uuid.uuid4().hex, today=today,
            )  # fmt: skip
            if asked is None:
                continue
            tell("requested", asked.reference)
            returned = attempt(
                ends, cancel_withdrawal, withdrawal_id=asked.pk, actor=user, idempotency_key=uuid.uuid4().hex,
                today=today,
            )  # fmt: skip
            if returned is not None:
                tell("returned", asked.reference)
        tell("ends", str(dict(ends)))


if __name__ == "__main__":
    main()
