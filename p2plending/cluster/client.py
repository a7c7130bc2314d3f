"""One process that serves: withdrawals and their cancellations for the same people, over and over.

    python -m p2plending.cluster.client SECONDS FILE USER_ID [USER_ID ...]

Each line of FILE is one acknowledged operation: when, which, the reference. The last one is the summary.
"""

from __future__ import annotations

import collections
import random
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import django

WAIT_SECONDS = 0.1


def main() -> None:
    """Work until the time is over; whatever the database does, this process does not end before."""
    seconds, file, *ids = sys.argv[1:]
    django.setup()
    from django.db import Error, connection

    from accounts.models import User
    from ledger.services.withdrawals import cancel_withdrawal, request_withdrawal
    from p2plending.lib.clock import business_date
    from p2plending.lib.db import is_outage
    from p2plending.lib.errors import Refused

    ends: collections.Counter[str] = collections.Counter()
    stop = time.monotonic() + float(seconds)
    today = business_date()
    with Path(file).open("w", buffering=1) as acknowledged:
        acknowledged.write(f"{time.time():.3f} begins here\n")

        def attempt(step: Any, **arguments: Any) -> Any:
            try:
                return step(actor=user, idempotency_key=uuid.uuid4().hex, today=today, **arguments)
            except Refused as refusal:
                ends[refusal.code] += 1
            except Error as error:
                if not is_outage(error):
                    raise
                ends["database away"] += 1
                connection.close()
                time.sleep(WAIT_SECONDS)
            return None

        while time.monotonic() < stop:
            try:
                user = User.objects.get(pk=random.choice(ids))
            except Error as error:
                if not is_outage(error):
                    raise
                connection.close()
                time.sleep(WAIT_SECONDS)
                continue
            asked = attempt(
                request_withdrawal, user=user, amount=random.randint(1_00, 9_99), account_holder=user.full_name,
                iban="DE89370400440532013000",
            )  # fmt: skip
            if asked is None:
                continue
            acknowledged.write(f"{time.time():.3f} requested {asked.reference}\n")
            if attempt(cancel_withdrawal, withdrawal_id=asked.pk) is not None:
                acknowledged.write(f"{time.time():.3f} returned {asked.reference}\n")
        acknowledged.write(f"{time.time():.3f} ends {dict(ends)}\n")


if __name__ == "__main__":
    main()
