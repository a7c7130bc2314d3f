"""Output that somebody else reads, for as long as they read it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Flushed(Protocol):
    """What is needed of an output here."""

    def flush(self) -> object: ...
    def fileno(self) -> int: ...


@contextmanager
def stop_when_unread(output: Flushed) -> Iterator[None]:
    """Write to `output` inside; leave with 1 and without a word once nobody reads it any more (`… | head`)."""
    try:
        yield
        output.flush()
    except BrokenPipeError:
        # Python flushes what is left when it ends, and would complain again.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, output.fileno())
        os.close(nowhere)
        raise SystemExit(1) from None
