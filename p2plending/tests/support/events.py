"""Every event of which anybody is told, read from the source: what is passed to `notify`, `Notice` and their helpers.

A helper is a function of the same module that passes a parameter on as the event: `event=f"loan_{event}"`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

APPS = ("accounts", "ledger", "loans", "matching", "adminpanel", "p2plending")
TELLERS = {"notify", "Notice"}


def told_events() -> dict[str, str]:
    """Each event with the module that tells of it."""
    found: dict[str, str] = {}
    for app in APPS:
        for path in sorted((Path(settings.BASE_DIR) / app).rglob("*.py")):
            if not {"tests", "migrations"} & set(path.parts):
                tree = ast.parse(path.read_text(encoding="utf-8"))
                found |= dict.fromkeys(_events_of(tree), path.relative_to(settings.BASE_DIR).as_posix())
    return found


def _events_of(tree: ast.Module) -> Iterator[str]:
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for function in functions.values():
        for call in _calls(function, TELLERS):
            event = _argument(call, "event")
            if event is not None:
                yield from _values(event, function, functions, tree)


def _values(
    event: ast.expr, function: ast.FunctionDef, functions: dict[str, ast.FunctionDef], tree: ast.Module
) -> Iterator[str]:
    """The texts that an event can be, following parameters to the calls of their function."""
    before, name = _parts(event)
    if not name:
        yield before
        return
    parameters = [one.arg for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
    if name.split(".")[0] not in parameters or "." in name:
        yield f"{before}*"
        return
    for caller in functions.values():
        for call in _calls(caller, {function.name}):
            given = _argument(call, name, parameters.index(name))
            if given is not None:
                for value in _values(given, caller, functions, tree):
                    yield before + value


def _parts(event: ast.expr) -> tuple[str, str]:
    """A text, or a text and the name of what follows it."""
    if isinstance(event, ast.Constant):
        return str(event.value), ""
    if isinstance(event, ast.JoinedStr):
        before = "".join(str(part.value) for part in event.values if isinstance(part, ast.Constant))
        [inner] = [part.value for part in event.values if isinstance(part, ast.FormattedValue)]
        return before, ast.unparse(inner)
    return "", ast.unparse(event)


def _calls(function: ast.FunctionDef, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node


def _argument(call: ast.Call, name: str, place: int | None = None) -> Any:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[place] if place is not None and place < len(call.args) else None
