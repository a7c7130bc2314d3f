"""The API under generated requests from its own schema: no crash, and no answer that the schema does not tell of."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.cache import cache
from pytest_django.live_server_helper import LiveServer
from rest_framework.throttling import SimpleRateThrottle

from accounts.models import User
from accounts.services.sign_in.tokens import issue_pair
from loans.models import Loan
from p2plending.lib.clock import business_date
from p2plending.tests.support.books import assert_sound_books
from p2plending.tests.support.world import active_loan, commit, listed_loan

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
SEED = 1
EXAMPLES = 6
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "missing_required_header", "unsupported_method", "ignored_auth",
)  # fmt: skip


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """How fast one may ask is tested elsewhere."""
    monkeypatch.setattr(
        SimpleRateThrottle, "THROTTLE_RATES", dict.fromkeys(("anon", "user", "login", "refresh", "verify"))
    )
    cache.clear()


@pytest.fixture
def loans(alice: User, bob: User, carol: User) -> dict[str, Loan]:
    """One that is paid back and one that is open, so that generated requests meet something."""
    today = business_date()
    paid_out = active_loan(alice, {bob: 1_000_00}, today=today)
    listed = commit(listed_loan(alice, today=today), carol, 100_00, today=today)
    return {"loans": paid_out, "listings": listed}


def run_schemathesis(site: str, folder: Path, loans: dict[str, Loan], person: User | None) -> tuple[int, str]:
    """Exit code and report of one seeded run in a folder of its own."""
    known = "".join(
        f'[[operations]]\ninclude-path-regex = "^/api/v1/{part}/"\nparameters."path.reference" = "{loan.reference}"\n'
        for part, loan in loans.items()
    )
    (folder / "schemathesis.toml").write_text(known, encoding="utf-8")
    command = [
        str(SCHEMATHESIS), "--no-color", "run", f"{site}/api/schema/", "--phases", "fuzzing", "--continue-on-failure",
        "--seed", str(SEED), "--max-examples", str(EXAMPLES), "--checks", ",".join(CHECKS),
        "--suppress-health-check", "all",
    ]  # fmt: skip
    if person:
        command += ["-H", f"Authorization: Bearer {issue_pair(person)['access']}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "role",
    [
        "borrower",
        pytest.param("lender", marks=pytest.mark.one_database),
        pytest.param("nobody", marks=pytest.mark.one_database),
    ],
)
def test_generated_requests_get_documented_answers(
    role: str, unlimited: None, loans: dict[str, Loan], alice: User, bob: User, live_server: LiveServer, tmp_path: Path
) -> None:
    person = {"borrower": alice, "lender": bob, "nobody": None}[role]
    code, report = run_schemathesis(live_server.url, tmp_path, loans, person)
    assert code == 0, report
    assert int(re.search(r"(\d+) generated", report)[1]) >= 350
    assert_sound_books()
