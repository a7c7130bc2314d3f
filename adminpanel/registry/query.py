"""What a list of the registry may be asked in its address: the filters that it shows, and values that can be meant.

Django's own lists take any look-up on the table (`?password__regex=`), which tells staff what no column shows.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.db import models
from django.db.models.fields.related import RelatedField
from django.http import QueryDict

Check = Callable[[str], bool]

LONGEST_SEARCH = 254
# What is older or later than anything on the platform; far from where calendars end.
FIRST_YEAR, LAST_YEAR = 1900, 2200


def is_page(value: str) -> bool:
    return re.fullmatch(r"[1-9][0-9]{0,8}", value) is not None


def is_order(value: str) -> bool:
    """Columns by number, with a minus for descending, like `2.-1`; empty is the order of the list itself."""
    return value == "" or re.fullmatch(r"-?[0-9]{1,2}(\.-?[0-9]{1,2}){0,9}", value) is not None


def is_text(value: str) -> bool:
    return len(value) <= LONGEST_SEARCH and re.search(r"[\x00-\x1f\x7f]", value) is None


def is_truth(value: str) -> bool:
    return value in ("True", "False")


def is_flag(value: str) -> bool:
    return value in ("0", "1")


def is_id(value: str) -> bool:
    return re.fullmatch(r"[0-9]{1,18}", value) is not None


def is_day(value: str) -> bool:
    """A day or a moment as the links of a date filter write it."""
    try:
        day = dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return FIRST_YEAR <= day.year <= LAST_YEAR


def is_number(first: int, last: int) -> Check:
    return lambda value: re.fullmatch(r"[0-9]{1,4}", value) is not None and first <= int(value) <= last


def is_choice(field: models.Field) -> Check:
    known = {str(value) for value, _label in field.flatchoices}
    return lambda value: value in known


def parameters_of(field: models.Field, name: str) -> dict[str, Check]:
    """What the filter of a field puts into the address, as Django's filter for fields of its kind does."""
    found: dict[str, Check] = {f"{name}__isnull": is_truth}
    if isinstance(field, RelatedField):
        found[f"{name}__{field.target_field.name}__exact"] = is_id
    elif isinstance(field, models.BooleanField):
        found[f"{name}__exact"] = is_flag
    elif field.flatchoices:
        found[f"{name}__exact"] = is_choice(field)
    elif isinstance(field, models.DateField):
        found |= {f"{name}__gte": is_day, f"{name}__lt": is_day}
    else:
        found[name] = is_text
    return found


@cache
def known_parameters(model_admin: ModelAdmin) -> dict[str, Check]:
    """Every parameter of a list, with the check of its value."""
    found: dict[str, Check] = {PAGE_VAR: is_page, ORDER_VAR: is_order}
    if model_admin.search_fields:
        found[SEARCH_VAR] = is_text
    filters: Any = model_admin.list_filter  # names only, of all that Django would take
    for name in filters:
        found |= parameters_of(get_fields_from_path(model_admin.model, name)[-1], name)
    if day := model_admin.date_hierarchy:
        found[f"{day}__year"] = is_number(FIRST_YEAR, LAST_YEAR)
        found[f"{day}__month"] = is_number(1, 12)
        found[f"{day}__day"] = is_number(1, 31)
    return found


def is_understood(model_admin: ModelAdmin, query: QueryDict) -> bool:
    """Whether the list has every parameter that is asked, once, with a value that can be meant."""
    known = known_parameters(model_admin)
    return all(name in known and len(values) == 1 and known[name](values[0]) for name, values in query.lists())
