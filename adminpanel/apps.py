"""Django application: the staff interface, and the admin site that it puts in the stock one's place."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class AdminPanelConfig(AppConfig):
    default = True
    name = "adminpanel"


class ComplianceAdminConfig(AdminConfig):
    default_site = "adminpanel.sites.ComplianceAdminSite"
    default = False
