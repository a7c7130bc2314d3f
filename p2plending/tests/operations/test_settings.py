"""Settings are read strictly: every name of `.env.example` refuses nonsense with one line that says what to do."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from p2plending.conf.environment import Environment
from p2plending.tests.test_consistency import environment_names

ROOT = Path(settings.BASE_DIR)
KEY = "A" * 43 + "="
SWITCHES = ["ja", "2", "onn", "none", "-1"]
DAYS = ["-1", "a week", "1.5", "999999", "٣", "1e3"]
TEXTS = ["x" * 300, "two\nlines", "bell\x07"]
BAD: dict[str, list[str]] = {
    "SECRET_KEY": ["short", "x" * 60],
    "FIELD_KEYS": ["k1", "k1:short", f"k1:{KEY},k1:{KEY}", f"k1={KEY}", "k1:" + "!" * 44],
    "JWT_SIGNING_KEY": ["short", "y" * 50],
    "DIGEST_KEYS": ["k1", "k1:short", f"k1:{KEY},k1:{KEY}"],
    "SECRET_KEY_FALLBACKS": ["short", "x" * 60],
    "STAFF_SECOND_STEP": SWITCHES,
    "SECOND_PERSON": SWITCHES,
    "CLIENT_ACCOUNT_BANK": TEXTS,
    "CLIENT_ACCOUNT_NUMBER": TEXTS,
    "CLIENT_ACCOUNT_ROUTING_CODE": TEXTS,
    "DEMO_MODE": SWITCHES,
    "DEBUG": SWITCHES,
    "ALLOWED_HOSTS": ["https://lend.example.org", "lend.example.org:8000", "two words", "a/b", "lend.example.org,,b d"],
    "CSRF_TRUSTED_ORIGINS": ["lend.example.org", "https://lend.example.org/path", "ftp://lend.example.org", "https://"],
    "SITE_URL": [
        "lend.example.org",
        "ftp://x.org",
        "https://",
        "https://x.org/?a=1",
        "https://u:p@x.org",
        "http://x:99999",
    ],
    "HTTPS": SWITCHES,
    "BEHIND_PROXY": SWITCHES,
    "VAR_DIR": ["/dev/null/var", "/proc/nowhere"],
    "ENV_FILE": ["two\nlines"],
    "DATABASE_URL": ["postgres://a@b/c", "mysql", "nonsense://", "mysql://a:b@host:99999/name"],
    "DATABASE_CONNECT_TIMEOUT": ["0", *DAYS],
    "DATABASE_READ_TIMEOUT": ["0", *DAYS],
    "DATABASE_WRITE_TIMEOUT": ["0", *DAYS],
    "SITE_NAME": TEXTS,
    "SUPPORT_EMAIL": ["help", "help@", "a@b@c.org", "two@x.org, three@x.org"],
    "CLIENT_ACCOUNT_HOLDER": TEXTS,
    "CLIENT_ACCOUNT_IBAN": ["DE89 3704 0044 0532 0130 01", "?", "x" * 60],
    "CURRENCY": ["EURO", "E", "XXX", "ABC", "€"],
    "CURRENCY_SYMBOL": ["x" * 20, "a\tb"],
    "TIME_ZONE": ["Berlin", "Europe/Atlantis", "+01:00", "../etc/passwd", "europe"],
    "HOME_COUNTRY": ["Germany", "ZZ", "D", "de-DE"],
    "EMAIL_URL": ["mail.example.org", "smtp://", "http://x.org", "filemail://", "smtp://host:99999", "smtp://host:no"],
    "DEFAULT_FROM_EMAIL": ["nobody", "Plainlend <nobody>", "a@x.org and b@x.org"],
    "EMAIL_TIMEOUT": ["0", "15", *DAYS],
    "KEEP_SESSIONS_DAYS": DAYS,
    "KEEP_TOKENS_DAYS": DAYS,
    "KEEP_OPERATION_KEYS_DAYS": ["1", *DAYS],
    "KEEP_NOTIFICATIONS_DAYS": ["30", *DAYS],
    "KEEP_MAILS_DAYS": ["0", *DAYS],
    "KEEP_TASKS_DAYS": ["0", *DAYS],
    "LOG_FORMAT": ["yaml", "json,console"],
    "LOG_LEVEL": ["LOUD", "10"],
    "Q_SYNC": SWITCHES,
}
SECRETS = ("SECRET_KEY", "FIELD_KEYS", "JWT_SIGNING_KEY", "EMAIL_URL", "DATABASE_URL")


def read_settings() -> dict[str, object]:
    return runpy.run_path(str(ROOT / "p2plending" / "settings.py"))


def test_every_setting_is_tried_with_nonsense() -> None:
    assert set(BAD) == environment_names()


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in BAD.items() for value in values],
    ids=lambda value: repr(value)[:30],
)
def test_nonsense_is_refused_with_one_line_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    if name.endswith("_TIMEOUT"):
        monkeypatch.setenv("DATABASE_URL", "mysql://a:b@db.example.org/name")
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as refusal:
        read_settings()
    words = str(refusal.value)
    assert words.startswith(name)
    assert len(words.splitlines()) == 1
    assert words.endswith(".")
    if name in SECRETS and len(value) > 12:
        assert value not in words


@pytest.mark.parametrize("name", sorted(BAD))
def test_an_empty_value_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name, raising=False)
    if name == "VAR_DIR":
        monkeypatch.setattr(Path, "mkdir", lambda *_arguments, **_options: None)
    before = plain_values()
    monkeypatch.setenv(name, "  ")
    assert plain_values() == before


def plain_values() -> dict[str, object]:
    """Settings that can be compared: texts, numbers, switches and lists of texts."""
    kinds = (str, int, list, Path)
    return {key: value for key, value in read_settings().items() if key.isupper() and isinstance(value, kinds)}


@pytest.mark.parametrize(
    ("word", "meaning"),
    [*((word, True) for word in ("on", "ON", "yes", "true", "1")), *((word, False) for word in ("off", "No", "0", ""))],
)
def test_the_usual_words_for_on_and_off(monkeypatch: pytest.MonkeyPatch, word: str, meaning: bool) -> None:
    monkeypatch.setenv("HTTPS", word)
    assert read_settings()["HTTPS"] is meaning


@pytest.mark.parametrize(
    ("given", "nearest"),
    [("DEMO_MOD", "DEMO_MODE"), ("SECRET_KEYS", "SECRET_KEY"), ("DATABASEURL", "DATABASE_URL"), ("HTTP_S", "HTTPS")],
)
def test_a_slip_of_the_pen_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: str, nearest: str
) -> None:
    env = Environment()
    env.names |= environment_names()
    monkeypatch.setenv(given, "on")
    line = f"WARNING: {given} is no setting. Did you mean {nearest}?"
    assert line in env.warn_of_slips()
    assert line in capsys.readouterr().err


def test_other_programs_names_are_left_alone_and_strange_names_in_our_file_are_not() -> None:
    env = Environment()
    env.names |= environment_names()
    lines = env.warn_of_slips(["PATH", "LANG", "COLOUR"])
    assert "WARNING: COLOUR is no setting (see .env.example)." in lines
    assert [line for line in lines if "HOME" in line or "LC_ALL" in line or "PYTHONPATH" in line] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "check"],
        ["manage.py", "migrate"],
        ["manage.py", "worker"],
        ["-m", "gunicorn", "p2plending.wsgi:application", "--bind", "127.0.0.1:0"],
    ],
    ids=lambda command: " ".join(command[:3]),
)
def test_a_program_ends_with_one_line_and_no_traceback(command: list[str], tmp_path: Path) -> None:
    environment = os.environ | {
        "HTTPS": "ja",
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(tmp_path),
        "SECRET_KEY": "0123456789abcdef" * 4,
        "FIELD_KEYS": f"k1:{KEY}",
    }
    kept = {name: value for name, value in environment.items() if not name.startswith("PYTEST")}
    outcome = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=kept, capture_output=True, text=True, timeout=120
    )
    assert outcome.returncode == 1
    assert outcome.stderr == 'ERROR: HTTPS must be on or off (it is "ja").\n'
    assert not re.search("Traceback", outcome.stdout)
