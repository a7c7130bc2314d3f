"""Model fields shared by all apps: money, rates, time stamps."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from p2plending.lib import clock
from p2plending.lib.web.forms import MoneyFormField


def column_of(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    """A column by its name. Raises TypeError for a relation from another table, which has no words and no value."""
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field):
        raise TypeError(f"{name} is no column of {model.__name__}")
    return field


class MoneyField(models.BigIntegerField):
    """An amount in minor units (cents) of the platform's currency. Its form field shows decimals."""

    description = "Amount in minor units"

    def formfield(self, **kwargs: Any) -> forms.Field:
        kwargs.pop("form_class", None)
        kwargs.pop("choices_form_class", None)
        return MoneyFormField(
            **{"required": not self.blank, "label": self.verbose_name, "help_text": self.help_text} | kwargs
        )


class RateField(models.DecimalField):
    """A rate as a fraction: 0.120000 is 12 %."""

    description = "Rate as a fraction"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"] = 9
        kwargs["decimal_places"] = 6
        super().__init__(*args, **kwargs)


class CarryField(models.DecimalField):
    """A fraction of a minor unit carried from one split to the next (docs/finance.md, distribution)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"] = 18
        kwargs["decimal_places"] = 12
        kwargs.setdefault("default", Decimal(0))
        super().__init__(*args, **kwargs)


def exact_collation(connection: BaseDatabaseWrapper) -> str | None:
    """The collation that tells apart whatever differs: binary without padding; SQLite needs none."""
    if connection.vendor != "mysql":
        return None
    return "utf8mb4_nopad_bin" if getattr(connection, "mysql_is_mariadb", False) else "utf8mb4_0900_bin"


class ComparedExactly(models.CharField):
    """Two texts that differ in anything, in case, accents or spaces at the end too, are two.

    SQLite compares so by itself. MariaDB and MySQL do in their binary collations without padding, and in no other.
    """

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        parameters: dict[str, Any] = {**super().db_parameters(connection)}
        collation = exact_collation(connection)
        return parameters | ({"collation": collation} if collation else {})


class KeyTextField(ComparedExactly, models.CharField):
    """A key, compared exactly."""

    description = "Key (up to %(max_length)s characters, compared exactly)"


class KeyEmailField(ComparedExactly, models.EmailField):
    """An e-mail address in its one spelling (`accounts.values.addresses`), compared exactly."""

    description = "E-mail address (compared exactly)"


class MomentField(models.DateTimeField):
    """A time stamp of the platform's clock: under a moved date it carries the day on which it happened.

    Django's own asks the machine. For migrations it is Django's field, because the column is the same.
    """

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if not (self.auto_now or (self.auto_now_add and add)):
            return super().pre_save(model_instance, add)
        moment = clock.now()
        setattr(model_instance, self.attname, moment)
        return moment

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.DateTimeField", args, kwargs


class TimestampedModel(models.Model):
    """When the row was made and last changed."""

    created_at = MomentField(auto_now_add=True, editable=False)
    updated_at = MomentField(auto_now=True, editable=False)

    class Meta:
        abstract = True


class GuardedModel(TimestampedModel):
    """A row that money services lock and write before anything else.

    The version is what a second node of a cluster sees change: a lock that is only read protects nothing there.
    """

    version = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True
