"""Tokens: the same second factor and the same limits as the sign-in page."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import exceptions, serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken, Token, UntypedToken

from accounts.api.throttles import SignInThrottle
from accounts.forms.address_fields import AddressSerializerField
from accounts.models import User
from accounts.services.sign_in import proof
from accounts.services.sign_in.second_step import has_second_step, needs_second_step
from accounts.services.sign_in.tokens import issue_pair, refresh_pair
from accounts.services.sign_in.trail import note
from p2plending.lib.api.fields import OneLineSerializerField
from p2plending.lib.api.views import ApiView

PAIR = inline_serializer("TokenPair", {"access": serializers.CharField(), "refresh": serializers.CharField()})


class WrongCredentials(exceptions.AuthenticationFailed):
    """One wording for an unknown address, a wrong password and an account that may not sign in."""

    default_detail = "The e-mail address or the password is not right."
    default_code = "wrong_credentials"


class SecondFactorRequired(exceptions.AuthenticationFailed):
    default_detail = "This account has a second step. Send the six digits, or a backup code, as `otp`."
    default_code = "second_factor_required"


class SecondFactorNotSetUp(exceptions.PermissionDenied):
    """Staff whose account has no second step yet."""

    default_detail = "Staff need two-step sign-in. Sign in on the site and turn it on first."
    default_code = "second_factor_not_set_up"


class TokenNotValid(exceptions.AuthenticationFailed):
    default_detail = "The token is not valid any more. Sign in again."
    default_code = "token_not_valid"


class TooManyTries(exceptions.Throttled):
    default_detail = "Too many tries. Wait some minutes."
    default_code = "too_many_tries"


class CredentialsSerializer(serializers.Serializer):
    email = AddressSerializerField()
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
    throttle_classes = [SignInThrottle]
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
        _check_second_factor(request._request, user, given.get("otp", ""))
        note("sign_in.succeeded", user, request._request)
        return Response(issue_pair(user))


class RefreshView(LoginView):
    throttle_scope = "refresh"

    @extend_schema(
        operation_id="refresh_token", request=RefreshTokenSerializer, responses={200: PAIR}, auth=[], tags=["auth"]
    )
    def post(self, request: Request) -> Response:
        """A new pair for a refresh token, which is used up.

        The same token again within 20 seconds gives the same pair, in case the answer was lost. After that, a token
        used twice signs out the device that it belongs to; other devices stay signed in.
        """
        pair = refresh_pair(_read_refresh(self.read(RefreshTokenSerializer, request)["refresh"]))
        if pair is None:
            raise TokenNotValid
        return Response(pair)


class VerifyView(LoginView):
    throttle_scope = "verify"

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
    throttle_scope = "refresh"

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
        user = get_adapter(request._request).authenticate(request._request, email=email, password=password)
    except DjangoValidationError as error:
        raise TooManyTries from error
    if user is None or not user.is_active:
        raise WrongCredentials
    return user


def _check_second_factor(request: HttpRequest, user: User, code: str) -> None:
    if not has_second_step(user):
        if needs_second_step(user):
            raise SecondFactorNotSetUp
        return
    if not code:
        raise SecondFactorRequired
    try:
        proof.check_code(request, user, code)
    except proof.TooManyTries as error:
        raise TooManyTries from error
    except proof.WrongCode as error:
        raise WrongCredentials from error


class UsedOrUnusedRefreshToken(RefreshToken):
    """Signature, type and expiry are checked; use is not, so that a token sent twice is seen as reuse, under a lock."""

    def verify(self) -> None:
        Token.verify(self)


def _read_refresh(text: str) -> RefreshToken:
    try:
        return UsedOrUnusedRefreshToken(text)  # type: ignore[arg-type]  # the library calls the text of a token a Token
    except TokenError as error:
        raise TokenNotValid from error
