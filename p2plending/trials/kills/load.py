"""The load: people who send deposits over the API with keys of their own, and visitors who look at pages."""

from __future__ import annotations

import dataclasses
import http.client
import json
import threading
import time
import uuid
from collections import Counter

PAUSE_SECONDS = 0.5
ANSWER_SECONDS = 70


@dataclasses.dataclass(slots=True)
class Tally:
    """What was acknowledged, how everything was answered, and when the last acknowledgement came."""

    acknowledged: dict[str, int] = dataclasses.field(default_factory=dict)
    statuses: Counter[str] = dataclasses.field(default_factory=Counter)
    without_retry_after: int = 0
    last_at: float = 0.0
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def count(self, status: int, *, says_when: bool) -> None:
        """Count one answer; 0 is none."""
        with self.lock:
            self.statuses[str(status or "no answer")] += 1
            self.without_retry_after += status == 503 and not says_when

    def acknowledge(self, reference: str, amount: int) -> None:
        """Keep what the site has promised."""
        with self.lock:
            self.acknowledged[reference] = amount
            self.last_at = time.monotonic()


def ask(port: int, method: str, path: str, *, body: str = "", headers: dict[str, str]) -> tuple[int, bytes, bool]:
    """Status, body, and whether a Retry-After came with it; status 0 when nobody answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request(method, path, body=body or None, headers=headers)
        response = connection.getresponse()
        return response.status, response.read(), response.headers.get("Retry-After") is not None
    except (OSError, http.client.HTTPException):
        return 0, b"", False
    finally:
        connection.close()


def send_deposits(port: int, token: str, today: str, tally: Tally, stop: threading.Event) -> None:
    """Send deposits one after the other; each is repeated with its key until it is acknowledged."""
    cents = 10_000
    while not stop.is_set():
        cents += 1
        body = json.dumps({"amount": f"{cents // 100}.{cents % 100:02d}", "sent_on": today})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        headers["Idempotency-Key"] = str(uuid.uuid4())
        while True:
            status, answer, says_when = ask(port, "POST", "/api/v1/deposits/", body=body, headers=headers)
            tally.count(status, says_when=says_when)
            if status in (200, 201):
                tally.acknowledge(json.loads(answer)["reference"], cents)
                break
            if status not in (0, 429, 503) or stop.is_set():
                break
            time.sleep(PAUSE_SECONDS)
        stop.wait(PAUSE_SECONDS)


def look_at_pages(port: int, tally: Tally, stop: threading.Event) -> None:
    """Open what a visitor opens."""
    while not stop.is_set():
        for path in ("/", "/accounts/login/", "/marketplace/", "/accounts/password/reset/"):
            status, _body, says_when = ask(port, "GET", path, headers={})
            tally.count(status, says_when=says_when)
        stop.wait(PAUSE_SECONDS * 2)
