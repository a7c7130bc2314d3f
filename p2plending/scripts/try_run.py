"""`make run` as a newcomer meets it: a fresh clone in an empty folder, started, asked, stopped, and nothing left.

    python -m p2plending.scripts.try_run [--install]

The clone uses this checkout's `.venv`; with `--install` it makes its own, which takes a minute or two.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from p2plending.lib.processes import kill_session, members_of_session
from p2plending.scripts.console import CannotContinue, say, stop_with
from p2plending.scripts.environment import ROOT, RUNTIME, VENV, fingerprint, flat

READY_SECONDS = 420
WORKER_SECONDS = 60
STOP_SECONDS = 60
POLL_SECONDS = 0.5
SMALL_WORLD = "--loans 1 --lenders 12 --months 9"
# Paths, and a word that stands there.
PAGES = (("/healthz", "ok"), ("/", "Plainlend"), ("/accounts/login/", "password"), ("/marketplace/", "loan"))
OWN_SETTINGS = ("DATABASE_URL", "DEMO_MODE", "VAR_DIR", "ENV_FILE", "SECRET_KEY", "FIELD_KEYS", "SITE_URL", "HOST")


def clone_into(folder: Path, *, with_own_packages: bool) -> Path:
    """Clone what is committed here; link this checkout's packages unless the clone is to install its own."""
    clone = folder / "plainlend"
    command = ["git", "clone", "--quiet", "--no-local", "--depth", "1", f"file://{ROOT}", str(clone)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    if not with_own_packages:
        stamp = VENV / f".installed-{flat(RUNTIME)}"
        if not stamp.exists():
            stamp.write_text(fingerprint(RUNTIME, with_driver=True))
        (clone / ".venv").symlink_to(VENV.resolve())
    return clone


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url: str) -> tuple[int, str]:
    """Status and body; 0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - our own address
            return response.status, response.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except OSError as error:
        return 0, str(error)


def wait_until_ready(run: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait for a 200 of /readyz. Raises CannotContinue with the last lines of the run."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if run.poll() is not None:
            raise CannotContinue(f"make run ended with code {run.returncode}: {log.read_text()[-800:]}")
        if get(f"{url}/readyz")[0] == 200 and "Ready in" in log.read_text():
            return
        time.sleep(POLL_SECONDS)
    raise CannotContinue(f"make run was not ready in {READY_SECONDS} s: {log.read_text()[-800:]}")


def look_around(url: str) -> None:
    """Look at what a newcomer and a probe look at. Raises CannotContinue at the first that is wrong."""
    for path, words in PAGES:
        status, body = get(f"{url}{path}")
        if status != 200 or words.lower() not in body.lower():
            raise CannotContinue(f"{path} answered {status}: {body[:200]}")
        say(f"  {path}: {status}")
    stylesheet = get(f"{url}/")[1].partition('rel="stylesheet" href="')[2].partition('"')[0]
    if get(f"{url}{stylesheet}")[0] != 200:
        raise CannotContinue(f"The stylesheet {stylesheet} is missing.")
    say(f"  {stylesheet}: 200")
    deadline = time.monotonic() + WORKER_SECONDS
    while (checks := json.loads(get(f"{url}/readyz")[1])["checks"]).get("worker") != "Running":
        if time.monotonic() > deadline:
            raise CannotContinue(f"No worker after {WORKER_SECONDS} s: {checks}")
        time.sleep(POLL_SECONDS)
    say(f"  /readyz: {checks}")


def stop(run: subprocess.Popen[bytes], port: int, clone: Path) -> None:
    """Press Ctrl-C, and make sure that nothing is left: no process, no port. Raises CannotContinue."""
    os.killpg(run.pid, signal.SIGINT)
    try:
        run.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        raise CannotContinue(f"make run did not stop within {STOP_SECONDS} s of Ctrl-C.") from None
    left = members_of_session(run.pid) + processes_in(clone)
    if left:
        raise CannotContinue(f"Processes are left: {[command_of(process) for process in left]}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CannotContinue(f"Port {port} is still taken.") from None


def processes_in(folder: Path) -> list[int]:
    """Processes whose working folder lies in the clone."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve().is_relative_to(folder):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def command_of(process: int) -> str:
    """The command line of a process, to name it."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return f"process {process}"


def main() -> None:
    """Start, look, stop; exit code 1 and one line when something is wrong."""
    parser = argparse.ArgumentParser(prog="try_run", description=__doc__, allow_abbrev=False)
    parser.add_argument("--install", action="store_true", help="let the clone install its own packages")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="p2p-run-")).resolve()
    started = time.monotonic()
    run = None
    try:
        clone = clone_into(folder, with_own_packages=options.install)
        port, log = free_port(), folder / "run.log"
        environment = {name: value for name, value in os.environ.items() if name not in OWN_SETTINGS}
        environment |= {"PORT": str(port), "ARGS": SMALL_WORLD, "PYTHON": sys.executable}
        with log.open("wb") as output:
            run = subprocess.Popen(
                ["make", "run"], cwd=clone, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(run, url, log)
        say(f"Ready after {time.monotonic() - started:.0f} s at {url}")
        look_around(url)
        stop(run, port, clone)
        say(f"Stopped, and nothing is left ({time.monotonic() - started:.0f} s in all).")
    except CannotContinue as problem:
        stop_with(problem)
    finally:
        if run is not None:
            kill_session(run.pid)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
