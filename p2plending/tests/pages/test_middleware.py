"""What is decided before any page: how much may be sent, and what may be kept on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from p2plending.conf.logformat import ContextFilter

MULTIPART = "multipart/form-data; boundary=x"


@pytest.mark.parametrize("length", [str(settings.MOST_BODY_BYTES + 1), "9" * 30])
def test_a_body_larger_than_any_form_is_refused_before_it_is_read(db: None, client: Client, length: str) -> None:
    answer = client.post("/accounts/login/", b"--x--", content_type=MULTIPART, headers={"Content-Length": length})
    assert answer.status_code == 413
    assert "Choose a smaller file." in answer.content.decode()


def test_the_api_refuses_it_as_a_problem(db: None) -> None:
    answer = APIClient().post("/api/v1/auth/token/", {}, headers={"Content-Length": str(settings.MOST_BODY_BYTES + 1)})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/api/v1/me/", "/api/v1/wallet/"])
def test_what_a_token_opens_is_kept_nowhere(bob: User, api_of: Callable[[User], APIClient], path: str) -> None:
    assert api_of(bob).get(path)["Cache-Control"] == "no-store, private"
    assert APIClient().get(path)["Cache-Control"] == "no-store, private"


def test_the_line_about_a_refused_request_names_it(client: Client, db: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(ContextFilter())
    answer = client.get("/nothing/here/")
    (line,) = [record for record in caplog.records if record.name == "django.request"]
    assert line.request_id == answer["X-Request-ID"]
