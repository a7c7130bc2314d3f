"""The shape of the code: who may import whom, how long things may be, where the clock and the books are touched."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from p2plending.trials import house

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("p2plending", "accounts", "ledger", "loans", "matching", "adminpanel")
# Where seconds are measured, or a number that came as JSON is looked at; no money passes there.
FLOAT_ALLOWED = re.compile(
    r"p2plending/(scripts/|trials/|settings\.py|lib/(processes|database/transactions|database/mysql/base|api/parsers)\.py|operations/worker/)"
)
# The clock itself; libraries' own columns of time stamps; the planner of the worker's schedules.
CLOCK_ALLOWED = {
    "p2plending/lib/clock.py",
    "p2plending/operations/scheduler.py",
    "accounts/models/user.py",
    # Writes down when a trial of a cluster heard an answer: the time of the machine that runs the trial.
    "p2plending/trials/cluster/client.py",
}
LEDGER_WRITERS = {"ledger/services/posting.py", "ledger/locks.py", "ledger/services/snapshots.py"}
LEDGER_TABLES = {"Account", "JournalEntry", "Posting", "BalanceSnapshot"}
WRITES = {"create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update", "delete", "save"}
BULK_WRITES = {"insert_rows", "insert_row", "write_numbers", "update_from"}
CLOCK_READS = {
    ("datetime", "now"),
    ("datetime", "today"),
    ("datetime", "utcnow"),
    ("date", "today"),
    ("timezone", "now"),
    ("timezone", "localdate"),
    ("timezone", "localtime"),
    ("time", "time"),
}


def source_files(*, tests: bool = False) -> list[Path]:
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    wanted = [path for path in files if "migrations" not in path.parts]
    return [path for path in wanted if ("tests" in path.parts) == tests]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def test_imports_point_one_way() -> None:
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("figure", house.figures(), ids=lambda figure: figure.name)
def test_every_figure_of_the_house_is_met(figure: house.Figure) -> None:
    assert figure.is_met, figure.found


@pytest.mark.parametrize(
    ("arrows", "groups"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}, [{"a", "b", "c"}]),
    ],
)
def test_the_search_for_cycles_finds_them(arrows: dict[str, set[str]], groups: list[set[str]]) -> None:
    assert [group for group in house.connected(arrows) if len(group) > 1] == groups


def floats_in(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        is_number = isinstance(node, ast.Constant) and isinstance(node.value, float)
        is_type = isinstance(node, ast.Name) and node.id == "float"
        is_column = isinstance(node, ast.Attribute) and node.attr == "FloatField"
        if is_number or is_type or is_column:
            yield node.lineno


def test_no_float_comes_near_money() -> None:
    found = []
    for path in source_files():
        if not FLOAT_ALLOWED.match(name_of(path)):
            found += [f"{name_of(path)}:{line}" for line in floats_in(ast.parse(path.read_text(encoding="utf-8")))]
    assert found == []


@pytest.mark.parametrize("code", ["rate = 0.12", "value = float(text)", "amount = models.FloatField()"])
def test_the_search_for_floats_finds_them(code: str) -> None:
    assert list(floats_in(ast.parse(code))) == [1]


def clock_reads_in(tree: ast.AST) -> Iterator[int]:
    """Reads of the clock; `timezone.localtime(value)` and `localdate(value)` only convert what they are given."""
    conversions = {
        node.func
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"localtime", "localdate"} and node.args
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node not in conversions:
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if (owner, node.attr) in CLOCK_READS:
                yield node.lineno


def test_only_the_clock_reads_the_clock() -> None:
    found = []
    for path in source_files():
        if name_of(path) not in CLOCK_ALLOWED and not name_of(path).startswith("p2plending/scripts/"):
            reads = clock_reads_in(ast.parse(path.read_text(encoding="utf-8")))
            found += [f"{name_of(path)}:{line}" for line in reads]
    assert found == []


@pytest.mark.parametrize("code", ["dt.date.today()", "datetime.now()", "timezone.localdate()", "a = timezone.now"])
def test_the_search_for_clocks_finds_them(code: str) -> None:
    assert list(clock_reads_in(ast.parse(code))) == [1]


def test_services_never_ask_what_day_it_is() -> None:
    asking = [name_of(path) for path in source_files() if "services" in path.parts and calls(path, "business_date")]
    assert asking == []


def calls(path: Path, name: str) -> bool:
    for node in nodes(path):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == name:
                return True
    return False


def ledger_writes_in(tree: ast.AST) -> Iterator[int]:
    """Calls that write a table of the books: `Posting.objects.create(…)`, `insert_rows(Posting, …)`, `Account(…)`."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Name):
            arguments = {argument.id for argument in call.args if isinstance(argument, ast.Name)}
            is_write = call.func.id in LEDGER_TABLES or (call.func.id in BULK_WRITES and arguments & LEDGER_TABLES)
        else:
            named = {inner.id for inner in ast.walk(call.func) if isinstance(inner, ast.Name)}
            is_write = getattr(call.func, "attr", "") in WRITES and bool(named & LEDGER_TABLES)
        if is_write:
            yield call.lineno


