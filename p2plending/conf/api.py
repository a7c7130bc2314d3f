"""Settings of the API: REST framework, tokens and the published schema."""

from __future__ import annotations

import datetime as dt
from typing import Any

# Enumerations that the API shows, under their own names.
API_ENUMS = {
    "loans.enums.loan": "Bucket CommitmentSource CommitmentStatus Employment ExtraMode Grade "
    "LoanDocumentKind LoanStatus NoteStatus Purpose QuestionStatus RepaymentMethod RepaymentStatus",
    "loans.enums.collections": "HardshipCause HardshipStatus PlanOption PlanProposalStatus SettlementStatus "
    "UnpaidChoice",
    "matching.enums.mandates": "DecisionReason MandateStatus ProposalStatus RiskTolerance",
    "ledger.enums.books": "DepositStatus EntryKind LineCode PaymentMethod WithdrawalStatus",
    "accounts.enums.people": "DocumentKind DocumentReason DocumentStatus IdDocumentType Role VerificationStatus",
}


def rest_framework_settings(*, proxy_count: int) -> dict[str, Any]:
    """Return REST_FRAMEWORK; `proxy_count` is how many proxies of ours stand before the site."""
    return {
        "DEFAULT_AUTHENTICATION_CLASSES": ["p2plending.lib.api.auth.TokenAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_PARSER_CLASSES": ["p2plending.lib.api.parsers.StrictJSONParser"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_SCHEMA_CLASS": "p2plending.lib.api.schema.ApiSchema",
        "DEFAULT_PAGINATION_CLASS": "p2plending.lib.api.pagination.PageLimitPagination",
        "PAGE_SIZE": 25,
        "EXCEPTION_HANDLER": "p2plending.lib.api.errors.problem_response",
        "DEFAULT_THROTTLE_CLASSES": [
            "accounts.api.throttles.AnonymousThrottle",
            "rest_framework.throttling.UserRateThrottle",
        ],
        # Without a proxy of ours X-Forwarded-For is whatever the client wrote, and would get around every limit.
        "NUM_PROXIES": proxy_count,
        "DEFAULT_THROTTLE_RATES": {
            "anon": "60/min",
            "user": "240/min",
            # Each door of its own: a client that refreshes often can't lock its people out of signing in.
            "login": "10/min",
            "refresh": "30/min",
            "verify": "60/min",
        },
        "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
        "TEST_REQUEST_DEFAULT_FORMAT": "json",
    }


def token_settings(*, signing_key: str) -> dict[str, Any]:
    """Return SIMPLE_JWT."""
    return {
        "ACCESS_TOKEN_LIFETIME": dt.timedelta(minutes=15),
        "REFRESH_TOKEN_LIFETIME": dt.timedelta(days=7),
        "ROTATE_REFRESH_TOKENS": True,
        "BLACKLIST_AFTER_ROTATION": True,
        "CHECK_REVOKE_TOKEN": True,
        "ALGORITHM": "HS256",
        "SIGNING_KEY": signing_key,
        "AUDIENCE": "p2plending-api",
        "ISSUER": "p2plending",
        "USER_ID_FIELD": "id",
        "UPDATE_LAST_LOGIN": False,
    }


def schema_settings(*, site_name: str) -> dict[str, Any]:
    """Return SPECTACULAR_SETTINGS."""
    return {
        "TITLE": f"{site_name} API",
        "DESCRIPTION": "Every page of the site as an endpoint. Amounts are decimal strings with a currency.",
        "VERSION": "1",
        "OAS_VERSION": "3.1.0",
        "SERVE_INCLUDE_SCHEMA": False,
        "SCHEMA_PATH_PREFIX": r"/api/v1",
        "COMPONENT_SPLIT_REQUEST": True,
        "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
        "SERVE_AUTHENTICATION": [],
        "ENUM_NAME_OVERRIDES": {"Country": "accounts.values.countries.COUNTRY_CHOICES"}
        | {name: f"{module}.{name}" for module, names in API_ENUMS.items() for name in names.split()},
    }
