"""The site's settings, with the ledger that it is compared with when that is installed."""

from __future__ import annotations

import os
from importlib.util import find_spec

from p2plending.settings import *  # noqa: F403 - Django reads settings by name
from p2plending.settings import INSTALLED_APPS as SITE_APPS
from p2plending.settings import LOGGING as SITE_LOGGING

# A process whose memory is measured holds the site and nothing else.
HAS_HORDAK = find_spec("hordak") is not None and "WITHOUT_PEERS" not in os.environ
INSTALLED_APPS = [*SITE_APPS, *(["mptt", "hordak"] if HAS_HORDAK else [])]
DEFAULT_CURRENCY = "EUR"
CURRENCIES = ["EUR"]
DEBUG = False
# Lines of log are not what is measured.
LOGGING = SITE_LOGGING | {"root": {"handlers": [], "level": "ERROR"}, "loggers": {}}
