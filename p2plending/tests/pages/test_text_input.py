"""Every door at which text comes in has the rule of `p2plending.lib.text`, and mail goes out whatever is stored."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django import forms
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from rest_framework import serializers
from rest_framework.test import APIClient

from accounts.authentication.forms import AddAddressForm, ForgottenPasswordForm
from accounts.forms.people import RegisterForm
from accounts.models import Notification, User
from accounts.tasks import sweep_notifications
from loans.models import Loan
from p2plending.lib.api.fields import OneLineSerializerField
from p2plending.lib.web.forms import MoneyFormField, MultiLineField, OneLineField
from p2plending.tests.support.world import draft_loan, new_key

APPS = ("accounts", "ledger", "loans", "matching", "adminpanel", "p2plending")
# A password may hold anything; the other is what the API says about its own errors.
PASSWORD = "password"
# Forms of a package with our words: their fields get the rule as a validator.
PACKAGE_FORMS = "accounts.authentication.forms"
ANSWERS_ONLY = "p2plending.lib.api.schema"
PLAIN_FIELDS = re.compile(r"forms\.(CharField|EmailField|RegexField|SlugField|URLField|JSONField)\(")


def our_modules() -> Iterator[str]:
    for app in APPS:
        package = importlib.import_module(app)
        for found in pkgutil.walk_packages(package.__path__, f"{app}."):
            if not re.search(r"\.(tests|migrations|bench|scripts|management|__main__)\b", found.name):
                yield found.name


def subclasses(base: type) -> set[type]:
    """Every class of ours below another one."""
    for name in our_modules():
        if re.search(r"forms|api|serializers|views|gallery", name):
            importlib.import_module(name)
    found, waiting = set(), [base]
    while waiting:
        below = waiting.pop().__subclasses__()
        waiting += below
        found |= set(below)
    return {one for one in found if one.__module__.split(".")[0] in APPS and ".tests" not in one.__module__}


def form_text_fields() -> Iterator[tuple[str, forms.Field]]:
    for form in sorted(subclasses(forms.BaseForm), key=lambda one: (one.__module__, one.__name__)):
        for name, field in form.base_fields.items():
            is_text = isinstance(field, forms.CharField) and not isinstance(field, MoneyFormField)
            if is_text and name != PASSWORD and form.__module__ != PACKAGE_FORMS:
                yield f"{form.__module__}.{form.__name__}.{name}", field


def serializer_text_fields() -> Iterator[tuple[str, serializers.Field]]:
    for serializer in sorted(subclasses(serializers.BaseSerializer), key=lambda one: (one.__module__, one.__name__)):
        if serializer.__module__ != ANSWERS_ONLY and hasattr(serializer, "_declared_fields"):
            for name, field in serializer().fields.items():
                if isinstance(field, serializers.CharField) and not field.read_only and name != PASSWORD:
                    yield f"{serializer.__module__}.{serializer.__name__}.{name}", field


def test_every_text_field_of_every_form_refuses_what_can_not_be_seen() -> None:
    found = dict(form_text_fields())
    assert len(found) > 20
    assert [name for name, field in found.items() if not isinstance(field, OneLineField)] == []


def test_a_form_field_has_several_lines_exactly_when_its_box_has() -> None:
    wrong = [
        name
        for name, field in form_text_fields()
        if isinstance(field, MultiLineField) != isinstance(field.widget, forms.Textarea)
    ]
    assert wrong == []


def test_every_text_field_that_the_api_takes_refuses_what_can_not_be_seen() -> None:
    found = dict(serializer_text_fields())
    assert len(found) > 20
    assert [name for name, field in found.items() if not isinstance(field, OneLineSerializerField)] == []


def test_no_form_makes_a_plain_text_field_while_it_is_built() -> None:
    wrong = []
    for app in APPS:
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            if {"tests", "migrations", "lib"} & set(path.parts):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                words = ast.unparse(node) if isinstance(node, ast.Call) else ""
                if PLAIN_FIELDS.match(words) and "PasswordInput" not in words:
                    wrong.append(f"{path.relative_to(settings.BASE_DIR)}:{node.lineno}: {words}")
    assert wrong == []


@pytest.mark.django_db
@pytest.mark.parametrize("text", ['"a\x01b"@example.org', '"a\x7fb"@example.org', "a\u202e@example.org"])
def test_addresses_with_control_characters_are_refused_where_one_is_given(
    alice: User, client_of: Callable[[User], Client], text: str
) -> None:
    for form in (AddAddressForm(data={"email": text}, user=alice), ForgottenPasswordForm({"email": text})):
        assert not form.is_valid()
    given = {"role": "lender", "full_name": "Eve", "email": text, "password": "a long enough phrase", "terms": "on"}
    assert "email" in RegisterForm(given).errors


TEXTS = [
    "Line one\nline two",
    "Line one\r\nline two",
    "\u202eenil",
    "one\u200btwo",
    "one\ttwo",
    "one\u2028two",
    "a\x1bb",
]


@pytest.fixture
def draft(alice: User) -> Loan:
    return draft_loan(alice)


@pytest.mark.django_db
@pytest.mark.parametrize("text", TEXTS)
def test_a_title_with_a_line_break_or_what_can_not_be_seen_is_refused_by_api(
    draft: Loan, api_of: Callable[[User], APIClient], text: str
) -> None:
    before = draft.title
    answer = api_of(draft.borrower).patch(f"/api/v1/loans/{draft.reference}/", {"title": text}, format="json")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/title"]
    draft.refresh_from_db()
    assert draft.title == before


@pytest.mark.django_db
@pytest.mark.parametrize("text", TEXTS)
def test_a_title_with_a_line_break_or_what_can_not_be_seen_is_refused_by_page(
    draft: Loan, client_of: Callable[[User], Client], text: str
) -> None:
    before = draft.title
    page = reverse("loans:apply_purpose")
    answer = client_of(draft.borrower).post(page, {"title": text, "purpose": "home", "form_key": new_key()})
    assert answer.status_code == 422
    assert answer.context["form"].errors["title"]
    draft.refresh_from_db()
    assert draft.title == before


def told(user: User, number: int, **fields: Any) -> Notification:
    values = {"key": f"k{number}", "event": "loan.listed", "title": "A title", "body": "Words.", "link": "/"} | fields
    return Notification.objects.create(user=user, **values)


@pytest.mark.django_db
def test_a_mail_goes_out_whatever_the_title_is_that_is_stored(alice: User) -> None:
    told(alice, 1, title="“Line one\r\nBcc: eve@example.org\u2028” is \u202elisted")
    assert sweep_notifications() == 1
    [message] = mail.outbox
    assert message.subject == "“Line one Bcc: eve@example.org ” is listed"
    assert message.recipients() == [alice.email]
    assert message.message()["Subject"]


@pytest.mark.django_db
def test_a_batch_of_mail_does_not_end_at_a_row_that_can_not_be_sent(alice: User, bob: User, carol: User) -> None:
    broken = "bob\n@example.org"
    User.objects.filter(pk=bob.pk).update(email=broken)
    EmailAddress.objects.filter(user=bob).update(email=broken)
    for number, user in enumerate((bob, alice, bob, carol)):
        told(user, number)
    assert sweep_notifications() == 2
    assert [message.to for message in mail.outbox] == [[alice.email], [carol.email]]
    assert set(Notification.objects.filter(user=bob).values_list("email_status", flat=True)) == {"failed"}
