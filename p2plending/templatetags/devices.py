"""What somebody signed in with, in words. Loaded everywhere, like `ui`."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _
from ua_parser import parse

register = template.Library()


@register.filter
def device(user_agent: str) -> str:
    """The name of a browser and its system: "Firefox on Windows". What can't be told is left out."""
    found = parse(user_agent or "")
    browser = found.user_agent.family if found.user_agent else ""
    system = found.device.family if found.device and found.device.family in ("iPhone", "iPad") else ""
    system = system or (found.os.family if found.os else "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown device")
