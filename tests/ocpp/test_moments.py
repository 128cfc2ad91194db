"""Date-times as stations write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from forecourt.ocpp.moments import understood

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant", "zone_named"),
    [
        ("2026-11-20T12:00:00Z", NOON, True),
        ("2026-11-20T12:00:00", NOON, False),
        ("2026-11-20T12:00", NOON, False),
        ("2026-11-20 12:00:00", NOON, False),
        ("2026-11-20t12:00z", NOON, True),
        ("2026-11-20T13:00:00+01", NOON, True),
        ("2026-11-20T13:00:00+0100", NOON, True),
        ("2026-11-20T13:00:00 +01:00", NOON, True),
        ("2026-11-20T07:30:00-04:30", NOON, True),
        ("2026-11-20T12:00:00,25Z", NOON.replace(microsecond=250_000), True),
        ("2026-11-20T12:00:00.1234567Z", NOON.replace(microsecond=123_456), True),
        ("2026-11-20T12:00:00.Z", NOON, True),
        ("  2026-11-20T12:00:00Z\n", NOON, True),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC), True),
        ("2016-12-31T23:59:60.9Z", datetime(2017, 1, 1, tzinfo=UTC), True),
        ("9999-12-31T23:59:59.9999999Z", datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), True),
    ],
)
def test_what_can_be_understood_is(text: str, instant: datetime, zone_named: bool) -> None:
    assert understood(text) == (instant, zone_named)


def test_the_zone_that_was_named_is_kept() -> None:
    found = understood("2026-11-20T12:00+02:15")
    assert found is not None
    assert found[0].tzinfo == timezone(timedelta(hours=2, minutes=15))


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "2026-11-20", "12:00:00", "20261120T120000Z", "2026-11-20T12Z", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
        "0000-01-01T00:00:00Z", "2026-11-20T24:00:00Z", "2026-11-20T12:60:00Z", "2026-11-20T12:00:61Z", "9999-12-31T23:59:60Z",
        "2026-11-20T12:00:00+24:00", "2026-11-20T12:00:00+01:60", "2026-11-20T12:00:00Q", "2026-11-20T12:00:00Z 1", "٢٠٢٦-11-20T12:00:00Z",
        "0001-01-01T00:00+01:00", "1763640000", "Fri, 20 Nov 2026 12:00:00 GMT",
    ],
)  # fmt: skip
def test_what_means_no_instant_is_not_guessed_at(text: str) -> None:
    assert understood(text) is None
