"""The time-zone tables of a MariaDB, written from Python's own zone data (Debian's core packages lack the loader)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

TABLES = ("time_zone", "time_zone_name", "time_zone_transition", "time_zone_transition_type")
# One zone in every direction, with and without summer time; TIME_ZONE's default among them.
ZONES = ("UTC", "Europe/Berlin", "Europe/London", "America/New_York", "Asia/Kolkata", "Asia/Tokyo", "Pacific/Auckland")
FIRST = datetime(1971, 1, 1, tzinfo=UTC)
# MariaDB's CONVERT_TZ ends in January 2038.
LAST = datetime(2038, 1, 1, tzinfo=UTC)

LocalTime = tuple[int, int, str]


def timezone_statements(zones: tuple[str, ...] = ZONES) -> str:
    """Return the SQL that fills `mysql.time_zone*` with `zones`."""
    statements = [f"TRUNCATE TABLE {table};" for table in TABLES]
    for zone_id, name in enumerate(zones, start=1):
        statements += zone_statements(zone_id, name)
    return "\n".join(statements)


def zone_statements(zone_id: int, name: str) -> Iterator[str]:
    """Yield the SQL of one zone: its name, its kinds of local time, and when one follows another."""
    changes = list(transitions(ZoneInfo(name)))
    kinds = list(dict.fromkeys(kind for _moment, kind in changes))
    yield f"INSERT INTO time_zone (Time_zone_id, Use_leap_seconds) VALUES ({zone_id}, 'N');"
    yield f"INSERT INTO time_zone_name (Name, Time_zone_id) VALUES ('{name}', {zone_id});"
    for number, (offset, is_summer, abbreviation) in enumerate(kinds):
        yield (
            f"INSERT INTO time_zone_transition_type VALUES ({zone_id}, {number}, {offset}, {is_summer},"
            f" '{abbreviation}');"
        )
    for moment, kind in changes[1:]:
        yield f"INSERT INTO time_zone_transition VALUES ({zone_id}, {moment}, {kinds.index(kind)});"


def transitions(zone: ZoneInfo) -> Iterator[tuple[int, LocalTime]]:
    """Yield (epoch second, local time that starts then), the first being the start of the range."""
    current = local_time(FIRST, zone)
    yield int(FIRST.timestamp()), current
    day = FIRST
    while day < LAST:
        following = day + timedelta(days=1)
        if local_time(following, zone) != current:
            moment = first_second_after(day, following, zone)
            current = local_time(moment, zone)
            yield int(moment.timestamp()), current
        day = following


def first_second_after(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first second between the two at which the local time of `before` no longer holds."""
    held = local_time(before, zone)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if local_time(middle, zone) == held:
            before = middle
        else:
            after = middle
    return after


def local_time(moment: datetime, zone: ZoneInfo) -> LocalTime:
    """Return (offset in seconds, 1 in summer time, abbreviation) of a zone at a moment."""
    local = moment.astimezone(zone)
    offset, summer = local.utcoffset() or timedelta(), local.dst() or timedelta()
    return int(offset.total_seconds()), int(bool(summer)), local.tzname() or ""
