"""What must be the same everywhere: templates, colours, keys to people, migrations, settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import models
from django.template.loader import get_template

ROOT = Path(settings.BASE_DIR)
TEMPLATES = ROOT / "templates"
OUR_APPS = ("accounts", "ledger", "loans", "matching", "adminpanel")
# Folders whose files are found by name by Django or a package.
OVERRIDES = ("account/", "allauth/", "mfa/", "usersessions/", "admin/", "django/", "bootstrap5/")
ERROR_PAGES = {"400.html", "403.html", "404.html", "405.html", "429.html", "500.html", "503.html"}
# Rows that live and die with the person's account; nothing about money or decisions hangs on them.
MAY_GO_WITH_THE_USER: set[str] = set()
BARE_WORDS = re.compile(r"[A-Za-z]{3,}")


def templates(*suffixes: str) -> list[Path]:
    return sorted(path for path in TEMPLATES.rglob("*") if path.suffix in (suffixes or (".html",)))


def name_of(path: Path) -> str:
    return path.relative_to(TEMPLATES).as_posix()


def source_text() -> Iterator[tuple[str, str]]:
    for package in ("p2plending", *OUR_APPS):
        for path in (ROOT / package).rglob("*.py"):
            if "tests" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def test_every_template_compiles() -> None:
    for path in templates(".html", ".txt"):
        get_template(name_of(path))


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("style attribute", r"<[^>]*\sstyle\s*="),
        ("style element", r"<style\b"),
        ("inline script", r"<script(?![^>]*\bsrc=)[^>]*>"),
        ("event handler", r"<[a-z][^>]*\son[a-z]+\s*="),
        ("javascript address", r"javascript:"),
        ("foreign address", r"(src|href)=\"(https?:)?//"),
    ],
)
def test_no_template_needs_an_exception_from_the_content_policy(what: str, pattern: str) -> None:
    search = re.compile(pattern, re.IGNORECASE)
    # E-mails carry no style either, but their links are absolute.
    pages = [path for path in templates() if not name_of(path).startswith("emails/")]
    assert [name_of(path) for path in pages if search.search(path.read_text(encoding="utf-8"))] == [], what


def test_what_scrolls_sideways_can_be_reached_with_the_keyboard() -> None:
    boxes = {
        name_of(path): re.findall(r'<div class="scroll"[^>]*>', path.read_text(encoding="utf-8"))
        for path in templates()
    }
    assert sum(map(len, boxes.values())) >= 8
    assert [name for name, found in boxes.items() for box in found if 'tabindex="0"' not in box] == []


def test_colours_are_written_in_one_place() -> None:
    hexes = re.compile(r"#[0-9a-fA-F]{3,8}\b(?![\w-])")
    found = []
    for path in [*templates(), *sorted((ROOT / "static" / "css").rglob("*.css"))]:
        # error.css serves the page that is shown when nothing else can be; it can't read the tokens.
        if path.name in {"tokens.css", "error.css"}:
            continue
        text = re.sub(r"(href|xlink:href|url)=\"[^\"]*\"|&#\w+;", "", path.read_text(encoding="utf-8"))
        found += [f"{path.name}: {match}" for match in hexes.findall(text) if not match[1:].isalpha()]
    assert found == []


def test_every_template_is_used() -> None:
    python = "\n".join(text for _name, text in source_text())
    markup = "\n".join(path.read_text(encoding="utf-8") for path in templates(".html", ".txt"))
    # Folders whose file is chosen by a name: f"public/{name}.html".
    built = tuple(re.findall(r"f\"([a-z_/]+/){\w+}\.(?:html|txt)\"", python))
    unused = []
    for path in templates(".html", ".txt"):
        name = name_of(path)
        if name.startswith(OVERRIDES) or name in ERROR_PAGES:
            continue
        by_part = name.startswith(built) and f'"{path.stem}"' in python
        if not by_part and f'"{name}"' not in python and f'"{name}"' not in markup:
            unused.append(name)
    assert unused == []


def test_pages_load_what_is_built_in_from_nowhere() -> None:
    loads = re.compile(r"{% load (i18n|static|ui)\b")
    assert [name_of(path) for path in templates() if loads.search(path.read_text(encoding="utf-8"))] == []


def words_outside_tags(text: str) -> list[str]:
    """What a reader would see that no translation passes through."""
    text = re.sub(r"{% comment %}.*?{% endcomment %}", "", text, flags=re.DOTALL)
    text = re.sub(r"{% blocktrans(?:late)?\b.*?{% endblocktrans(?:late)? %}", "", text, flags=re.DOTALL)
    text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL)
    text = re.sub(r"<(script|style|svg|code|pre)\b.*?</\1>", "", text, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>|&\w+;", " ", text, flags=re.DOTALL)
    return BARE_WORDS.findall(text)


def test_every_word_of_a_page_can_be_translated() -> None:
    # For developers, or a file's name; the last error pages stand without Django.
    exempt = {"components/gallery.html", "api/docs.html", "500.html", "503.html"}
    pages = [path for path in templates(".html", ".txt") if name_of(path) not in exempt]
    bare = {name_of(path): words_outside_tags(path.read_text(encoding="utf-8")) for path in pages}
    assert {name: words for name, words in bare.items() if words} == {}


def our_models() -> list[type[models.Model]]:
    return [model for app in OUR_APPS for model in apps.get_app_config(app).get_models()]


def test_nobody_who_took_part_can_be_deleted() -> None:
    weak = []
    for model in our_models():
        for field in model._meta.get_fields():
            if isinstance(field, models.ForeignKey) and field.related_model is apps.get_model("accounts.User"):
                name = f"{model.__name__}.{field.name}"
                protects = field.remote_field.on_delete in (models.PROTECT, models.RESTRICT)
                if not protects and name not in MAY_GO_WITH_THE_USER:
                    weak.append(name)
    assert weak == []


def test_nothing_takes_money_rows_with_it() -> None:
    cascading = [
        f"{model.__name__}.{field.name}"
        for model in our_models()
        if model._meta.app_label in {"ledger", "loans"} and model.__name__ != "GradeTerms"
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey) and field.remote_field.on_delete is models.CASCADE
    ]
    assert cascading == []


def test_every_constraint_and_index_has_a_name_that_both_databases_take() -> None:
    names = [one.name for model in our_models() for one in (*model._meta.constraints, *model._meta.indexes)]
    assert [name for name in names if len(name) > 64] == []
    assert len(names) == len(set(names))


@pytest.mark.django_db
def test_the_migrations_are_those_of_the_models() -> None:
    output = StringIO()
    call_command("makemigrations", "--check", "--dry-run", stdout=output, stderr=output)
    assert "No changes detected" in output.getvalue()


def environment_names() -> set[str]:
    files = [ROOT / "p2plending" / "settings.py", *(ROOT / "p2plending" / "conf").glob("*.py")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return set(re.findall(r"\benv\.\w+\(\s*\"([A-Z_]+)\"", text))


def test_the_example_names_every_variable_that_the_settings_read() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)) == environment_names()


def test_each_variable_of_the_example_is_explained() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    assert [line for before, line in pairwise(lines) if re.match(r"#?[A-Z_]+=", line) and not before] == []


def test_the_two_requirement_files_pin_every_version() -> None:
    loose = []
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            requirement = line.split("#")[0].strip()
            if requirement and not requirement.startswith("-r") and "==" not in requirement:
                loose.append(requirement)
    assert loose == []
