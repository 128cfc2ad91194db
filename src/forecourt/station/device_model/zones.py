"""Local time: what ClockCtrlr.TimeOffset and ClockCtrlr.TimeZone may say, and the zone they amount to."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_OFFSET: Final = re.compile(r"([+-])(\d{1,2}):(\d{2})")


def zone_of(time_zone: str, time_offset: str) -> tzinfo:
    """The zone if there is one, else the offset, else UTC. Both have passed `fault`."""
    return (_zone(time_zone) if time_zone else _offset(time_offset)) or UTC


def fault(form: str, value: str) -> str | None:
    """Why `value` is neither empty nor of its form, "offset" (+01:00) or "zone" (a name of the IANA, or UTC+1:00)."""
    if not value:
        return None
    found = _zone(value) if form == "zone" else _offset(value)
    return None if found is not None else f"no {form}"


@cache
def _zone(text: str) -> tzinfo | None:
    if text.startswith("UTC") and text != "UTC":
        return _offset(text[3:])
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@cache
def _offset(text: str) -> tzinfo | None:
    found = _OFFSET.fullmatch(text)
    if found is None or int(found[2]) > 14 or int(found[3]) > 59:
        return None
    delta = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-delta if found[1] == "-" else delta)
