"""Every CSV file of the site: no cell that a spreadsheet would run, whatever separator it reads the file with."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from accounts.services.people.suspension import request_release, suspend_user
from loans.models import Loan
from p2plending.tests.support.cast import cast_dora
from p2plending.tests.support.places import owner_of, path_to, url_names
from p2plending.tests.support.scene import Scene, build_scene
from p2plending.tests.support.shared import shared_scene

ClientOf = Callable[[User], Client]
CSV_URLS = [name for name in url_names() if "csv" in name]
NUMBER = re.compile(r"-?\d+(\.\d+)?")
HOSTILE = (
    "New kitchen;=cmd|' /C calc'!A0;",
    "Kitchen;@SUM(1);",
    "=1+1",
    "\t=1+1",
    "Kitchen\t+1+1",
    'Kitchen;"=1"',
    "Kitchen|-1+1",
    "a;;@b",
    " =1",
    "Kitchen\n=1",
)


@shared_scene
def scene() -> Scene:
    """One of everything."""
    return build_scene()


def cells(text: str, separator: str) -> list[str]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    return [cell for row in rows for cell in row]


def test_the_files_of_the_site_are_these() -> None:
    assert set(CSV_URLS) == {
        "ledger:lines_csv",
        "ledger:statement_csv",
        "loans:plan_csv",
        "matching:portfolio_csv",
        "admin:audit_csv",
    }


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", CSV_URLS)
def test_no_cell_of_a_file_begins_a_formula_and_the_file_has_its_mark(
    scene: Scene, client_of: ClientOf, name: str, text: str
) -> None:
    Loan.objects.update(title=text, story=text)
    User.objects.exclude(pk=scene.staff.pk).update(full_name=text)
    dora = cast_dora()
    suspend_user(user_id=scene.newcomer.pk, reason=text, actor=dora)
    request_release(user_id=scene.newcomer.pk, reason=text, actor=dora, today=scene.today)
    url = path_to(name, scene) + ("?tab=all" if name == "matching:portfolio_csv" else "")
    answer = client_of(owner_of(name, scene)).get(url)
    content = b"".join(answer.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    written = content.decode("utf-8-sig")
    assert written.count("\r\n") > 1
    for separator in ",;\t|":
        found = [cell for cell in cells(written, separator) if re.match(r"\s*[=+\-@]", cell)]
        assert [cell for cell in found if not NUMBER.fullmatch(cell)] == []
