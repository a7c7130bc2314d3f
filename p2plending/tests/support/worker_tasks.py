"""Tasks for the tests of the worker."""

from __future__ import annotations

import os
import time
from pathlib import Path


def say_and_sleep(mark: str, seconds: int) -> None:
    """Write the process id of the worker to a file, then take a while."""
    Path(mark).write_text(str(os.getpid()))
    time.sleep(seconds)
