"""Pages of API lists: `limit` (1 to 100) and `page`."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.views import APIView


class PageLimitPagination(PageNumberPagination):
    """A limit that can't be meant is refused, so that nobody takes a short list for the whole one."""

    page_size_query_param = "limit"
    max_page_size = 100

    def get_page_size(self, request: Request) -> int | None:
        asked = request.query_params.getlist(self.page_size_query_param)
        if not asked:
            return self.page_size
        if len(asked) > 1 or not re.fullmatch(r"[0-9]{1,3}", asked[0]) or not 1 <= int(asked[0]) <= self.max_page_size:
            raise ValidationError({self.page_size_query_param: [_("Give a whole number from 1 to 100.")]})
        return int(asked[0])

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        page, limit = super().get_schema_operation_parameters(view)
        page["schema"] |= {"minimum": 1, "default": 1}
        limit["schema"] |= {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return [page, limit]
