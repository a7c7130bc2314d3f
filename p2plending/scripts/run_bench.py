"""`make bench`: start a MariaDB of our own and print what the platform costs, as ratios of one run."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from p2plending.lib.processes import StopRequested, end_process, stop_on_signals
from p2plending.scripts.console import CannotContinue, say, stop_with
from p2plending.scripts.environment import ROOT, VENV_PYTHON, prepare_environment, random_field_key
from p2plending.scripts.mariadb import require_server, temporary_server

REQUIREMENTS = "p2plending/trials/bench/requirements.txt"
STOP_SECONDS = 20


def main() -> None:
    """Run the bench; Ctrl-C ends it with its database."""
    stop_on_signals()
    log = Path(tempfile.gettempdir()) / "p2plending-bench.log"
    try:
        prepare_environment(REQUIREMENTS, log=log)
        require_server(log)
        with tempfile.TemporaryDirectory(prefix="p2p-bench-") as scratch, temporary_server() as url:
            environment = os.environ | {
                "DATABASE_URL": url,
                "DJANGO_SETTINGS_MODULE": "p2plending.trials.bench.settings",
                "ENV_FILE": os.devnull,
                "VAR_DIR": scratch,
                "SECRET_KEY": "only-for-the-bench-" * 3,
                "FIELD_KEYS": random_field_key(),
            }
            process = subprocess.Popen(
                [VENV_PYTHON, "-m", "p2plending.trials.bench"], cwd=ROOT, env=environment, start_new_session=True
            )
            try:
                code = process.wait()
            finally:
                end_process(process, patience_seconds=STOP_SECONDS)
            raise SystemExit(code)
    except StopRequested:
        say("Stopped.")
    except CannotContinue as problem:
        stop_with(problem)


if __name__ == "__main__":
    main()
