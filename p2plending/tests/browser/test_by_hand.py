"""A newcomer's ways in: the README's commands one by one, and `make run`, each in a fresh clone; and what is served."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.test import Client

from p2plending.lib.processes import end_process, start_process
from p2plending.lib.web.static_files import GzipManifestStorage
from p2plending.scripts import try_run

ROOT = Path(settings.BASE_DIR)
PYTHON = Path(sys.executable)
# What a test leaves to `make run` in a fresh clone: packages come from where this test has them.
INSTALLING = ("python3 -m venv .venv", ". .venv/bin/activate", "pip install -r requirements.txt")


def steps_by_hand() -> list[str]:
    block = (ROOT / "README.md").read_text(encoding="utf-8").partition("By hand")[2].partition("```sh\n")[2]
    lines = [line.partition("  #")[0].strip() for line in block.partition("```")[0].splitlines()]
    return [line for line in lines if line]


def test_the_steps_by_hand_are_those_that_are_tried() -> None:
    assert steps_by_hand() == [
        *INSTALLING,
        "python -m p2plending.scripts.make_settings",
        "python manage.py migrate",
        "python manage.py createcachetable",
        "python manage.py collectstatic --noinput",
        "python manage.py demo",
        "python manage.py runserver",
    ]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    command = ["git", "clone", "--quiet", "--depth", "1", f"file://{ROOT}", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.mark.slow
@pytest.mark.one_database
def test_the_steps_by_hand_lead_to_a_site_in_a_bare_clone(clone: Path) -> None:
    hidden = {*try_run.OWN_SETTINGS, "DJANGO_SETTINGS_MODULE", "PYTHONPATH"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment = {name: value for name, value in environment.items() if not name.startswith("PYTEST")}
    steps = [step for step in steps_by_hand() if step not in INSTALLING]
    for step in steps[:-1]:
        words = [str(PYTHON) if word == "python" else word for word in shlex.split(step)]
        if words[-1] == "demo":
            words += shlex.split(try_run.SMALL_WORLD)
        outcome = subprocess.run(words, cwd=clone, env=environment, capture_output=True, text=True, timeout=300)
        assert outcome.returncode == 0, f"{step}: {outcome.stdout[-500:]}{outcome.stderr[-1500:]}"
    port = try_run.free_port()
    with (clone / "web.log").open("wb") as log:
        command = [str(PYTHON), "manage.py", "runserver", "--noreload", str(port)]
        os.chdir(clone)
        try:
            process = start_process(command, log=log, environment=environment)
        finally:
            os.chdir(ROOT)
    try:
        deadline = time.monotonic() + 60
        while (answer := try_run.get(f"http://127.0.0.1:{port}/"))[0] != 200 and time.monotonic() < deadline:
            time.sleep(0.5)
        assert answer[0] == 200, answer
        stylesheet = re.search(r'rel="stylesheet" href="([^"]+)"', answer[1])[1]
        assert try_run.get(f"http://127.0.0.1:{port}{stylesheet}")[0] == 200
    finally:
        end_process(process, patience_seconds=20)


# --- compression -----------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_pages_are_compressed_for_those_who_take_it_with_a_length_that_tells_nothing(client: Client) -> None:
    answers = [client.get("/accounts/login/", headers={"accept-encoding": "gzip"}) for _again in range(12)]
    assert {answer["Content-Encoding"] for answer in answers} == {"gzip"}
    assert len({len(answer.content) for answer in answers}) > 1
    plain = client.get("/accounts/login/")
    assert not plain.has_header("Content-Encoding")
    assert len(answers[0].content) * 2 < len(plain.content)


@pytest.mark.django_db
def test_the_key_of_a_form_is_masked_anew_in_every_page(client: Client) -> None:
    pages = [client.get("/accounts/login/").content.decode() for _again in range(2)]
    keys = [re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1] for page in pages]
    assert keys[0] != keys[1]


def test_static_files_get_hashed_names_and_a_gzip_copy(tmp_path: Path) -> None:
    (tmp_path / "site.css").write_text("body { color: red }\n" * 200)
    storage = GzipManifestStorage(location=tmp_path, base_url="/static/")
    assert isinstance(storage, ManifestStaticFilesStorage)
    list(storage.post_process({"site.css": (storage, "site.css")}))
    names = {path.name for path in tmp_path.iterdir()}
    hashed = next(name for name in names if re.fullmatch(r"site\.\w{12}\.css", name))
    assert f"{hashed}.gz" in names
    assert not [name for name in names if name.endswith(".br")]
