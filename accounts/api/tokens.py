"""Tokens: the same second factor and the same limits as the sign-in page."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import exceptions, serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken, Token, UntypedToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from accounts.models import User, normalise_email
from p2plending.lib.api.fields import OneLineEmailSerializerField, OneLineSerializerField
from p2plending.lib.api.views import ApiView

PAIR = inline_serializer("TokenPair", {"access": serializers.CharField(), "refresh": serializers.CharField()})


class WrongCredentials(exceptions.AuthenticationFailed):
    """One wording for an unknown address, a wrong password and an account that may not sign in."""

    default_detail = "The e-mail address or the password is not right."
    default_code = "wrong_credentials"


class SecondFactorRequired(exceptions.AuthenticationFailed):
    default_detail = "This account has a second step. Send the six digits, or a backup code, as `otp`."
    default_code = "second_factor_required"


class TokenNotValid(exceptions.AuthenticationFailed):
    default_detail = "The token is not valid any more. Sign in again."
    default_code = "token_not_valid"


class TooManyTries(exceptions.Throttled):
    default_detail = "Too many tries. Wait some minutes."
    default_code = "too_many_tries"


class CredentialsSerializer(serializers.Serializer):
    email = OneLineEmailSerializerField(max_length=254)
    password = serializers.CharField(max_length=200, trim_whitespace=False)
    otp = OneLineSerializerField(max_length=20, required=False, help_text="Six digits or a backup code, when asked.")


class RefreshTokenSerializer(serializers.Serializer):
    refresh = OneLineSerializerField(max_length=2000)


class AnyTokenSerializer(serializers.Serializer):
    token = OneLineSerializerField(max_length=2000)


class LoginView(ApiView):
    """Base of the views that need no token but are limited per address and per account."""

    permission_classes = [AllowAny]
    authentication_classes: list[type] = []
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "login"

    def get_authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'  # makes the answer a 401, which is what clients look for

    def read(self, serializer_class: type[serializers.Serializer], request: Request) -> dict[str, Any]:
        serializer = serializer_class(data=request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data


class TokenView(LoginView):
    @extend_schema(operation_id="sign_in", request=CredentialsSerializer, responses={200: PAIR}, auth=[], tags=["auth"])
    def post(self, request: Request) -> Response:
        """Exchange e-mail and password (and the second step, where it is on) for a pair of tokens."""
        given = self.read(CredentialsSerializer, request)
        user = _authenticate(request, given["email"], given["password"])
        _check_second_factor(user, given.get("otp", ""))
        return Response(_pair(RefreshToken.for_user(user)))


class RefreshView(LoginView):
    @extend_schema(
        operation_id="refresh_token", request=RefreshTokenSerializer, responses={200: PAIR}, auth=[], tags=["auth"]
    )
    def post(self, request: Request) -> Response:
        """A new pair for a refresh token, which is used up. A token used twice ends all sessions of its owner."""
        token = _read_refresh(self.read(RefreshTokenSerializer, request)["refresh"])
        fresh = _rotate(token)
        if fresh is None:
            raise TokenNotValid
        return Response(_pair(fresh))


class VerifyView(LoginView):
    @extend_schema(
        operation_id="verify_token", request=AnyTokenSerializer, responses={204: None}, auth=[], tags=["auth"]
    )
    def post(self, request: Request) -> Response:
        """204 while the token is valid, 401 after."""
        try:
            token = UntypedToken(self.read(AnyTokenSerializer, request)["token"])
        except TokenError as error:
            raise TokenNotValid from error
        if BlacklistedToken.objects.filter(token__jti=token["jti"]).exists():
            raise TokenNotValid
        return Response(status=status.HTTP_204_NO_CONTENT)


class LogoutView(LoginView):
    @extend_schema(
        operation_id="sign_out", request=RefreshTokenSerializer, responses={204: None}, auth=[], tags=["auth"]
    )
    def post(self, request: Request) -> Response:
        """End the session that the refresh token belongs to. The access token ends by itself within minutes."""
        token = _read_refresh(self.read(RefreshTokenSerializer, request)["refresh"])
        outstanding = OutstandingToken.objects.filter(jti=token["jti"]).first()
        if outstanding is not None:
            BlacklistedToken.objects.get_or_create(token=outstanding)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _authenticate(request: Request, email: str, password: str) -> User:
    """Password check through allauth's adapter, so that its limits count here too."""
    try:
        user = get_adapter(request._request).authenticate(
            request._request, email=normalise_email(email), password=password
        )
    except DjangoValidationError as error:
        raise TooManyTries from error
    if user is None or not user.is_active:
        raise WrongCredentials
    return user


def _check_second_factor(user: User, code: str) -> None:
    if not is_mfa_enabled(user):
        return
    if not code:
        raise SecondFactorRequired
    # The limit of the sign-in page, per account: six digits are quickly guessed by somebody with many addresses.
    try:
        forget_tries = check_rate_limit(user)
    except DjangoValidationError as error:
        raise TooManyTries from error
    factors = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)
    if not any(factor.wrap().validate_code(code) for factor in factors):
        raise WrongCredentials
    forget_tries()


class UsedOrUnusedRefreshToken(RefreshToken):
    """Signature, type and expiry are checked; use is not, so that a token sent twice is seen as reuse, under a lock."""

    def verify(self) -> None:
        Token.verify(self)


def _read_refresh(text: str) -> RefreshToken:
    try:
        return UsedOrUnusedRefreshToken(text)
    except TokenError as error:
        raise TokenNotValid from error


def _rotate(token: RefreshToken) -> RefreshToken | None:
    """Use up the token and make the next one; None when it was used before, its owner is gone or
    has another password since.

    The row lock lets only one of two simultaneous refreshes through.
    """
    with transaction.atomic():
        outstanding = OutstandingToken.objects.select_for_update().filter(jti=token["jti"]).first()
        if outstanding is None or outstanding.user_id is None:
            return None
        user = User.objects.filter(pk=outstanding.user_id, is_active=True).first()
        _unused, first_use = BlacklistedToken.objects.get_or_create(token=outstanding)
        if user is None or token.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
            return None
        if not first_use:
            _end_all_sessions(user)
            return None
        return RefreshToken.for_user(user)


def _end_all_sessions(user: User) -> None:
    open_tokens = OutstandingToken.objects.filter(user=user, blacklistedtoken__isnull=True)
    rows = [BlacklistedToken(token=token) for token in open_tokens]
    BlacklistedToken.objects.bulk_create(rows, ignore_conflicts=True)


def _pair(refresh: RefreshToken) -> dict[str, str]:
    return {"access": str(refresh.access_token), "refresh": str(refresh)}
