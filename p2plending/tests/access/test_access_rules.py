"""One rule per object: no view fetches around it, and page, API and desk never show more than it says."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from accounts.selectors.access import IDENTITY_DOCUMENTS
from adminpanel.permissions import GROUP_PERMISSIONS
from ledger.selectors.access import DEPOSITS, WITHDRAWALS
from loans.models import Loan, Note
from loans.selectors.access import LISTINGS, LOANS, NOTES, REPAYMENTS
from loans.services.origination.review import cancel_listing
from p2plending.lib.access import AccessRule
from p2plending.tests.access.people import build_people
from p2plending.tests.support.scene import Scene
from p2plending.tests.support.world import new_key

ROOT = Path(settings.BASE_DIR)
RULED_APPS = ("accounts", "ledger", "loans", "matching")
RULES: list[AccessRule] = [
    value
    for app in RULED_APPS
    for value in vars(importlib.import_module(f"{app}.selectors.access")).values()
    if isinstance(value, AccessRule)
]
RULED = {rule.model.__name__ for rule in RULES}
DOORS = ("views", "api", "registry")
# What a person types to sign in names an account without showing it.
FETCHES_FOR_ITSELF = {"accounts/api/tokens.py"}
# They show on the page of their loan only, and no address takes their reference.
SHOWN_WITH_THEIR_LOAN = {"Waiver", "DefaultNotice", "LoanCharge", "EndOfDayFailure"}
# The balance of a wallet is shown to all who look after deposits, and a change of a loan to all who may see the loan;
# the accounts and entries of the books to fewer.
OTHER_DUTY_THAN_THE_LIST = {"Account", "JournalEntry"}
PUBLIC_NAMES = {"reference", "member_number"}


def files_of(*parts: str) -> list[Path]:
    found = []
    for app in (*RULED_APPS, "adminpanel"):
        for path in sorted((ROOT / app).rglob("*.py")):
            inside = path.relative_to(ROOT / app)
            is_source = "tests" not in path.parts and "migrations" not in path.parts
            if is_source and (inside.parts[0] in parts or inside.stem in parts):
                found.append(path)
    return found


def fetches(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Where a ruled table is read around its rule: its manager, or the model itself given to get_object_or_404."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("objects", "_default_manager", "_base_manager"):
            if isinstance(node.value, ast.Name) and node.value.id in RULED:
                yield node.lineno, node.value.id
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            first = node.args[0] if node.args else None
            if name in ("get_object_or_404", "get_list_or_404") and getattr(first, "id", "") in RULED:
                yield node.lineno, first.id


def is_named_from_outside(call: ast.Call) -> bool:
    """Whether a look-up is by what stands in an address, and not by a value that the code has from a row."""
    return any(
        (keyword.arg or "").split("__")[-1] in PUBLIC_NAMES and isinstance(keyword.value, ast.Name)
        for keyword in call.keywords
    )


def named_fetches(function: ast.FunctionDef) -> Iterator[tuple[int, str]]:
    """Look-ups by an outside name whose rows come from a manager, at once or through a variable."""
    sources = {
        target.id: list(fetches(node.value))
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and is_named_from_outside(call):
            yield from fetches(call.func)
            for name in ast.walk(call.func):
                if isinstance(name, ast.Name):
                    yield from sources.get(name.id, [])


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.one_database
def test_no_view_reads_a_ruled_table_around_its_rule() -> None:
    around = [
        f"{path.relative_to(ROOT)}:{line} {model}"
        for path in files_of(*DOORS)
        if path.relative_to(ROOT).as_posix() not in FETCHES_FOR_ITSELF
        for line, model in fetches(parsed(path))
    ]
    assert around == []


@pytest.mark.one_database
def test_no_selector_finds_a_ruled_row_by_its_name_around_its_rule() -> None:
    around = []
    for path in files_of("selectors", "documents", "explain", "explain_changes"):
        for function in ast.walk(parsed(path)):
            if isinstance(function, ast.FunctionDef):
                found = named_fetches(function)
                around += [f"{path.relative_to(ROOT)}:{line} {model}" for line, model in found]
    assert around == []


@pytest.mark.one_database
def test_every_object_with_a_public_name_has_a_rule() -> None:
    models = [model for app in RULED_APPS for model in apps.get_app_config(app).get_models()]
    named = {model.__name__ for model in models if PUBLIC_NAMES & {field.name for field in model._meta.concrete_fields}}
    assert named - RULED - SHOWN_WITH_THEIR_LOAN == set()
    assert named - RULED >= SHOWN_WITH_THEIR_LOAN


@pytest.mark.one_database
def test_the_duty_of_a_rule_is_given_to_a_group_and_opens_the_same_list_of_the_admin() -> None:
    given = set().union(*GROUP_PERMISSIONS.values())
    assert [rule for rule in RULES if rule.duty not in given] == []
    for model in admin.site._registry:
        duties = {rule.duty for rule in RULES if rule.model is model}
        permission = f"{model._meta.app_label}.view_{model._meta.model_name}"
        if model.__name__ not in OTHER_DUTY_THAN_THE_LIST:
            assert duties <= {permission}, model


@pytest.mark.django_db
def test_staff_without_duties_see_no_more_than_a_visitor(scene: Scene) -> None:
    people = build_people()
    for rule in RULES:
        for letter in "-!":
            seen = rule.visible_to(people.staff[letter]).exclude(pk__in=rule.visible_to(AnonymousUser()))
            assert list(seen) == [], (rule.model, letter)


def doors_of(rule: AccessRule, thing: Model, scene: Scene) -> list[str]:
    """The addresses at which an object is shown: page, API, desk."""
    reference = {"reference": getattr(thing, "reference", "")}
    names = {
        LOANS: ("loans:loan", "api-loan", "admin:loan_review"),
        LISTINGS: ("matching:listing", "api-listing", "api-questions"),
        DEPOSITS: ("ledger:deposit", "api-deposit", "admin:deposit"),
        WITHDRAWALS: ("ledger:withdrawal", "api-withdrawal", "admin:withdrawal"),
        NOTES: ("matching:note", "api-note"),
        REPAYMENTS: ("loans:explain_repayment", "admin:repayment"),
        IDENTITY_DOCUMENTS: ("accounts:identity_file",),
    }[rule]
    return [f"{name} {reverse(name, kwargs=reference)}" for name in names]


@pytest.mark.slow
@pytest.mark.one_database
@pytest.mark.django_db
def test_page_api_and_desk_never_show_more_than_the_rule(
    scene: Scene, client_of: Callable[[User], Client], api_of: Callable[[User], APIClient]
) -> None:
    people = build_people()
    everybody = {
        "lender": people.lender,
        "borrower": people.borrower,
        "owner": scene.lender,
        "borrower of the loan": scene.active.borrower,
        **{f"staff {letter}": user for letter, user in people.staff.items()},
    }
    note = Note.objects.filter(owner=scene.lender).first()
    cases = [
        *((LOANS, loan) for loan in (scene.active, scene.reviewed)),
        (DEPOSITS, scene.deposit),
        (WITHDRAWALS, scene.withdrawal),
        (NOTES, note),
        (REPAYMENTS, scene.paid),
        (IDENTITY_DOCUMENTS, scene.document),
    ]
    wrong = []
    for label, person in everybody.items():
        page, api = client_of(person), api_of(person)
        for rule, thing in cases:
            may = rule.visible_to(person).filter(pk=thing.pk).exists()
            for door in doors_of(rule, thing, scene):
                cache.clear()
                name, path = door.split()
                status = (api if name.startswith("api-") else page).get(path).status_code
                if status == 200 and not may:
                    wrong.append((name, label))
    assert wrong == []


@pytest.mark.slow
@pytest.mark.one_database
@pytest.mark.django_db
def test_a_listing_its_api_and_its_questions_open_for_the_same_people(
    scene: Scene, client_of: Callable[[User], Client], api_of: Callable[[User], APIClient]
) -> None:
    people = build_people()
    gone = Loan.objects.filter(borrower__full_name="Other Example").get()
    cancel_listing(loan_id=gone.pk, reason="A test", actor=scene.staff, idempotency_key=new_key(), today=scene.today)
    loans = {"listed": scene.listed, "full": scene.funded, "running": scene.active, "cancelled": gone}
    expected = {
        "stranger who borrows": {"listed"},
        "stranger who lends": {"listed", "full"},
        "its lender": {"listed", "full", "running"},
        "support": {"listed", "full", "running", "cancelled"},
        "identity officer": {"listed"},
        "staff in no group": {"listed"},
        "suspended staff": {"listed"},
    }
    persons = (people.borrower, people.lender, scene.lender, *(people.staff[letter] for letter in "SI-!"))
    for (label, names), person in zip(expected.items(), persons, strict=True):
        page, api = client_of(person), api_of(person)
        for name, loan in loans.items():
            answers = set()
            for door in doors_of(LISTINGS, loan, scene):
                cache.clear()
                url, path = door.split()
                answers.add((api if url.startswith("api-") else page).get(path).status_code)
            assert answers == {200 if name in names else 404}, (label, name)
