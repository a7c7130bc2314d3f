"""Sources of pages that people can read: lines that fit, one declaration a line, components that name their slots."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from p2plending.scripts.format_code import TOOLS, installed
from p2plending.scripts.run_tests import SuiteRun, run_static_checks

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))
# The gallery is the page that shows the components.
COMPONENTS = [path for path in TEMPLATES if path.parent.name == "components" and path.name != "gallery.html"]
LONGEST_LINE = 120
# Words of the template language and what it binds itself; everything else in a tag is a name.
WORDS = {"in", "with", "as", "and", "or", "not", "is", "count", "trimmed", "asvar", "only"}
BOUND = {"forloop", "True", "False", "None"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_what_make_fmt_mends_make_test_checks(tool: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stages = {}
    monkeypatch.setattr(SuiteRun, "stage", lambda _run, name, command, **_: stages.update({name: command}))
    run_static_checks(SuiteRun(scratch=tmp_path, in_ci=False))
    assert stages[tool.name] == installed(tool.check)
    assert tool.mend[0] == tool.check[0]


def test_no_line_of_a_template_is_longer_than_a_screen() -> None:
    assert len(TEMPLATES) > 200
    long = [
        f"{name_of(path)}:{number}"
        for path in TEMPLATES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > LONGEST_LINE
    ]
    assert long == []


def test_text_that_keeps_its_line_breaks_gets_none_from_its_template() -> None:
    after = [re.findall(r"<[^<]*\bprewrap\b[^<]*?\">(.)", path.read_text(), flags=re.DOTALL) for path in TEMPLATES]
    assert sum(map(len, after)) >= 5
    assert {character for found in after for character in found if character.isspace()} == set()


def crowded_lines(css: str) -> list[str]:
    """Lines of a style sheet with two declarations, or with a declaration beside a brace."""
    # What stands in comments, strings and url(…) is not CSS.
    bare = re.sub(r"/\*.*?\*/|\"[^\"]*\"|'[^']*'|url\([^)]*\)", lambda m: "\n" * m[0].count("\n"), css, flags=re.DOTALL)
    return [line for line in bare.splitlines() if re.search(r";\s*\S|\{\s*\S|\S\s*\}", line)]


def test_a_style_sheet_has_one_declaration_a_line() -> None:
    assert len(STYLES) >= 7
    assert {name_of(path): crowded_lines(path.read_text(encoding="utf-8")) for path in STYLES} == {
        name_of(path): [] for path in STYLES
    }


@pytest.mark.parametrize(
    ("css", "crowded"),
    [
        ("a {\n  color: red;\n}\n", 0),
        ("a {\n  background: url(data:x;y); /* {} ; */\n}\n", 0),
        ("a {\n  color: red; margin: 0;\n}\n", 1),
        ("a { color: red;\n}\n", 1),
        ("a {\n  color: red; }\n", 1),
    ],
)
def test_the_search_for_crowded_lines_finds_them(css: str, crowded: int) -> None:
    assert len(crowded_lines(css)) == crowded


# --- components ------------------------------------------------------------------------------------------------------
def slots_named(source: str) -> set[str]:
    """The slots that the comment on top of a component names, one a line; raises AssertionError without a comment."""
    comment = re.match(r"{% comment %}\n(.*?){% endcomment %}\n", source, flags=re.DOTALL)
    assert comment, "it does not start with a comment"
    return set(re.findall(r"^(\w+)(?: \(optional\))?: \S", comment[1], flags=re.MULTILINE)) - {"Slots"}


def names_used(source: str) -> set[str]:
    """The variables that a template takes from outside, as far as its source tells."""
    source = re.sub(r"{% comment %}.*?{% endcomment %}|{% load .*?%}", "", source, flags=re.DOTALL)
    loops = re.findall(r"{% for (.+?) in .+?%}", source)
    inner = re.findall(r"{% (?:with|blocktranslate) (.+?)%}", source)
    bound = BOUND | set(re.findall(r"{%[^%]* as(?:var)? (\w+)", source))
    bound |= set(re.findall(r"\w+", " ".join(loops))) | set(re.findall(r"(\w+)=", " ".join(inner)))
    spoken = re.findall(r"{% (?:for .+? in|\w+)( (?!%}).+?)%}|{{(.+?)}}", source)
    # A name is neither an attribute, nor a filter, nor the key of an argument.
    text = re.sub(r"_?\(?\"[^\"]*\"\)?", "", " ".join(tag or variable for tag, variable in spoken))
    names = re.findall(r"(?<![\w.|])[A-Za-z_]\w*(?![\w=])", text)
    return set(names) - WORDS - bound


def test_the_search_for_names_finds_them() -> None:
    assert names_used("""{% load other %}{% comment %} silent {% endcomment %}
      {% url "home" one.pk as url %}<a href="{{ url }}">{{ two.deep|date:"Y" }}</a>
      {% for key, value in three.items %}{% if value == four and not key %}{{ forloop.counter }}{% endif %}{% endfor %}
      {% with inner=five|length %}{{ inner }}{% endwith %}{% panel title=_("Words") id=six %}{% endpanel %}
      {% blocktranslate trimmed with part=seven %}{{ part }} of {{ eight }}{% endblocktranslate %}
    """) == {"one", "two", "three", "four", "five", "six", "seven", "eight"}


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.stem)
def test_a_component_names_its_slots_on_top(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert slots_named(source) == names_used(source)
