"""Pages of API lists: `limit` (at most 100) and `page`."""

from __future__ import annotations

from rest_framework.pagination import PageNumberPagination


class PageLimitPagination(PageNumberPagination):
    page_size_query_param = "limit"
    max_page_size = 100
