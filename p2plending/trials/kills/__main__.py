"""Take worker, mail server and database away under load, one after the other, and count what is left."""

from __future__ import annotations

import argparse
import base64
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from p2plending.lib.processes import StopRequested, ignore_further_signals, stop_on_signals
from p2plending.scripts.console import CannotContinue, stop_with
from p2plending.scripts.environment import ROOT
from p2plending.scripts.mariadb import require_server
from p2plending.trials.kills.parts import Database, MailServer, Programs


def environment_for(folder: Path, database: Database, mail: MailServer) -> dict[str, str]:
    """What the programs of the test see."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "p2plending.settings",
        "DATABASE_URL": database.url,
        "DEMO_MODE": "on",
        "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}",
        "ENV_FILE": os.devnull,
        "FIELD_KEYS": "k1:" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "VAR_DIR": str(folder / "var"),
    }


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(seconds: int, people: int) -> bool:
    """Set everything up in a folder of its own, tell the story, clean up; returns whether all was well."""
    folder = Path(tempfile.mkdtemp(prefix="p2p-kill-"))
    parts: list[Database | MailServer | Programs] = []
    try:
        require_server(folder / "apt.log")
        parts.append(mail := MailServer())
        parts.append(database := Database(folder))
        environment = environment_for(folder, database, mail)
        parts.append(programs := Programs(folder, environment, free_port()))
        for command in (["migrate", "-v0"], ["createcachetable"], ["collectstatic", "--noinput", "-v0"]):
            subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
        os.environ.update(environment)
        from p2plending.trials.kills.story import Story  # the settings are there only now

        return Story(database, mail, programs, seconds=seconds, people=people).tell()
    finally:
        ignore_further_signals()
        for part in reversed(parts):
            part.end()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Exit code 0 when nothing was lost, doubled or answered with a 500, and everything came back in time."""
    parser = argparse.ArgumentParser(prog="make test-kill", description=__doc__, allow_abbrev=False)
    parser.add_argument("--seconds", type=int, default=60, help="how long each part is away (60)")
    parser.add_argument("--people", type=int, default=4, help="how many send deposits at once (4)")
    options = parser.parse_args()
    stop_on_signals()
    try:
        sys.exit(0 if run(options.seconds, options.people) else 1)
    except StopRequested:
        stop_with(CannotContinue("Stopped before the end."))
    except CannotContinue as problem:
        stop_with(problem)


if __name__ == "__main__":
    main()
