"""Settings: one file, read from the environment (`.env.example` lists every name). Nonsense fails at start."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from p2plending.conf.api import rest_framework_settings, schema_settings, token_settings
from p2plending.conf.database import database_settings
from p2plending.conf.environment import Environment, names_in_file
from p2plending.lib.money import currency_exponent
from p2plending.lib.rules.settings import CONSTANCE_ADDITIONAL_FIELDS, CONSTANCE_CONFIG, CONSTANCE_CONFIG_FIELDSETS  # noqa: F401

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

TESTING = "pytest" in sys.modules
ENV_FILE = Path(env.text("ENV_FILE", default=str(BASE_DIR / ".env"), most=4096))
if not TESTING:
    # Tests mean the same on every machine: they see the environment, not somebody's file.
    env.read_file(ENV_FILE, is_chosen=ENV_FILE != BASE_DIR / ".env")
DEBUG = env.boolean("DEBUG", default=False)
DEMO_MODE = env.boolean("DEMO_MODE", default=False)
# Off only where one person runs the platform: they may then decide what they asked for themselves.
SECOND_PERSON = env.boolean("SECOND_PERSON", default=True)
VAR_DIR = env.folder("VAR_DIR", default=BASE_DIR / "var")

# --- secrets ---------------------------------------------------------------------------------------------------------
SECRET_KEY = env.secret("SECRET_KEY", default="tests-only-" + "0123456789abcdef" * 4 if TESTING else "", least=50)
# "id:base64key,id:base64key": newest first; the first encrypts, all decrypt.
FIELD_KEYS = env.keys("FIELD_KEYS", default="test:" + "A" * 43 + "=" if TESTING else "")
# Digests of identity numbers, in the same form; without it their keys are derived from FIELD_KEYS.
DIGEST_KEYS = env.keys("DIGEST_KEYS") if env.raw("DIGEST_KEYS") else []
# Earlier values of SECRET_KEY: what they signed (sessions, links in mails) stays good until they are taken out.
SECRET_KEY_FALLBACKS = env.secrets("SECRET_KEY_FALLBACKS", least=50)
JWT_SIGNING_KEY = env.secret("JWT_SIGNING_KEY", default="jwt:" + SECRET_KEY, least=32)

# --- where and who ---------------------------------------------------------------------------------------------------
SITE_NAME = env.text("SITE_NAME", default="Plainlend", most=60)
SITE_URL = env.address("SITE_URL", default="http://127.0.0.1:8000")
SUPPORT_EMAIL = env.email_address("SUPPORT_EMAIL", default="help@example.org")
# Where people send money: the bank account that holds only their money. The demo shows the IBAN standard's example.
CLIENT_ACCOUNT_HOLDER = env.text("CLIENT_ACCOUNT_HOLDER", default=f"{SITE_NAME} client account", most=100)
CLIENT_ACCOUNT_IBAN = env.bank_account(
    "CLIENT_ACCOUNT_IBAN", default="DE89 3704 0044 0532 0130 00" if DEMO_MODE or TESTING else ""
)
# The same where the currency's banks have no IBANs.
CLIENT_ACCOUNT_BANK = env.text("CLIENT_ACCOUNT_BANK", default="", most=100)
CLIENT_ACCOUNT_NUMBER = env.text("CLIENT_ACCOUNT_NUMBER", default="", most=100)
CLIENT_ACCOUNT_ROUTING_CODE = env.text("CLIENT_ACCOUNT_ROUTING_CODE", default="", most=100)
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", default="127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
BEHIND_PROXY = env.boolean("BEHIND_PROXY", default=False)
PROXY_COUNT = 1 if BEHIND_PROXY else 0

INSTALLED_APPS = [
    "adminpanel.apps.AdminPanelConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "adminpanel.apps.ComplianceAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "crispy_forms",
    "crispy_bootstrap5",
    "constance",
    "django_q",
    "p2plending.apps.P2PLendingConfig",
    "accounts.apps.AccountsConfig",
    "ledger.apps.LedgerConfig",
    "loans.apps.LoansConfig",
    "matching.apps.MatchingConfig",
]

MIDDLEWARE = [
    "p2plending.pages.middleware.RequestIdMiddleware",
    "p2plending.pages.middleware.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Safe beside secrets of forms, which are masked anew in every page (docs/operations.md, compression).
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "p2plending.pages.middleware.ContentPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "p2plending.pages.held_forms.HeldFormMiddleware",
    "p2plending.pages.middleware.BodySizeMiddleware",
    "p2plending.pages.middleware.RequestContextMiddleware",
    "p2plending.pages.middleware.RefusalMiddleware",
    "accounts.authentication.middleware.SecondStepMiddleware",
]

ROOT_URLCONF = "p2plending.urls"
WSGI_APPLICATION = "p2plending.wsgi.application"
FORM_RENDERER = "p2plending.pages.held_forms.SiteFormRenderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "p2plending.pages.context_processors.site",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "p2plending.templatetags.devices",
                "p2plending.templatetags.periods",
                "p2plending.templatetags.ui",
            ],
        },
    }
]

# --- database --------------------------------------------------------------------------------------------------------
DATABASES = {"default": database_settings(env, var_dir=VAR_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES: dict[str, dict[str, Any]] = {
    # Where allauth and REST framework count tries: shared by all processes, and nothing in it gives way to anything.
    "default": {"BACKEND": "accounts.services.rate_limits.KeptCache"},
    # What may be worked out again.
    "pages": {"BACKEND": "p2plending.lib.database.cache.ForgivingDatabaseCache", "LOCATION": "p2plending_cache"},
}
if TESTING:
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 1_000_000}},
        "pages": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "pages"},
    }

# --- money and language ----------------------------------------------------------------------------------------------
CURRENCY = env.currency("CURRENCY", default="EUR")
CURRENCY_EXPONENT = currency_exponent(CURRENCY)
CURRENCY_SYMBOL = env.text("CURRENCY_SYMBOL", default="€" if CURRENCY == "EUR" else CURRENCY + "\u00a0", most=8)
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "p2plending" / "locale"]
HOME_COUNTRY = env.country("HOME_COUNTRY", default="DE")
TIME_ZONE = env.time_zone("TIME_ZONE", default="Europe/Berlin")
USE_I18N = True
USE_TZ = True

# --- people ----------------------------------------------------------------------------------------------------------
# Nobody opens the staff desk with a password alone; the demo's logins are public, so that it asks for none.
STAFF_SECOND_STEP = env.boolean("STAFF_SECOND_STEP", default=not DEMO_MODE)
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "accounts.authentication.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 2
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {
    "login_failed": "5/15m/key,20/15m/ip",
    "signup": "20/m/ip,100/h/ip",
    "reset_password": "20/m/ip,100/h/ip,5/m/key",
    "manage_email": "10/m/user,50/d/user",
}
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
ACCOUNT_FORMS = {
    "login": "accounts.authentication.forms.SignInForm",
    "add_email": "accounts.authentication.forms.AddAddressForm",
    "reset_password": "accounts.authentication.forms.ForgottenPasswordForm",
}
ALLAUTH_TRUSTED_PROXY_COUNT = PROXY_COUNT
# Whoever finds a browser signed in must not take the account over, and its owner hears of what was changed.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_EMAIL_CONFIRMATION_ANONYMOUS_REDIRECT_URL = reverse_lazy("account_login")
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
LOGOUT_REDIRECT_URL = reverse_lazy("public:welcome")
USERSESSIONS_TRACK_ACTIVITY = False
MFA_ADAPTER = "accounts.authentication.adapter.SecondStepAdapter"
MFA_FORMS = {
    "authenticate": "accounts.authentication.forms.SecondStepForm",
    "reauthenticate": "accounts.authentication.forms.SecondStepAgainForm",
}
# A code that changed while it was typed still counts: one step of 30 seconds either way (RFC 6238, 5.2).
MFA_TOTP_TOLERANCE = 1
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SAMESITE = "Lax"

# --- mail ------------------------------------------------------------------------------------------------------------
EMAIL_CONFIG = env.mail_server("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
if EMAIL_CONFIG["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend":
    EMAIL_BACKEND = "accounts.services.mail.smtp.DeadlineEmailBackend"
# Seconds for one step of the conversation with the mail server, and for the delivery of one mail.
EMAIL_TIMEOUT = env.integer("EMAIL_TIMEOUT", default=10, least=1, most=14)
EMAIL_DEADLINE = 15
DEFAULT_FROM_EMAIL = env.sender("DEFAULT_FROM_EMAIL", default=f"{SITE_NAME} <no-reply@example.org>")

# --- files -----------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "p2plending.lib.web.static_files.GzipManifestStorage"
    },
}
# Identity documents: outside every public folder, encrypted, served only by a view that writes an audit row.
PRIVATE_DIR = VAR_DIR / "private"
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
# A whole request with its files; above what one document may be, so that its page can say what is wrong.
MOST_BODY_BYTES = 32 * 1024 * 1024

# --- forms -----------------------------------------------------------------------------------------------------------
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- API -------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = rest_framework_settings(proxy_count=PROXY_COUNT)
SIMPLE_JWT = token_settings(signing_key=JWT_SIGNING_KEY)
SPECTACULAR_SETTINGS = schema_settings(site_name=SITE_NAME)

# --- business numbers: p2plending/lib/rules/settings.py ----------------------------------------
CONSTANCE_BACKEND = "constance.backends.database.DatabaseBackend"
CONSTANCE_IGNORE_ADMIN_VERSION_CHECK = True

# --- tasks -----------------------------------------------------------------------------------------------------------
Q_CLUSTER = {
    "name": "p2plending",
    "orm": "default",
    "cache": "pages",
    "workers": 2,
    "timeout": 60,
    "retry": 120,
    "max_attempts": 5,
    "ack_failures": False,
    "catch_up": False,
    "bulk": 1,
    "poll": 1.0,
    "queue_limit": 20,
    # Schedules are in local time: 06:00 stays 06:00 when summer time begins and ends.
    "time_zone": TIME_ZONE,
    "save_limit": 0,
    "sync": env.boolean("Q_SYNC", default=False),
}

# --- housekeeping: for how many days rows are kept (p2plending/operations/housekeeping.py) ----------------------------
KEEP_SESSIONS_DAYS = env.integer("KEEP_SESSIONS_DAYS", default=1, least=0, most=3650)
KEEP_TOKENS_DAYS = env.integer("KEEP_TOKENS_DAYS", default=1, least=0, most=3650)
KEEP_OPERATION_KEYS_DAYS = env.integer("KEEP_OPERATION_KEYS_DAYS", default=365, least=7, most=3650)
KEEP_NOTIFICATIONS_DAYS = env.integer("KEEP_NOTIFICATIONS_DAYS", default=730, least=90, most=3650)
KEEP_MAILS_DAYS = env.integer("KEEP_MAILS_DAYS", default=30, least=1, most=3650)
KEEP_TASKS_DAYS = env.integer("KEEP_TASKS_DAYS", default=30, least=1, most=3650)

# --- security --------------------------------------------------------------------------------------------------------
HTTPS = env.boolean("HTTPS", default=False)
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^api/", r"^healthz$", r"^readyz$"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_FAILURE_VIEW = "p2plending.pages.held_forms.csrf_failure"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": ["'self'"],
    }
}
SILENCED_SYSTEM_CHECKS: list[str] = []
if not TESTING:
    env.names |= {
        "DATABASE_CONNECT_TIMEOUT",
        "DATABASE_READ_TIMEOUT",
        "DATABASE_WRITE_TIMEOUT",
    }  # read for servers only
    env.warn_of_slips(names_in_file(ENV_FILE))

# --- logging ---------------------------------------------------------------------------------------------------------
LOG_FORMAT = env.choice("LOG_FORMAT", default="console", choices=("console", "json"))
LOG_LEVEL = env.choice(
    "LOG_LEVEL",
    default="WARNING" if TESTING else "INFO",
    choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "p2plending.conf.logformat.ContextFilter"}},
    "formatters": {
        "console": {"()": "p2plending.conf.logformat.ConsoleFormatter"},
        "json": {"()": "p2plending.conf.logformat.JsonFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["context"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "django-q": {"level": LOG_LEVEL, "propagate": True},
        "pikepdf": {"level": "WARNING"},
    },
}