def test_the_books_have_one_door() -> None:
    found = []
    for path in source_files():
        if name_of(path) not in LEDGER_WRITERS:
            writes = ledger_writes_in(ast.parse(path.read_text(encoding="utf-8")))
            found += [f"{name_of(path)}:{line}" for line in writes]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "Posting.objects.create(debit=1)",
        "Account.objects.filter(pk=1).update(balance=0)",
        "insert_rows(Posting, columns, rows)",
        "insert_row(JournalEntry, values)",
        "write_numbers(Account, columns, rows)",
        "JournalEntry(kind=kind)",
    ],
)
def test_the_search_for_writers_of_the_books_finds_them(code: str) -> None:
    assert list(ledger_writes_in(ast.parse(code))) == [1]


def test_no_raw_sql_writes_the_books() -> None:
    statement = re.compile(r"(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+[`\"]?ledger_", re.IGNORECASE)
    # The bench writes the same rows by bare SQL, to compare, into a database that it throws away.
    files = [path for path in source_files() if "bench" not in path.parts]
    assert [name_of(path) for path in files if statement.search(path.read_text(encoding="utf-8"))] == []


def test_nothing_happens_by_signal() -> None:
    """A signal is a call that nobody sees in the caller; after a migration, and in a worker, there is no caller."""
    found = set()
    for path in source_files():
        for node in nodes(path):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.endswith("signals"):
                found |= {(name_of(path), alias.name) for alias in node.names if alias.name != "post_migrate"}
            elif isinstance(node, ast.Name) and node.id == "receiver":
                found.add((name_of(path), "receiver"))
    assert found == set()


def test_what_runs_once_is_called_in_one_way() -> None:
    """By the decorator, with keywords only, the actor and the caller's key."""
    odd = []
    for path in source_files():
        if name_of(path) != "accounts/services/idempotency.py":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            odd += [f"{name_of(path)}:{one.name}" for one in tree.body if _is_once(one) and not _has_keys(one)]
            odd += [name_of(path)] if calls(path, "run_once") else []
    assert odd == []


def _is_once(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(one, ast.Call) and getattr(one.func, "id", "") == "once" for one in node.decorator_list
    )


def _has_keys(function: ast.FunctionDef) -> bool:
    keywords = {argument.arg for argument in function.args.kwonlyargs}
    return not function.args.args and {"actor", "idempotency_key"} <= keywords


# Services that take a loan's guard and do not bring it to the day first, each with its reason.
NOT_ROLLED_FORWARD = {
    "loans/services/origination/application.py:update": "a draft: the calendar owes it nothing",
    "loans/services/repayments/record.py:record_repayment": "the posting brings the loan to the day of the payment",
    "loans/services/repayments/record.py:_lock_declared": "likewise; and a refused payment changes no figure",
    "loans/services/decisions.py:lock_payment_of": "as _lock_declared",
    "loans/services/servicing/autopay.py:run": "switches a flag, and reads nothing that a day changes",
    "loans/services/servicing/end_of_day_failures.py:keep": "records that bringing the loan to the day has just failed",
    "matching/services/allocation.py:_plan": "plans only: each loan is then lent to by place_commitment",
}
BRINGS_TO_THE_DAY = {"bring_forward", "lock_current_loan", "lock_owing_loan"}


def loan_guards_in(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """Functions that lock a loan themselves, and whether they roll it forward too: innermost functions only."""
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        inner = {id(node) for child in ast.walk(function) if child is not function for node in _inside(child)}
        own = [node for node in ast.walk(function) if isinstance(node, ast.Call) and id(node) not in inner]
        names = {getattr(call.func, "id", "") for call in own}
        locks = [call for call in own if getattr(call.func, "id", "") == "lock_guard" and "Loan.objects" in _text(call)]
        if locks:
            yield function.name, bool(names & BRINGS_TO_THE_DAY)


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.FunctionDef):
        yield from ast.walk(node)


def _text(call: ast.Call) -> str:
    return ast.unparse(call.args[0]) if call.args else ""


def test_every_service_brings_its_loan_to_the_day_first() -> None:
    files = [path for path in source_files() if "services" in path.parts]
    found = {
        f"{name_of(path)}:{function}": rolled
        for path in files
        for function, rolled in loan_guards_in(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert {name for name, rolled in found.items() if not rolled} == set(NOT_ROLLED_FORWARD)


@pytest.mark.parametrize(
    ("code", "guards"),
    [
        ("def f():\n    loan = lock_guard(Loan.objects.filter(pk=1))", [("f", False)]),
        ("def f():\n    loan = lock_guard(Loan.objects.filter(pk=1))\n    bring_forward(loan)", [("f", True)]),
        ("def f():\n    def run():\n        lock_guard(Loan.objects.all())\n    bring_forward(loan)", [("run", False)]),
        ("def f():\n    loan = lock_current_loan(1, today)", []),
        ("def f():\n    row = lock_guard(Repayment.objects.filter(pk=1))", []),
    ],
)
def test_the_search_for_guards_finds_them(code: str, guards: list[tuple[str, bool]]) -> None:
    assert list(loan_guards_in(ast.parse(code))) == guards
