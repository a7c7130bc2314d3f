"""The staff site: the stock Django admin with our index, menu, theme and sign-in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from adminpanel.menu import menu_for
from adminpanel.permissions import desk_refusal, desk_required

REGISTRY = "adminpanel.registry."


class ComplianceAdminSite(AdminSite):
    """Shows what `adminpanel.registry` registers, read only, and the desk pages of `adminpanel.urls`."""

    site_header = gettext_lazy("Staff desk")
    site_title = gettext_lazy("Staff desk")
    index_title = gettext_lazy("Today")
    enable_nav_sidebar = False

    def register(
        self, model_or_iterable: type[Model] | Iterable[type[Model]], admin_class: Any = None, **options: Any
    ) -> None:
        """Take our own registry only: other packages would bring pages with password hashes, tokens and keys."""
        if admin_class is not None and admin_class.__module__.startswith(REGISTRY):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and not desk_refusal(request.user)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        # Who is not signed in goes to the site's own sign-in, with its limits; the stock form has none.
        return desk_required(super().admin_view(view, cacheable))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from adminpanel.urls import desk_urls  # the pages import this site

        registry: list[URLPattern | URLResolver] = [
            path(f"{model._meta.app_label}/{model._meta.model_name}/", include(model_admin.urls))
            for model, model_admin in self._registry.items()
        ]
        return [*desk_urls, *registry]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "has_permission": self.has_permission(request),
            "is_popup": False,
            "menu": menu_for(request.user, request.path) if request.user.is_authenticated else [],
            "environment": _("Demo") if settings.DEMO_MODE else _("Production"),
        }

    def admin_of(self, model: type[Model]) -> ModelAdmin | None:
        """How the registry shows a model; None when it does not."""
        return self._registry.get(model)
