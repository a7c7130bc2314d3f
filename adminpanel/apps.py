"""Django application: the staff interface, and the admin site that it puts in the stock one's place."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate


class AdminPanelConfig(AppConfig):
    default = True
    name = "adminpanel"

    def ready(self) -> None:
        from accounts.services.approvals.requests import register_effects  # models are ready only now
        from adminpanel.permissions import grant_group_permissions
        from adminpanel.services.effects import EFFECTS

        register_effects(EFFECTS)
        post_migrate.connect(grant_group_permissions, sender=self)


class ComplianceAdminConfig(AdminConfig):
    default_site = "adminpanel.sites.ComplianceAdminSite"
    default = False
