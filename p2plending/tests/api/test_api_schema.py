"""The OpenAPI document: complete, and changed only on purpose."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.utils import translation

REVIEWED = Path(settings.BASE_DIR) / "docs" / "openapi.yaml"
COMMAND = ["spectacular", "--validate", "--fail-on-warn", "--file"]
CHANGES = {"post", "put", "patch", "delete"}
NEEDS_NO_TOKEN = {
    "sign_in", "refresh_token", "verify_token", "sign_out", "register", "products", "calculate_quote",
}  # fmt: skip


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the code says now. Fails on a warning, and on a document that is not valid OpenAPI."""
    file = tmp_path_factory.mktemp("schema") / "openapi.yaml"
    with translation.override("en"):
        call_command(*COMMAND, str(file))
    return file.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def document(generated: str) -> dict[str, Any]:
    return yaml.safe_load(generated)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def parameters(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {parameter["name"]: parameter for parameter in operation.get("parameters", [])}


def test_the_reviewed_document_is_what_the_code_says(generated: str) -> None:
    reviewed = REVIEWED.read_text(encoding="utf-8")
    difference = "".join(
        difflib.unified_diff(reviewed.splitlines(True), generated.splitlines(True), "docs/openapi.yaml", "the code")
    )
    assert difference == "", (
        f"Review it, then run: python manage.py {' '.join(COMMAND)} docs/openapi.yaml\n{difference}"
    )


def test_every_endpoint_says_how_it_refuses_in_one_shape(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        expected = {"401", "406", "429"}
        if operation["operationId"] not in NEEDS_NO_TOKEN:
            expected |= {"403", "404", "409"}
        if method in CHANGES:
            expected |= {"400", "422", "503"}
        assert expected <= set(operation["responses"]), (method, path)
    for name, answer in document["components"]["responses"].items():
        [(kind, content)] = answer["content"].items()
        assert (kind, content["schema"]) == ("application/problem+json", {"$ref": "#/components/schemas/Problem"}), name


def test_only_the_way_in_and_the_prices_need_no_token(document: dict[str, Any]) -> None:
    open_to_all = {
        operation["operationId"]
        for _method, _path, operation in operations(document)
        if {"token": []} not in operation.get("security", []) or {} in operation["security"]
    }
    assert open_to_all == NEEDS_NO_TOKEN
    assert document["components"]["securitySchemes"] == {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }


def test_names_of_operations_are_one_of_a_kind(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _method, _path, operation in operations(document)]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []


def test_what_is_starred_in_the_guide_needs_a_key_and_nothing_else_does(document: dict[str, Any]) -> None:
    guide = (REVIEWED.parent / "api.md").read_text(encoding="utf-8")
    starred = {
        (method.strip("*").lower(), f"/api/v1/{path}")
        for path, methods in re.findall(r"^\| `([\w/{}-]+/)` \| ([A-Z*, ]+) \|", guide, re.MULTILINE)
        for method in methods.split(", ")
        if method.endswith("*")
    }
    keyed = {
        (method, path) for method, path, operation in operations(document) if "Idempotency-Key" in parameters(operation)
    }
    assert keyed == starred


def test_a_key_is_described_to_the_letter(document: dict[str, Any]) -> None:
    repay = document["paths"]["/api/v1/loans/{reference}/repayments/"]["post"]
    key = parameters(repay)["Idempotency-Key"]
    assert (key["in"], key["required"]) == ("header", True)
    assert key["schema"] == {"type": "string", "minLength": 8, "maxLength": 64, "pattern": r"^[\x21-\x7e]{8,64}$"}
    assert set(repay["responses"]["201"]["headers"]) == {"Idempotent-Replayed"}


def test_money_is_text_with_its_currency_beside_it(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Wallet"]["properties"]["available"]["pattern"] == r"^\d{1,13}(\.\d{1,4})?$"
    assert schemas["Wallet"]["properties"]["currency"]["pattern"] == "^[A-Z]{3}$"
    numbers = {
        (name, field)
        for name, schema in schemas.items()
        for field, kind in schema.get("properties", {}).items()
        if kind.get("type") == "number"
    }
    assert numbers == set()


def test_every_list_has_pages(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        if re.search(r"Paginated\w+List", str(answer)):
            assert (method, {"page", "limit"} <= set(parameters(operation))) == ("get", True), path
            assert parameters(operation)["limit"]["schema"]["maximum"] == 100
