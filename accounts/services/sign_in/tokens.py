"""Tokens of the API: pairs, their refresh, and what happens when one is used twice."""

from __future__ import annotations

import datetime as dt
import json

from django.conf import settings
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from accounts.models import RefreshedToken, User
from accounts.services.sign_in.second_step import has_second_step
from accounts.services.sign_in.trail import note
from p2plending.lib import clock
from p2plending.lib.database.transactions import run_small

# Claims: the chain of refreshed tokens; whether the second step was passed; when, in seconds since 1970, the person
# proved who they are.
FAMILY, SECOND_STEP, AUTH_TIME = "family", "second_step", "auth_time"
# As long as a client whose answer was lost may ask again and get the same pair.
SAME_ANSWER = dt.timedelta(seconds=20)

Pair = dict[str, str]


def issue_pair(user: User) -> Pair:
    """A pair of tokens for somebody who has just signed in, with the second step where it is on."""
    token = _token(user, second_step=has_second_step(user), signed_in_at=int(clock.machine_now().timestamp()))
    return _pair(token)


def refresh_pair(token: RefreshToken) -> Pair | None:
    """Use up a refresh token; returns the next pair, or None when the token is good for nothing any more.

    The same token again within 20 seconds gives the same pair, for the answer may have been lost. Later, or when that
    pair was used already, somebody else holds a copy: the chain of this device ends, and others stay signed in. The row
    lock lets only one of two simultaneous refreshes through.
    """

    def refresh() -> Pair | None:
        outstanding = OutstandingToken.objects.select_for_update().filter(jti=token["jti"]).first()
        user = User.objects.filter(pk=outstanding.user_id or 0, is_active=True).first() if outstanding else None
        if user is None:
            return None
        _used, is_first_use = BlacklistedToken.objects.get_or_create(token=outstanding)
        if token.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
            return None
        return _exchange(token, user) if is_first_use else _answer_again(token["jti"], user)

    return run_small(refresh)


def _exchange(token: RefreshToken, user: User) -> Pair:
    family = token.get(FAMILY, token["jti"])
    following = _token(
        user,
        second_step=bool(token.get(SECOND_STEP)) and has_second_step(user),
        signed_in_at=token.get(AUTH_TIME, 0),
        family=family,
    )
    pair = _pair(following)
    RefreshedToken.objects.create(
        jti=token["jti"],
        family=family,
        next_jti=following["jti"],
        answer=json.dumps(pair),
        refreshed_at=clock.machine_now(),
    )
    return pair


def _answer_again(jti: str, user: User) -> Pair | None:
    used = RefreshedToken.objects.filter(pk=jti).first()
    if used is None:  # signed out
        return None
    is_soon = clock.machine_now() - used.refreshed_at <= SAME_ANSWER
    if is_soon and used.answer and not BlacklistedToken.objects.filter(token__jti=used.next_jti).exists():
        return json.loads(used.answer)
    _end_family(used.family)
    note("sign_in.token_reused", user, None, door="api")
    return None


def _end_family(family: str) -> None:
    chain = list(RefreshedToken.objects.filter(family=family).values_list("next_jti", flat=True))
    still_open = OutstandingToken.objects.filter(jti__in=chain, blacklistedtoken__isnull=True)
    BlacklistedToken.objects.bulk_create([BlacklistedToken(token=token) for token in still_open], ignore_conflicts=True)


def purge_expired() -> int:
    """Forget pairs that were kept for lost answers, and chains whose tokens have all ended; returns how many rows were
    removed. For the housekeeping job."""
    now = clock.machine_now()
    RefreshedToken.objects.filter(refreshed_at__lt=now - SAME_ANSWER).exclude(answer__isnull=True).update(answer=None)
    longest = settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"]
    return RefreshedToken.objects.filter(refreshed_at__lt=now - longest).delete()[0]


def _token(user: User, *, second_step: bool, signed_in_at: int, family: str = "") -> RefreshToken:
    token = RefreshToken.for_user(user)
    token[FAMILY] = family or token["jti"]
    token[SECOND_STEP] = second_step
    token[AUTH_TIME] = signed_in_at
    # The library keeps a copy that would work: whoever reads the database must not be able to sign in with it.
    OutstandingToken.objects.filter(jti=token["jti"]).update(token="")
    return token


def _pair(refresh: RefreshToken) -> Pair:
    return {"access": str(refresh.access_token), "refresh": str(refresh)}
