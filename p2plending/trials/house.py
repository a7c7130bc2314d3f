"""`make house`: how the code is built, in figures, each with its limit; exit code 1 when one of them is passed."""

from __future__ import annotations

import ast
import dataclasses
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import grimp

from p2plending.scripts.console import say
from p2plending.scripts.environment import ROOT

PACKAGES = ("p2plending", "accounts", "ledger", "loans", "matching", "adminpanel")
MOST_ENTRIES, MOST_ENTRIES_OF_TESTS = 16, 30
MOST_LINES, MOST_LINES_OF_TESTS, MOST_LINES_OF_FUNCTION = 400, 600, 60
LONGEST_TEMPLATE_LINE = 120
# What every folder may have beside its entries.
NOT_COUNTED = {"__init__.py", "__pycache__"}


@dataclasses.dataclass(frozen=True, slots=True)
class Figure:
    """One measure: what was found, and the most that is allowed. `found` names what goes beyond it."""

    name: str
    value: int
    most: int
    found: tuple[str, ...] = ()

    @property
    def is_met(self) -> bool:
        """Whether the limit is kept."""
        return self.value <= self.most


def figures() -> list[Figure]:
    """Every static figure of the tree."""
    return [
        cycles(),
        *sizes(),
        crowded("entries in a folder of sources", MOST_ENTRIES, tests=False),
        crowded("entries in a folder of tests", MOST_ENTRIES_OF_TESTS, tests=True),
        template_lines(),
    ]


def sources(*, tests: bool) -> list[Path]:
    """Python files of ours, without migrations."""
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [path for path in files if "migrations" not in path.parts and ("tests" in path.parts) == tests]


def name_of(path: Path) -> str:
    """A path from the top of the tree."""
    return path.relative_to(ROOT).as_posix()


def cycles() -> Figure:
    """Groups of modules that import each other, imports inside functions included."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    arrows = {
        module: {one for one in graph.find_modules_directly_imported_by(module) if ".tests" not in one}
        for module in graph.modules
        if ".tests" not in module and ".migrations" not in module
    }
    found = [group for group in connected(arrows) if len(group) > 1]
    return Figure("import cycles", len(found), 0, tuple(", ".join(sorted(group)) for group in found))


def connected(arrows: dict[str, set[str]]) -> Iterator[set[str]]:
    """Modules that reach each other, by Kosaraju's two walks."""
    order: list[str] = []
    seen: set[str] = set()
    for start in arrows:
        _walk(start, arrows, seen, order)
    back = defaultdict(set)
    for module, targets in arrows.items():
        for target in targets:
            back[target].add(module)
    seen = set()
    for start in reversed(order):
        if start not in seen:
            group: list[str] = []
            _walk(start, back, seen, group)
            yield set(group)


def _walk(start: str, arrows: dict[str, set[str]], seen: set[str], order: list[str]) -> None:
    if start in seen:
        return
    seen.add(start)
    stack = [(start, iter(sorted(arrows.get(start, ()))))]
    while stack:
        module, targets = stack[-1]
        following = next((one for one in targets if one not in seen), None)
        if following is None:
            order.append(module)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(sorted(arrows.get(following, ())))))


def sizes() -> Iterator[Figure]:
    """Files and functions that are longer than a reader can hold."""
    for tests, most in ((False, MOST_LINES), (True, MOST_LINES_OF_TESTS)):
        lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources(tests=tests)}
        yield _longest(f"lines in a file of {'tests' if tests else 'sources'}", lengths, most)
    lengths = {
        f"{name_of(path)}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in (*sources(tests=False), *sources(tests=True))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    yield _longest("lines in a function", lengths, MOST_LINES_OF_FUNCTION)


def crowded(name: str, most: int, *, tests: bool) -> Figure:
    """Folders with more entries than one looks through."""
    entries: dict[str, set[str]] = defaultdict(set)
    for path in (ROOT / package for package in PACKAGES):
        for inside in path.rglob("*"):
            is_ours = not NOT_COUNTED.intersection(inside.relative_to(ROOT).parts)
            if is_ours and ("tests" in inside.parent.relative_to(ROOT).parts) == tests:
                entries[name_of(inside.parent)].add(inside.name)
    return _longest(name, {folder: len(names) for folder, names in entries.items()}, most)


def template_lines() -> Figure:
    """Lines of templates that don't fit on a screen."""
    lengths = {
        f"{name_of(path)}:{number}": len(line)
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    }
    return _longest("characters in a line of a template", lengths, LONGEST_TEMPLATE_LINE)


def _longest(name: str, lengths: dict[str, int], most: int) -> Figure:
    beyond = tuple(f"{place}: {length}" for place, length in sorted(lengths.items()) if length > most)
    return Figure(name, max(lengths.values(), default=0), most, beyond)


def main() -> None:
    """Print the figures; exit code 1 when a limit is passed."""
    found = figures()
    for figure in found:
        verdict = "" if figure.is_met else "  TOO MANY"
        say(f"{figure.name:40} {figure.value:5}  at most {figure.most:4}{verdict}")
        for place in figure.found:
            say(f"    {place}")
    raise SystemExit(0 if all(figure.is_met for figure in found) else 1)


if __name__ == "__main__":
    main()
