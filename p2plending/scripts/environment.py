"""The virtual environment and the `.env` file: made once, and brought up to date when their inputs change."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

from p2plending.scripts.console import CannotContinue, say, warn
from p2plending.scripts.machine.system_parts import (
    install_command,
    install_packages,
    mysqlclient_packages,
    pdf_packages,
    venv_packages,
)

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
RUNTIME = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"
DRIVER = "mysqlclient"
NETWORK_SIGNS = ("connection", "timed out", "temporary failure", "max retries", "ssl", "proxy", "no matching")


def read_settings_file(path: Path) -> dict[str, str]:
    """Return the NAME=value lines of a `.env` file; comments and blank lines are left out."""
    if not path.exists():
        return {}
    found = re.findall(r"^(?:export )?([A-Z][A-Z0-9_]*)=(.*)$", path.read_text(), flags=re.MULTILINE)
    return {name: value.strip().strip("'\"") for name, value in found}


def configured_value(name: str) -> str:
    """Return a setting as the site will see it: the environment first, then `.env`, else an empty string."""
    return os.environ.get(name) or read_settings_file(ROOT / ".env").get(name, "")


def wants_mysql() -> bool:
    """Say whether the configured database is reached through mysqlclient."""
    return configured_value("DATABASE_URL").startswith("mysql")


def write_settings_file(path: Path, *, example: Path) -> bool:
    """Make `.env` from the example with fresh secrets, readable by its owner only; False when it exists already."""
    if path.exists():
        return False
    fresh = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_KEYS": random_field_key(),
        "DIGEST_KEYS": random_field_key(),
        "DEMO_MODE": "on",
    }
    text = example.read_text()
    for name, value in fresh.items():
        text, replaced = re.subn(rf"^#?\s*{name}=.*$", f"{name}={value}", text, count=1, flags=re.MULTILINE)
        if not replaced:
            text += f"\n{name}={value}\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return True


def random_field_key() -> str:
    """Return a FIELD_KEYS value that nobody else has."""
    return "k1:" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def driver_can_be_installed(log: Path) -> bool:
    """Make sure that mysqlclient can be compiled, installing headers when we may; False when it must be left out.

    Raises CannotContinue when the configured database needs it.
    """
    missing = mysqlclient_packages()
    if not missing or install_packages(missing, reason="mysqlclient is compiled on this machine", log=log):
        return True
    command = install_command(missing)
    if wants_mysql():
        raise CannotContinue(f"DATABASE_URL is a MySQL or MariaDB server, which needs: {command}")
    say(f"Going on without {DRIVER}: SQLite needs none. For a MySQL or MariaDB server: {command}")
    return False


def prepare_environment(requirements: str, *, log: Path) -> None:
    """Make `.venv` hold exactly what `requirements` pins; does nothing when neither pins nor Python have changed.

    Raises CannotContinue with the cure when the machine lacks something that we may not install.
    """
    stamp = VENV / f".installed-{flat(requirements)}"
    before = stamp.read_text() if stamp.exists() and VENV_PYTHON.exists() else ""
    if before == fingerprint(requirements, with_driver=True):
        return
    if before == fingerprint(requirements, with_driver=False) and mysqlclient_packages() and not wants_mysql():
        return
    with_driver = driver_can_be_installed(log)
    if before == fingerprint(requirements, with_driver=with_driver):
        return
    make_venv(log)
    install_requirements(requirements, with_driver=with_driver, log=log)
    provide_pdf_libraries(log)
    stamp.write_text(fingerprint(requirements, with_driver=with_driver))


def provide_pdf_libraries(log: Path) -> None:
    """Install what PDF files need when we may; without it everything else works, and the site says what is missing."""
    missing = pdf_packages()
    if missing and not install_packages(missing, reason="PDF files are made with them", log=log):
        say(f"Going on without PDF files; pages can be printed. For PDF files: {install_command(missing)}")


def flat(path: str) -> str:
    """A path as one file name."""
    return path.replace("/", "-")


def fingerprint(requirements: str, *, with_driver: bool) -> str:
    """Return what the installed packages depend on, as one hash."""
    pins = "".join((ROOT / name).read_text() for name in {RUNTIME, requirements})
    return hashlib.sha256(f"{sys.version}|{with_driver}|{pins}".encode()).hexdigest()


def make_venv(log: Path) -> None:
    """Create `.venv`, or make it anew when it belongs to another Python."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if VENV_PYTHON.exists():
        asked = subprocess.run(
            [VENV_PYTHON, "-c", "import sys, pip; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if asked.stdout.strip() == version:
            return
    missing = venv_packages()
    if missing and not install_packages(missing, reason="virtual environments need it", log=log):
        raise CannotContinue(f"Python's venv module is missing. Install it, then try again: {install_command(missing)}")
    say(f"Making .venv with Python {version}.")
    run_logged([sys.executable, "-m", "venv", "--clear", str(VENV)], log=log, failure="Could not make .venv")


def install_requirements(requirements: str, *, with_driver: bool, log: Path) -> None:
    """Install the pins with pip; the driver is left out when it can't be compiled here."""
    say(f"Installing {requirements} (about half a minute the first time).")
    source = ROOT / requirements
    if not with_driver:
        source = VENV / f"without-{DRIVER}-{flat(requirements)}"
        pins = [(ROOT / name).read_text() for name in dict.fromkeys((RUNTIME, requirements))]
        kept = [line for line in "\n".join(pins).splitlines() if not line.startswith((DRIVER, "-r "))]
        source.write_text("\n".join(kept) + "\n")
    command = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "-q", "-r", str(source)]
    run_logged(command, log=log, failure=f"pip could not install {requirements}")


def run_logged(command: list[str], *, log: Path, failure: str) -> None:
    """Run a command with its output in the log. Raises CannotContinue with one line that says what to do."""
    start = log.stat().st_size if log.exists() else 0
    with log.open("ab") as output:
        outcome = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=ROOT, check=False)
    if outcome.returncode == 0:
        return
    with log.open("rb") as written:
        written.seek(start)
        text = written.read().decode(errors="replace")
    errors = [line.removeprefix("ERROR: ").strip() for line in text.splitlines() if line.startswith("ERROR")]
    reason = errors[-1].rstrip(".") if errors else f"exit code {outcome.returncode}"
    network = " Is the network reachable?" if any(sign in text.lower() for sign in NETWORK_SIGNS) else ""
    raise CannotContinue(f"{failure}: {reason}.{network} Details: {log}")


def announce_settings_file() -> None:
    """Create `.env` on the first run and say so."""
    if write_settings_file(ROOT / ".env", example=ROOT / ".env.example"):
        say("Wrote .env with new secret keys (only you can read it) and the demo world switched on.")
    elif not configured_value("SECRET_KEY") or not configured_value("FIELD_KEYS"):
        warn("SECRET_KEY or FIELD_KEYS is missing in .env; see .env.example.")
