"""Date-times: their range, and what stations write although RFC 3339 or OCPP would have it otherwise."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final


def is_in_range(instant: datetime) -> bool:
    """Whether an instant can be said in UTC. At the ends of the first and the last year a zone can push it out."""
    try:
        instant.astimezone(UTC)
    except OverflowError:
        return False
    return True


_FORM: Final = re.compile(
    r"""
    \s* (?P<year>\d{4}) - (?P<month>\d\d) - (?P<day>\d\d)
    [Tt\ ] (?P<hour>\d\d) : (?P<minute>\d\d)
    (?: : (?P<second>\d\d) (?: [.,] (?P<fraction>\d*) )? )?
    \s* (?P<zone> [Zz] | (?P<sign>[+-]) (?P<zone_hours>\d\d) (?: :? (?P<zone_minutes>\d\d) )? )? \s*
    """,
    re.VERBOSE | re.ASCII,
)


def understood(text: str) -> tuple[datetime, bool] | None:
    """The instant that `text` means, and whether it named its zone; without one it is taken as UTC. None for what means nothing.

    Beyond RFC 3339 these pass: no seconds, a leap second (read as the second after), a space or a small t before the time, a
    comma or nothing after the seconds' point, more than six places (cut), a zone without colon or minutes, blanks around.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    second = int(found["second"] or 0)
    fraction = (found["fraction"] or "")[:6].ljust(6, "0")
    try:
        instant = datetime(
            int(found["year"]),
            int(found["month"]),
            int(found["day"]),
            int(found["hour"]),
            int(found["minute"]),
            min(second, 59),
            int(fraction) if second < 60 else 0,
            _zone(found),
        )
        if second == 60:
            instant += timedelta(seconds=1)
    except (ValueError, OverflowError):
        return None
    return (instant, found["zone"] is not None) if second <= 60 and is_in_range(instant) else None


def _zone(found: re.Match[str]) -> timezone:
    """Raises ValueError for an offset of a day and more."""
    if found["sign"] is None:
        return UTC
    hours, minutes = int(found["zone_hours"]), int(found["zone_minutes"] or 0)
    if minutes > 59:
        raise ValueError("an hour has 60 minutes")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if found["sign"] == "-" else offset)
