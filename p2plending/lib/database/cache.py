"""The shared cache in the database, where an error is a miss: nothing that is cached is worth an error page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import Error

logger = logging.getLogger(__name__)
Result = TypeVar("Result")


class ForgivingDatabaseCache(DatabaseCache):
    """Django's cache in a table. When the table can't be asked, nothing is found and nothing is stored."""

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        return _or_miss(lambda: super(ForgivingDatabaseCache, self).get_many(keys, version), {})

    def delete(self, key: str, version: int | None = None) -> bool:
        return _or_miss(lambda: super(ForgivingDatabaseCache, self).delete(key, version), False)

    def delete_many(self, keys: Iterable[str], version: int | None = None) -> None:
        _or_miss(lambda: super(ForgivingDatabaseCache, self).delete_many(keys, version), None)

    def has_key(self, key: str, version: int | None = None) -> bool:
        return _or_miss(lambda: super(ForgivingDatabaseCache, self).has_key(key, version), False)

    def clear(self) -> None:
        _or_miss(super().clear, None)

    def _base_set(self, mode: str, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT) -> bool:
        # All of set, add and touch. Nothing was there to stop an `add`: limits that count by it would otherwise tell
        # people that they had tried too often.
        miss = mode == "add"
        base_set = super()._base_set  # type: ignore[misc]  # the stubs leave private methods out
        return bool(_or_miss(lambda: base_set(mode, key, value, timeout), miss))


def _or_miss(ask: Callable[[], Result], miss: Result) -> Result:
    try:
        return ask()
    except Error as error:
        logger.warning("cache missed: the database does not answer", extra={"reason": str(error)})
        return miss
