"""Who may open and send what: the tables of `p2plending/tests/access`, asked of everybody.

A URL that is in no table fails the first test, so nobody can add a page without saying who may see it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client

from accounts.enums.people import Role
from accounts.models import User
from p2plending.tests.access import tables
from p2plending.tests.access.bodies import BODIES
from p2plending.tests.access.people import Doors, build_people
from p2plending.tests.access.tables import MAY, REFUSED, Row
from p2plending.tests.support.places import arguments, owner_of, path_to, url_names
from p2plending.tests.support.scene import Scene

TABLES: dict[str, list[Row]] = {
    "pages": tables.read_members("pages.txt", tables.MEMBER_COLUMNS),
    "api": tables.read_members("api.txt", tables.API_COLUMNS),
    "desk": tables.read_desk(),
}
EVERY_ROW = [row for rows in TABLES.values() for row in rows]
# Pages of packages about oneself only: they take no reference of anybody.
OF_PACKAGES = ("account_", "mfa_", "usersessions_")
OUR_APPS = ("accounts", "adminpanel", "ledger", "loans", "matching")

# Who may open a page is the same on every database.
pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.one_database]


@pytest.fixture
def doors(scene: Scene, settings: object) -> Doors:
    """Everybody signed in. Pages of errors are drawn short: what they say is not asked here."""
    [engine] = settings.TEMPLATES
    settings.TEMPLATES = [engine | {"DIRS": [tables.HERE / "error_pages", *engine["DIRS"]]}]
    return Doors(build_people(), scene)


Asked = tuple[str, User | None, str]
# What suspended people get from a form that others of their role may send: whatever it says, nothing changes.
NOTHING = "nothing"


def askers(row: Row, doors: Doors) -> Iterator[Asked]:
    """Everybody who asks for a row: what they are, who they are, and what the table gives them."""
    people, owner = doors.people, owner_of(row.name, doors.scene)
    role = owner.role if owner.role in people.new else Role.LENDER
    gone = row.members.get("gone", row.members["visitor"])
    stranger = row.members[str(role)]
    yield "visitor", None, row.members["visitor"]
    yield "new", people.new[role], row.members["new"]
    yield "in no group", people.staff["-"], row.staff["-"]
    yield "deactivated", people.deactivated, gone
    if row.is_open:
        return
    yield "deleted", people.deleted, gone
    yield "borrower", people.borrower, row.members["borrower"]
    yield "lender", people.lender, row.members["lender"]
    yield "suspended stranger", people.stopped[role], NOTHING if stranger == MAY else stranger
    if owner.role in people.new:
        yield "owner", owner, row.members["owner"]
        yield "suspended owner", owner, row.members["suspended"]
    for letter, user in people.staff.items():
        if letter != "-":
            yield f"staff {letter}", user, row.staff[letter]


def answer_to(doors: Doors, row: Row, asked: Asked, method: str) -> str:
    label, user, _expected = asked
    path = path_to(row.name, doors.scene)
    body = BODIES.get(row.name) if method == "post" else None
    if label != "suspended owner":
        return doors.ask(row.name, path, user, method, body)
    owners = User.objects.filter(pk=user.pk)
    owners.update(is_suspended=True)
    try:
        return doors.ask(row.name, path, user, method, body)
    finally:
        owners.update(is_suspended=False)


def rows_of_everything() -> dict[str, str]:
    """A digest of all rows of each of our tables."""
    of_apps = [model for label in OUR_APPS for model in apps.get_app_config(label).get_models()]
    models = [model for model in of_apps if model._meta.managed]
    return {
        model._meta.label: hashlib.sha256(repr(list(model.objects.order_by("pk").values_list())).encode()).hexdigest()
        for model in models
    }


def test_every_url_is_in_one_table_and_every_row_is_a_url() -> None:
    names = url_names()
    listed = {row.name for row in EVERY_ROW}
    assert sorted(set(names) - listed) == []
    assert sorted(listed - set(names)) == []
    keys = [(row.name, row.method) for row in EVERY_ROW]
    assert sorted({key for key in keys if keys.count(key) > 1}) == []


@pytest.mark.parametrize("table", TABLES)
def test_everybody_gets_what_the_table_says(table: str, doors: Doors) -> None:
    forms_only = {row.name for row in TABLES[table]} - {row.name for row in TABLES[table] if row.method == "get"}
    wrong = []
    for row in TABLES[table]:
        # A list of the admin whose table is empty in the scene has no row to show.
        is_empty = arguments(row.name, doors.scene).get("object_id") == 0
        for asked in askers(row, doors):
            expected = "404" if is_empty and asked[2] == "200" else asked[2]
            if row.name in forms_only:
                expected = "401" if expected == "401" else "405"
            if row.method == "post" and (row.name not in forms_only or asked[0] not in ("visitor", "owner")):
                continue
            answer = answer_to(doors, row, asked, "get")
            if answer != expected:
                wrong.append(f"{row.name}: {asked[0]} gets {answer}, not {expected}")
    assert wrong == []


@pytest.mark.parametrize("table", TABLES)
def test_a_form_of_the_wrong_person_is_refused_and_changes_nothing(table: str, doors: Doors) -> None:
    posts = {row.name for row in TABLES[table] if row.method == "post"}
    before, wrong = rows_of_everything(), []
    for row in TABLES[table]:
        if row.name.startswith(OF_PACKAGES) or (row.method == "get" and row.name in posts):
            continue
        for asked in askers(row, doors):
            label, _user, expected = asked
            if row.method == "get" and expected not in REFUSED:
                continue  # a page that opens; its form is not asked of those who may open it
            save = transaction.savepoint()
            answer = answer_to(doors, row, asked, "post")
            if expected == MAY:
                # What comes of it for those who may is asked elsewhere.
                transaction.savepoint_rollback(save)
            is_right = answer not in REFUSED if expected == MAY else expected in (answer, NOTHING)
            if not (is_right or (row.method == "get" and answer in REFUSED)):
                wrong.append(f"POST {row.name}: {label} gets {answer}, not {expected}")
    assert wrong == []
    after = rows_of_everything()
    assert [model for model in before if before[model] != after[model]] == []


def test_the_wrong_role_is_told_who_may_enter_and_shown_a_way_out(
    scene: Scene, client_of: Callable[[User], Client]
) -> None:
    for person, path, words in (
        (scene.lender, "/borrowing/", "Only borrowers can open this page."),
        (scene.active.borrower, "/portfolio/", "Only lenders can open this page."),
        (scene.active.borrower, "/admin/", "Only staff can open this page."),
        (scene.staff, "/wallet/", "Your account can&#x27;t open this page."),
    ):
        answer = client_of(person).get(path)
        assert answer.status_code == 403
        assert words in answer.content.decode()
        assert 'href="/home/"' in answer.content.decode()


def test_staff_without_duties_are_told_why_the_desk_is_closed(
    scene: Scene, client_of: Callable[[User], Client]
) -> None:
    people = build_people()
    for letter, words in (("-", "You are in no group of staff yet."), ("!", "Your account is suspended.")):
        for path in ("/admin/", "/admin/find/", "/admin/loans/loan/", "/admin/loans/review/"):
            answer = client_of(people.staff[letter]).get(path)
            assert answer.status_code == 403
            assert words in answer.content.decode()
