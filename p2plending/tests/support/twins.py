"""The same form sent twice at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client


def at_once(client: Callable[[], Client], path: str, answers: dict[str, Any]) -> list[HttpResponse]:
    """The same form from two windows of one person, sent at the same moment."""
    ready = threading.Barrier(2)
    results: list[HttpResponse] = []

    def send(window: Client) -> None:
        try:
            ready.wait(30)
            results.append(window.post(path, answers))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(client(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results
