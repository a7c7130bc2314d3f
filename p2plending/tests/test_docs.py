"""The documents say what the code does: settings, addresses, states, codes, jobs, commands and postings."""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.enums import people
from accounts.enums.people import Role
from accounts.models import User
from ledger.chart import CHART
from ledger.enums import books as money
from ledger.enums.books import EntryKind, LineCode
from ledger.models import JournalEntry
from ledger.selectors.invariants import CHECKS as LEDGER_CHECKS
from ledger.services.withdrawals import approve_withdrawal, cancel_withdrawal, pay_withdrawal, request_withdrawal
from loans.enums import loan as lending
from loans.selectors.invariants import CHECKS as LOAN_CHECKS
from loans.services.repayments.record import record_repayment
from loans.services.servicing.bring_forward import bring_loan_forward
from matching.enums import mandates as matching
from p2plending.lib.errors import Refused
from p2plending.lib.formatting import format_money
from p2plending.operations.scheduler import JOBS
from p2plending.tests.support.world import example_loan, new_key, officer, verified
from p2plending.tests.test_consistency import environment_names

ROOT = Path(settings.BASE_DIR)
DOCS = ROOT / "docs"
PACKAGES = ("p2plending", "accounts", "ledger", "loans", "matching", "adminpanel")


def document(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its kind."""
    level = heading.split(" ", 1)[0]
    start = text.index(f"{heading}\n") + len(heading)
    end = re.search(rf"^{level} ", text[start:], re.MULTILINE)
    return text[start : start + end.start()] if end else text[start:]


def first_column(text: str) -> set[str]:
    """The code words that open the rows of the tables in a text."""
    return set(re.findall(r"^\| `([^`]+)`", text, re.MULTILINE))


# --- links and commands ----------------------------------------------------------------------------------------------
def markdown_files() -> list[Path]:
    return [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]


def anchors_of(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_leads_somewhere() -> None:
    broken = []
    for path in markdown_files():
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"https?:|mailto:", target):
                continue
            file, _, anchor = target.partition("#")
            found = (path.parent / file).resolve() if file else path
            if not found.exists() or (anchor and anchor not in anchors_of(found)):
                broken.append(f"{path.name}: {target}")
    assert broken == []


def test_every_document_is_in_the_reading_order() -> None:
    index, decisions = document("index.md"), document("adr/index.md")
    assert [path.name for path in DOCS.glob("*.md") if path.name != "index.md" and f"({path.name})" not in index] == []
    assert [path.name for path in (DOCS / "adr").glob("0*.md") if f"({path.name})" not in decisions] == []


def test_the_commands_of_the_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    known = {*get_commands(), "version"}  # answered by manage.py itself
    for path in markdown_files():
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"(?:^|[`\s])make ([a-z-]+)", _code_of(text))) <= targets, path.name
        assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= known, path.name


def _code_of(text: str) -> str:
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))


def test_every_path_that_a_document_names_exists() -> None:
    folders = "|".join((*PACKAGES, "docs", "templates", "static"))
    missing = []
    for path in markdown_files():
        for span in re.findall(r"`([^`\n]+)`", path.read_text(encoding="utf-8")):
            if re.fullmatch(rf"(?:{folders})/[\w./*-]*", span) and not list(ROOT.glob(span.rstrip("/"))):
                missing.append((path.name, span))
    assert missing == []


def test_every_command_of_ours_is_documented() -> None:
    ours = {name for name, app in get_commands().items() if app in PACKAGES}
    assert first_column(section(document("operations.md"), "## Commands")) == {f"manage.py {name}" for name in ours}


def test_every_job_is_documented_with_what_it_does() -> None:
    text = section(document("operations.md"), "## Scheduled jobs")
    assert first_column(text) == {job.name for job in JOBS}
    assert [job.name for job in JOBS if str(job.what) not in text] == []


def test_the_readme_names_the_top_of_the_tree() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in (*PACKAGES, "templates", "static", "docs") if f"{name}/" not in readme] == []


def test_pictures_are_light_enough_to_load() -> None:
    heavy = {path.name: path.stat().st_size for path in (DOCS / "images").glob("*") if path.stat().st_size > 150_000}
    assert heavy == {}


# --- settings --------------------------------------------------------------------------------------------------------
def test_every_variable_of_the_environment_is_documented() -> None:
    launchers = {"PORT", "HOST"}
    text = section(document("settings.md"), "## The environment")
    assert first_column(text) == environment_names() | launchers


def test_every_business_setting_is_documented() -> None:
    assert first_column(section(document("settings.md"), "## Limits of the platform")) == set(settings.CONSTANCE_CONFIG)


def test_every_number_of_a_product_is_documented() -> None:
    from loans.models import GradeTerms, LoanProduct

    columns = {
        field.name
        for model in (LoanProduct, GradeTerms)
        for field in model._meta.concrete_fields
        if field.name not in {"id", "created_at", "updated_at", "product"}
    }
    assert first_column(section(document("settings.md"), "## Loan products")) == columns


# --- addresses -------------------------------------------------------------------------------------------------------
def named_urls(resolver: URLResolver, namespace: str = "", prefix: str = "") -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            if pattern.name:
                yield f"{namespace}:{pattern.name}" if namespace else pattern.name, path
        else:
            yield from named_urls(pattern, pattern.namespace or namespace, path)


def test_every_endpoint_of_the_api_is_documented() -> None:
    paths = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path).removeprefix("api/v1/")
        for name, path in named_urls(get_resolver())
        if path.startswith("api/v1/")
    }
    assert first_column(section(document("api.md"), "## Endpoints")) == paths


def test_every_part_of_the_site_is_on_the_map() -> None:
    groups = {name.partition(":")[0] for name, _path in named_urls(get_resolver()) if ":" in name}
    assert first_column(section(document("architecture.md"), "## The site map")) >= groups


# --- refusals --------------------------------------------------------------------------------------------------------
def all_refusals() -> set[type[Refused]]:
    for name in PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not re.search(r"\.(tests|migrations|scripts|management|__main__|wsgi|bench|demo)\b", module.name):
                importlib.import_module(module.name)
    found, waiting = set(), [Refused]
    while waiting:
        waiting += (subclasses := waiting.pop().__subclasses__())
        found |= {one for one in subclasses if one.__module__.startswith(PACKAGES) and ".tests" not in one.__module__}
    return found


def test_every_code_of_a_refusal_is_documented_with_its_status() -> None:
    documented = set(
        re.findall(r"^\| `(\w+)` \| (\d{3}) \|", section(document("api.md"), "## Codes of refusals"), re.MULTILINE)
    )
    assert documented == {(refusal.code, str(refusal.status)) for refusal in all_refusals()}


def test_a_code_means_one_status_everywhere() -> None:
    statuses: dict[str, set[int]] = {}
    for refusal in all_refusals():
        statuses.setdefault(refusal.code, set()).add(refusal.status)
    assert {code: found for code, found in statuses.items() if len(found) > 1} == {}


# --- states ----------------------------------------------------------------------------------------------------------
def arrows(text: str) -> set[tuple[str, str, str]]:
    """`DRAFT --> SUBMITTED: submit, send` of a Mermaid diagram, one for each event."""
    return {
        (source, event.strip(), target)
        for source, target, events in re.findall(r"^\s*(\w+) --> (\w+)(?:: (.+))?$", text, re.MULTILINE)
        for event in events.split(",")
    }


def table_of(transitions: Mapping[Any, Any]) -> set[tuple[str, str, str]]:
    if all(isinstance(key, tuple) for key in transitions):
        return {(source.name, event.value, target.name) for (source, event), target in transitions.items()}
    return {(source.name, "", target.name) for source, targets in transitions.items() for target in targets}


@pytest.mark.parametrize(
    ("heading", "transitions"),
    [
        ("### Loan", lending.LOAN_TRANSITIONS),
        ("### Identity check", people.VERIFICATION_TRANSITIONS),
        ("### Deposit", money.DEPOSIT_TRANSITIONS),
        ("### Withdrawal", money.WITHDRAWAL_TRANSITIONS),
    ],
)
def test_the_diagrams_are_the_tables_of_steps(heading: str, transitions: Mapping[Any, Any]) -> None:
    assert arrows(section(document("domain.md"), heading)) == table_of(transitions)


@pytest.mark.parametrize(
    ("heading", "states"),
    [
        ("### Loan", lending.LoanStatus),
        ("### Commitment", lending.CommitmentStatus),
        ("### Note", lending.NoteStatus),
        ("### Instalment", lending.InstalmentStatus),
        ("### Repayment", lending.RepaymentStatus),
        ("### Lateness", lending.Bucket),
        ("### Identity check", people.VerificationStatus),
        ("### Deposit", money.DepositStatus),
        ("### Withdrawal", money.WithdrawalStatus),
        ("### Auto-invest rule", matching.MandateStatus),
        ("### Suggestion", matching.ProposalStatus),
    ],
)
def test_every_state_is_explained(heading: str, states: type[models.TextChoices]) -> None:
    assert first_column(section(document("domain.md"), heading)) == set(states.names)


def test_every_reason_of_auto_invest_and_of_a_decline_is_listed() -> None:
    text = document("domain.md")
    assert first_column(section(text, "### Reasons of auto-invest")) == set(matching.DecisionReason.values)
    assert first_column(section(text, "### Reasons to decline")) == set(lending.DeclineReason.values)


# --- books -----------------------------------------------------------------------------------------------------------
def test_the_chart_is_the_chart() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| ([^|]+) \| (\w+) \| ([^|]+) \|",
        section(document("domain.md"), "### Chart of accounts"),
        re.MULTILINE,
    )
    assert rows == [(line.code, line.name, line.type.value, str(line.owner.label).lower()) for line in CHART.values()]


def test_every_kind_of_entry_and_line_is_documented() -> None:
    text = document("domain.md")
    assert first_column(section(text, "### Kinds of entries")) == set(EntryKind.values)
    assert first_column(section(text, "### Codes of lines")) == set(LineCode.values)


def test_every_invariant_is_documented() -> None:
    codes = {check.code for check in (*LEDGER_CHECKS, *LOAN_CHECKS)}
    assert first_column(section(document("domain.md"), "### Invariants")) == codes


def example_postings(people: Mapping[str, User]) -> str:
    """Every entry in the books, in words: `LOAN_DISBURSED` and under it `Dr C2110 A 3,333.00`."""
    letters = {user.pk: letter for letter, user in people.items()}
    text = []
    for entry in JournalEntry.objects.order_by("pk"):
        text.append(entry.kind)
        for posting in entry.postings.select_related("account").order_by("pk"):
            owner = f" {letters[posting.account.owner_id]}" if posting.account.owner_id else ""
            side = "Dr" if posting.debit else "  Cr"
            amount = format_money(posting.debit or posting.credit).removeprefix(settings.CURRENCY_SYMBOL)
            text.append(f"  {side} {posting.account.code}{owner} {amount}")
    return "\n".join(text)


def test_the_example_of_the_books_is_what_the_services_post(alice: User, bob: User, carol: User, dora: User) -> None:
    today = dt.date(2026, 1, 15)
    dan = verified("Dan", Role.LENDER)
    loan = example_loan(alice, (bob, carol, dan), today=today)
    due = loan.instalments.earliest("number").due_date
    bring_loan_forward(loan_id=loan.pk, today=due)
    record_repayment(
        loan_id=loan.pk,
        amount=888_49,
        method="wallet",
        value_date=due,
        actor=alice,
        idempotency_key=new_key(),
        today=due,
    )
    take_out(bob, 200_00, due, is_paid=True)
    take_out(bob, 50_00, due, is_paid=False)
    second_due = loan.instalments.get(schedule_version=1, number=2).due_date
    bring_loan_forward(loan_id=loan.pk, today=second_due + dt.timedelta(days=20))
    people = {"A": bob, "B": carol, "C": dan, "borrower": alice}
    text = section(document("domain.md"), "### The example, entry by entry")
    assert example_postings(people) == re.search(r"```text\n(.*?)\n```", text, re.DOTALL)[1]


def take_out(lender: User, amount: int, on: dt.date, *, is_paid: bool) -> None:
    withdrawal = request_withdrawal(
        user=lender,
        amount=amount,
        account_holder=lender.full_name,
        iban="DE89 3704 0044 0532 0130 00",
        actor=lender,
        idempotency_key=new_key(),
        today=on,
    )
    if not is_paid:
        cancel_withdrawal(withdrawal_id=withdrawal.pk, actor=lender, idempotency_key=new_key(), today=on)
        return
    approve_withdrawal(withdrawal_id=withdrawal.pk, actor=officer(), idempotency_key=new_key(), today=on)
    pay_withdrawal(
        withdrawal_id=withdrawal.pk,
        paid_on=on,
        bank_reference="T1",
        actor=officer(),
        idempotency_key=new_key(),
        today=on,
    )
