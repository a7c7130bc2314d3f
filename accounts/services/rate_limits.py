"""Where limits are counted: a table in which only time makes room.

`KeptCache` is the cache backend in which django-allauth and REST framework count. Django's own database cache throws
away live rows above a number of them, so that a busy API made it forget who was locked. `take` counts exactly, in one
transaction, for limits of our own.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import json
import math
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import IntegrityError, transaction

from accounts.models import LimitCount
from p2plending.lib import clock
from p2plending.lib.database.transactions import run_small

IPV6_PREFIX = 64
PURGE_SIZE = 1_000
LONGEST_KEY = 250
NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


def network_of(address: str) -> str:
    """What counts as one place on the network: an IPv4 address, or the /64 that one IPv6 household has.

    An IPv4 address that arrives written as an IPv6 one counts as itself; what is no address counts as it is.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found, IPV6_PREFIX), strict=False).network_address)


def take(key: str, *, most: int, seconds: int) -> int:
    """Take one of the `most` uses that `key` has in `seconds`. Returns 0, or the seconds to wait when none is left.

    Exact however many ask at the same moment: the row of the key is locked. A refused try takes nothing.
    """

    def count() -> int:
        now = clock.machine_now()
        row = _locked(_short(key), expires_at=now + dt.timedelta(seconds=seconds))
        used = [moment for moment in json.loads(row.value) if moment > now.timestamp() - seconds]
        if len(used) >= most:
            return max(1, math.ceil(used[0] + seconds - now.timestamp()))
        row.value = json.dumps([*used, now.timestamp()])
        row.expires_at = now + dt.timedelta(seconds=seconds)
        row.save(update_fields=["value", "expires_at"])
        return 0

    return run_small(count)


def purge_expired() -> int:
    """Remove counts that have ended, a thousand at a time; returns how many. For the housekeeping job."""
    removed = 0
    while True:
        ended = LimitCount.objects.filter(expires_at__lte=clock.machine_now())
        keys = list(ended.order_by("expires_at").values_list("pk", flat=True)[:PURGE_SIZE])
        if not keys:
            return removed
        # What was counted anew since the look stays.
        removed += LimitCount.objects.filter(pk__in=keys, expires_at__lte=clock.machine_now()).delete()[0]


def _short(key: str) -> str:
    """The key, or its digest when it is longer than its column."""
    return key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def _locked(key: str, *, expires_at: dt.datetime) -> LimitCount:
    while True:
        LimitCount.objects.get_or_create(key=key, defaults={"value": "[]", "expires_at": expires_at})
        row = LimitCount.objects.select_for_update().filter(pk=key).first()
        if row is not None:  # else purged in between
            return row


class KeptCache(BaseCache):
    """A cache of JSON values that forgets nothing before its time. `add` succeeds for one of many at one moment."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        live = LimitCount.objects.filter(pk=self._key(key, version), expires_at__gt=clock.machine_now())
        value = live.values_list("value", flat=True).first()
        return default if value is None else json.loads(value)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name, fields = self._key(key, version), self._fields(value, timeout)

        def insert() -> bool:
            if _inserted(name, fields):
                return True
            # A row that has ended counts as none. The database lets one of many through: the others see it renewed.
            return LimitCount.objects.filter(pk=name, expires_at__lte=clock.machine_now()).update(**fields) == 1

        return run_small(insert)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        name, fields = self._key(key, version), self._fields(value, timeout)

        def write() -> None:
            same = LimitCount.objects.filter(pk=name)
            if not same.update(**fields) and not _inserted(name, fields):
                same.update(**fields)

        run_small(write)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        live = LimitCount.objects.filter(pk=self._key(key, version), expires_at__gt=clock.machine_now())
        return run_small(lambda: live.update(expires_at=self._end(timeout)) == 1)

    def delete(self, key: str, version: int | None = None) -> bool:
        name = self._key(key, version)
        return run_small(lambda: LimitCount.objects.filter(pk=name).delete()[0] == 1)

    def clear(self) -> None:
        run_small(LimitCount.objects.all().delete)

    def _key(self, key: str, version: int | None) -> str:
        return _short(self.make_key(key, version=version))

    def _fields(self, value: Any, timeout: Any) -> dict[str, Any]:
        return {"value": json.dumps(value), "expires_at": self._end(timeout)}

    def _end(self, timeout: Any) -> dt.datetime:
        stamp = self.get_backend_timeout(timeout)
        return NEVER if stamp is None else dt.datetime.fromtimestamp(stamp, tz=dt.UTC)


def _inserted(name: str, fields: dict[str, Any]) -> bool:
    try:
        with transaction.atomic():
            LimitCount.objects.create(key=name, **fields)
    except IntegrityError:
        return False
    return True
