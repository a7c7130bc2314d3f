"""The staff site: the stock Django admin with our index, menu and theme."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class ComplianceAdminSite(AdminSite):
    site_header = _("Staff")
    site_title = _("Staff")
    index_title = _("Today")
