"""The kill test in short: each part is away for some seconds; `make test-kill` takes a minute each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)


@pytest.mark.slow
@pytest.mark.mariadb
def test_nothing_is_lost_doubled_or_answered_with_a_500_when_parts_are_killed_under_load() -> None:
    command = [sys.executable, "-m", "p2plending.trials.kills", "--seconds", "5", "--people", "2"]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=560)
    assert outcome.returncode == 0, outcome.stdout[-3000:] + outcome.stderr[-2000:]
