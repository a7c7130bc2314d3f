"""Filters of the registry's lists: each offers only what is in the list."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from django.contrib.admin import (
    BooleanFieldListFilter,
    ChoicesFieldListFilter,
    FieldListFilter,
    ModelAdmin,
    RelatedOnlyFieldListFilter,
)
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.http import HttpRequest

Filter = str | type | tuple[str, type]


class Present(FieldListFilter):
    """Leaves out choices that no row of the list has; what is chosen already stays."""

    def __init__(
        self,
        field: models.Field,
        request: HttpRequest,
        params: dict[str, Any],
        model: type[models.Model],
        model_admin: ModelAdmin,
        field_path: str,
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        rows = model_admin.get_queryset(request).order_by().values_list(field_path, flat=True).distinct()
        self.present = {str(value) for value in rows}

    def has_output(self) -> bool:
        return len(self.present) > 1 or self.is_chosen()

    def is_chosen(self) -> bool:
        return any(name in self.used_parameters for name in self.expected_parameters())


class PresentChoices(Present, ChoicesFieldListFilter):
    """A field with fixed choices."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        # By value: two of them may read the same. After them comes the choice of none.
        values = [None, *(str(value) for value, _label in self.field.flatchoices)]
        offered: Iterator[tuple[Any, Any]] = itertools.zip_longest(
            super().choices(changelist), values, fillvalue="None"
        )
        for choice, value in offered:
            if value is None or choice["selected"] or value in self.present:
                yield choice


class PresentAnswers(Present, BooleanFieldListFilter):
    """Yes or no."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        everything, yes, no, *_unknown = super().choices(changelist)
        yield everything
        for choice, value in ((yes, "True"), (no, "False")):
            if choice["selected"] or value in self.present:
                yield choice


def present_only(model: type[models.Model], filters: tuple[Filter, ...]) -> list[Filter]:
    """The filters of a list, each as the one of its kind that offers only what is there."""
    return [_filter(model, one) if isinstance(one, str) else one for one in filters]


def _filter(model: type[models.Model], path: str) -> Filter:
    field = get_fields_from_path(model, path)[-1]
    if getattr(field, "choices", None):
        return (path, PresentChoices)
    if isinstance(field, models.BooleanField):
        return (path, PresentAnswers)
    return (path, RelatedOnlyFieldListFilter) if field.remote_field else path
