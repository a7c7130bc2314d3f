"""What every list of the registry is: read only, formatted by field, found by reference, linked to its neighbours."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from adminpanel.permissions import VIEW_AUDIT
from adminpanel.registry.filters import present_only
from adminpanel.registry.query import is_understood, known_parameters
from p2plending.lib.models import MoneyField, RateField, column_of
from p2plending.lib.web.decorators import get_only
from p2plending.templatetags.ui import day, moment, money, rate

PAGE_SIZE = 25
MOST_RELATED = 100
NOTHING = "–"


def shown(row: models.Model, name: str) -> Any:
    """One column of a row as people read it: amounts with their currency, days, choices in words."""
    field = row._meta.get_field(name)
    value = getattr(row, name)
    if value is None or value == "":
        return NOTHING
    if getattr(field, "choices", None):
        return getattr(row, f"get_{name}_display")()
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(field, MoneyField):
        return money(value)
    if isinstance(field, RateField):
        return rate(value)
    if isinstance(value, dt.datetime):
        return moment(value)
    if isinstance(value, dt.date):
        return day(value)
    if isinstance(field, models.JSONField):
        return format_html('<pre class="json">{}</pre>', json.dumps(value, indent=1, ensure_ascii=False, default=str))
    return value


def label_of(model: type[models.Model], name: str) -> str:
    """The heading of a column."""
    return capfirst(str(column_of(model, name).verbose_name))


@dataclasses.dataclass(frozen=True, slots=True)
class Related:
    """Rows of another table that belong to the shown one, listed under it."""

    title: str | Promise
    accessor: str
    columns: tuple[str, ...]
    select: tuple[str, ...] = ()

    def table(self, row: models.Model) -> dict[str, Any]:
        rows = getattr(row, self.accessor).select_related(*self.select)[: MOST_RELATED + 1]
        model = rows.model
        found = [[shown(one, name) for name in self.columns] for one in rows]
        return {
            "title": self.title,
            "columns": [label_of(model, name) for name in self.columns],
            "rows": found[:MOST_RELATED],
            "is_cut": len(found) > MOST_RELATED,
            "most": MOST_RELATED,
        }


class PagedList(ChangeList):
    """A list that knows the links of its pages."""

    def page_links(self) -> list[tuple[Any, str]]:
        """Page numbers with their addresses; an ellipsis has none."""
        numbers = self.paginator.get_elided_page_range(self.page_num, on_each_side=1, on_ends=1)
        return [(one, self.get_query_string({PAGE_VAR: one}) if isinstance(one, int) else "") for one in numbers]


class ReadOnlyAdmin(admin.ModelAdmin):
    """Lists and shows; nobody adds, changes or deletes through it, superusers included.

    Whatever changes goes through a desk page and one service. `detail_fields` names what the page of a row shows:
    a new column of the table stays hidden until it is named.
    """

    actions = None
    list_per_page = PAGE_SIZE
    list_max_show_all = PAGE_SIZE
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    preserve_filters = True
    list_display: tuple[str | Callable[[Any], str | bool], ...] = ()
    detail_fields: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    # Name of a desk page that takes the row's reference, and the words of its link.
    desk_page: str = ""
    desk_label: str | Promise = ""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup in known_parameters(self)

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return self.list_refusal(request) or super().changelist_view(request, extra_context)

    def list_refusal(self, request: HttpRequest) -> HttpResponse | None:
        """The way to the whole list, with words, when the address asks for what the list has not; else None."""
        if not self.has_view_permission(request) or is_understood(self, request.GET):
            return None
        return self.whole_list(request)

    def whole_list(self, request: HttpRequest) -> HttpResponse:
        """Back to the list without anything asked, saying so."""
        messages.warning(request, _("This list has no such page, filter or order. Here is all of it."))
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PagedList

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        guard = self.admin_site.admin_view
        return [
            path("", guard(get_only(self.changelist_view)), name=f"{name}_changelist"),
            path("<path:object_id>/", guard(get_only(self.detail_view)), name=f"{name}_change"),
        ]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        filters: Any = self.list_filter  # what `present_only` takes, of all that Django would
        return present_only(self.model, tuple(filters))

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [self._column(name) for name in self.list_display]

    def _column(self, name: Any) -> Any:
        try:
            field = self.model._meta.get_field(name)
        except FieldDoesNotExist:
            return name
        if isinstance(field, models.ForeignKey):
            return name

        def column(row: models.Model) -> Any:
            return shown(row, name)

        vars(column).update(short_description=field.verbose_name, admin_order_field=name)
        column.__name__ = name
        return column

    def reference_of(self, row: models.Model) -> str:
        """What the audit trail and people call this row; empty when it has no name outside."""
        return getattr(row, "reference", "")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row of a number as an address of ours has it: "٣" and "1_0" are numbers for Python, and no rows here."""
        is_number = isinstance(self.opts.pk, models.IntegerField)
        if is_number and not (object_id.isascii() and object_id.isdecimal()):
            return None
        return super().get_object(request, object_id, from_field)

    def detail_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if row is None:
            raise Http404
        reference = self.reference_of(row)
        ctx = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(row),
            "facts": [(label_of(self.model, name), self._fact(request, row, name)) for name in self.detail_fields],
            "tables": [table for table in (part.table(row) for part in self.related) if table["rows"]],
            "list_url": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
            "desk_url": reverse(f"admin:{self.desk_page}", args=[reference]) if self.desk_page else "",
            "desk_label": self.desk_label,
            "history_url": self._history_url(request, reference),
        }
        return TemplateResponse(request, "admin/change_form.html", ctx)

    def _history_url(self, request: HttpRequest, reference: str) -> str:
        if not reference or not request.user.has_perm(VIEW_AUDIT):
            return ""
        return f"{reverse('admin:accounts_auditevent_changelist')}?q={reference}"

    def _fact(self, request: HttpRequest, row: models.Model, name: str) -> Any:
        field = self.model._meta.get_field(name)
        if not isinstance(field, models.ForeignKey):
            return shown(row, name)
        other = getattr(row, name)
        if other is None:
            return NOTHING
        site: Any = self.admin_site  # our own, which knows
        shown_by = site.admin_of(type(other))
        if shown_by is None or not shown_by.has_view_permission(request):
            return str(other)
        url = reverse(f"admin:{other._meta.app_label}_{other._meta.model_name}_change", args=[other.pk])
        return format_html('<a href="{}">{}</a>', url, other)
