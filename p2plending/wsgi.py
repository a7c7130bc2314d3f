"""WSGI entry point."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from p2plending.pages.requests import Utf8WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "p2plending.settings")
application = get_wsgi_application()
application.request_class = Utf8WSGIRequest
