"""Settings and product terms as a request for a second person holds them, and as people read them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.models import ApprovalRequest
from loans.models import GradeTerms, LoanProduct
from p2plending.lib.formatting import format_day, format_money, format_percent
from p2plending.lib.models import MoneyField, RateField, column_of
from p2plending.lib.rules.settings import FRACTION, MONEY

GRADES = "grades"
GRADE_COLUMNS = ("min_points", "margin", "origination_fee_rate", "expected_loss_rate")


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One line of what a request changes, in words; `before` is empty for something new."""

    label: str | Promise
    before: str
    after: str


def packed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON keeps them: fractions and days as text."""
    return {name: _packed(value) for name, value in values.items()}


def _packed(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def unpacked_settings(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as services read them, by the type of each setting's default."""
    return {name: _typed(settings.CONSTANCE_CONFIG[name][0], value) for name, value in stored.items()}


def _typed(default: Any, value: Any) -> Any:
    if isinstance(default, Decimal):
        return Decimal(value)
    return dt.date.fromisoformat(value) if isinstance(default, dt.date) else value


def unpacked_columns(model: type[models.Model], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of a product or of the terms of a grade, as the model holds them."""
    return {name: column_of(model, name).to_python(value) for name, value in stored.items() if name != GRADES}


def setting_words(kind: Any, value: Any) -> str:
    """A setting's value as people read it."""
    if kind == MONEY:
        return format_money(value)
    if kind == FRACTION:
        return format_percent(value, 2)
    return _plain_words(value)


def setting_changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Settings that a request changes, line by line."""
    old, new = unpacked_settings(before), unpacked_settings(after)
    config = settings.CONSTANCE_CONFIG
    return [
        Change(config[name][1], setting_words(config[name][2], old[name]), setting_words(config[name][2], value))
        for name, value in new.items()
    ]


def product_changes(request: ApprovalRequest) -> list[Change]:
    """Terms that a request changes, or has for a new product, line by line, the product's own first."""
    return changes_of_terms(request.before, request.payload)


def changes_of_terms(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The same of terms as a request would hold them."""
    lines = _column_changes(LoanProduct, before, after, "%s")
    for grade, values in after.get(GRADES, {}).items():
        known = before.get(GRADES, {}).get(grade, {})
        lines += _column_changes(GradeTerms, known, values, _("Grade %(grade)s") % {"grade": grade} + ": %s")
    return lines


def column_words(model: type[models.Model], name: str, value: Any) -> str:
    """The value of a column as people read it."""
    field = model._meta.get_field(name)
    if value is None or value == "":
        return "–"
    if isinstance(field, MoneyField):
        return format_money(value)
    if isinstance(field, RateField):
        return format_percent(value, 2)
    return _plain_words(value)


def _column_changes(
    model: type[models.Model], before: Mapping[str, Any], after: Mapping[str, Any], label: str
) -> list[Change]:
    old, new = unpacked_columns(model, before), unpacked_columns(model, after)
    return [
        Change(
            label % capfirst(str(column_of(model, name).verbose_name)),
            column_words(model, name, old[name]) if name in old else "",
            column_words(model, name, value),
        )
        for name, value in new.items()
    ]


def _plain_words(value: Any) -> str:
    if isinstance(value, bool):
        return str(_("on") if value else _("off"))
    if isinstance(value, dt.date):
        return format_day(value)
    return str(value.normalize() if isinstance(value, Decimal) else value)
